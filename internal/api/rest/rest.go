// Package rest holds the rows of the REST routes under /v1: the model catalogue,
// predictions and files (contract sections 5 and 6), and the signed links to files,
// which need no key.
package rest

import (
	"context"
	"io"
	"net/url"
	"time"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/blob"
	"skytower/internal/catalog"
	"skytower/internal/httpx"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/prediction"
	"skytower/internal/skytells"
)

// Catalog is the part of the catalogue that the routes read.
type Catalog interface {
	Get(name string, v catalog.Viewer) (*catalog.Model, error)
	List(catalog.Viewer) []*catalog.Model
	ListJSON(catalog.Viewer) []byte
	OpenAIListJSON(catalog.Viewer) []byte
}

// Predictions makes predictions and shows them.
type Predictions interface {
	Create(context.Context, prediction.Create) (rec prediction.Record, replayed bool, err error)
	Quote(context.Context, prediction.Create) (prediction.Quoted, error)
	Get(ctx context.Context, account, id string) (prediction.Record, error)
	Wait(ctx context.Context, account, id string) (prediction.Record, error)
	Cancel(ctx context.Context, account, id string) (rec prediction.Record, changed bool, err error)
	Delete(ctx context.Context, account, id string) (prediction.Record, error)
	List(ctx context.Context, account string, f prediction.Filter) (prediction.Page, error)
	Show(ctx context.Context, records []prediction.Record, base string) ([]skytells.Prediction, error)
	Events(ctx context.Context, account, id string, after int64, base string) (prediction.Stream, error)
}

// Balances reads accounts' credit.
type Balances interface {
	Balance(ctx context.Context, account string) (ledger.Balance, error)
}

// Uploads makes uploads last, and ends them.
type Uploads interface {
	PutUpload(ctx context.Context, n blob.New, content io.Reader) (blob.File, error)
	KeepUpload(ctx context.Context, f blob.File, purpose string) (blob.File, error)
	Upload(ctx context.Context, account, id string) (blob.File, error)
	DeleteUpload(ctx context.Context, account, id string) error
}

// FileUsers know who still needs an upload.
type FileUsers interface {
	// Uses names the batch of the account that does; "": none.
	Uses(ctx context.Context, account, file string) (batch string, err error)
}

// Files reads what is stored.
type Files interface {
	Uploads(ctx context.Context, account, after string, n int) ([]blob.File, error)
	Content(ctx context.Context, f blob.File) (io.ReadSeekCloser, error)
	Link(base string, f blob.File) string
	ByLink(ctx context.Context, address string) (f blob.File, ok bool)
}

// Webhooks shows deliveries.
type Webhooks interface {
	List(ctx context.Context, account, prediction string) ([]skytells.WebhookDelivery, error)
	Redeliver(ctx context.Context, account, prediction, delivery string) (skytells.WebhookDelivery, error)
}

// Handlers holds what the routes need.
type Handlers struct {
	Catalog     Catalog
	Predictions Predictions
	Uploads     Uploads
	Files       Files
	Users       FileUsers // nil: nobody needs uploads
	Webhooks    Webhooks
	Balances    Balances // for dry runs

	Public    *url.URL      // start of absolute links; nil: from the request
	FilesURL  string        // start of links to files, if another host name serves them
	MaxBody   int64         // bytes of a JSON body
	MaxUpload int64         // bytes of an uploaded file
	AwaitMax  time.Duration // the longest that a create is held
	KeepAlive time.Duration // silence after which a stream gets a comment
	Surface   string        // limit.Standard or limit.Edge
	// UnknownAs404 answers 404 about a prediction that does not exist, in place of the
	// hosted service's 502 (contract 15.4).
	UnknownAs404 bool
	// Closing ends waits and streams when the server stops; nil: it never does.
	Closing <-chan struct{}
	Now     func() time.Time // time.Now if nil
}

// Rows are the routes of the surface.
func (h *Handlers) Rows() []api.Route {
	rows := []api.Route{h.listRow(), h.getRow()}
	rows = append(rows, h.predictionRows()...)
	return append(rows, h.fileRows()...)
}

// viewer is how the catalogue sees the caller.
func (h *Handlers) viewer(who account.Principal) catalog.Viewer {
	return catalog.Viewer{Account: who.Account, Only: who.Models, Edge: h.Surface == limit.Edge}
}

func (h *Handlers) now() time.Time {
	if h.Now != nil {
		return h.Now()
	}
	return time.Now()
}

// untilClosing is the request's context, which also ends when the server stops.
func (h *Handlers) untilClosing(c *httpx.Call) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(c.Request.Context())
	if h.Closing == nil {
		return ctx, cancel
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-h.Closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		cancel()
		<-done
	}
}
