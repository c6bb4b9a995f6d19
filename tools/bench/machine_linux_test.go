package main

import (
	"os"
	"os/exec"
	"testing"
)

func TestCPUClockGrowsWithWork(t *testing.T) {
	t.Parallel()
	before, err := cpuClock(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for {
		now, err := cpuClock(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if now > before {
			return
		}
	}
}

func TestFamilyClocksSeesChildren(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	clocks, err := familyClocks(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if clocks[cmd.Process.Pid] <= 0 || clocks[os.Getpid()] <= 0 {
		t.Errorf("clocks %v lack process %d or its child %d", clocks, os.Getpid(), cmd.Process.Pid)
	}
	_ = in.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := familyClocks(cmd.Process.Pid); err == nil {
		t.Error("an ended process has a clock")
	}
}

func TestParseParent(t *testing.T) {
	t.Parallel()
	pid, parent, err := parseParent([]byte("42 (a) b (c)) S 7 42 0"))
	if err != nil || pid != 42 || parent != 7 {
		t.Errorf("parseParent = %d, %d, %v", pid, parent, err)
	}
	for _, bad := range []string{"", "42", "42 (x) S", "x (y) S 7", "42 (y) S z", ") ("} {
		if _, _, err := parseParent([]byte(bad)); err == nil {
			t.Errorf("%q passes", bad)
		}
	}
}

func TestParseResident(t *testing.T) {
	t.Parallel()
	got, err := parseResident([]byte("Name:\tx\nVmHWM:\t  99 kB\nVmRSS:\t  1234 kB\nThreads: 3\n"))
	if err != nil || got != 1234 {
		t.Errorf("parseResident = %d, %v", got, err)
	}
	for _, bad := range []string{"", "Name: x\n", "VmRSS:\t kB\n"} {
		if _, err := parseResident([]byte(bad)); err == nil {
			t.Errorf("%q passes", bad)
		}
	}
	if own, err := residentKiB(os.Getpid()); err != nil || own < 1000 {
		t.Errorf("this process has %d KiB, %v", own, err)
	}
}

func TestParseTicks(t *testing.T) {
	t.Parallel()
	before, err := parseTicks([]byte("cpu  10 1 5 100 4 0 2 8 3 0\ncpu0 …\n"))
	if err != nil || before != (ticks{total: 130, idle: 104, stolen: 8}) {
		t.Errorf("parseTicks = %+v, %v", before, err)
	}
	after := ticks{total: 230, idle: 150, stolen: 33}
	if got := before.stealUntil(after); got != 0.25 {
		t.Errorf("steal %v, want 0.25", got)
	}
	for _, bad := range []string{"", "cpu 1 2 3", "cpu0 1 2 3 4 5 6 7 8", "cpu 1 2 3 4 5 6 7 x"} {
		if _, err := parseTicks([]byte(bad)); err == nil {
			t.Errorf("%q passes", bad)
		}
	}
	if _, err := machineTicks(); err != nil {
		t.Error(err)
	}
}
