package servers

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// family is the CPU time of a process, its children that live, and those that it has
// waited for.
func family(pid int) (all time.Duration) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0
	}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		all += member(string(text), pid)
	}
	return all
}

// member reads a line of /proc/PID/stat: its time, if it is of the family.
func member(line string, pid int) time.Duration {
	const (
		parent = 1 // fields after the name, which ends with the last bracket
		user   = 11
		tick   = 10 * time.Millisecond
	)
	head, rest, found := strings.Cut(line, " (")
	end := strings.LastIndex(rest, ") ")
	if !found || end < 0 {
		return 0
	}
	fields := strings.Fields(rest[end+2:])
	own := head == strconv.Itoa(pid)
	if len(fields) < user+4 || !own && fields[parent] != strconv.Itoa(pid) {
		return 0
	}
	var ticks int64
	for i := user; i < user+4; i++ { // user, system, and both of children that have ended
		if n, err := strconv.ParseInt(fields[i], 10, 64); err == nil && (own || i < user+2) {
			ticks += n
		}
	}
	return time.Duration(ticks) * tick
}

// Own is the CPU time that this process has used so far.
func Own() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
