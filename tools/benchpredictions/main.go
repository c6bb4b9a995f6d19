package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/pprof"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"skytower/tools/servers"
)

// settings are the command line.
type settings struct {
	database string // sqlite, or the URL of an empty PostgreSQL database's server
	rounds   int
	creates  int // of each round
	works    int
	samples  int // of latency
	backlog  int // waiting predictions of another account
	profile  string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := parse(os.Args[1:])
	if err == nil {
		err = s.run(ctx, os.Stdout)
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "benchpredictions:", err)
		os.Exit(1)
	}
}

func parse(args []string) (settings, error) {
	var s settings
	f := flag.NewFlagSet("benchpredictions", flag.ContinueOnError)
	f.StringVar(&s.database, "database", "sqlite", "sqlite, or postgres for one that is started here")
	f.IntVar(&s.rounds, "rounds", 5, "rounds; each measures River and then Skytower")
	f.IntVar(&s.creates, "creates", 2000, "what is created in each round")
	f.IntVar(&s.works, "works", 2000, "what is worked in each round")
	f.IntVar(&s.samples, "samples", 200, "samples of the time from creation to start")
	f.IntVar(&s.backlog, "backlog", 100_000, "waiting predictions (or jobs of another queue) for the second latency")
	f.StringVar(&s.profile, "profile", "", "file for a CPU profile of the whole run")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	if s.database != "sqlite" && s.database != "postgres" || s.rounds < 1 || s.creates < 1 || s.works < 1 || s.samples < 1 || f.NArg() > 0 {
		return s, errors.New("wrong flags, see -help")
	}
	return s, nil
}

// contestant is River alone, or Skytower.
type contestant interface {
	// create makes n from several callers, while nothing is worked.
	create(ctx context.Context, n int) error
	// work runs all that was created, and n more that wait when the clock starts.
	work(ctx context.Context, n int) (time.Duration, error)
	// begin starts to work, for starts; end stops that.
	begin(ctx context.Context) error
	end()
	// start makes one and returns how long it took to begin.
	start(ctx context.Context) (time.Duration, error)
	// wait puts n of somebody else's into the queue.
	wait(ctx context.Context, n int) error
}

func (s settings) run(ctx context.Context, out io.Writer) error {
	if s.profile != "" {
		file, err := os.Create(s.profile)
		if err != nil {
			return fmt.Errorf("make the profile: %w", err)
		}
		defer file.Close() //nolint:errcheck // a profile cut short is seen
		if err := pprof.StartCPUProfile(file); err != nil {
			return fmt.Errorf("start the profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	river, skytower, closeAll, err := s.contestants(ctx)
	defer closeAll()
	if err != nil {
		return err
	}
	var created, worked [2][]figure
	for round := range s.rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, s.rounds)
		for i, c := range []contestant{river, skytower} {
			f, err := measure(s.creates, func() (time.Duration, error) { return 0, c.create(ctx, s.creates) })
			if err != nil {
				return fmt.Errorf("create: %w", err)
			}
			created[i] = append(created[i], f)
			// What was created is worked first, then n more against the clock.
			if f, err = measure(s.works, func() (time.Duration, error) { return c.work(ctx, s.works) }); err != nil {
				return fmt.Errorf("work: %w", err)
			}
			worked[i] = append(worked[i], f)
		}
	}
	var starts [2][2][]time.Duration // by backlog, then contestant
	for i, c := range []contestant{river, skytower} {
		if starts[0][i], starts[1][i], err = s.latencies(ctx, c); err != nil {
			return fmt.Errorf("latency: %w", err)
		}
	}
	s.report(out, created, worked, starts)
	return nil
}

func (s settings) latencies(ctx context.Context, c contestant) (idle, behind []time.Duration, err error) {
	if err := c.begin(ctx); err != nil {
		return nil, nil, err
	}
	defer c.end()
	if idle, err = s.sample(ctx, c); err != nil {
		return nil, nil, err
	}
	fmt.Fprintf(os.Stderr, "filling the queue with %d\n", s.backlog)
	if err := c.wait(ctx, s.backlog); err != nil {
		return nil, nil, err
	}
	behind, err = s.sample(ctx, c)
	return idle, behind, err
}

func (s settings) sample(ctx context.Context, c contestant) ([]time.Duration, error) {
	var out []time.Duration
	for range s.samples {
		d, err := c.start(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	slices.Sort(out)
	return out, nil
}

// figure is one measurement.
type figure struct {
	rate float64 // per second
	cpu  float64 // µs of this process per operation
}

// measure times fn; a time that it returns counts in place of the whole.
func measure(n int, fn func() (time.Duration, error)) (figure, error) {
	before, began := servers.Own(), time.Now()
	took, err := fn()
	if err != nil {
		return figure{}, err
	}
	whole := time.Since(began)
	if took == 0 {
		took = whole
	}
	cpu := servers.Own() - before
	return figure{rate: float64(n) / took.Seconds(), cpu: float64(cpu.Microseconds()) / float64(n)}, nil
}

func (s settings) report(out io.Writer, created, worked [2][]figure, starts [2][2][]time.Duration) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "%s\tRiver/s\tSkytower/s\tratio\tRiver CPU µs\tSkytower CPU µs\t\n", s.database)
	for _, row := range []struct {
		name string
		f    [2][]figure
	}{{"create", created}, {"run", worked}} {
		river, skytower := row.f[0], row.f[1]
		fmt.Fprintf(t, "%s\t%.0f\t%.0f\t%.2f\t%.0f\t%.0f\t\n", row.name, median(rates(river)), median(rates(skytower)),
			median(ratios(river, skytower)), median(cpus(river)), median(cpus(skytower)))
	}
	_ = t.Flush()
	t = tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "created to started, ms\tp50\tp90\tp99\tmost\t\n")
	for i, waiting := range []int{0, s.backlog} {
		for j, who := range []string{"River", "Skytower"} {
			d := starts[i][j]
			fmt.Fprintf(t, "%s, %d waiting\t%.1f\t%.1f\t%.1f\t%.1f\t\n", who, waiting, at(d, 0.5), at(d, 0.9), at(d, 0.99), at(d, 1))
		}
	}
	_ = t.Flush()
}

func rates(f []figure) (out []float64) {
	for _, x := range f {
		out = append(out, x.rate)
	}
	return out
}

func cpus(f []figure) (out []float64) {
	for _, x := range f {
		out = append(out, x.cpu)
	}
	return out
}

func ratios(river, skytower []figure) (out []float64) {
	for i := range river {
		out = append(out, skytower[i].rate/river[i].rate)
	}
	return out
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)/2]
}

// at is a quantile of sorted durations, in milliseconds.
func at(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i := min(int(q*float64(len(sorted))), len(sorted)-1)
	return float64(sorted[i]) / float64(time.Millisecond)
}
