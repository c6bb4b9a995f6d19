package prediction

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"skytower/internal/account"
	"skytower/internal/blob"
	"skytower/internal/catalog"
	"skytower/internal/jobs"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/secret"
	"skytower/internal/store"
	"skytower/internal/telemetry"
	"skytower/internal/webhook"
)

// Catalog is the part of the catalogue that predictions need.
type Catalog interface {
	Resolve(name string, v catalog.Viewer, api string) (catalog.Resolved, error)
	BySlug(slug string) (*catalog.Model, error)
}

// Adapters gives the adapter of a provider by its name; one for predictions is a
// provider.Predictor.
type Adapters interface {
	Adapter(name string) (any, error)
}

// Meter is the part of the ledger that predictions need.
type Meter interface {
	Hold(context.Context, *store.Tx, ledger.Work) error
	Gather(context.Context, ledger.Work) error
	Settle(context.Context, *store.Tx, ledger.Work) error
	Void(context.Context, *store.Tx, ledger.Work) error
}

// Accounts gives the settings of an account that predictions follow.
type Accounts interface {
	PredictionSettings(ctx context.Context, tx *store.Tx, account string) (account.PredictionSettings, error)
	// PredictionSettingsOf gives those of several.
	PredictionSettingsOf(ctx context.Context, tx *store.Tx, accounts []string) (map[string]account.PredictionSettings, error)
}

// Fetcher opens the content of an address that a caller or an upstream named, under the
// foreign policy. The reader ends with an error where there is more than most bytes.
type Fetcher interface {
	Open(ctx context.Context, address string, most int64) (io.ReadCloser, error)
}

// Screen is the guards before what one run puts out: nothing of it is stored, told or
// sent that they did not let go. It is used by one goroutine at a time.
type Screen interface {
	// Output gives the output, which is any JSON value, that may be kept. Errors:
	// CONTENT_POLICY_VIOLATION, SERVICE_UNAVAILABLE where a guard can't judge now.
	Output(ctx context.Context, doc json.RawMessage) (json.RawMessage, error)
	// Text takes the next piece of a streamed text, and gives what may be told now; with
	// end, all that is left. The error is CONTENT_POLICY_VIOLATION.
	Text(ctx context.Context, piece string, end bool) (string, error)
	// Logs does the same for lines of the logs, which no guard ends a prediction for.
	Logs(ctx context.Context, lines []string, end bool) []string
	// Sentence gives what may be told of a text beside the output; "" is nothing.
	Sentence(ctx context.Context, text string) string
}

// Options are what a Service is made of. All are required unless they say otherwise.
type Options struct {
	DB       *store.DB
	Jobs     *jobs.Jobs
	Files    *blob.Store
	Webhooks *webhook.Service
	Catalog  Catalog
	Accounts Accounts
	Adapters Adapters
	Limits   limit.Limits
	Meter    Meter
	Fetch    Fetcher
	Sealer   *secret.Sealer // of API keys that sign webhooks
	Log      *slog.Logger
	Now      func() time.Time
	// Public is the start of absolute links, "" where it is taken from requests.
	Public string
	// FilesURL is the start of links to files where another host name serves them; "": that
	// of the other links.
	FilesURL string

	Concurrency int           // of an account that sets none
	Retention   time.Duration // of an account that sets none; 0 keeps
	Heartbeat   time.Duration // between signs of life of a run; 5 s if 0
	MaxFile     int64         // bytes of one output file
	MaxFiles    int           // outputs of one prediction
	Scratch     string        // folder for the runs' temporary files

	// Screen opens the look of a model's guards at what one run puts out; nil: none looks. Of
	// a model that is gone (nil), its guards are not known: then all look. nil: there are no
	// guards.
	Screen func(model *catalog.Model) Screen
	// Guard shows a checked input to the model's guards: it gives the input that runs, or
	// refuses (CONTENT_POLICY_VIOLATION, SERVICE_UNAVAILABLE). nil: there are no guards.
	Guard func(ctx context.Context, model *catalog.Model, input json.RawMessage) (json.RawMessage, error)

	Observer Observer          // nil: nobody
	Trace    *telemetry.Tracer // nil: no spans are made
}

