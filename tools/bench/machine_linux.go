package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// cpuClock is the CPU time that a process has used since it began: user and system, all threads, those that ended
// included, in nanoseconds. The clock id of a process is defined by the kernel (include/linux/posix-timers.h): the
// complement of the pid above three bits, of which 2 chooses the scheduler's own count.
func cpuClock(pid int) (time.Duration, error) {
	const schedulerClock = 2
	id := uintptr(^pid<<3 | schedulerClock)
	var ts syscall.Timespec
	if _, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, id, uintptr(unsafe.Pointer(&ts)), 0); errno != 0 {
		return 0, fmt.Errorf("read the CPU clock of process %d: %w", pid, errno)
	}
	return time.Duration(ts.Nano()), nil
}

// familyClocks reads the clock of a process and of its direct children, such as PostgreSQL's backends.
func familyClocks(pid int) (map[int]time.Duration, error) {
	own, err := cpuClock(pid)
	if err != nil {
		return nil, err
	}
	clocks := map[int]time.Duration{pid: own}
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // ended since the listing
		}
		child, parent, err := parseParent(text)
		if err != nil {
			return nil, err
		}
		if parent != pid {
			continue
		}
		if used, err := cpuClock(child); err == nil {
			clocks[child] = used
		}
	}
	return clocks, nil
}

// parseParent reads a process's id and its parent's from /proc/PID/stat: "pid (name) state ppid …". The name may
// hold anything, brackets and spaces too, so the last bracket ends it.
func parseParent(stat []byte) (pid, parent int, err error) {
	left, right := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if left < 1 || right < left {
		return 0, 0, fmt.Errorf("unexpected process status %.60q", stat)
	}
	words := strings.Fields(string(stat[right+1:]))
	if len(words) < 2 {
		return 0, 0, fmt.Errorf("unexpected process status %.60q", stat)
	}
	pid, err = strconv.Atoi(strings.TrimSpace(string(stat[:left])))
	if err != nil {
		return 0, 0, fmt.Errorf("process id: %w", err)
	}
	if parent, err = strconv.Atoi(words[1]); err != nil {
		return 0, 0, fmt.Errorf("parent's id: %w", err)
	}
	return pid, parent, nil
}

// residentKiB is the physical memory of a process (VmRSS).
func residentKiB(pid int) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	return parseResident(text)
}

func parseResident(status []byte) (int, error) {
	for line := range bytes.Lines(status) {
		if rest, found := bytes.CutPrefix(line, []byte("VmRSS:")); found {
			return strconv.Atoi(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte("kB")))))
		}
	}
	return 0, errors.New("no VmRSS in the process status")
}

// ticks are the machine's CPU times since it started, in clock ticks over all cores.
type ticks struct{ total, idle, stolen uint64 }

func machineTicks() (ticks, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return ticks{}, fmt.Errorf("read machine times: %w", err)
	}
	return parseTicks(text)
}

// parseTicks reads the first line of /proc/stat: user nice system idle iowait irq softirq steal (then guest times,
// which user and nice already include).
func parseTicks(stat []byte) (ticks, error) {
	line, _, _ := bytes.Cut(stat, []byte("\n"))
	words := strings.Fields(string(line))
	if len(words) < 9 || words[0] != "cpu" {
		return ticks{}, fmt.Errorf("unexpected machine times %.60q", line)
	}
	var t ticks
	for i, word := range words[1:9] {
		n, err := strconv.ParseUint(word, 10, 64)
		if err != nil {
			return ticks{}, fmt.Errorf("machine times: %w", err)
		}
		t.total += n
		switch i {
		case 3, 4:
			t.idle += n
		case 7:
			t.stolen = n
		}
	}
	return t, nil
}

// describeMachine is one line for the report: processor, cores, kernel.
func describeMachine(cores int) string {
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return fmt.Sprintf("%s, %d cores, Linux %s", processorName(), cores, bytes.TrimSpace(kernel))
}

func processorName() string {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}

// dieWithParent makes the kernel end a child when this process ends, however it ends. The signal follows the thread
// that started the child, so children are started from main, which is locked to its thread.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// asUser does the same under another user and group, for servers that refuse to run as root.
func asUser(uid, gid uint32) *syscall.SysProcAttr {
	attr := dieWithParent()
	attr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
	return attr
}
