package prediction

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/price"
	"skytower/internal/store"
)

// limitRoute names the route in the windows of package limit.
const limitRoute = "predictions"

// maxIdempotencyKey bounds what a caller may send as a key.
const maxIdempotencyKey = 255

// Create checks the request, stores the prediction and queues its run, all or nothing.
// replayed is true where the idempotency key or the client's id gave back the prediction
// of an earlier, equal request.
//
// Errors: MODEL_NOT_FOUND, MODEL_NOT_SUPPORTED, INVALID_INPUT with every violation,
// INVALID_PARAMETER (422 for an idempotency key that stands for another body),
// RATE_LIMIT_EXCEEDED, CONTENT_POLICY_VIOLATION where a guard refuses the input, FORBIDDEN
// where the account has no edge surface, PAYMENT_REQUIRED, INSUFFICIENT_CREDITS,
// SERVICE_UNAVAILABLE.
func (s *Service) Create(ctx context.Context, c Create) (rec Record, replayed bool, err error) {
	rec, replayed, err = s.createOrFind(ctx, c)
	if len(c.Files) > 0 && (err != nil || replayed) {
		s.discard(ctx, c.Who.Account, c.Files)
	}
	return rec, replayed, err
}

func (s *Service) createOrFind(ctx context.Context, c Create) (rec Record, replayed bool, err error) {
	if err := c.check(); err != nil {
		return Record{}, false, err
	}
	hash := c.hash()
	if rec, replayed, err = s.earlier(ctx, c, hash); err != nil || replayed {
		return rec, replayed, err
	}
	model, quote, err := s.accept(ctx, &c)
	if err != nil {
		return Record{}, false, err
	}
	if err := s.drawn(ctx, c, model.Model); err != nil {
		return Record{}, false, err
	}
	if err := s.guard(ctx, &c, model.Model); err != nil {
		return Record{}, false, err
	}
	b := &birth{model: model.Model}
	if b.rec, err = s.prepare(c, hash, model); err != nil {
		return Record{}, false, err
	}
	if quote != nil {
		if err := b.rec.keepQuote(quote); err != nil {
			return Record{}, false, err
		}
		hold := s.toHold(c, b.rec, quote)
		b.hold = &hold
	}
	stored, files, err := s.takeInput(ctx, b.rec.Account, b.rec.ID, c.Input)
	if err != nil {
		return Record{}, false, err
	}
	b.rec.Input, b.files = string(stored), append(files[:len(files):len(files)], c.Files...)
	if err := s.born(ctx, b); err != nil {
		s.discard(ctx, b.rec.Account, files) // a refused request leaves nothing
		if s.o.DB.IsUnique(err) {
			return s.lostCreate(ctx, c, hash, err) // an equal request was faster
		}
		return Record{}, false, err
	}
	return b.rec, false, nil
}

// Quoted is what a request would cost.
type Quoted struct {
	Model *catalog.Model
	Quote *price.Quote // nil: nothing
}

// Quote checks a request as Create does, but for limits and balance, and says what it
// would cost. Nothing is stored.
func (s *Service) Quote(ctx context.Context, c Create) (Quoted, error) {
	if err := c.check(); err != nil {
		return Quoted{}, err
	}
	model, quote, err := s.accept(ctx, &c)
	if err != nil {
		return Quoted{}, err
	}
	return Quoted{model.Model, quote}, nil
}

// accept checks what is asked for, and fills the defaults into its input.
func (s *Service) accept(ctx context.Context, c *Create) (model catalog.Resolved, quote *price.Quote, err error) {
	if model, err = s.o.Catalog.Resolve(c.Model, c.viewer(), catalog.Prediction); err != nil {
		return model, nil, err
	}
	if c.Input, err = model.Model.CheckInput(c.Input); err != nil {
		return model, nil, err
	}
	if c.Surface == limit.Edge && c.Webhook.URL != "" {
		return model, nil, fault.Invalid("webhook", "The edge surface sends no webhooks; follow the prediction's stream, or fetch it.")
	}
	if err := s.o.Webhooks.Check(ctx, c.Webhook); err != nil {
		return model, nil, err
	}
	quote, err = quoteFor(model.Model, c.Input)
	return model, quote, err
}

// guard shows the input to the model's guards. It comes after the limits: a guard may ask
// somebody else.
func (s *Service) guard(ctx context.Context, c *Create, model *catalog.Model) error {
	if s.o.Guard == nil || model.Guards == nil {
		return nil
	}
	input, err := s.o.Guard(ctx, model, c.Input)
	if err != nil {
		return err
	}
	if !bytes.Equal(input, c.Input) { // what is written in the place of a text has to fit, too
		input, err = model.CheckInput(input)
	}
	c.Input = input
	return err
}

