package limit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	tickEvery = time.Second
	// renewEvery is well below a slot's life: two renewals may fail.
	renewEvery = slotLifetime / 3
	// maxOpen is how long an open call keeps its slot. One that is older was not settled,
	// by a fault of ours; it must not lock its account out for good.
	maxOpen = 24 * time.Hour
	// closePatience bounds the farewell to Redis.
	closePatience = 2 * time.Second
	// maxJitter is added to a pause, at random, so that those who were refused at the same
	// moment do not come back at the same moment.
	maxJitter = 2 * time.Second
)

// Options are what a Service is made of.
type Options struct {
	Engine Engine // nil: NewMemory
	Tiers  Table  // the zero Table: no tiers
	Rules  *Rules // nil: none
	Now    func() time.Time
	Log    *slog.Logger // nil: nothing is logged
}

// Service implements Limits with the tiers' table and the rules of accounts and keys.
type Service struct {
	engine Engine
	tiers  Table
	rules  *Rules
	now    func() time.Time
	log    *slog.Logger

	prefix string // of the names of slots
	seq    atomic.Uint64
	open   sync.Map // *taken → nothing: calls that hold a slot

	mu      sync.Mutex
	cancel  context.CancelFunc
	stopped chan struct{}
}

// New returns a service. Start begins its upkeep.
func New(o Options) *Service {
	s := &Service{engine: o.Engine, tiers: o.Tiers, rules: o.Rules, now: o.Now, log: o.Log,
		prefix: strconv.FormatUint(rand.Uint64(), 36) + "."}
	if s.now == nil {
		s.now = time.Now
	}
	if s.engine == nil {
		s.engine = NewMemory(s.now)
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// Start speaks to the engine for the first time, and begins the upkeep. A Redis that does
// not answer is no error.
func (s *Service) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped != nil {
		return errors.New("limits: already started")
	}
	if err := s.engine.Tick(ctx); err != nil {
		return fmt.Errorf("start limits: %w", err)
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel, s.stopped = cancel, make(chan struct{})
	go s.run(running, s.stopped)
	return nil
}

// Stop ends the upkeep and closes the engine. It may be called again, and before Start.
func (s *Service) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancel == nil {
		return
	}
	s.cancel()
	<-s.stopped
	s.cancel = nil
	ctx, cancel := context.WithTimeout(context.Background(), closePatience)
	defer cancel()
	if err := s.engine.Close(ctx); err != nil {
		s.log.Warn("limits did not close cleanly", "error", err)
	}
}

// Degraded reports whether limits go without the Redis that they are shared in.
func (s *Service) Degraded() bool {
	e, shared := s.engine.(interface{ Degraded() bool })
	return shared && e.Degraded()
}

func (s *Service) run(ctx context.Context, stopped chan struct{}) {
	defer close(stopped)
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	renewed := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := s.engine.Tick(ctx); err != nil {
			s.log.Warn("upkeep of limits failed", "error", err)
		}
		if time.Since(renewed) < renewEvery {
			continue
		}
		renewed = time.Now()
		s.renew(ctx)
	}
}

// renew keeps the slots of open calls.
func (s *Service) renew(ctx context.Context) {
	var list []*Call
	oldest := s.now().Add(-maxOpen).UnixMilli()
	s.open.Range(func(key, _ any) bool {
		if t, ok := key.(*taken); ok && t.began >= oldest {
			list = append(list, &t.call)
		} else {
			s.open.Delete(key)
		}
		return true
	})
	if len(list) == 0 {
		return
	}
	if err := s.engine.Renew(ctx, list); err != nil {
		s.log.Warn("slots of open calls were not renewed", "calls", len(list), "error", err)
	}
}

// Take implements Limits. Where nothing is configured for the call it does nothing.
func (s *Service) Take(ctx context.Context, r Request) (Ticket, Decision, error) {
	var draws [maxDraws]Draw
	n, noEdge := s.plan(&r, &draws)
	if noEdge {
		return Ticket{}, Decision{NoEdge: true}, nil
	}
	if n == 0 {
		return Ticket{}, Decision{Allowed: true}, nil
	}
	t := &taken{draws: draws, began: s.now().UnixMilli()}
	t.call = Call{Costs: costs(&r), Draws: t.draws[:n]}
	slots := t.slots()
	if slots {
		t.call.ID = s.slotName(&r)
	}
	o, err := s.engine.Take(ctx, &t.call)
	if err != nil {
		return Ticket{}, Decision{}, fmt.Errorf("take from limits: %w", err)
	}
	t.at = o.At
	d := decide(&t.call, &o)
	if !d.Allowed {
		return Ticket{}, d, nil
	}
	if slots {
		s.open.Store(t, nil)
	}
	return Ticket{taken: t}, d, nil
}

