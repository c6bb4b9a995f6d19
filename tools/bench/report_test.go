package main

import (
	"strings"
	"testing"
	"time"
)

func chatRound(cpu time.Duration) outcome {
	return outcome{Requests: 1000, Elapsed: time.Second, P50: 2 * time.Millisecond, P99: 9 * time.Millisecond,
		CPU: []time.Duration{cpu, time.Millisecond}}
}

func TestSummaryIsTheMedianOfPairedRounds(t *testing.T) {
	t.Parallel()
	chat := scenarios(1)[0]
	reference := []outcome{chatRound(100 * time.Millisecond), chatRound(200 * time.Millisecond), chatRound(400 * time.Millisecond)}
	ours := []outcome{chatRound(50 * time.Millisecond), chatRound(180 * time.Millisecond), chatRound(200 * time.Millisecond)}
	ours[1].Errors, ours[1].FirstError = 2, "refused"
	f := chat.summarise(nameSkytower, ours, reference)
	if f.CPU != 180 || f.CPURatio != 0.5 || f.CPUSpan != [2]float64{0.5, 0.9} || f.Mock != 1 || f.Database != 0 {
		t.Errorf("CPU %v, ratio %v in %v, mock %v, database %v", f.CPU, f.CPURatio, f.CPUSpan, f.Mock, f.Database)
	}
	if f.Rate != 1000 || f.RateRatio != 1 || f.P50 != 2 || f.P99 != 9 || f.Errors != 2 {
		t.Errorf("figures %+v", f)
	}
	r := report{Figures: []figures{f}}
	if count, first := r.failures(); count != 2 || first != "chat on skytower: refused" {
		t.Errorf("failures %d, %q", count, first)
	}
}

func TestStreamsAreMeasuredByTheChunk(t *testing.T) {
	t.Parallel()
	all := scenarios(1)
	o := outcome{Requests: 10, Chunks: 1000, Elapsed: 2 * time.Second, CPU: []time.Duration{5 * time.Millisecond}}
	for i, rate := range map[int]float64{1: 5, len(all) - 1: 500} {
		if s := all[i]; s.cpu(0)(o) != 5 || s.rate(o) != rate {
			t.Errorf("%s: %v us, %v a second; want 5 us, %v", s.name, s.cpu(0)(o), s.rate(o), rate)
		}
	}
}

func TestReportLines(t *testing.T) {
	t.Parallel()
	r := report{Figures: []figures{
		{Scenario: "chat", Target: nameMock, CPU: 15},
		{Scenario: "chat", Target: nameReference, CPU: 160, CPURatio: 1},
		{Scenario: "chat", Target: nameSkytower, CPU: 100.04, CPURatio: 0.625, RateRatio: 1.5, P50: 2.5, P99: 9.87654, Errors: 3},
		{Scenario: "chat", Target: namePostgres, CPU: 120, CPURatio: 0.75, RateRatio: 1.2, P50: 3, P99: 10},
		{Scenario: "slow", Target: nameSkytower, CPU: 40, CPURatio: 0.8, RateRatio: 1, KiBPerStream: 37.25, MemoryRatio: 0.651},
		{Scenario: "chat1", Target: nameMock, P50: 0.03},
		{Scenario: "chat1", Target: nameSkytower, P50: 0.25, Commit: 190},
		{Scenario: "stream1", Target: nameReference, First: 0.2},
		{Scenario: "stream1", Target: nameSkytower, First: 0.25},
		{Scenario: "responses", Target: nameSkytower, CPU: 300, CPURatio: 1.5},
	}}
	want := `scenario=chat cpu_us=100.0 cpu_ratio=0.62 rps_ratio=1.50 p50_ms=2.500 p99_ms=9.877 errors=3
scenario=chat@postgres cpu_us=120.0 cpu_ratio=0.75 rps_ratio=1.20 p50_ms=3.000 p99_ms=10.000 errors=0
scenario=slow cpu_us=40.0 cpu_ratio=0.80 rps_ratio=1.00 p50_ms=0.000 p99_ms=0.000 errors=0 kib_per_stream=37.2 mem_ratio=0.65
scenario=chat1 cpu_us=0.0 cpu_ratio=0.00 rps_ratio=0.00 p50_ms=0.250 p99_ms=0.000 errors=0 added_p50_us=220 commit_us=190
scenario=stream1 cpu_us=0.0 cpu_ratio=0.00 rps_ratio=0.00 p50_ms=0.000 p99_ms=0.000 errors=0 first_ms=0.250 added_first_us=50
scenario=responses cpu_us=300.0 chat_ratio=1.50 rps_ratio=0.00 p50_ms=0.000 p99_ms=0.000 errors=0
`
	var got strings.Builder
	r.lines(&got)
	if got.String() != want {
		t.Errorf("lines:\n%s\nwant:\n%s", got.String(), want)
	}
}

func TestSpentCountsNewProcessesOnly(t *testing.T) {
	t.Parallel()
	before := map[int]time.Duration{1: 10, 2: 50}
	after := map[int]time.Duration{1: 25, 3: 7}
	if got := spent(before, after); got != 22 {
		t.Errorf("spent = %d, want 15 of the first and 7 of the new one", got)
	}
}

func TestOthersAreWhatIsLeftOfTheBusyTime(t *testing.T) {
	t.Parallel()
	before := ticks{total: 1000, idle: 400, stolen: 10}
	after := ticks{total: 1200, idle: 440, stolen: 30} // 200 ticks: 40 idle, 20 stolen, 140 busy
	if got := before.othersUntil(after, time.Second); got != 0.2 {
		t.Errorf("others %v, want 40 of 200 ticks", got)
	}
	if got := before.othersUntil(after, time.Minute); got != 0 {
		t.Errorf("others %v; clocks of different grain must not give a negative share", got)
	}
}
