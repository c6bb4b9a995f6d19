package ledger_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// BenchmarkCommit charges and logs requests from some callers at once. It reports
// the processor time of this process for each (PostgreSQL's server has its own), the
// only figure that means much on a machine with other work.
func BenchmarkCommit(b *testing.B) {
	for name, fresh := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		for _, callers := range []int{1, 32, 256} {
			b.Run(fmt.Sprintf("%s/callers=%d", name, callers), func(b *testing.B) {
				benchmarkCommit(b, fresh(b), callers)
			})
		}
	}
}

// BenchmarkDurable charges requests of twenty accounts from some callers at once, each
// reserved before where it has a price: the ledger's part of a paid request, without the request log.
// Compare with findings A (SQLite) and B (PostgreSQL).
func BenchmarkDurable(b *testing.B) {
	for name, fresh := range map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		for _, callers := range []int{1, 32, 256} {
			for price, amount := range map[string]money.Nanos{"free": 0, "priced": 20_000} {
				b.Run(fmt.Sprintf("%s/callers=%d/%s", name, callers, price), func(b *testing.B) {
					benchmarkDurable(b, fresh(b), callers, amount)
				})
			}
		}
	}
}

const benchAccounts = 20

func benchmarkDurable(b *testing.B, url string, callers int, amount money.Nanos) {
	b.Helper()
	var batches atomic.Int64
	db := storetest.Open(b, url)
	l := ledger.New(db, ledger.Options{OnBatch: func(int, time.Duration) { batches.Add(1) }})
	if err := l.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	accounts := make([]string, benchAccounts)
	for i := range accounts {
		accounts[i] = fmt.Sprintf("acct_%02d", i)
		err := db.Write(b.Context(), func(tx *store.Tx) error {
			_, err := l.Credit(b.Context(), tx, ledger.Credit{
				ID: "grant/" + accounts[i], Account: accounts[i], Kind: "grant", Bucket: ledger.Deposited, Amount: 1_000_000 * money.Dollar, Actor: "bench", At: base,
			})
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	for _, account := range accounts { // the first slices are not what is measured
		paid(b, l, account, 1)
	}
	var next atomic.Int64
	var group sync.WaitGroup
	b.ResetTimer()
	before := processorTime(b)
	for range callers {
		group.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				paid(b, l, accounts[n%benchAccounts], amount)
			}
		})
	}
	group.Wait()
	spent := processorTime(b) - before
	b.StopTimer()
	if err := l.Stop(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(spent.Nanoseconds())/1e3/float64(b.N), "cpu-µs/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "charges/s")
	b.ReportMetric(float64(b.N)/float64(max(1, batches.Load())), "lines/batch")
}

// paid is one request: of what it sets aside, half is charged.
func paid(b *testing.B, l *ledger.Ledger, account string, amount money.Nanos) {
	b.Helper()
	r, err := l.Reserve(b.Context(), ledger.Estimate{Request: "r", Account: account, Amount: 2 * amount})
	if err != nil {
		b.Error(err)
		return
	}
	c := charge(newRequest())
	c.Account, c.Amount = account, amount
	if amount > 0 {
		c.PriceVersion = 1
	}
	if err := l.Commit(b.Context(), r, c); err != nil {
		b.Error(err)
	}
}

func benchmarkCommit(b *testing.B, url string, callers int) {
	var batches, dropped atomic.Int64
	l := ledger.New(storetest.Open(b, url), ledger.Options{
		OnBatch:   func(int, time.Duration) { batches.Add(1) },
		OnDropped: func(n int) { dropped.Add(int64(n)) },
	})
	if err := l.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	var next atomic.Int64
	var group sync.WaitGroup
	b.ResetTimer()
	before := processorTime(b)
	for range callers {
		group.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				request := newRequest()
				if err := l.Commit(b.Context(), nil, charge(request)); err != nil {
					b.Error(err)
					return
				}
				l.Log(entry(request))
			}
		})
	}
	group.Wait()
	if err := l.Stop(b.Context()); err != nil {
		b.Fatal(err)
	}
	spent := processorTime(b) - before
	b.StopTimer()
	b.ReportMetric(float64(spent.Nanoseconds())/1e3/float64(b.N), "cpu-µs/op")
	b.ReportMetric(float64(b.N)/float64(max(1, batches.Load())), "lines/batch")
	b.ReportMetric(float64(dropped.Load()), "dropped")
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
