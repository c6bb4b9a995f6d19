package limit

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// desk is a service in memory with rules that are given as they are.
type desk struct {
	*Service
	t     *testing.T
	clock *clock
}

func newDesk(t *testing.T, table string, rules map[string][]rule) *desk {
	t.Helper()
	c := newClock()
	o := Options{Now: c.now}
	if table != "" {
		tiers, err := ParseTiers(table)
		if err != nil {
			t.Fatal(err)
		}
		o.Tiers = tiers
	}
	if rules != nil {
		o.Rules = NewRules(nil, c.now)
		found := map[string]*ruleSet{}
		for account, list := range rules {
			found[account] = &ruleSet{list: list}
		}
		o.Rules.install(found, true, nil)
	}
	return &desk{New(o), t, c}
}

func (d *desk) take(r Request) (Ticket, Decision) {
	d.t.Helper()
	ticket, decision, err := d.Take(d.t.Context(), r)
	if err != nil {
		d.t.Fatal(err)
	}
	return ticket, decision
}

// count takes until it is refused, at most 1000 times.
func (d *desk) count(r Request) (n int, refused Decision) {
	d.t.Helper()
	for ; n < 1000; n++ {
		if _, refused = d.take(r); !refused.Allowed {
			return n, refused
		}
	}
	return n, refused
}

func asked(model string) Request {
	return Request{ID: "req_1", Account: "acct_a", Key: "key_a", Tier: "1", Surface: Standard, Route: "chat", Model: model}
}

func numbers(requests int64) Numbers { return Numbers{requests, Unlimited, Unlimited, Unlimited} }