// Defaults of Options, and bounds that nobody sets.
const (
	defaultConcurrency = 10
	defaultHeartbeat   = 5 * time.Second
	// purgeInterval is between two looks for data whose time has come.
	purgeInterval = time.Minute
	// runTimeout is the queue's own bound of a run, which hands it back: the model's
	// deadline ends it long before.
	runTimeout = 24 * time.Hour
)

// Service is safe for concurrent use.
type Service struct {
	o    Options
	hub  hub
	runs runs
	ears ears

	claims group[*claim]
	exits  group[*exit]

	waits     []time.Duration // between the rounds of a run over its targets
	awayWaits []time.Duration // between tries of what the database could not do; the last goes on
	saveWaits []time.Duration // between tries to save a result's files; the last goes on
	saveFor   time.Duration   // how long those may wait for the storage
	patience  time.Duration   // how long an adapter may take to end once its context has

	leaving atomic.Bool  // no more runs are taken, and those that can go on elsewhere do
	blind   atomic.Int64 // when the signs of life of others could last not be read, in microseconds
	said    seldom       // that the database or the storage is away
	stop    context.CancelFunc
	done    sync.WaitGroup
}

// New makes the room and registers its workers with the queue; nothing runs before the
// queue starts.
func New(o Options) *Service {
	if o.Concurrency <= 0 {
		o.Concurrency = defaultConcurrency
	}
	if o.Heartbeat <= 0 {
		o.Heartbeat = defaultHeartbeat
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Service{
		o: o, waits: roundWaits(), awayWaits: awayWaits(), saveWaits: saveWaits(), saveFor: maxSaving, patience: adapterPatience, stop: func() {},
	}
	jobs.Register(o.Jobs, jobs.Worker[RunArgs]{Run: s.run, Timeout: runTimeout})
	o.Jobs.Every("prediction places", sweepInterval, s.sweep)
	o.Jobs.EverySteadily("prediction retention", purgeInterval, s.purge)
	return s
}

// Start begins the upkeep that every process does for itself: watching, and heartbeats.
// Call it before the queue starts: on SQLite, where one process owns the folder, every
// run that stands as running is one that a dead process left, and may be taken up at
// once.
func (s *Service) Start(ctx context.Context) error {
	if s.o.DB.Dialect() == store.SQLite {
		if err := s.abandonAll(ctx); err != nil {
			return err
		}
	}
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.done.Go(func() { s.listen(ctx) })
	s.done.Go(func() { s.live(ctx) })
	s.leaving.Store(false)
	return nil
}

// Leave takes no more runs, and hands back at once those whose upstream has the work and
// is known to have it: another process, or the next start, goes on by the upstream's id.
// What is being saved already, and work that only this process has, may still end here.
// Call it when the queue begins to stop.
func (s *Service) Leave() {
	s.leaving.Store(true)
	for _, r := range s.runs.all() {
		r.leave()
	}
}

// Stop ends it. The queue has stopped before.
func (s *Service) Stop() {
	s.stop()
	s.done.Wait()
}

// Create is what a caller asks for.
type Create struct {
	Who            account.Principal
	ID             string // made by the client (PUT), or ""
	Model          string
	Input          json.RawMessage
	Stream         bool
	Source         string // api, cli or web
	Spelling       string // cancelled or canceled
	IdempotencyKey string
	Webhook        webhook.Subscription
	Base           string // start of absolute links, from the request
	APIKey         string // the raw key; sealed only if webhooks will be signed with it
	Surface        string // limit.Standard or limit.Edge
	RequestID      string
	// Files are files of the input that PutInput stored for this ID. A prediction that is made
	// keeps them; otherwise they go.
	Files []string
	// Same tells equal requests in place of Input, where that names things that were made for
	// this one request; nil: Input does.
	Same json.RawMessage
	// Admit, unless nil, hears what the limits say of a request that they allow.
	Admit func(limit.Decision)
}

// Filter narrows a list. Zero fields don't.
type Filter struct {
	Page, PerPage int
	From, To      time.Time // days in UTC, both included
	Model         string    // slug
	Status        Status
}

// Page is a page of a list, with the total of the filter.
type Page struct {
	Records []Record
	Total   int64
}
