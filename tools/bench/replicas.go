package main

import (
	"database/sql"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"text/tabwriter"
	"time"
)

// fleet is some servers on one PostgreSQL and one Redis, and the mock behind them.
type fleet struct {
	settings
	dir      string
	mock     *target
	postgres *postgres
	redis    *redis
	db       *sql.DB
	servers  []*target
}

// crowd is a load that each replica gets.
type crowd struct {
	name        string
	connections int
	rate        float64 // requests a second; 0: as many as go
}

// share is what one visit of n replicas gave.
type share struct {
	replicas                   int
	requests, errors           int
	firstError                 string
	own, database, redis, mock time.Duration
	elapsed, p50, p99          time.Duration
	transactions               int64
}

// settleTransactions is how long PostgreSQL's own count may lag behind: a session tells what it has done at most
// once a second.
const settleTransactions = 1500 * time.Millisecond

// warmReplicas is how long fresh replicas get their load before it is measured: what a start costs is over by then.
const warmReplicas = 10 * time.Second

// measureReplicas compares one replica with two and more under the same load a replica: in CPU time of a request at
// a constant rate, and in transactions of the database where each replica does what it can.
func (s settings) measureReplicas(out io.Writer) error {
	f := &fleet{settings: s, mock: mockTarget()}
	defer f.end()
	if err := f.begin(); err != nil {
		return err
	}
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(out, "%s, %s; %d rounds of %.1f s, medians; chat, µs and transactions of all replicas by request\n", describeMachine(runtime.NumCPU()), runtime.Version(), s.rounds, s.seconds)
	fmt.Fprintln(t, "load a replica\treplicas\tCPU\tratio\tdatabase\tRedis\tmock\ttransactions/1000\tper second\tp50 ms\tp99 ms\terrors\t")
	failed, first := 0, ""
	for _, c := range []crowd{{fmt.Sprintf("%.0f/s, 32 connections", s.rate), busy, s.rate}, {"32 connections", busy, 0}, {"256 connections", 256, 0}} {
		progress("%s", c.name)
		shares, err := f.visits(c)
		if err != nil {
			return err
		}
		for n := 1; n <= s.replicas; n++ {
			row(t, c, shares[n], shares[1])
			for _, each := range shares[n] {
				if failed += each.errors; first == "" {
					first = each.firstError
				}
			}
		}
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	if failed > 0 {
		return fmt.Errorf("%d answers failed; the first: %s", failed, first)
	}
	return nil
}

func row(w io.Writer, c crowd, shares, one []share) {
	mid := func(take func(share) float64) float64 {
		all := make([]float64, len(shares))
		for i, s := range shares {
			all[i] = take(s)
		}
		return median(all)
	}
	each := func(take func(share) time.Duration) float64 {
		return mid(func(s share) float64 { return per(micros(take(s)), s.requests) })
	}
	own := func(s share) float64 { return per(micros(s.own), s.requests) }
	var against []float64
	for i := range shares {
		if i < len(one) && own(one[i]) > 0 {
			against = append(against, own(shares[i])/own(one[i]))
		}
	}
	failed := 0
	for _, s := range shares {
		failed += s.errors
	}
	fmt.Fprintf(w, "%s\t%d\t%.1f\t%.2f\t%.1f\t%.1f\t%.1f\t%.1f\t%.0f\t%.3f\t%.2f\t%d\t\n", c.name, shares[0].replicas,
		mid(own), median(against), each(func(s share) time.Duration { return s.database }), each(func(s share) time.Duration { return s.redis }),
		each(func(s share) time.Duration { return s.mock }), mid(func(s share) float64 { return per(float64(s.transactions)*1000, s.requests) }),
		mid(func(s share) float64 { return float64(s.requests) / s.elapsed.Seconds() }),
		mid(func(s share) float64 { return millis(s.p50) }), mid(func(s share) float64 { return millis(s.p99) }), failed)
}

// begin starts what all replicas share, and makes the keys, the models and the credit.
func (f *fleet) begin() (err error) {
	if f.dir, err = os.MkdirTemp("", "skytower-bench-"); err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	if err := f.mock.up(); err != nil {
		return err
	}
	progress("starting PostgreSQL and Redis")
	if f.postgres, err = startPostgres(); err != nil {
		return err
	}
	if f.redis, err = startRedis(f.dir); err != nil {
		return err
	}
	if f.db, err = sql.Open("pgx", f.postgres.url()); err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	f.db.SetMaxOpenConns(1)
	binary, err := filepath.Abs(f.binary)
	if err != nil {
		return fmt.Errorf("find the server: %w", err)
	}
	env := append(f.postgres.settings(), "SKYTOWER_REDIS=redis://"+f.redis.address, "SKYTOWER_BLOB="+filepath.Join(f.dir, "files"))
	for i := range f.replicas {
		server, err := newSkytower(fmt.Sprint("replica", i+1), binary, filepath.Join(f.dir, fmt.Sprint("replica", i+1)), env...)
		if err != nil {
			return err
		}
		t := f.further(server)
		if i == 0 {
			if t, err = server.target([]string{"http://" + f.mock.address}, true); err != nil {
				return err
			}
		}
		f.servers = append(f.servers, t)
	}
	return nil
}

// further is a replica that finds all in the database.
func (f *fleet) further(s *skytower) *target {
	return &target{name: s.name, key: f.key(), models: skytowerNames, settle: settleSkytower, start: func() (*process, string, error) {
		p, err := s.serve()
		return p, s.address, err
	}}
}

func (f *fleet) key() string {
	if len(f.servers) == 0 {
		return ""
	}
	return f.servers[0].key
}

func (f *fleet) end() {
	for _, t := range f.servers {
		t.down()
	}
	f.mock.down()
	if f.db != nil {
		_ = f.db.Close() // it was read only
	}
	f.redis.stop()
	f.postgres.stop()
	if f.dir != "" {
		_ = os.RemoveAll(f.dir) // a leftover in the temporary folder is no failure of the measurement
	}
}

// visits gives a load to one replica, to two and so on, in turns.
func (f *fleet) visits(c crowd) (map[int][]share, error) {
	shares := map[int][]share{}
	for round := range f.rounds {
		for i := range f.replicas {
			n := (round+i)%f.replicas + 1
			s, err := f.visit(c, n)
			if err != nil {
				return nil, fmt.Errorf("%d replicas: %w", n, err)
			}
			progress("  %d replicas: %8.1f us  %6.1f transactions/1000  %6.0f/s  %d errors", n, per(micros(s.own), s.requests),
				per(float64(s.transactions)*1000, s.requests), float64(s.requests)/s.elapsed.Seconds(), s.errors)
			shares[n] = append(shares[n], s)
		}
	}
	return shares, nil
}

// visit starts n replicas, warms them up, and measures.
func (f *fleet) visit(c crowd, n int) (share, error) {
	defer func() {
		for _, t := range f.servers[:n] {
			t.down()
		}
	}()
	for _, t := range f.servers[:n] {
		if err := t.up(); err != nil {
			return share{}, err
		}
	}
	if _, err := f.load(c, n, warmReplicas); err != nil {
		return share{}, err
	}
	before, err := f.transactions()
	if err != nil {
		return share{}, err
	}
	s, err := f.load(c, n, time.Duration(f.seconds*float64(time.Second)))
	if err != nil {
		return share{}, err
	}
	after, err := f.transactions()
	s.transactions = after - before
	return s, err
}

// load gives each replica its own load at the same time. The first one's process also watches what they share.
func (f *fleet) load(c crowd, n int, measure time.Duration) (share, error) {
	outcomes, errs := make([]outcome, n), make([]error, n)
	var all sync.WaitGroup
	for i, t := range f.servers[:n] {
		watch := []int{t.process.pid()}
		if i == 0 {
			watch = append(watch, f.mock.process.pid(), f.postgres.process.pid(), f.redis.process.pid())
		}
		j := job{Address: t.address, Path: chatPath, Key: f.key(), Body: plainBody(t.models), Connections: c.connections, Rate: c.rate,
			Measure: measure, Settle: t.settle, Watch: watch}
		all.Go(func() { outcomes[i], errs[i] = runJob(j) })
	}
	all.Wait()
	s := share{replicas: n}
	for i, o := range outcomes {
		if errs[i] != nil {
			return s, errs[i]
		}
		s.requests, s.errors, s.own = s.requests+o.Requests, s.errors+o.Errors, s.own+o.CPU[0]
		s.elapsed, s.p50, s.p99 = max(s.elapsed, o.Elapsed), max(s.p50, o.P50), max(s.p99, o.P99)
		if s.firstError == "" {
			s.firstError = o.FirstError
		}
	}
	s.mock, s.database, s.redis = outcomes[0].CPU[1], outcomes[0].CPU[2], outcomes[0].CPU[3]
	return s, nil
}

// transactions is how many the database has ended, ours among them.
func (f *fleet) transactions() (n int64, err error) {
	time.Sleep(settleTransactions)
	err = f.db.QueryRow(`select xact_commit + xact_rollback from pg_stat_database where datname = current_database()`).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("ask for the database's transactions: %w", err)
	}
	return n, nil
}