// birth is a prediction that is being created.
type birth struct {
	rec   Record
	files []string // of its input
	model *catalog.Model
	hold  *ledger.Work // nil: it is free
}

// bear stores the prediction. Where the account's credit may lie idle with other
// processes, it is called in, and the prediction is tried once more.
func (s *Service) bear(ctx context.Context, b *birth) error {
	store := func() error { return s.o.DB.Write(ctx, func(tx *store.Tx) error { return s.create(ctx, tx, b) }) }
	err := store()
	if b.hold == nil || !ledger.IsShort(err) {
		return err
	}
	if err := s.o.Meter.Gather(ctx, *b.hold); err != nil {
		return fmt.Errorf("gather the credit of account %s: %w", b.rec.Account, err)
	}
	return store()
}

// check looks at what the edge can't have checked by decoding, and gives a client's id
// its one spelling.
func (c *Create) check() error {
	if len(c.IdempotencyKey) > maxIdempotencyKey {
		return fault.Invalid("Idempotency-Key", "The idempotency key is longer than %d bytes.", maxIdempotencyKey)
	}
	if c.ID == "" {
		return nil
	}
	id, err := uuid.Parse(c.ID)
	if err != nil || len(c.ID) != len(id.String()) {
		return fault.Invalid("id", "The prediction's id in the path must be a UUID.")
	}
	c.ID = id.String()
	return nil
}

// viewer is how the catalogue sees the caller.
func (c *Create) viewer() catalog.Viewer {
	return catalog.Viewer{Account: c.Who.Account, Only: c.Who.Models, Edge: c.Surface == limit.Edge}
}