// Settle implements Limits. The request stays counted, whatever became of it.
func (s *Service) Settle(ctx context.Context, ticket Ticket, use Use) error {
	t := ticket.taken
	if t == nil || t.settled.Swap(true) {
		return nil
	}
	var more Numbers
	more[tokensIn] = within(use.TokensIn) - t.call.Costs[tokensIn]
	more[tokensOut] = within(use.TokensOut) - t.call.Costs[tokensOut]
	slots := t.slots()
	if slots {
		s.open.Delete(t)
	}
	if !slots && !t.matters(more) {
		return nil
	}
	if err := s.engine.Settle(ctx, &t.call, t.at, more); err != nil {
		return fmt.Errorf("settle limits: %w", err)
	}
	return nil
}

func (t *taken) slots() bool {
	for i := range t.call.Draws {
		if t.call.holds(i) {
			return true
		}
	}
	return false
}

// matters reports whether a correction changes any window.
func (t *taken) matters(more Numbers) bool {
	for i := range t.call.Draws {
		for dim, n := range more[:windows] {
			if n != 0 && t.call.Draws[i].Limits[dim] >= 0 {
				return true
			}
		}
	}
	return false
}

// slotName is unique even where a caller sends the same id twice.
func (s *Service) slotName(r *Request) string {
	return r.ID + "/" + s.prefix + strconv.FormatUint(s.seq.Add(1), 36)
}

// costs are what a request draws. An answer has at least one token: a call that does not
// say how many may not begin where none are left.
func costs(r *Request) Numbers {
	n := Numbers{requests: 1, tokensIn: within(r.TokensIn), tokensOut: within(r.TokensOut)}
	// Where messages' tokens are counted, nothing is answered and no slot taken.
	if r.Route == "chat" || r.Route == "responses" || r.Route == "messages" && r.Slot {
		n[tokensOut] = max(n[tokensOut], 1)
	}
	if r.Slot {
		n[calls] = 1
	}
	return n
}

func within(tokens int64) int64 { return min(max(tokens, 0), maxCost) }

// plan writes which scopes a request draws from, and how many they are. The account's
// windows have, in each dimension, the number of the most specific rule that has one, or
// the tier's; the key's windows have those of the key's rules, on top.
func (s *Service) plan(r *Request, draws *[maxDraws]Draw) (n int, noEdge bool) {
	var base *Numbers
	if !s.tiers.Off() {
		tier := s.tiers.tier(r.Tier)
		base = &tier.Standard
		if r.Surface == Edge {
			base, noEdge = &tier.Edge, tier.NoEdge
		}
	}
	var rules *ruleSet
	if s.rules != nil {
		rules = s.rules.of(r.Account)
	}
	if noEdge || base == nil && rules == nil {
		return 0, noEdge
	}
	for _, key := range [...]string{"", r.Key} {
		for _, model := range [...]string{r.Model, AllModels} {
			limits := noNumbers()
			rules.merge(r, key, model == AllModels, &limits)
			if base != nil && key == "" && model != AllModels {
				limits.fill(base)
			}
			if limits != noNumbers() {
				draws[n] = Draw{Scope{r.Account, key, r.Surface, r.Route, model}, limits}
				n++
			}
		}
		if r.Key == "" || rules == nil {
			break
		}
	}
	return n, false
}

// merge fills limits with the numbers of the rules for a key ("": the account), for a
// model or for all together.
func (s *ruleSet) merge(r *Request, key string, together bool, limits *Numbers) {
	if s == nil {
		return
	}
	for i := range s.list {
		if rule := &s.list[i]; rule.key == key && (rule.model == AllModels) == together && rule.fits(r) {
			limits.fill(&rule.limits)
		}
	}
}

// fill takes what is not limited yet from another.
func (n *Numbers) fill(from *Numbers) {
	for dim, number := range from {
		if n[dim] < 0 {
			n[dim] = number
		}
	}
}
