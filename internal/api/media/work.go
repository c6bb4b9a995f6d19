package media

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/api/books"
	"skytower/internal/blob"
	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/limit"
	"skytower/internal/prediction"
	"skytower/internal/skytells"
)

const (
	// maxIdempotencyKey bounds the header of that name, in bytes; room is for the number of
	// the prediction.
	maxIdempotencyKey = 250
	// cancelTime bounds what is done for a caller who has left.
	cancelTime = 10 * time.Second

	predictionHeader = "X-Skytells-Prediction"
	modelHeader      = "X-Skytells-Model"
	limitHeader      = "X-Skytells-Ratelimit-"
)

// errLate is why a call is held no longer.
var errLate = errors.New("the prediction takes longer than a call is held")

// work is one call of a route: the predictions that it has made, and their ends.
type work struct {
	h    *Handlers
	c    *httpx.Call
	who  account.Principal
	base string
	key  string // of idempotency; "" is none

	ask    *ask
	model  catalog.Resolved
	schema *schema
	first  string // id of the first prediction, whose input the form's files belong to

	listened bool        // somebody listens to the first prediction, by that id
	goesOn   atomic.Bool // what was made of it is with the caller: it goes on without him

	limits limit.Decision
	recs   []prediction.Record
}

// begin opens a call.
func (h *Handlers) begin(c *httpx.Call, who account.Principal) (*work, error) {
	base, err := httpx.Base(h.Public, c.Request)
	if err != nil {
		return nil, err
	}
	w := &work{h: h, c: c, who: who, base: base, key: c.Request.Header.Get("Idempotency-Key")}
	if len(w.key) > maxIdempotencyKey {
		return nil, fault.Invalid("Idempotency-Key", "The header Idempotency-Key must be at most %d bytes long.", maxIdempotencyKey)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make an id: %w", err)
	}
	w.first = id.String()
	return w, nil
}

// named finds the model that the request names, and reads its schema.
func (w *work) named() error {
	name, err := w.ask.text("model")
	if err != nil {
		return err
	}
	if name == "" {
		return fault.Invalid("model", "The field 'model' is required.")
	}
	if w.model, err = w.h.Catalog.Resolve(name, w.h.viewer(w.who), catalog.Prediction); err != nil {
		return err
	}
	w.c.Record.Model = w.model.Model.Slug
	w.schema = readSchema(w.model.Model.InputSchema)
	return nil
}

// kind is what the model puts out.
func (w *work) kind() string { return w.model.Model.Card().Type }

func (w *work) elsewhere() error { return elsewhere(w.model.Asked, w.model.Model, w.schema) }

func (w *work) input() *input {
	return &input{ask: w.ask, schema: w.schema, model: w.model.Asked}
}

// refer is how the input of the first prediction names a file.
func (w *work) refer(p part) string { return prediction.Reference(p.file) }

// drop removes the files of a form that no prediction took.
func (w *work) drop() {
	if w.ask == nil || len(w.recs) > 0 {
		return
	}
	ids := fileIDs(w.ask.files)
	if len(ids) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.c.Request.Context()), cancelTime)
	defer cancel()
	w.h.Predictions.DropInput(ctx, w.who.Account, ids)
}

