package limit

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Shared is the engine of several processes, which count together in Redis.
//
// When Redis goes away, each process goes on by itself: for the first minute with its
// part of what Redis said last was left, then with its part of the limit in a rolling
// window of its own. When Redis is back, each process tells it what it let through
// meanwhile, and for a minute, in which all others come to do the same, both must agree:
// the process' own part, and Redis. So no sum of what the processes let through is more
// than the limit by more than one request a process at such a switch.
//
//	           Redis fails                Redis answers           a minute later
//	together ──────────────▶ apart ──────────────────────▶ both ────────────────▶ together
//	                           ◀─────────────────────────────
//	                                    Redis fails
type Shared struct {
	redis      *redis
	process    string
	now        func() time.Time
	log        *slog.Logger
	onDegraded func(bool)

	traces *shards[trace]
	regime atomic.Pointer[regime]
	untold atomic.Bool // whether there may be something to tell Redis

	mu   sync.Mutex // guards changes of regime
	told bool       // that Redis is away

	ticking sync.Mutex
}

// SharedOptions adjust a Shared. Only URL is needed.
type SharedOptions struct {
	URL        string           // redis://USER:PASSWORD@HOST:6379/0
	Process    string           // id of this process, unique; "": a random one
	Patience   time.Duration    // how long a call waits for Redis; 0: 100 ms
	Now        func() time.Time // nil: time.Now
	RedisClock func() time.Time // of a test; nil: Redis' own
	Log        *slog.Logger     // nil: nothing is logged
	// OnDegraded hears when this process begins, and when it ceases, to go by its own
	// part of the limits; it may be nil.
	OnDegraded func(bool)
}

// mode is how a process counts.
type mode int

const (
	together mode = iota + 1 // Redis decides
	apart                    // this process decides
	both                     // both must agree
)

// regime is the mode with what belongs to it. It is replaced, never changed.
type regime struct {
	mode     mode
	epoch    int64 // counts the times that Redis went away
	since    int64 // milliseconds: when it did last
	until    int64 // milliseconds: of both, when it ends
	shift    int64 // seconds by which Redis' clock is ahead of ours, rounded up
	replicas int64 // processes that live, as last heard; 0: never heard
	rank     int64 // of this one among them
}

// firstMinute reports whether calls from before Redis went away still count.
func (r *regime) firstMinute(now int64) bool { return now < r.since+windowMillis }

// share is this process' part of a number. Those of lower rank get what does not divide:
// a limit of 2 must not become 0 for each of three.
func (r *regime) share(n int64) int64 {
	part := n / r.replicas
	if r.rank < n%r.replicas {
		part++
	}
	return part
}

// NewShared returns an engine that has not spoken to Redis yet: its first Tick does. The
// error is about the address.
func NewShared(o SharedOptions) (*Shared, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.OnDegraded == nil {
		o.OnDegraded = func(bool) {}
	}
	redis, err := newRedis(o.URL, o.Patience, o.RedisClock)
	if err != nil {
		return nil, err
	}
	s := &Shared{
		redis: redis, process: cmp.Or(o.Process, rand.Text()), now: o.Now, log: o.Log, onDegraded: o.OnDegraded,
		traces: newShards[trace](),
	}
	s.regime.Store(&regime{mode: apart, epoch: 1, since: s.millis()})
	return s, nil
}

func (s *Shared) millis() int64 { return s.now().UnixMilli() }

// Degraded reports whether this process goes by its own part of the limits.
func (s *Shared) Degraded() bool { return s.regime.Load().mode != together }

// Take implements Engine. It never fails: a Redis that does not answer costs one call
// its patience, and the process goes on apart.
func (s *Shared) Take(ctx context.Context, c *Call) (Outcome, error) {
	r := s.regime.Load()
	switch r.mode {
	case together:
		o, err := s.redis.Take(ctx, c)
		if err == nil {
			s.note(r, c, &o)
			return o, nil
		}
		r = s.leave(r, err)
	case both:
		return s.takeBoth(ctx, r, c), nil
	}
	return s.reserve(r, c, unsaid), nil
}

// takeBoth asks this process' own part first, since that can be given back.
func (s *Shared) takeBoth(ctx context.Context, r *regime, c *Call) Outcome {
	own := s.reserve(r, c, said)
	if !own.Allowed {
		return own
	}
	o, err := s.redis.Take(ctx, c)
	if err != nil {
		s.leave(r, err)
		s.unsay(c, own.At)
		return own
	}
	if !o.Allowed {
		s.undo(r, c, own.At)
		return o
	}
	o.At.Own = own.At.Own
	for i := range c.Draws {
		for dim, left := range own.Left[i] {
			if left != Unlimited {
				o.Left[i][dim] = min(o.Left[i][dim], left)
			}
		}
	}
	return o
}

