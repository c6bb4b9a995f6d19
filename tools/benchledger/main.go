// Command benchledger measures the ledger alone: durable charges per second and the CPU
// time of each, beside the plainest group commit that could be (a batch row, a line, one
// posting and one balance an account), in the same run and on the same engine; on an
// empty database, and on one with many rows and all their indexes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"text/tabwriter"
	"time"

	"skytower/internal/store"
	"skytower/tools/servers"
)

// accounts share the load.
const accounts = 20

// settings are the command line.
type settings struct {
	database string
	rows     int
	rounds   int
	seconds  float64
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
		fmt.Fprintln(os.Stderr, "benchledger:", err)
		os.Exit(1)
	}
}

func parse(args []string) (settings, error) {
	var s settings
	f := flag.NewFlagSet("benchledger", flag.ContinueOnError)
	f.StringVar(&s.database, "database", "sqlite", "sqlite, or postgres for one that is started here")
	f.IntVar(&s.rows, "rows", 0, "rows that the database has before; 10000000 is what takes its time")
	f.IntVar(&s.rounds, "rounds", 3, "rounds; each measures both")
	f.Float64Var(&s.seconds, "seconds", 2, "seconds of each measurement")
	f.StringVar(&s.profile, "profile", "", "file for a CPU profile of the whole run")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	if s.database != "sqlite" && s.database != "postgres" || s.rows < 0 || s.rounds < 1 || s.seconds <= 0 || f.NArg() > 0 {
		return s, errors.New("wrong flags, see -help")
	}
	return s, nil
}

// contestant charges one request durably; it is called by many goroutines.
type contestant interface {
	charge(ctx context.Context, n int64) error
	stop()
}

// bench is what a run has open.
type bench struct {
	settings
	folder string
	server *servers.Postgres
	next   atomic.Int64 // numbers the requests
}

func (s settings) run(ctx context.Context, out io.Writer) (err error) {
	b := &bench{settings: s}
	if b.folder, err = os.MkdirTemp("", "skytower-bench-"); err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(b.folder) //nolint:errcheck // a leftover is no failure
	if s.database == "postgres" {
		b.server, err = servers.StartPostgres(ctx, b.folder)
		defer b.server.Stop()
		if err != nil {
			return err
		}
	}
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
	return b.compare(ctx, out)
}

func (b *bench) open(ctx context.Context, name string) (*store.DB, error) {
	url := "sqlite:" + filepath.Join(b.folder, name+".db")
	if b.server != nil {
		url = b.server.URL(map[string]string{"plain": "template1", "ledger": "postgres"}[name])
	}
	return store.Open(ctx, url, store.Options{})
}

// figure is one measurement.
type figure struct {
	rate          float64 // charges per second
	own, database float64 // µs of CPU a charge
	p50, p99      time.Duration
}

func (b *bench) compare(ctx context.Context, out io.Writer) error {
	plain, err := b.newPlain(ctx)
	if err != nil {
		return err
	}
	defer plain.stop()
	whole, err := b.newWhole(ctx)
	if err != nil {
		return err
	}
	defer whole.stop()
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(out, "%s, %d rows before, %d rounds of %.1f s; CPU in µs a charge\n", b.database, b.rows, b.rounds, b.seconds)
	fmt.Fprintln(t, "callers\twhat\tcharges/s\tCPU\tdatabase\tp50 ms\tp99 ms\tCPU ratio\trate ratio\t")
	for _, callers := range []int{1, 32, 256} {
		var both [2][]figure
		for range b.rounds {
			for i, c := range []contestant{plain, whole} {
				f, err := b.measure(ctx, c, callers)
				if err != nil {
					return err
				}
				both[i] = append(both[i], f)
			}
		}
		report(t, callers, both)
	}
	return t.Flush()
}

func report(t io.Writer, callers int, both [2][]figure) {
	mid := func(i int, take func(figure) float64) float64 {
		var all []float64
		for _, f := range both[i] {
			all = append(all, take(f))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	rate := func(f figure) float64 { return f.rate }
	own := func(f figure) float64 { return f.own }
	for i, name := range []string{"plain", "ledger"} {
		fmt.Fprintf(t, "%d\t%s\t%.0f\t%.1f\t%.1f\t%.2f\t%.2f\t%.2f\t%.2f\t\n", callers, name, mid(i, rate), mid(i, own),
			mid(i, func(f figure) float64 { return f.database }), mid(i, func(f figure) float64 { return millis(f.p50) }),
			mid(i, func(f figure) float64 { return millis(f.p99) }), mid(i, own)/mid(0, own), mid(i, rate)/mid(0, rate))
	}
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func (b *bench) measure(ctx context.Context, c contestant, callers int) (figure, error) {
	var all sync.WaitGroup
	var mu sync.Mutex
	var took []time.Duration
	var failed error
	own, database, began := servers.Own(), b.server.CPU(), time.Now()
	until := began.Add(time.Duration(b.seconds * float64(time.Second)))
	for range callers {
		all.Go(func() {
			var mine []time.Duration
			var err error
			for err == nil && time.Now().Before(until) {
				one := time.Now()
				err = c.charge(ctx, b.next.Add(1))
				mine = append(mine, time.Since(one))
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
			failed = errors.Join(failed, err)
		})
	}
	all.Wait()
	whole, n := time.Since(began), float64(len(took))
	slices.Sort(took)
	return figure{
		rate: n / whole.Seconds(), own: float64((servers.Own() - own).Microseconds()) / n, database: float64((b.server.CPU() - database).Microseconds()) / n,
		p50: took[len(took)/2], p99: took[len(took)*99/100],
	}, failed
}
