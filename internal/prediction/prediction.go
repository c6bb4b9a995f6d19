package prediction

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"time"

	"skytower/internal/account"
	"skytower/internal/blob"
	"skytower/internal/catalog"
	"skytower/internal/jobs"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/money"
	"skytower/internal/secret"
	"skytower/internal/store"
	"skytower/internal/webhook"
)

// Catalog is the part of the catalogue that predictions need.
type Catalog interface {
	Resolve(name, account, api string) (catalog.Resolved, error)
	Get(name, account string) (*catalog.Model, error)
}

// Adapters gives the adapter of a provider by its name; one for predictions is a
// provider.Predictor.
type Adapters interface {
	Adapter(name string) (any, error)
}

// Meter is the part of the ledger that predictions need.
type Meter interface {
	Hold(context.Context, *store.Tx, ledger.Work) error
	Settle(context.Context, *store.Tx, ledger.Work) (money.Nanos, error)
	Void(context.Context, *store.Tx, ledger.Work) error
}

// Accounts gives the settings of an account that predictions follow.
type Accounts interface {
	PredictionSettings(ctx context.Context, tx *store.Tx, account string) (account.PredictionSettings, error)
}

// Fetcher opens the content of an address that a caller or an upstream named, under the
// foreign policy. The reader ends with an error where there is more than most bytes.
type Fetcher interface {
	Open(ctx context.Context, address string, most int64) (io.ReadCloser, error)
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
	Limits   limit.Engine
	Meter    Meter
	Fetch    Fetcher
	Sealer   *secret.Sealer // of API keys that sign webhooks
	Log      *slog.Logger
	Now      func() time.Time
	// Public is the start of absolute links, "" where it is taken from requests.
	Public string

	Concurrency int           // of an account that sets none
	Retention   time.Duration // of an account that sets none; 0 keeps
	Heartbeat   time.Duration // between signs of life of a run; 5 s if 0
	MaxFile     int64         // bytes of one output file
	MaxFiles    int           // outputs of one prediction
	Scratch     string        // folder for the runs' temporary files
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
	Surface        string
	RequestID      string
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
