// Package inference is one model call now: resolve the model, take from the
// limits, reserve credit, choose a target, relay the answer, commit the charge.
// Chat, responses and embeddings go the same way.
//
// It knows no HTTP response and no provider's protocol: the edge hands in a Sink,
// and what stands behind a target is a capability of package provider. Its one
// invariant: every request that was admitted passes through run.finish exactly
// once, and the caller gets the end of an answer only after its charge is durable.
package inference

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"skytower/internal/account"
	"skytower/internal/catalog"
	"skytower/internal/egress"
	"skytower/internal/guard"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/money"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
	"skytower/internal/route"
	"skytower/internal/telemetry"
)

// API is what a model is asked for.
type API string

// The APIs that this room serves. Chat models serve responses and messages too.
const (
	Chat       API = "chat"
	Responses  API = "responses"
	Messages   API = "messages"
	Embeddings API = "embeddings"
)

// Request is one call as the edge parsed it (see Parse). Do checks the fields.
type Request struct {
	ID     string // request id; also names the charge
	API    API
	Body   *rawjson.Object
	Model  string // as the caller spelled it
	Stream bool
	// IncludeUsage, known once checked, is whether the caller asked for the usage chunk of a chat stream.
	IncludeUsage bool
	// MaxTokens, known once checked, is the caller's output limit, 0 if unset.
	MaxTokens int64
	// Choices, known once checked, is how many answers he asked for; at least 1.
	Choices int64
	// DryRun asks what the call would cost (`dry_run: true`): nothing runs.
	DryRun  bool
	Header  http.Header // the caller's headers that may pass on
	Surface string      // standard or edge
	// Background asks for a response that is made when the call is over.
	Background bool
	// MaxStream is how long a stream may take as a whole; 0: no bound.
	MaxStream time.Duration
	// Discount is how many hundredths of the price are not charged; 0: none.
	Discount int
	// Unhurried marks a request that nobody waits for: it takes no place among the calls that
	// an account may have open at the same time.
	Unhurried bool
	// Cache is what the caller's header says of the answer cache.
	Cache CacheWish

	fields  *rawjson.Fields // what Body was scanned for
	options *rawjson.Fields // likewise stream_options
}

// Sink is where the edge takes an answer. Admit comes first, once, and only for a
// request that will be tried; then either Answer, or events. Events wait for Flush
// or for the end of the response. What it is handed is valid until it returns.
type Sink interface {
	Admit(Admission)
	Answer(body []byte) error
	Event(name string, data []byte) error
	Flush() error
}

// Admission is what the response's headers say.
type Admission struct {
	Model  string // slug of the resolved model
	Limits limit.Decision
	Cache  string        // Hit or Miss; "" where the answer cache was not asked
	Age    time.Duration // of a hit: since the answer was kept
}

// Result is what is recorded of a request, whatever its end.
type Result struct {
	Model   string // slug of the resolved model
	Target  string // provider/upstream name of the last target tried
	Tries   int
	Usage   provider.Usage
	Counted bool // the usage is our count, since none was reported
	Charged money.Nanos
	Outcome Outcome
}

// Outcome is how a request ended.
type Outcome string

// The outcomes.
const (
	Complete Outcome = "ok"
	Refused  Outcome = "error"   // ended before any output
	Cut      Outcome = "cut"     // a stream ended early: by the upstream, or at its longest time
	HungUp   Outcome = "hang_up" // the caller left
	// OutOfCredit is a stream that ended where nothing more could be reserved.
	OutOfCredit Outcome = "out_of_credit"
)

// Catalog resolves names; the catalogue's snapshot in memory.
type Catalog interface {
	Resolve(name string, v catalog.Viewer, api string) (catalog.Resolved, error)
	Candidates(list []string, v catalog.Viewer, api string) []*catalog.Model
}

// Adapters gives the adapter of a provider by its name: a value with some of
// package provider's capabilities.
type Adapters interface {
	Adapter(name string) (any, error)
}

// Meter is the part of the ledger that a call needs.
type Meter interface {
	Reserve(context.Context, ledger.Estimate) (*ledger.Reservation, error)
	Grow(ctx context.Context, r *ledger.Reservation, by money.Nanos) bool
	Commit(context.Context, *ledger.Reservation, ledger.Charge) error
	Release(*ledger.Reservation)
	Balance(ctx context.Context, account string) (ledger.Balance, error)
}

// Fetcher brings the content of an address in a caller's input, or refuses it.
type Fetcher interface {
	Fetch(ctx context.Context, address string, limits egress.FetchLimits) (egress.Fetched, error)
}

// Service is the room's one value.
type Service struct {
	Catalog  Catalog
	Adapters Adapters
	Limits   limit.Limits
	Meter    Meter
	Inputs   Fetcher
	Routes   *route.Board
	Parser   *Parser // of requests that are explained, or made later
	// Conversations and Tasks may be nil: then nothing is stored, and there is no background.
	Conversations Conversations
	Tasks         Tasks
	Closing       <-chan struct{} // closed when the server begins to stop; nil: never
	Log           *slog.Logger
	Now           func() time.Time
	// SettleTimeout bounds the work after the answer: committing and settling.
	SettleTimeout time.Duration
	// Patience is how long the answer of a plain call that costs is waited for after its
	// caller has left; 0: 2 minutes.
	Patience time.Duration
	// OnFailure hears of every failed call to a provider; it may be nil.
	OnFailure func(provider string, class provider.Class)
	// OnTry hears of every call to a provider that ended, the nth of its request, and how
	// long the first of its answer took; it may be nil.
	OnTry func(provider string, nth int, ok bool, first time.Duration)
	// OnCharge hears of every durable charge, and of what it cost us; it may be nil.
	OnCharge func(charged, cost money.Nanos)
	// Recall is the answer cache; nil: there is none.
	Recall *Recall
	// OnGuard hears what a guard made of a prompt or an answer; it may be nil.
	OnGuard func(verdict guard.Verdict)
	// Trace makes spans; nil: none.
	Trace *telemetry.Tracer

	calls   watch
	efforts efforts
}

// Do serves one call. The result is filled whatever the error; an error after the
// sink's first event belongs in band. A dry run is answered plainly, without Admit.
func (s *Service) Do(ctx context.Context, who account.Principal, req *Request, sink Sink) (Result, error) {
	r := &run{svc: s, who: who, req: req}
	if req.DryRun {
		err := r.quote(ctx, sink)
		return r.result, err
	}
	if req.Background {
		err := r.queue(ctx, sink)
		return r.result, err
	}
	defer r.land()
	if err := r.admit(ctx); err != nil {
		r.result.Outcome = r.outcome(false, err)
		return r.result, err
	}
	err := r.serveTo(ctx, sink)
	return r.result, err
}

// Cut ends the waiting for plain answers, which outlives their callers. The server stops,
// and has ended the contexts of all calls.
func (s *Service) Cut() { s.calls.cut() }

// serveTo serves an admitted request, and finishes it.
func (r *run) serveTo(ctx context.Context, sink Sink) error {
	// A panic gives back what was taken, too.
	defer func() {
		if !r.finished {
			_ = r.finish(ctx, errPanicked, sink)
		}
	}()
	sink.Admit(r.admission())
	if r.tape != nil {
		return r.finish(ctx, r.serveTaped(ctx, sink), sink)
	}
	return r.finish(ctx, r.serve(ctx, sink), sink)
}

// errPanicked stands for the cause that the panic itself carries.
var errPanicked = errors.New("the call panicked")