// Nothing configured: everything is allowed, "-" in the headers, and no work is done. The
// test is not parallel: it counts allocations.
func TestNothingConfigured(t *testing.T) {
	for name, d := range map[string]*desk{
		"no tiers":           newDesk(t, "", map[string][]rule{"acct_b": {{limits: numbers(1)}}}),
		"a tier without end": newDesk(t, "0:-/-/-", nil),
	} {
		ticket, got := d.take(asked("m"))
		if diff := cmp.Diff(Decision{Allowed: true}, got); diff != "" || ticket.taken != nil {
			t.Errorf("%s: %s", name, diff)
		}
		if err := d.Settle(t.Context(), ticket, Use{TokensIn: 5}); err != nil {
			t.Error(err)
		}
		r := asked("m")
		if n := testing.AllocsPerRun(100, func() { _, _, _ = d.Take(t.Context(), r) }); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// One model's windows never drain another's, nor a surface's or a route's.
func TestTierCountsEachModelApart(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "0:3/2/1 100:5/4/2", nil)
	for i := int64(2); i >= 0; i-- {
		if _, got := d.take(asked("a")); got.Requests != (Quota{true, 3, i}) || got.TokensIn.Limited {
			t.Errorf("got %+v", got)
		}
	}
	n, refused := d.count(asked("a"))
	want := Decision{Dimension: "requests", Scope: "of account acct_a's model a", Limit: 3, Requests: Quota{true, 3, 0}}
	if diff := cmp.Diff(want, refused, cmpopts.IgnoreFields(Decision{}, "RetryAfter")); n != 0 || diff != "" {
		t.Errorf("refused after %d: %s", n, diff)
	}
	if refused.RetryAfter < time.Minute || refused.RetryAfter > 62*time.Second || refused.RetryAfter%time.Second != 0 {
		t.Errorf("retry after %s", refused.RetryAfter)
	}
	other, route, edge, key, second := asked("b"), asked("a"), asked("a"), asked("a"), asked("a")
	route.Route, edge.Surface, key.Key = "responses", Edge, "key_b"
	second.Account, second.Tier = "acct_b", "2"
	for name, c := range map[string]struct {
		r    Request
		want int
	}{"another model": {other, 3}, "another route": {route, 3}, "the edge": {edge, 2}, "another key": {key, 0}, "another account's tier": {second, 5}} {
		if n, _ := d.count(c.r); n != c.want {
			t.Errorf("%s: %d were let through, not %d", name, n, c.want)
		}
	}
	d.clock.advance(refused.RetryAfter)
	if n, _ := d.count(asked("a")); n != 3 {
		t.Errorf("%d after the pause", n)
	}
}

func TestEdge(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "0:3 100:5/0/0 200:9/2/1", nil)
	r := asked("m")
	r.Surface = Edge
	for tier, noEdge := range map[string]bool{"1": true, "2": true, "3": false, "7": false, "no such": true, "": true} {
		r.Tier = tier
		if _, got := d.take(r); got.NoEdge != noEdge || got.Allowed == noEdge {
			t.Errorf("tier %q: %+v", tier, got)
		}
	}
	r.Tier, r.Slot, r.Account = "3", true, "acct_b"
	ticket, got := d.take(r)
	if !got.Allowed {
		t.Fatalf("got %+v", got)
	}
	_, got = d.take(r)
	want := Decision{Dimension: "concurrent calls", Scope: "of account acct_b's model m on the edge surface", Limit: 1, RetryAfter: time.Second,
		Requests: Quota{true, 2, 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for range 2 {
		if err := d.Settle(t.Context(), ticket, Use{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, got = d.take(r); !got.Allowed {
		t.Errorf("after the first has ended: %+v", got)
	}
}

// The account's rules replace the tier's numbers, the most specific first; a key's come
// on top.
func TestRulesAndTiers(t *testing.T) {
	t.Parallel()
	named := func(r rule, limits Numbers) rule {
		r.limits = limits
		return r
	}
	for name, c := range map[string]struct {
		rules []rule
		r     func(*Request)
		want  int
		scope string
	}{
		"the tier alone":            {nil, nil, 5, "of account acct_a's model m"},
		"a rule for everything":     {[]rule{{limits: numbers(9)}}, nil, 9, "of account acct_a's model m"},
		"a rule for the surface":    {[]rule{named(rule{surface: Standard}, numbers(9))}, nil, 9, "of account acct_a's model m"},
		"a rule for the other one":  {[]rule{named(rule{surface: Edge}, numbers(9))}, nil, 5, "of account acct_a's model m"},
		"a rule for another model":  {[]rule{named(rule{model: "n"}, numbers(1))}, nil, 5, "of account acct_a's model m"},
		"a rule for another number": {[]rule{{limits: Numbers{Unlimited, 1000, Unlimited, Unlimited}}}, nil, 5, "of account acct_a's model m"},
		"a rule for the model": {[]rule{named(rule{model: "m"}, numbers(50)), {limits: numbers(7)}}, nil,
			50, "of account acct_a's model m"},
		"a rule for the model beats one for the route": {[]rule{named(rule{route: "chat", surface: Standard}, numbers(7)), named(rule{model: "m"}, numbers(50))}, nil,
			50, "of account acct_a's model m"},
		"all models together": {[]rule{named(rule{model: AllModels}, numbers(4))}, nil,
			4, "of account acct_a, all models together"},
		"of all models together the tier is not replaced": {[]rule{named(rule{model: AllModels}, numbers(40))}, nil,
			5, "of account acct_a's model m"},
		"a key's rule": {[]rule{named(rule{key: "key_a"}, numbers(2))}, nil,
			2, "of this API key's model m"},
		"a key's rule gives no more than the tier": {[]rule{named(rule{key: "key_a"}, numbers(20))}, nil,
			5, "of account acct_a's model m"},
		"a key's rule for all models": {[]rule{named(rule{key: "key_a", model: AllModels}, numbers(3))}, nil,
			3, "of this API key, all models together"},
		"another key's rule": {[]rule{named(rule{key: "key_b"}, numbers(2))}, nil,
			5, "of account acct_a's model m"},
		"no request at all": {[]rule{{limits: numbers(0)}}, nil,
			0, "of account acct_a's model m"},
		"another account": {[]rule{{limits: numbers(9)}}, func(r *Request) { r.Account = "acct_b" },
			5, "of account acct_b's model m"},
	} {
		d := newDesk(t, "0:5/10/2", map[string][]rule{"acct_a": c.rules})
		r := asked("m")
		if c.r != nil {
			c.r(&r)
		}
		if n, got := d.count(r); n != c.want || got.Scope != c.scope {
			t.Errorf("%s: refused after %d by the limit %s", name, n, got.Scope)
		}
	}
}

// Headers show, for each dimension, the scope with the least left.
func TestQuotasShowTheLeast(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "0:10/-/-/1000/500/-", map[string][]rule{"acct_a": {{model: AllModels, limits: Numbers{3, 5000, 100, Unlimited}}}})
	r := asked("m")
	r.TokensIn, r.TokensOut = 200, 40
	ticket, got := d.take(r)
	want := Decision{Allowed: true, Requests: Quota{true, 3, 2}, TokensIn: Quota{true, 1000, 800}, TokensOut: Quota{true, 100, 60}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for range 2 { // the second time changes nothing
		if err := d.Settle(t.Context(), ticket, Use{TokensIn: 900, TokensOut: 10}); err != nil {
			t.Fatal(err)
		}
	}
	r.TokensIn, r.TokensOut = 101, 1
	_, got = d.take(r)
	if got.Allowed || got.Dimension != "input tokens" || got.Limit != 1000 || got.TooLarge || got.TokensOut.Remaining != 90 {
		t.Errorf("got %+v", got)
	}
	r.TokensIn = 1001
	if _, got = d.take(r); got.Allowed || !got.TooLarge {
		t.Errorf("more than the limit: %+v", got)
	}
	r.TokensIn, r.Model = 0, "n"
	for _, out := range []int64{90, 0} {
		r.TokensOut = out
		if _, got = d.take(r); got.Allowed != (out > 0) {
			t.Errorf("%d output tokens: %+v", out, got)
		}
	}
}

// Parallel calls don't get more than the limit.
func TestParallelCalls(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "0:100/-/-", nil)
	var group sync.WaitGroup
	var mu sync.Mutex
	through := 0
	for range 8 {
		group.Go(func() {
			for range 50 {
				if _, got, err := d.Take(t.Context(), asked("m")); err == nil && got.Allowed {
					mu.Lock()
					through++
					mu.Unlock()
				}
			}
		})
	}
	if group.Wait(); through != 100 {
		t.Errorf("%d were let through", through)
	}
}

// A slot lives as long as its call is open and the process renews it.
func TestOpenCallsKeepTheirSlots(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "0:-/-/1", nil)
	r := asked("m")
	r.Surface, r.Slot = Edge, true
	d.take(r)
	for range 10 {
		d.clock.advance(renewEvery)
		d.renew(t.Context())
		if _, got := d.take(r); got.Allowed {
			t.Fatal("the slot of an open call was lost")
		}
	}
	d.clock.advance(slotLifetime)
	if _, got := d.take(r); !got.Allowed {
		t.Errorf("the slot of a call that is not renewed: %+v", got)
	}
}

// A call that nobody settles does not lock its account out for good.
func TestLostCallsEnd(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "0:-/-/1", nil)
	r := asked("m")
	r.Surface, r.Slot = Edge, true
	d.take(r)
	for range int(maxOpen/renewEvery) + 2 {
		d.clock.advance(renewEvery)
		d.renew(t.Context())
	}
	d.clock.advance(slotLifetime)
	d.renew(t.Context())
	if _, got := d.take(r); !got.Allowed {
		t.Errorf("got %+v", got)
	}
}

func TestStartAndStop(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	s.Stop()
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err == nil {
		t.Error("it started twice")
	}
	s.Stop()
	s.Stop()
	if s.Degraded() {
		t.Error("an engine in memory has nothing to miss")
	}
}

func BenchmarkTakeThreeScopes(b *testing.B) {
	tiers, err := ParseTiers("0:1000000000/-/-/1000000000000/1000000000000/-")
	if err != nil {
		b.Fatal(err)
	}
	rules := NewRules(nil, nil)
	most := Numbers{1 << 40, Unlimited, Unlimited, Unlimited}
	rules.install(map[string]*ruleSet{"acct_a": {list: []rule{{model: AllModels, limits: most}, {key: "key_a", limits: most}}}}, true, nil)
	s, r := New(Options{Tiers: tiers, Rules: rules}), asked("m")
	r.TokensIn, r.TokensOut = 100, 100
	b.ReportAllocs()
	for b.Loop() {
		ticket, d, err := s.Take(b.Context(), r)
		if err != nil || !d.Allowed {
			b.Fatal(d, err)
		}
		if err := s.Settle(b.Context(), ticket, Use{TokensIn: 90, TokensOut: 80}); err != nil {
			b.Fatal(err)
		}
	}
}