// hash is over what the caller asks for, whoever it is.
func (c *Create) hash() []byte {
	var input bytes.Buffer
	same := c.Input
	if c.Same != nil {
		same = c.Same
	}
	if json.Compact(&input, same) != nil {
		input.Write(same) // refused later
	}
	stream := "0"
	if c.Stream {
		stream = "1"
	}
	parts := append([]string{c.Model, input.String(), stream, c.Webhook.URL}, c.Webhook.Events...)
	h := sha256.New()
	for _, part := range parts {
		var length [8]byte // tells where a part ends
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

// earlier finds the prediction that the client's id or idempotency key stands for.
func (s *Service) earlier(ctx context.Context, c Create, hash []byte) (rec Record, found bool, err error) {
	if c.ID == "" && c.IdempotencyKey == "" {
		return Record{}, false, nil
	}
	err = s.o.DB.Read(ctx, func(tx *store.Tx) error {
		found = false
		var err error
		if c.ID != "" {
			rec, found, err = read(ctx, tx, c.ID, false)
		}
		if err == nil && !found && c.IdempotencyKey != "" {
			rec, found, err = one(tx.QueryRow(ctx, `select `+columns+` from prediction where account = $1 and idempotency_key = $2`,
				c.Who.Account, c.IdempotencyKey))
		}
		return err
	})
	if err != nil || !found {
		return Record{}, false, err
	}
	if rec.Account != c.Who.Account || !bytes.Equal(rec.RequestHash, hash) {
		return Record{}, false, conflict(c, rec)
	}
	return rec, true, nil
}

func conflict(c Create, rec Record) error {
	f := fault.Invalid("Idempotency-Key", "This idempotency key stands for another request: use a new key for a new request.")
	if c.ID == rec.ID {
		f = fault.Invalid("id", "This id stands for another prediction: use a new id for a new request.")
	}
	f.Status = http.StatusUnprocessableEntity
	return f
}

// lostCreate gives back what an equal request, faster by a moment, made.
func (s *Service) lostCreate(ctx context.Context, c Create, hash []byte, cause error) (Record, bool, error) {
	rec, found, err := s.earlier(ctx, c, hash)
	if err == nil && !found {
		err = fmt.Errorf("create prediction: %w", cause) // deleted meanwhile, or not about a key of ours
	}
	return rec, found, err
}

func (s *Service) drawLimits(ctx context.Context, c Create, model *catalog.Model) error {
	ticket, d, err := s.o.Limits.Take(ctx, limit.Request{
		ID: c.RequestID, Account: c.Who.Account, Key: c.Who.Key, Tier: c.Who.Tier, Surface: c.Surface, Route: limitRoute, Model: model.Slug,
	})
	if err != nil {
		return fmt.Errorf("take from limits: %w", err)
	}
	if !d.Allowed {
		return overLimit(d)
	}
	if c.Admit != nil {
		c.Admit(d)
	}
	// It took a request and no tokens, and keeps no place: how many run at once, the lanes
	// decide.
	if err := s.o.Limits.Settle(ctx, ticket, limit.Use{}); err != nil {
		s.o.Log.Warn("what a prediction took from the limits could not be corrected", "request", c.RequestID, "error", err)
	}
	return nil
}

// overLimit says which limit denied a request, how large it is, and when to come back.
func overLimit(d limit.Decision) error {
	if d.NoEdge {
		return fault.New(fault.Forbidden, "The edge surface is not part of this account's tier; use the standard one.")
	}
	wait := max((d.RetryAfter+time.Second-1)/time.Second, 1)
	size, per := fmt.Sprintf("%d %s", d.Limit, d.Dimension), ""
	if d.Dimension != concurrency {
		per = " a minute"
	}
	return &fault.Error{
		ID: fault.RateLimitExceeded, RetryAfter: d.RetryAfter,
		Message: fmt.Sprintf("%s is %s%s, and it is used up; try again in %d s.", strings.TrimSpace("The limit "+d.Scope), size, per, wait),
		Details: fmt.Sprintf("dimension: %s; limit: %d%s; scope: %s; retry after: %d s", d.Dimension, d.Limit, per, d.Scope, wait),
	}
}

// concurrency is the dimension that has no window.
const concurrency = "concurrent calls"

// prepare makes the record but for its input.
func (s *Service) prepare(c Create, hash []byte, model catalog.Resolved) (Record, error) {
	now := store.Time(store.Micros(s.o.Now())) // as it is read back
	rec := Record{
		ID: c.ID, Account: c.Who.Account, Key: c.Who.Key, Model: model.Model.Slug, Shown: model.Show, Type: model.Model.Card().Type,
		Spelling: c.Spelling, Source: c.Source, Stream: c.Stream, Status: Pending, Version: 1, Created: now, Updated: now,
		IdempotencyKey: c.IdempotencyKey, RequestHash: hash, Output: "null", Progress: -1, PredictTime: -1,
		WebhookURL: c.Webhook.URL, WebhookEvents: c.Webhook.Events, WebhookBase: c.Base,
	}
	if rec.ID == "" {
		// Of the time, so that new rows stand together in the indexes.
		id, err := uuid.NewV7()
		if err != nil {
			return Record{}, fmt.Errorf("make an id: %w", err)
		}
		rec.ID = id.String()
	}
	if c.Webhook.URL != "" && c.APIKey != "" {
		rec.WebhookKey = s.o.Sealer.Seal([]byte(c.APIKey), sealContext(rec.ID))
	}
	return rec, nil
}

// sealContext binds a sealed key to its prediction.
func sealContext(id string) []byte { return []byte("prediction/" + id) }

// create is the transaction of Create. It may run several times. The purse is locked
// last, after the lanes and the row, as ends do, and no longer than it must.
func (s *Service) create(ctx context.Context, tx *store.Tx, b *birth) error {
	rec := &b.rec
	settings, err := s.o.Accounts.PredictionSettings(ctx, tx, rec.Account)
	if err != nil {
		return fmt.Errorf("read settings of account %s: %w", rec.Account, err)
	}
	if settings.WebhookKey != "" {
		rec.WebhookKey = "" // its own secret signs
	}
	p, err := s.take(ctx, tx, rec.ID, rec.Account, s.places(settings.Concurrency), b.model)
	if err != nil {
		return err
	}
	rec.Handed = p.ok
	var beat int64
	if p.ok {
		beat = store.Micros(rec.Created)
	}
	if err := insert(ctx, tx, rec, beat); err != nil {
		return err
	}
	if len(b.files) > 0 {
		if err := s.o.Files.Keep(ctx, tx, b.files, time.Time{}); err != nil {
			return err
		}
	}
	if p.ok {
		if err := s.enqueue(ctx, tx, RunArgs{ID: rec.ID, Model: rec.Model}, p.priority); err != nil {
			return err
		}
	}
	if b.hold == nil {
		return nil
	}
	return s.o.Meter.Hold(ctx, tx, *b.hold)
}

func work(rec Record) ledger.Work {
	return ledger.Work{Prediction: rec.ID, Account: rec.Account, Key: rec.Key, Model: rec.Model}
}

// notFound is what contract 6.4 says of an id that the account can't see.
func notFound() error {
	return &fault.Error{
		ID: fault.PredictionFailed, Brief: "Error fetching prediction", Message: "Prediction serving returned an error.",
		Details: "No prediction with this id", NoRetry: true,
	}
}

// errLost reports that a run, or its end, belongs to somebody else now.
var errLost = errors.New("the prediction was taken over or has ended")
