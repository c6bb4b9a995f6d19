// Command benchconsole measures what pages ask of the database: it fills a new SQLite file
// or a PostgreSQL that it starts with requests, charges, predictions and keys, has the
// ledger add them up, and times each question through the rooms' own methods. It also
// tells how long work in the background held SQLite's one writer at most.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"skytower/internal/jobs"
	"skytower/internal/ledger"
	"skytower/internal/store"
	"skytower/tools/servers"
)

// settings are the command line.
type settings struct {
	database string
	rows     int
	rounds   int
	folder   string
	again    bool // the database is in the folder
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := parse(os.Args[1:])
	if err == nil {
		err = s.run(ctx, os.Stdout)
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "benchconsole:", err)
		os.Exit(1)
	}
}

func parse(args []string) (settings, error) {
	var s settings
	f := flag.NewFlagSet("benchconsole", flag.ContinueOnError)
	f.StringVar(&s.database, "database", "sqlite", "sqlite, or postgres for one that is started here")
	f.IntVar(&s.rows, "rows", 100_000, "requests, and as many charges; a tenth as many predictions, 100,000 at most")
	f.IntVar(&s.rounds, "rounds", 20, "times that each question is asked")
	f.StringVar(&s.folder, "folder", "", "where the database is made; a temporary folder if empty")
	f.BoolVar(&s.again, "again", false, "with -folder and SQLite: keep the database, and measure the one that is there")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	if s.database != "sqlite" && s.database != "postgres" || s.rows < 1000 || s.rounds < 1 || f.NArg() > 0 || s.again && (s.folder == "" || s.database != "sqlite") {
		return s, errors.New("wrong flags, see -help")
	}
	return s, nil
}

func (s settings) run(ctx context.Context, out io.Writer) error {
	folder := s.folder
	if !s.again {
		made, err := os.MkdirTemp(s.folder, "skytower-bench-")
		if err != nil {
			return fmt.Errorf("make a folder: %w", err)
		}
		defer os.RemoveAll(made) //nolint:errcheck // a leftover is no failure
		folder = made
	}
	file := filepath.Join(folder, "console.db")
	url := "sqlite:" + file
	if s.database == "postgres" {
		server, err := servers.StartPostgres(ctx, folder)
		defer server.Stop()
		if err != nil {
			return err
		}
		url = server.URL("postgres")
	}
	b := &bench{settings: s, now: time.Now().UTC(), out: out}
	fmt.Fprintf(out, "%s, %d requests and charges\n", s.database, s.rows)
	if _, err := os.Stat(file); err != nil {
		if err := b.timed("fill", func() error { return b.make(ctx, url) }); err != nil {
			return err
		}
	}
	var err error
	if b.db, err = store.Open(ctx, url, store.Options{}); err != nil {
		return err
	}
	defer b.db.Close() //nolint:errcheck // the database goes with the folder
	if b.jobs, err = jobs.New(b.db, jobs.Options{}); err != nil {
		return err
	}
	b.l = ledger.New(b.db, ledger.Options{Retention: 30 * 24 * time.Hour, Now: func() time.Time { return b.now }})
	if err := b.timed("add up all hours and days", func() error { return b.l.Roll(ctx, b.now) }); err != nil {
		return err
	}
	return b.measure(ctx)
}

// make makes the database's tables and fills them, past the journal: should the machine
// fail, there is nothing to save.
func (b *bench) make(ctx context.Context, url string) (err error) {
	db, err := store.Open(ctx, url, store.Options{})
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	if b.postgres() {
		b.raw, err = sql.Open("pgx", url)
	} else {
		b.raw, err = sql.Open("sqlite", strings.TrimPrefix(url, "sqlite:")+
			"?_pragma=journal_mode(off)&_pragma=synchronous(off)&_pragma=locking_mode(exclusive)&_pragma=cache_size(-400000)&_pragma=temp_store(memory)")
	}
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	b.raw.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, b.raw.Close()) }()
	return b.fill(ctx)
}

// bench is what a run has open.
type bench struct {
	settings
	raw  *sql.DB // while it is filled
	db   *store.DB
	l    *ledger.Ledger
	jobs *jobs.Jobs // which runs nothing
	now  time.Time
	out  io.Writer
}

// timed runs one step and tells how long it took.
func (b *bench) timed(what string, do func() error) error {
	began := time.Now()
	err := do()
	fmt.Fprintf(b.out, "%-40s %8.1f s\n", what, time.Since(began).Seconds())
	return err
}

// measure asks each question and prints the table.
func (b *bench) measure(ctx context.Context) error {
	t := tabwriter.NewWriter(b.out, 0, 0, 2, ' ', tabwriter.AlignRight|tabwriter.Debug)
	fmt.Fprintln(t, "question\tp50 ms\tp99 ms\tworst ms\t")
	for _, q := range b.questions() {
		took := make([]time.Duration, 0, b.rounds)
		for range b.rounds {
			began := time.Now()
			if err := q.ask(ctx); err != nil {
				return fmt.Errorf("%s: %w", q.name, err)
			}
			took = append(took, time.Since(began))
		}
		slices.Sort(took)
		fmt.Fprintf(t, "%s\t%.1f\t%.1f\t%.1f\t\n", q.name, millis(took[len(took)/2]), millis(took[len(took)*99/100]), millis(took[len(took)-1]))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	trimming := ledger.New(b.db, ledger.Options{Retention: 28 * 24 * time.Hour})
	if err := b.timed("delete two days of the request log", func() error { return trimming.Trim(ctx, b.now) }); err != nil {
		return err
	}
	for _, l := range []*ledger.Ledger{b.l, trimming} {
		for what, h := range l.Holds() {
			if h.Slices > 0 {
				fmt.Fprintf(b.out, "%-12s %6d times the writer, %.1f ms on average, %.1f ms at most, %d times over %.0f ms\n",
					what, h.Slices, millis(h.All)/float64(h.Slices), millis(h.Longest), h.Over, millis(store.MostHold))
			}
		}
	}
	return nil
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
