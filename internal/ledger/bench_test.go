package ledger_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"skytower/internal/ledger"
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
