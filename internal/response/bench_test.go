package response

import (
	"fmt"
	"testing"

	"skytower/internal/jobs/jobstest"
	"skytower/internal/store/storetest"
)

// eachBench runs fn on both engines.
func eachBench(b *testing.B, fn func(b *testing.B, r *rig)) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": jobstest.SQLite, "postgres": jobstest.Postgres} {
		b.Run(name, func(b *testing.B) { fn(b, newRig(b, storetest.Open(b, url(b)))) })
	}
}

// BenchmarkContext reads whole conversations, of two items in each response.
func BenchmarkContext(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			eachBench(b, func(b *testing.B, r *rig) {
				r.chainOf(n)
				last := fmt.Sprintf("r%04d", n)
				for b.Loop() {
					list, err := r.Context(b.Context(), us, last)
					if err != nil || len(list) != 2*n {
						b.Fatalf("%d items: %v", len(list), err)
					}
				}
			})
		})
	}
}

// BenchmarkInputItems reads the newest page of a long conversation.
func BenchmarkInputItems(b *testing.B) {
	eachBench(b, func(b *testing.B, r *rig) {
		r.chainOf(1000)
		for b.Loop() {
			list, more, err := r.InputItems(b.Context(), us, "r1000", Page{})
			if err != nil || len(list) != defaultLimit || !more {
				b.Fatalf("%d items: %v", len(list), err)
			}
		}
	})
}

// BenchmarkSave adds responses to one conversation.
func BenchmarkSave(b *testing.B) {
	eachBench(b, func(b *testing.B, r *rig) {
		previous := ""
		for n := 0; b.Loop(); n++ {
			name := fmt.Sprintf("s%d", n)
			if err := r.Save(b.Context(), record(name, previous)); err != nil {
				b.Fatal(err)
			}
			previous = name
		}
	})
}

// BenchmarkTell tells ten events at a time.
func BenchmarkTell(b *testing.B) {
	eachBench(b, func(b *testing.B, r *rig) {
		r.queue("a", "")
		task := r.claim("a")
		for first := int64(0); b.Loop(); first += 10 {
			if err := r.Tell(b.Context(), task, events(first, first+9), nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkLinger is what a response that is not stored pays, and what writing costs.
func BenchmarkLinger(b *testing.B) {
	eachBench(b, func(b *testing.B, r *rig) {
		items := messages("x")
		for n := 0; b.Loop(); n++ {
			r.Linger(us, fmt.Sprintf("r%d", n), items)
			if n%lingerBatch == lingerBatch-1 {
				if err := r.flush(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
