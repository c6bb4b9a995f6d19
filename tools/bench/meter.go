package main

import "time"

// meter reads the clocks of the watched processes, and of the machine, around the measured part of a job.
type meter struct {
	pids   []int
	clocks []map[int]time.Duration
	ticks  ticks
}

func startMeter(pids []int) (*meter, error) {
	m := &meter{pids: pids}
	var err error
	if m.ticks, err = machineTicks(); err != nil {
		return nil, err
	}
	m.clocks, err = readClocks(pids)
	return m, err
}

func readClocks(pids []int) ([]map[int]time.Duration, error) {
	all := make([]map[int]time.Duration, len(pids))
	for i, pid := range pids {
		clocks, err := familyClocks(pid)
		if err != nil {
			return nil, err
		}
		all[i] = clocks
	}
	return all, nil
}

// stop adds what was used since the start to an outcome.
func (m *meter) stop(o *outcome) error {
	clocks, err := readClocks(m.pids)
	if err != nil {
		return err
	}
	for i := range m.pids {
		o.CPU = append(o.CPU, spent(m.clocks[i], clocks[i]))
	}
	now, err := machineTicks()
	if err != nil {
		return err
	}
	o.Steal = m.ticks.stealUntil(now)
	if len(m.pids) > 0 && o.ResidentKiB == 0 {
		o.ResidentKiB, err = residentKiB(m.pids[0])
	}
	return err
}

// spent sums what the processes alive at the end used; one that began in between counts from its beginning.
func spent(before, after map[int]time.Duration) time.Duration {
	var sum time.Duration
	for pid, clock := range after {
		sum += clock - before[pid]
	}
	return sum
}

// stealUntil is the share of the machine's time, idle time included, that the hypervisor gave to others.
func (t ticks) stealUntil(now ticks) float64 {
	return per(float64(now.stolen-t.stolen), int(now.total-t.total))
}
