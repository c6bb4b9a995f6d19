package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// figures are one target's medians in one scenario.
type figures struct {
	Scenario     string     `json:"scenario"`
	Target       string     `json:"target"`
	CPU          float64    `json:"cpu_us"`      // per request, per chunk of a stream
	Mock         float64    `json:"mock_cpu_us"` // of the mock meanwhile, by the same unit
	Database     float64    `json:"database_cpu_us,omitempty"`
	Redis        float64    `json:"redis_cpu_us,omitempty"`
	Rate         float64    `json:"per_second"` // requests; chunks of slow streams
	P50          float64    `json:"p50_ms"`
	P99          float64    `json:"p99_ms"`
	First        float64    `json:"first_ms,omitempty"`  // to the first byte of a quick stream's content
	Commit       float64    `json:"commit_us,omitempty"` // median of an empty durable commit meanwhile
	Errors       int        `json:"errors"`              // over all rounds
	FirstError   string     `json:"first_error,omitempty"`
	ResidentMiB  float64    `json:"resident_mib"`
	KiBPerStream float64    `json:"kib_per_stream,omitempty"`
	Steal        float64    `json:"steal"`
	Others       float64    `json:"others"`
	CPURatio     float64    `json:"cpu_ratio,omitempty"` // to the reference: median of the rounds' own ratios
	CPUSpan      [2]float64 `json:"cpu_ratio_span"`      // its smallest and largest
	RateRatio    float64    `json:"rps_ratio,omitempty"`
	MemoryRatio  float64    `json:"mem_ratio,omitempty"`
	Rounds       []outcome  `json:"rounds"`
}

// column takes one number from each round.
func column(rounds []outcome, take func(outcome) float64) []float64 {
	out := make([]float64, len(rounds))
	for i, o := range rounds {
		out[i] = take(o)
	}
	return out
}

// units is what CPU time is divided by.
func (s scenario) units(o outcome) int {
	if s.stream() {
		return o.Chunks
	}
	return o.Requests
}

func (s scenario) cpu(watched int) func(outcome) float64 {
	return func(o outcome) float64 {
		if watched >= len(o.CPU) {
			return 0
		}
		return per(micros(o.CPU[watched]), s.units(o))
	}
}

func (s scenario) rate(o outcome) float64 {
	count := o.Requests
	if s.slow {
		count = o.Chunks
	}
	if o.Elapsed <= 0 {
		return 0
	}
	return float64(count) / o.Elapsed.Seconds()
}

// summarise turns one target's rounds into figures; reference are the reference's rounds in the same order.
func (s scenario) summarise(name string, rounds, reference []outcome) figures {
	f := figures{Scenario: s.name, Target: name, Rounds: rounds}
	mid := func(take func(outcome) float64) float64 { return median(column(rounds, take)) }
	f.CPU, f.Mock, f.Database, f.Redis = mid(s.cpu(0)), mid(s.cpu(1)), mid(s.cpu(2)), mid(s.cpu(3))
	f.Rate = mid(s.rate)
	f.P50 = mid(func(o outcome) float64 { return millis(o.P50) })
	f.P99 = mid(func(o outcome) float64 { return millis(o.P99) })
	f.First = mid(func(o outcome) float64 { return millis(o.First) })
	f.Steal = mid(func(o outcome) float64 { return o.Steal })
	f.Others = mid(func(o outcome) float64 { return o.Others })
	f.ResidentMiB = mid(func(o outcome) float64 { return float64(o.ResidentKiB) / 1024 })
	f.KiBPerStream = mid(func(o outcome) float64 { return o.KiBPerStream })
	for _, o := range rounds {
		f.Errors += o.Errors
		if f.FirstError == "" {
			f.FirstError = o.FirstError
		}
	}
	s.compare(&f, reference)
	return f
}

