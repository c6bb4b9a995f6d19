// Package media holds OpenAI's routes for pictures and sound: images, speech and
// transcriptions, each served by a prediction model of the fitting type.
//
// A handler turns the form of the route into the input that the model's schema describes
// (input.go), has predictions made, waits for their end (work.go), and gives their output
// in the route's form. It knows no model: what a field of the route is called there, the
// schema says; what has no place in it and would change the result is refused by name.
//
// Its one invariant: what is charged, limited and kept is a prediction, like any other.
package media

import (
	"cmp"
	"context"
	"io"
	"net/url"
	"time"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/blob"
	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/prediction"
	"skytower/internal/provider"
	"skytower/internal/skytells"
)

// Catalog is the part of the catalogue that the routes read.
type Catalog interface {
	Resolve(name string, v catalog.Viewer, api string) (catalog.Resolved, error)
}

// Predictions makes predictions and tells what becomes of them.
type Predictions interface {
	Create(context.Context, prediction.Create) (rec prediction.Record, replayed bool, err error)
	Quote(context.Context, prediction.Create) (prediction.Quoted, error)
	Wait(ctx context.Context, account, id string) (prediction.Record, error)
	Counted(ctx context.Context, rec prediction.Record) (*provider.Counts, error)
	Cancel(ctx context.Context, account, id string) (rec prediction.Record, changed bool, err error)
	Show(ctx context.Context, records []prediction.Record, base string) ([]skytells.Prediction, error)
	Events(ctx context.Context, account, id string, after int64, base string) (prediction.Stream, error)
	Listen(id string) prediction.Ear
	PutInput(ctx context.Context, n blob.New, content io.Reader) (blob.File, error)
	DropInput(ctx context.Context, account string, files []string)
}

// Files reads what is stored.
type Files interface {
	Content(ctx context.Context, f blob.File) (io.ReadSeekCloser, error)
	ByLink(ctx context.Context, address string) (f blob.File, ok bool)
}

// Balances reads accounts' credit.
type Balances interface {
	Balance(ctx context.Context, account string) (ledger.Balance, error)
}

// Handlers holds what the routes need.
type Handlers struct {
	Catalog     Catalog
	Predictions Predictions
	Files       Files
	Balances    Balances // for dry runs

	Public    *url.URL      // start of absolute links; nil: from the request
	MaxBody   int64         // bytes of a JSON body
	MaxUpload int64         // bytes of all files of a form together
	MaxWait   time.Duration // the longest that a call is held
	KeepAlive time.Duration // silence after which a stream gets a comment
	Surface   string        // limit.Standard, also if empty, or limit.Edge
}

// Rows are the routes of the surface.
func (h *Handlers) Rows() []api.Route {
	return []api.Route{h.generationsRow(), h.editsRow(), h.speechRow(), h.transcriptionsRow()}
}

// viewer is how the catalogue sees the caller.
func (h *Handlers) viewer(who account.Principal) catalog.Viewer {
	return catalog.Viewer{Account: who.Account, Only: who.Models, Edge: h.Surface == limit.Edge}
}

// The kinds of models, by what they put out.
const (
	kindImage = "image"
	kindAudio = "audio"
	kindText  = "text"
)

// RouteOf is the route here that a prediction model serves, "" of one that none fits. It
// reads the schema of the model's input.
func RouteOf(m *catalog.Model) string { return routeOf(m, readSchema(m.InputSchema)) }

func routeOf(m *catalog.Model, s *schema) string {
	switch kind := m.Card().Type; {
	case kind == kindImage && s.has(promptNames()...):
		return "POST /v1/images/generations"
	case kind == kindImage && s.has(pictureNames()...):
		return "POST /v1/images/edits"
	case kind == kindAudio && s.has(spokenNames()...):
		return "POST /v1/audio/speech"
	case kind == kindText && s.has(soundNames()...):
		return "POST /v1/audio/transcriptions"
	}
	return ""
}

// elsewhere refuses a model that belongs to another route.
func elsewhere(asked string, m *catalog.Model, s *schema) error {
	f := fault.Newf(fault.ModelNotSupported, "The model '%s' does not serve this route: use %s.", short(asked), cmp.Or(routeOf(m, s), "POST /v1/predictions"))
	f.Param = "model"
	return f
}

// short keeps what a caller sent from filling an answer.
func short(text string) string {
	const most = 64
	return text[:min(len(text), most)]
}
