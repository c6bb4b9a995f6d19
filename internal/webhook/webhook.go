// Package webhook tells receivers what became of predictions (contract 11): it reads
// subscriptions, fixes body and signature of each event, and delivers them as jobs.
//
// It refuses to know what a prediction is beyond its id and its JSON. Its one
// invariant: what was fixed for a delivery is sent byte for byte the same in every try,
// and every delivery ends as delivered, given up or superseded.
//
//	           ┌── next try ──┐
//	           ▼              │
//	told ──► pending ──► sending ──► delivered, given_up
//	           │              └────► superseded (the end of its prediction waits behind it)
//	           └───────────────────► superseded
//
// Of the deliveries of one prediction that have not ended, the first is under way and
// those after it wait, so that a receiver hears of events in their order. A delivery
// under way has a job, or holds a lease (sending) after which Rescue gives it one.
package webhook

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/url"
	"time"

	"skytower/internal/egress"
	"skytower/internal/jobs"
	"skytower/internal/store"
	"skytower/internal/telemetry"
)

// Kind is what happened to a prediction.
type Kind string

// The kinds.
const (
	Started   Kind = "started"
	Output    Kind = "output"
	Logs      Kind = "logs"
	Succeeded Kind = "succeeded"
	Failed    Kind = "failed"
	Cancelled Kind = "cancelled"
)

// terminal reports whether the kind is an end of the prediction.
func (k Kind) terminal() bool { return k == Succeeded || k == Failed || k == Cancelled }

// Event is one thing to tell. Object is the prediction's JSON, with the word
// `cancelled` for a cancellation.
type Event struct {
	Prediction, Account string
	Kind                Kind
	Object              []byte
	// Key signs: the account's webhook secret, or the raw API key. Without one the
	// delivery carries no signature.
	Key string
	At  time.Time
}

// Client calls receivers; an egress.Upstream under the foreign policy is one.
type Client interface {
	Do(context.Context, *egress.Request) (*egress.Response, error)
}

// Addresses is the policy for receivers' addresses; *egress.Policy is one.
type Addresses interface{ CheckURL(*url.URL) error }

// Options are what a Service is made of. All are required unless they say otherwise.
type Options struct {
	DB   *store.DB
	Jobs *jobs.Jobs
	// Client has the foreign policy: an address comes from a caller.
	Client Client
	// Addresses refuses at the create what Client would refuse anyway; nil: nothing.
	Addresses Addresses
	// PlainHTTP lets http addresses be receivers. Without it, PlainPrivate lets those
	// that stand on a private address: Client reaches none but what the process allows.
	PlainHTTP, PlainPrivate bool
	Resolver                egress.Resolver // for PlainPrivate; nil: the system's
	Log                     *slog.Logger    // nil: slog.Default
	Now                     func() time.Time
	// Attempted hears of every try, in the transaction that records it: the retention
	// clock of the prediction starts at the last one. settled says that nothing is left
	// to be delivered for it. It also hears of a redelivery, which is never settled.
	Attempted func(ctx context.Context, tx *store.Tx, prediction string, at time.Time, settled bool) error
	// Lock takes the lock under which the prediction's Tell is called, before the rows of
	// this room are locked: taken in the other order, the two would wait for each other
	// on PostgreSQL and one of them be rolled back. nil: none.
	Lock func(ctx context.Context, tx *store.Tx, prediction string) error
	// Waits before the second and each further try, and how many there are; nil: those of
	// the contract.
	Waits []time.Duration
	// PerHost is how many calls of one host run at the same time in this process; 0: 4.
	PerHost int
	// Timeout of one call; 0: 10 s.
	Timeout time.Duration
	// OnAttempt hears of every call that was recorded: delivered, failed, or given_up, and
	// the time that it took. nil: nobody.
	OnAttempt func(result string, took time.Duration)
	// Trace makes spans; nil: none.
	Trace *telemetry.Tracer
}

// Bounds.
const (
	defaultPerHost = 4
	defaultTimeout = 10 * time.Second
	// settleTimeout bounds the write after a call.
	settleTimeout = 10 * time.Second
	// leaseMargin is what a claim outlives its call by.
	leaseMargin = 5 * time.Second

	rescueEvery = 10 * time.Second
	trimEvery   = time.Hour
)

// Service is safe for concurrent use.
type Service struct {
	o     Options
	hosts hosts
}

// New makes the room and registers its workers and its upkeep with the queue; nothing
// runs before the queue starts.
func New(o Options) *Service {
	o = o.withDefaults()
	s := &Service{o: o, hosts: hosts{most: o.PerHost, now: o.Now}}
	jobs.Register(o.Jobs, jobs.Worker[DeliverArgs]{
		Run:     s.deliver,
		Timeout: o.Timeout + 2*settleTimeout,
		Retry:   retryWrite,
	})
	o.Jobs.Every("webhook_rescue", rescueEvery, s.Rescue)
	o.Jobs.Every("webhook_trim", trimEvery, s.Trim)
	return s
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Waits == nil {
		o.Waits = schedule()
	}
	if o.PerHost <= 0 {
		o.PerHost = defaultPerHost
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	if o.Attempted == nil {
		o.Attempted = func(context.Context, *store.Tx, string, time.Time, bool) error { return nil }
	}
	if o.Lock == nil {
		o.Lock = func(context.Context, *store.Tx, string) error { return nil }
	}
	return o
}

// schedule is how long contract 11 waits before each further try.
func schedule() []time.Duration {
	return []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour}
}

// jitter is the share by which a wait may grow, so that the receivers' deliveries that
// failed together do not come back together.
const jitter = 0.2

// waitAfter is the wait after failed try number tries (from 1), lengthened by up to a
// fifth by roll (0 to 1); ok is false where there is no further one.
func waitAfter(waits []time.Duration, tries int64, roll float64) (wait time.Duration, ok bool) {
	if tries < 1 || tries > int64(len(waits)) {
		return 0, false
	}
	wait = waits[tries-1]
	return wait + time.Duration(float64(wait)*jitter*roll), true
}

func (s *Service) nextWait(tries int64) (time.Duration, bool) {
	return waitAfter(s.o.Waits, tries, rand.Float64())
}
