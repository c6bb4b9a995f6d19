package main

import (
	"os"
	"time"
)

// meter reads the clocks of the watched processes, and of the machine, around the measured part of a job.
type meter struct {
	pids   []int
	clocks []map[int]time.Duration
	own    map[int]time.Duration // of this process
	ticks  ticks
}

func startMeter(pids []int) (*meter, error) {
	m := &meter{pids: pids}
	var err error
	if m.ticks, err = machineTicks(); err != nil {
		return nil, err
	}
	if m.own, err = familyClocks(os.Getpid()); err != nil {
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
	var err error
	if o.CPU, err = m.spent(); err != nil {
		return err
	}
	own, err := familyClocks(os.Getpid())
	if err != nil {
		return err
	}
	now, err := machineTicks()
	if err != nil {
		return err
	}
	o.Steal = m.ticks.stealUntil(now)
	o.Others = m.ticks.othersUntil(now, sum(o.CPU)+spent(m.own, own))
	if len(m.pids) > 0 && o.ResidentKiB == 0 {
		o.ResidentKiB, err = residentKiB(m.pids[0])
	}
	return err
}

// spent is what each watched process has used since the start.
func (m *meter) spent() ([]time.Duration, error) {
	clocks, err := readClocks(m.pids)
	if err != nil {
		return nil, err
	}
	used := make([]time.Duration, len(m.pids))
	for i := range m.pids {
		used[i] = spent(m.clocks[i], clocks[i])
	}
	return used, nil
}

// spent sums what the processes alive at the end used; one that began in between counts from its beginning.
func spent(before, after map[int]time.Duration) time.Duration {
	var used time.Duration
	for pid, clock := range after {
		used += clock - before[pid]
	}
	return used
}

func sum(durations []time.Duration) time.Duration {
	var all time.Duration
	for _, d := range durations {
		all += d
	}
	return all
}

// othersUntil is the share of the machine's time that went to processes outside the measurement, the kernel's own
// work included. It tells how quiet the machine was: on a busy one the same work costs more, for every target.
func (t ticks) othersUntil(now ticks, ours time.Duration) float64 {
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux that Go runs on
	all := int(now.total - t.total)
	busy := float64(all) - float64(now.idle-t.idle) - float64(now.stolen-t.stolen)
	return max(0, per(busy-float64(ours)/float64(tick), all))
}

// stealUntil is the share of the machine's time, idle time included, that the hypervisor gave to others.
func (t ticks) stealUntil(now ticks) float64 {
	return per(float64(now.stolen-t.stolen), int(now.total-t.total))
}
