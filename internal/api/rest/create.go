package rest

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/limit"
	"skytower/internal/prediction"
	"skytower/internal/skytells"
	"skytower/internal/webhook"
)

const (
	predictPath = "/v1/predict"
	// maxIdempotencyKey bounds the header of that name, in bytes.
	maxIdempotencyKey = 255
)

// create serves every route that makes a prediction.
func (h *Handlers) create(c *httpx.Call, who account.Principal) error {
	want, body, err := h.wanted(c, who)
	if err != nil {
		return err
	}
	if body.DryRun {
		return h.dryRun(c, want)
	}
	want.Admit = func(d limit.Decision) { api.LimitHeaders(c.Header(), d) }
	rec, replayed, err := h.Predictions.Create(c.Request.Context(), want)
	if err != nil {
		return err
	}
	c.Record.Model = rec.Model
	if replayed {
		c.Header().Set("Idempotent-Replayed", "true")
	}
	if wantsEvents(c.Request) {
		return h.follow(c, who, rec.ID, want.Base)
	}
	if rec, err = h.await(c, rec, h.patience(c.Request.Header, body)); err != nil {
		return err
	}
	if !rec.Status.Terminal() && c.Request.Header.Get("Prefer") != "" {
		// Only Replicate's client sends this header, and after a wait it takes every
		// word but this one for the end.
		rec.Status = prediction.Starting
	}
	return h.answer(c, rec, want.Base, nil)
}

// wanted reads the request. An unknown model is told before a missing input (the order
// of contract 6.1).
func (h *Handlers) wanted(c *httpx.Call, who account.Principal) (want prediction.Create, body skytells.PredictionRequest, err error) {
	base, err := httpx.Base(h.Public, c.Request)
	if err != nil {
		return want, body, err
	}
	if err := c.DecodeOpen(h.MaxBody, &body); err != nil {
		return want, body, err
	}
	want = prediction.Create{
		Who: who, Model: modelName(c.Request, body), Input: body.Input, Stream: body.Stream, Source: source(c.Request),
		Spelling: spelling(c.Request), IdempotencyKey: c.Request.Header.Get("Idempotency-Key"), Base: base, RequestID: c.Record.ID,
		Surface: cmp.Or(h.Surface, limit.Standard),
	}
	if want.Model == "" {
		return want, body, required("model")
	}
	if len(body.Input) == 0 || string(body.Input) == "null" {
		if _, err := h.Catalog.Get(want.Model, h.viewer(who)); err != nil {
			return want, body, err
		}
		return want, body, required("input")
	}
	if len(want.IdempotencyKey) > maxIdempotencyKey {
		return want, body, fault.Invalid("Idempotency-Key", "The header Idempotency-Key must be at most %d bytes long.", maxIdempotencyKey)
	}
	if want.ID, err = clientID(c.Request); err != nil {
		return want, body, err
	}
	want.Webhook, err = webhook.ParseSubscription(body.Webhook, body.WebhookEventsFilter)
	if want.Webhook.URL != "" {
		want.APIKey = api.Key(c.Request) // signs, where the account has no secret
	}
	return want, body, err
}

// required is the sentence of contract 9.1.
func required(field string) error {
	return &fault.Error{ID: fault.ValidationError, Param: field, Message: fmt.Sprintf("The %s field is required.", field)}
}

// modelName is the model of the route, or of the body. The Replicate client's `version`
// names a model, perhaps with a version after a colon, which this server has none of.
func modelName(r *http.Request, body skytells.PredictionRequest) string {
	if name := r.PathValue("name"); name != "" {
		return r.PathValue("owner") + "/" + name
	}
	if slug := r.PathValue("slug"); slug != "" {
		return slug
	}
	if body.Model != "" {
		return body.Model
	}
	name, _, _ := strings.Cut(body.Version, ":")
	return name
}

// spelling is of the word for cancelled: the SDKs, which know one alone, create at
// /v1/predict; the command line and the Replicate client, which stop at the other, do
// not (contract 15.1).
func spelling(r *http.Request) string {
	if r.URL.Path == predictPath {
		return skytells.StatusCancelled
	}
	return skytells.StatusCanceled
}

// source is what made the request: a command line says so.
func source(r *http.Request) string {
	agent := strings.ToLower(r.UserAgent())
	if strings.HasPrefix(agent, "skytower/") || strings.HasPrefix(agent, "skytells-cli") {
		return "cli"
	}
	return "api"
}

// clientID is the id that the route names, "" where it names none.
func clientID(r *http.Request) (string, error) {
	if r.Method != http.MethodPut {
		return "", nil
	}
	id := predictionID(r)
	if _, err := uuid.Parse(id); err != nil || len(id) != len(uuid.Nil.String()) {
		return "", fault.Invalid("id", "The id of a new prediction must be a UUID such as %s.", "5f0c7d5e-8a70-4c3e-9a55-0d7a4b8d6d11")
	}
	return id, nil
}

// patience is how long the caller wants to be held: the body decides where it says
// something, else the header Prefer (RFC 7240), whose other preferences don't concern
// us.
func (h *Handlers) patience(header http.Header, body skytells.PredictionRequest) time.Duration {
	for _, said := range []*bool{body.Await, body.Wait} {
		if said != nil {
			return choose(*said, h.AwaitMax, 0)
		}
	}
	for _, preference := range strings.Split(strings.Join(header.Values("Prefer"), ","), ",") {
		preference, _, _ = strings.Cut(preference, ";")
		word, value, valued := strings.Cut(strings.TrimSpace(preference), "=")
		switch strings.ToLower(strings.TrimSpace(word)) {
		case "respond-async":
			return 0
		case "wait":
			if !valued {
				return h.AwaitMax
			}
			seconds, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(value), `"`), 10, 31)
			if err != nil {
				return 0
			}
			return min(time.Duration(seconds)*time.Second, h.AwaitMax)
		}
	}
	return 0
}

func choose[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

// await holds the call until the prediction has ended, or patience. Videos take too
// long to wait for (contract 6.1). A caller who leaves leaves the prediction running.
func (h *Handlers) await(c *httpx.Call, rec prediction.Record, patience time.Duration) (prediction.Record, error) {
	if patience <= 0 || rec.Status.Terminal() || rec.Type == "video" {
		return rec, nil
	}
	ctx, cancel := h.untilClosing(c)
	defer cancel()
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	waited, err := h.Predictions.Wait(ctx, rec.Account, rec.ID)
	if gone := c.Request.Context().Err(); gone != nil {
		return rec, fmt.Errorf("wait for prediction %s: %w", rec.ID, gone)
	}
	if err != nil {
		return rec, h.unknown(err)
	}
	return waited, nil
}