// Settle implements Engine. What Redis can't be told now, it is told later.
func (s *Shared) Settle(ctx context.Context, c *Call, at Moment, more Numbers) error {
	r := s.regime.Load()
	tell := at.Engine != 0 && r.mode != apart
	known := s.settle(r, c, at, more, !tell)
	if r.mode == apart || !tell && !known {
		return nil
	}
	if !tell {
		more = Numbers{} // the slot alone
	}
	if err := s.redis.Settle(ctx, c, at, more); err != nil {
		s.leave(r, err)
		s.sayLater(c, at, more)
	}
	return nil
}

// Renew implements Engine.
func (s *Shared) Renew(ctx context.Context, open []*Call) error {
	r := s.regime.Load()
	if r.mode == apart {
		return nil
	}
	if err := s.redis.Renew(ctx, open); err != nil {
		s.leave(r, err)
	}
	return nil
}

// Tick implements Engine: it sends a sign of life, and follows what Redis says.
func (s *Shared) Tick(ctx context.Context) error {
	s.ticking.Lock()
	defer s.ticking.Unlock()
	now := s.millis()
	s.traces.sweep(now, func(t *trace) bool { return t.idle(now) })
	beat, err := s.redis.live(ctx, s.process, "")
	if err != nil {
		s.leave(s.regime.Load(), err)
		return nil
	}
	s.hear(beat, s.redis.differs(beat.marker))
	s.say(ctx)
	return nil
}

// hear follows a heartbeat. Where Redis has lost its memory, that is as if it had been
// away for a moment.
func (s *Shared) hear(beat heartbeat, lost bool) {
	r := s.regime.Load()
	if lost && r.mode != apart {
		r = s.leave(r, errForgotten)
	}
	next := *r
	switch {
	case r.mode == apart && r.replicas == 0 && s.idle():
		next.mode = together
	case r.mode == apart:
		s.rejoin(&next, beat, lost)
	case r.mode == both && s.millis() >= r.until:
		next.mode = together
	}
	s.redis.know(beat.marker) // before a call asks again
	s.become(beat, r, next)
}

// idle reports whether nothing was let through yet, so that there is nothing to tell.
func (s *Shared) idle() bool {
	idle := true
	s.traces.each(func(Scope, *trace) { idle = false })
	return idle
}

// Close implements Engine: the other processes need not wait to see that this one is gone.
func (s *Shared) Close(ctx context.Context) error {
	s.ticking.Lock()
	defer s.ticking.Unlock()
	var err error
	if s.regime.Load().mode != apart {
		_, err = s.redis.live(ctx, s.process, "leave")
	}
	s.redis.close()
	return err
}

// leave goes apart, unless another has changed the regime since seen, and gives the
// regime in force. From both, the old one goes on: Redis may not have heard of
// everything yet, so that what it said in between is no ground to stand on.
func (s *Shared) leave(seen *regime, cause error) *regime {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.regime.Load()
	if r.mode != seen.mode || r.epoch != seen.epoch {
		return r
	}
	next := *r
	if next.mode = apart; r.mode == together {
		next.epoch, next.since = r.epoch+1, s.millis()
	}
	s.regime.Store(&next)
	if !s.told {
		s.told = true
		s.log.Warn("Redis is away: limits go on with this process' part of them", "processes", next.replicas, "error", cause)
		s.onDegraded(true)
	}
	return &next
}

// rejoin begins the minute in which both must agree.
func (s *Shared) rejoin(next *regime, beat heartbeat, lost bool) {
	now := s.millis()
	if lost {
		s.traces.each(func(_ Scope, t *trace) { t.sayAll(now) })
		s.untold.Store(true)
	}
	next.mode, next.until, next.shift = both, now+windowMillis, beat.now/millis-now/millis+1
	s.log.Info("Redis is back: for a minute both it and this process' part of the limits count", "lost_its_memory", lost)
}

// become sets the next regime with the processes of a heartbeat, unless a call has found
// meanwhile that Redis is away. In both, those that have not come back yet count as
// before.
func (s *Shared) become(beat heartbeat, seen *regime, next regime) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.regime.Load()
	if r.mode != seen.mode || r.epoch != seen.epoch {
		return
	}
	if live := int64(len(beat.members)); next.mode == together || live >= r.replicas {
		next.replicas, next.rank = live, int64(max(slices.Index(beat.members, s.process), 0))
	}
	s.regime.Store(&next)
	if next.mode == together && r.mode != together {
		if s.told {
			s.log.Info("Redis alone counts the limits again")
		}
		s.told = false
		s.onDegraded(false)
	}
}

// say tells Redis what it does not know.
func (s *Shared) say(ctx context.Context) {
	r := s.regime.Load()
	if r.mode == apart || !s.untold.Swap(false) {
		return
	}
	list := s.collect(s.millis())
	if len(list) == 0 {
		return
	}
	batches := make([]batch, 0, len(list))
	for _, n := range list {
		batches = append(batches, n.batch(r.shift))
	}
	if err := s.redis.run(ctx, upkeepPatience, batches); err != nil {
		s.leave(r, err)
		s.giveBack(list)
	}
}