func (s scenario) compare(f *figures, reference []outcome) {
	against := func(take func(outcome) float64) []float64 {
		return ratios(column(f.Rounds, take), column(reference, take))
	}
	if cpu := against(s.cpu(0)); len(cpu) > 0 {
		f.CPURatio, f.CPUSpan = median(cpu), [2]float64{slices.Min(cpu), slices.Max(cpu)}
	}
	f.RateRatio = median(against(s.rate))
	f.MemoryRatio = median(against(func(o outcome) float64 { return o.KiBPerStream }))
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// report is everything that a run found.
type report struct {
	Machine string    `json:"machine"`
	Go      string    `json:"go"`
	Began   time.Time `json:"began"`
	Rounds  int       `json:"rounds"`
	Seconds float64   `json:"seconds"`
	Figures []figures `json:"figures"`
}

// table is for reading: every target, the mock called directly too.
func (r report) table(w io.Writer) error {
	fmt.Fprintf(w, "%s, %s; %d rounds of %.1f s, medians\n", r.Machine, r.Go, r.Rounds, r.Seconds)
	fmt.Fprintln(w, "CPU is µs per request, for stream and slow per chunk; mock, database and Redis: theirs meanwhile, by the same unit")
	fmt.Fprintln(w, "steal, others: shares of the machine's time that went to other machines, and to processes outside this measurement")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "scenario\ttarget\tCPU\tratio\tspan\tmock\tdatabase\tRedis\tper second\tp50 ms\tp99 ms\tRSS MiB\tKiB/stream\tsteal\tothers\terrors\t")
	for _, f := range r.Figures {
		fmt.Fprintf(t, "%s\t%s\t%.1f\t%s\t%s\t%.1f\t%s\t%s\t%.0f\t%.3f\t%.2f\t%.0f\t%s\t%.0f %%\t%.0f %%\t%d\t\n",
			f.Scenario, f.Target, f.CPU, orDash(f.CPURatio, "%.2f"), f.span(), f.Mock, orDash(f.Database, "%.1f"), orDash(f.Redis, "%.1f"),
			f.Rate, f.P50, f.P99, f.ResidentMiB, orDash(f.KiBPerStream, "%.1f"), f.Steal*100, f.Others*100, f.Errors)
	}
	return t.Flush()
}

func (f figures) span() string {
	if f.CPURatio == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f-%.2f", f.CPUSpan[0], f.CPUSpan[1])
}

func orDash(v float64, format string) string {
	if v == 0 {
		return "-"
	}
	return fmt.Sprintf(format, v)
}

// lines are for programs: one a scenario, Skytower against the reference. A second server has its name after an @.
func (r report) lines(w io.Writer) {
	for _, f := range r.Figures {
		label := f.Scenario
		switch {
		case f.Target == nameMock || f.Target == nameReference:
			continue
		case f.Target != nameSkytower:
			label += "@" + strings.TrimPrefix(f.Target, nameSkytower+"-")
		}
		ratio := "cpu_ratio"
		if f.Scenario == "responses" {
			ratio = "chat_ratio"
		}
		fmt.Fprintf(w, "scenario=%s cpu_us=%.1f %s=%.2f rps_ratio=%.2f p50_ms=%.3f p99_ms=%.3f errors=%d%s\n",
			label, f.CPU, ratio, f.CPURatio, f.RateRatio, f.P50, f.P99, f.Errors, r.extra(f))
	}
}

// extra is what only some scenarios have: memory for slow streams, the added latency for a single connection beside
// the time of an empty durable commit, the time to the first byte of a stream beside the reference's.
func (r report) extra(f figures) string {
	switch f.Scenario {
	case "slow":
		return fmt.Sprintf(" kib_per_stream=%.1f mem_ratio=%.2f", f.KiBPerStream, f.MemoryRatio)
	case "chat1":
		direct, found := r.find(f.Scenario, nameMock)
		if found {
			return fmt.Sprintf(" added_p50_us=%.0f commit_us=%.0f", (f.P50-direct.P50)*1000, f.Commit)
		}
	case "stream", "stream1", "tlsstream":
		reference, found := r.find(f.Scenario, nameReference)
		if found {
			return fmt.Sprintf(" first_ms=%.3f added_first_us=%.0f", f.First, (f.First-reference.First)*1000)
		}
	}
	return ""
}

func (r report) find(scenario, target string) (figures, bool) {
	i := slices.IndexFunc(r.Figures, func(f figures) bool { return f.Scenario == scenario && f.Target == target })
	if i < 0 {
		return figures{}, false
	}
	return r.Figures[i], true
}

// failures is the number of errors over all targets, and the first of them.
func (r report) failures() (count int, first string) {
	for _, f := range r.Figures {
		count += f.Errors
		if first == "" && f.FirstError != "" {
			first = fmt.Sprintf("%s on %s: %s", f.Scenario, f.Target, f.FirstError)
		}
	}
	return count, first
}
