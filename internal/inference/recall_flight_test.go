package inference_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"skytower/internal/account"
	"skytower/internal/cache"
	"skytower/internal/catalog"
	"skytower/internal/inference"
	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/provider"
)

// crowd are equal requests of one moment: they share a cache and an upstream, and each has a
// desk of its own.
type crowd struct {
	t     *testing.T
	waits chan struct{} // gets a value for each who waits for another
	up    *gated
	all   []*desk
	errs  []error
	ended sync.WaitGroup
}

// gated is an upstream whose first call is held until its gate opens. It counts its calls.
type gated struct {
	*upstream
	calls atomic.Int64
	came  chan int64 // gets the number of each call
	gate  chan struct{}
	first error         // of the first call
	rest  chan struct{} // likewise, of the others; nil: they are not held
}

func (g *gated) pass(ctx context.Context) error {
	n := g.calls.Add(1)
	g.came <- n
	gate, err := g.gate, g.first
	if n > 1 {
		if gate, err = g.rest, nil; gate == nil {
			return nil
		}
	}
	select {
	case <-gate:
		return err
	case <-ctx.Done():
		return &provider.Error{Class: provider.Cancelled, Err: ctx.Err()}
	}
}

func (g *gated) Chat(ctx context.Context, _ *provider.Call) (*provider.Answer, error) {
	return &g.answer, g.pass(ctx)
}

func (g *gated) ChatStream(ctx context.Context, _ *provider.Call) (provider.Stream, error) {
	return &stream{u: &upstream{events: g.events, end: g.end}}, g.pass(ctx)
}

// newCrowd makes n desks over one upstream.
func newCrowd(t *testing.T, n int, u *upstream) *crowd {
	t.Helper()
	c := &crowd{
		t: t, up: &gated{upstream: u, came: make(chan int64, n+1), gate: make(chan struct{})}, errs: make([]error, n), waits: make(chan struct{}, n),
	}
	recall := &inference.Recall{Answers: cache.NewMemory(1<<22, deskTime), Key: []byte("secret"), Percent: 10, Patience: time.Hour}
	recall.OnJoined(func() { c.waits <- struct{}{} })
	for i := range n {
		d := newDesk(c.up)
		d.request, d.recall = fmt.Sprintf("req_%d", i), recall
		d.model.Cache, d.model.Price = &catalog.Caching{TTL: 10 * time.Minute, Percent: -1}, tokenPrice()
		c.all = append(c.all, d)
	}
	return c
}

// calls begins the call of one desk.
func (c *crowd) calls(ctx context.Context, i int, body string) {
	c.ended.Go(func() { _, c.errs[i] = c.all[i].call(ctx, c.t, inference.Chat, body) })
}

// wait waits until n requests wait for another one.
func (c *crowd) wait(n int) {
	for range n {
		<-c.waits
	}
}

// hits counts the answers by what their admission said.
func (c *crowd) hits() (hits, misses int) {
	for _, d := range c.all {
		for _, mark := range d.marks() {
			if mark == inference.Hit {
				hits++
			} else {
				misses++
			}
		}
	}
	return hits, misses
}

const crowded = 50

// Of equal requests at one moment one goes upstream; the others get its answer, whole, and
// pay their share.
func TestEqualRequestsAtOnce(t *testing.T) {
	t.Parallel()
	eachBooks(t, func(t *testing.T, b *books) {
		for _, body := range []string{boundChat, streamedChat} {
			b.name = "crowd"
			used := provider.Usage{Reported: true, Input: 100, Output: 50}
			c := newCrowd(t, crowded, answered("hello", used))
			payer, _ := b.desk(c.up, money.Dollar)
			for i, d := range c.all {
				d.who, d.request = payer.who, fmt.Sprintf("%s_%d", payer.request, i)
				d.meter = &till{Ledger: b.l, d: d}
				c.calls(t.Context(), i, body)
			}
			<-c.up.came
			c.wait(crowded - 1)
			close(c.up.gate)
			c.ended.Wait()
			if hits, misses := c.hits(); hits != crowded-1 || misses != 1 || c.up.calls.Load() != 1 || errors.Join(c.errs...) != nil {
				t.Errorf("%d hits, %d misses, asked %d times: %v", hits, misses, c.up.calls.Load(), errors.Join(c.errs...))
			}
			for _, d := range c.all {
				if d.answer != c.all[0].answer || len(d.events) != len(c.all[0].events) {
					t.Errorf("%q %q and %q %q", c.all[0].answer, c.all[0].events, d.answer, d.events)
				}
			}
			whole := 100*inPrice + 50*outPrice
			b.left("fifty", payer, money.Dollar-whole-(crowded-1)*(whole/10))
		}
	})
}

