package limit

import (
	"fmt"
	"testing"
	"time"

	"skytower/internal/limit/limittest"
)

// BenchmarkTakeAndSettle is the limits' part of one call that draws from three scopes and
// holds a slot: in memory, and with a Redis for all.
func BenchmarkTakeAndSettle(b *testing.B) {
	b.Run("memory", func(b *testing.B) { benchmarkTakeAndSettle(b, NewMemory(time.Now)) })
	b.Run("redis", func(b *testing.B) {
		shared, err := NewShared(SharedOptions{URL: limittest.StartRedis(b)})
		if err != nil {
			b.Fatal(err)
		}
		benchmarkTakeAndSettle(b, shared)
	})
}

func benchmarkTakeAndSettle(b *testing.B, engine Engine) {
	b.Helper()
	all := Numbers{1e12, 1e12, 1e12, Unlimited}
	set := &ruleSet{list: []rule{{limits: all}, {model: AllModels, limits: all}, {key: "key_of_the_account", limits: all}}}
	rules := &Rules{}
	rules.byName.Store(&map[string]*ruleSet{"acct_of_the_caller": set})
	s := New(Options{Engine: engine, Rules: rules})
	if err := s.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer s.Stop()
	r := Request{ID: "req_0123456789abcdefghjkmnpqrs", Account: "acct_of_the_caller", Key: "key_of_the_account", Surface: Standard,
		Route: "chat", Model: "a-model-by-its-name", TokensIn: 100, TokensOut: 256, Slot: true}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			ticket, d, err := s.Take(b.Context(), r)
			if err != nil || !d.Allowed {
				b.Error(fmt.Sprint(d, err))
				return
			}
			if err := s.Settle(b.Context(), ticket, Use{TokensIn: 50, TokensOut: 60}); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