func fileIDs(files map[string][]part) (ids []string) {
	for _, parts := range files {
		for _, p := range parts {
			ids = append(ids, p.file.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// create makes the predictions, one for each input. Where one is refused, those before it
// are cancelled: the caller gets an error. With a key of idempotency they go on, since the
// same request comes to them again.
func (w *work) create(inputs []*input, streams bool) error {
	for i, in := range inputs {
		rec, err := w.createOne(i, in, streams)
		if err != nil {
			if w.key == "" {
				w.cancel()
			}
			return asInference(err)
		}
		w.recs = append(w.recs, rec)
	}
	h := w.c.Header()
	h[modelHeader] = []string{w.model.Show}
	h[predictionHeader] = []string{strings.Join(w.ids(), ", ")}
	return nil
}

func (w *work) ids() []string {
	ids := make([]string, len(w.recs))
	for i, rec := range w.recs {
		ids[i] = rec.ID
	}
	return ids
}

// want is what predictions are asked for, for one input.
func (w *work) want(in *input) prediction.Create {
	return prediction.Create{
		Who: w.who, Model: w.model.Asked, Input: in.json(), Source: "api", Spelling: skytells.StatusCancelled,
		Base: w.base, RequestID: w.c.Record.ID, Surface: cmp.Or(w.h.Surface, limit.Standard), Admit: func(d limit.Decision) { w.limits = d },
	}
}

// quote answers what the call would cost. It draws from no limit.
func (w *work) quote(inputs []*input) error {
	var all []prediction.Quoted
	for _, in := range inputs {
		quoted, err := w.h.Predictions.Quote(w.c.Request.Context(), w.want(in))
		if err != nil {
			return asInference(err)
		}
		all = append(all, quoted)
	}
	balance, err := w.h.Balances.Balance(w.c.Request.Context(), w.who.Account)
	if err != nil {
		return err
	}
	run, err := books.DryRun(balance, all...)
	if err != nil {
		return err
	}
	return w.c.JSON(http.StatusOK, run)
}

func (w *work) createOne(i int, in *input, streams bool) (prediction.Record, error) {
	want := w.want(in)
	want.Stream = streams
	if w.key != "" {
		want.IdempotencyKey = w.key
		want.Same = w.same(want.Input)
	}
	if i > 0 {
		want.RequestID = fmt.Sprintf("%s.%d", want.RequestID, i)
		if w.key != "" {
			want.IdempotencyKey = fmt.Sprintf("%s.%d", w.key, i)
		}
	}
	var err error
	if want.ID, want.Files, want.Input, err = w.adopt(i, want.Input); err != nil {
		return prediction.Record{}, err
	}
	rec, replayed, err := w.h.Predictions.Create(w.c.Request.Context(), want)
	if replayed {
		w.c.Header().Set("Idempotent-Replayed", "true")
	}
	return rec, err
}

// same is the input with the files' contents in place of their names, which differ from
// one request to the next.
func (w *work) same(input json.RawMessage) json.RawMessage {
	text := string(input)
	for _, parts := range w.ask.files {
		for _, p := range parts {
			text = strings.ReplaceAll(text, w.refer(p), "sha256:"+p.digest)
		}
	}
	return json.RawMessage(text)
}

// adopt gives a prediction the files of the form: those themselves to the first, copies to
// the others, since a file belongs to one prediction.
func (w *work) adopt(i int, input json.RawMessage) (id string, files []string, out json.RawMessage, err error) {
	files = fileIDs(w.ask.files)
	switch {
	case i == 0 && (w.listened || len(files) > 0):
		return w.first, files, input, nil
	case len(files) == 0:
		return "", nil, input, nil
	}
	fresh, err := uuid.NewV7()
	if err != nil {
		return "", nil, nil, fmt.Errorf("make an id: %w", err)
	}
	text := string(input)
	files = nil
	for _, parts := range w.ask.files {
		for _, p := range parts {
			file, err := w.copy(fresh.String(), len(files), p.file)
			if err != nil {
				w.h.Predictions.DropInput(w.c.Request.Context(), w.who.Account, files)
				return "", nil, nil, err
			}
			files = append(files, file.ID)
			text = strings.ReplaceAll(text, w.refer(p), prediction.Reference(file))
		}
	}
	return fresh.String(), files, json.RawMessage(text), nil
}

func (w *work) copy(id string, ordinal int, f blob.File) (blob.File, error) {
	ctx := w.c.Request.Context()
	content, err := w.h.Files.Content(ctx, f)
	if err != nil {
		return blob.File{}, fmt.Errorf("read a file of the form: %w", err)
	}
	defer content.Close() //nolint:errcheck // read to its end
	return w.h.Predictions.PutInput(ctx, blob.New{
		Account: w.who.Account, Prediction: id, Ordinal: int64(ordinal), Name: f.Name, Type: f.Type, Limit: max(f.Size, 1),
	}, content)
}

// admit tells what is left of the limits; on answers, not on errors (contract 10).
func (w *work) admit() { api.LimitHeaders(w.c.Header(), w.limits) }

// withdraw takes back what admit said.
func (w *work) withdraw() {
	for name := range w.c.Header() {
		if strings.HasPrefix(name, limitHeader) {
			w.c.Header().Del(name)
		}
	}
}

// held is the context of waiting: over when the caller leaves, when the server cuts its
// calls, and when the call is held no longer.
func (w *work) held() (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(w.c.Request.Context(), w.h.MaxWait, errLate)
}

// wait waits for the end of all predictions, and gives those that succeeded: at least one,
// else the error is why the first one did not.
func (w *work) wait(ctx context.Context) (done []prediction.Record, err error) {
	var failed error
	for i, rec := range w.recs {
		rec, err := w.h.Predictions.Wait(ctx, w.who.Account, rec.ID)
		switch {
		case err != nil:
			return nil, asInference(err)
		case !rec.Status.Terminal():
			return nil, w.left(ctx)
		}
		w.recs[i] = rec
		if rec.Status == prediction.Succeeded {
			done = append(done, rec)
		} else if failed == nil {
			failed = failure(rec.Status, rec.ErrorID, rec.Error)
		}
	}
	if len(done) == 0 {
		return nil, failed
	}
	return done, nil
}

// left ends a call that is held no longer. What nobody will ask for is cancelled. A caller
// who sent a key of idempotency may come again with it, and gets what was made; one who was
// held for too long is told where it will be.
func (w *work) left(ctx context.Context) error {
	request := w.c.Request.Context()
	if late := request.Err() == nil && errors.Is(context.Cause(ctx), errLate); !late {
		w.abandon()
	}
	if request.Err() != nil {
		var stops *fault.Error
		if cause := context.Cause(request); errors.As(cause, &stops) {
			return stops
		}
		return fmt.Errorf("wait for predictions %s: %w", strings.Join(w.ids(), ", "), request.Err())
	}
	return &fault.Error{
		ID: fault.InferenceTimeout, NoRetry: true, Err: context.Cause(ctx),
		Message: fmt.Sprintf("The model '%s' did not end within the %d s that a call of this route is held. It goes on: fetch GET /v1/predictions/%s.",
			short(w.model.Asked), int(w.h.MaxWait.Seconds()), strings.Join(w.ids(), ", ")),
	}
}

// abandon cancels what nobody will ask for. One who has a part of it pays for all of it, as
// for an answer that was cut by his leaving: leaving just before the end must not make it
// free.
func (w *work) abandon() {
	if w.key == "" && !w.goesOn.Load() {
		w.cancel()
	}
}

// broke does the same after an answer that ended with an error midway, unless the caller was
// told that it goes on.
func (w *work) broke(err error) {
	if !errors.Is(err, errLate) {
		w.abandon()
	}
}

// cancel asks for the end of all predictions of the call.
func (w *work) cancel() {
	ctx, stop := context.WithTimeout(context.WithoutCancel(w.c.Request.Context()), cancelTime)
	defer stop()
	for _, rec := range w.recs {
		// One that can't be cancelled now ends by itself, and nobody waits for it.
		_, _, _ = w.h.Predictions.Cancel(ctx, w.who.Account, rec.ID)
	}
}

// failure is the end of a prediction that made nothing. To try again would be another
// prediction, so that clients are told not to do it by themselves, unless nothing was done.
func failure(status prediction.Status, id, message string) error {
	f := &fault.Error{ID: fault.ID(id), Message: message}
	if status == prediction.Cancelled {
		f.ID, f.Message = fault.InferenceError, "The prediction was cancelled."
	}
	if f.Message == "" {
		f.Message = "The prediction failed."
	}
	if f.ID.Entry().ID != f.ID {
		f.ID = fault.InferenceError
	}
	f = fault.From(asInference(f))
	f.NoRetry = f.ID != fault.ServiceUnavailable && f.ID != fault.InferenceRateLimited && f.HTTPStatus() >= 500
	return f
}

// asInference gives errors of predictions the words of the inference surface (contract
// 9.4).
func asInference(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err
	}
	out := *f
	switch f.ID {
	case fault.ValidationError, fault.InvalidInput:
		out.ID = fault.InvalidParameter
	case fault.PredictionFailed:
		out.ID, out.NoRetry = fault.InferenceError, true
	default:
		return err
	}
	out.Status = 0
	return &out
}