// Where the first one's answer is none, or none that is kept, all others go on by themselves,
// at once and not one after the other.
func TestTheFirstOfEqualRequestsFails(t *testing.T) {
	t.Parallel()
	used := provider.Usage{Reported: true, Input: 7, Output: 3}
	filtered := &upstream{answer: provider.Answer{Body: []byte(`{"choices":[{"finish_reason":"content_filter"}]}`), Usage: used}}
	cut := &upstream{events: []provider.Event{chunk("x"), usage(3, 9)}, end: failure(provider.Cut, 0)}
	for name, c := range map[string]struct {
		u     *upstream
		first error
		body  string
		fails int
	}{
		"fails":      {answered("hello", used), failure(provider.Rejected, 400), boundChat, 1},
		"is cut":     {cut, nil, streamedChat, 4},
		"not kept":   {filtered, nil, boundChat, 0},
		"no headers": {answered("hello", used), failure(provider.Unreachable, 0), streamedChat, 1},
	} {
		crowd := newCrowd(t, 4, c.u)
		crowd.up.first, crowd.up.rest = c.first, make(chan struct{})
		for i := range crowd.all {
			crowd.calls(t.Context(), i, c.body)
		}
		<-crowd.up.came
		crowd.wait(3)
		close(crowd.up.gate)
		for range 3 { // all of them are there before any gets an answer
			<-crowd.up.came
		}
		close(crowd.up.rest)
		crowd.ended.Wait()
		fails := 0
		for _, err := range crowd.errs {
			if err != nil {
				fails++
			}
		}
		if hits, _ := crowd.hits(); hits != 0 || crowd.up.calls.Load() != 4 || fails != c.fails {
			t.Errorf("%s: %d hits, asked %d times, %v", name, hits, crowd.up.calls.Load(), crowd.errs)
		}
	}
}

// Who leaves while he waits for another's answer owes nothing, and takes nothing from anybody.
func TestAFollowerLeaves(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 3, answered("hello", provider.Usage{Reported: true, Input: 7, Output: 3}))
	c.calls(t.Context(), 0, boundChat)
	<-c.up.came
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-c.waits
		cancel()
	}()
	result, err := c.all[1].call(ctx, t, inference.Chat, boundChat)
	if d := c.all[1]; err == nil || result.Outcome != inference.HungUp || d.times("reserve", "commit", "admit") > 0 || len(d.settled) != 1 {
		t.Errorf("%v, %+v, %v", err, result, d.journal)
	}
	c.calls(t.Context(), 2, boundChat)
	c.wait(1)
	close(c.up.gate)
	c.ended.Wait()
	if hits, misses := c.hits(); hits != 1 || misses != 1 || c.up.calls.Load() != 1 {
		t.Errorf("%d hits, %d misses, asked %d times", hits, misses, c.up.calls.Load())
	}
}

// A priced answer is waited for although its caller left: it is kept, and those who wait
// for it get it.
func TestTheFirstOfEqualRequestsLeaves(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 2, answered("hello", provider.Usage{Reported: true, Input: 7, Output: 3}))
	ctx, cancel := context.WithCancel(t.Context())
	c.calls(ctx, 0, boundChat)
	<-c.up.came
	c.calls(t.Context(), 1, boundChat)
	c.wait(1)
	cancel()
	close(c.up.gate)
	c.ended.Wait()
	if d := c.all[0]; len(d.charges) != 1 || d.charges[0].Amount != 44_000 || d.charges[0].Outcome != "hang_up" {
		t.Errorf("the first is charged %+v", d.charges)
	}
	if d := c.all[1]; c.errs[1] != nil || d.answer == "" || c.up.calls.Load() != 1 || len(d.charges) != 1 || d.charges[0].Amount != 4_400 {
		t.Errorf("%v %q, asked %d times, charged %+v", c.errs[1], d.answer, c.up.calls.Load(), d.charges)
	}
}

// Two accounts never wait for each other, and neither do requests that want a new answer, or
// none that is kept: all of these are upstream at the same time.
func TestUnequalRequestsDontWait(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 5, answered("hello", provider.Usage{Reported: true, Input: 7, Output: 3}))
	c.all[1].who = account.Principal{Account: "acct_2", Key: "key"}
	c.all[2].wish(inference.CacheWish{Mode: inference.CacheRefresh})
	c.all[3].wish(inference.CacheWish{Mode: inference.CacheOff})
	c.all[4].model.Cache = nil
	for i := range c.all {
		c.calls(t.Context(), i, boundChat)
		<-c.up.came
	}
	close(c.up.gate)
	c.ended.Wait()
	if err := errors.Join(c.errs...); err != nil || c.up.calls.Load() != 5 {
		t.Errorf("%v, asked %d times", err, c.up.calls.Load())
	}
}

// Nobody waits for another's answer without end.
func TestWaitingForEqualRequestsIsBounded(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 2, answered("hello", provider.Usage{Reported: true, Input: 7, Output: 3}))
	c.all[0].recall.Patience = time.Nanosecond
	c.calls(t.Context(), 0, boundChat)
	<-c.up.came
	c.calls(t.Context(), 1, boundChat)
	<-c.up.came
	close(c.up.gate)
	c.ended.Wait()
	if hits, misses := c.hits(); hits != 0 || misses != 2 || errors.Join(c.errs...) != nil {
		t.Errorf("%d hits, %d misses: %v", hits, misses, errors.Join(c.errs...))
	}
}

// A call that ends before it is tried lets the others go on, also where it panics.
func TestNobodyWaitsForWhatIsNotMade(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 3, answered("hello", provider.Usage{Reported: true, Input: 7, Output: 3}))
	close(c.up.gate)
	c.all[0].reserve = errors.New("no credit")
	c.calls(t.Context(), 0, boundChat)
	c.ended.Wait()
	func() {
		defer func() { _ = recover() }()
		c.all[1].meter = panics{c.all[1]}
		_, _ = c.all[1].call(t.Context(), t, inference.Chat, boundChat)
		t.Error("it did not panic")
	}()
	c.calls(t.Context(), 2, boundChat)
	c.ended.Wait()
	if c.errs[0] == nil || c.errs[2] != nil || c.up.calls.Load() != 1 {
		t.Errorf("%v, asked %d times", c.errs, c.up.calls.Load())
	}
}

// panics is a meter that breaks.
type panics struct{ *desk }

func (panics) Reserve(context.Context, ledger.Estimate) (*ledger.Reservation, error) {
	panic("broken")
}
