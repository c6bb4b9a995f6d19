package rest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/prediction"
	"skytower/internal/skytells"
)

// predictionID is the id in the path. Ids are lowercase.
func predictionID(r *http.Request) string { return strings.ToLower(r.PathValue("id")) }

// answer sends one prediction. success, unless nil, tells what a cancel or delete did.
func (h *Handlers) answer(c *httpx.Call, rec prediction.Record, base string, success *bool) error {
	c.Record.Model = rec.Model
	shown, err := h.Predictions.Show(c.Request.Context(), []prediction.Record{rec}, base)
	if err != nil {
		return err
	}
	shown[0].Success = success
	return c.JSON(http.StatusOK, shown[0])
}

// unknown is what a caller reads about a prediction that is not his or not there
// (contract 6.4). OpenAI-style clients would try a 502 again.
func (h *Handlers) unknown(err error) error {
	if !fault.Is(err, fault.PredictionFailed) {
		return err
	}
	f := &fault.Error{
		ID: fault.PredictionFailed, Brief: "Error fetching prediction", Message: "Prediction serving returned an error.",
		Details: "No prediction with this id", NoRetry: true, Err: err,
	}
	if h.UnknownAs404 {
		f.Status = http.StatusNotFound
	}
	return f
}

func (h *Handlers) fetch(c *httpx.Call, who account.Principal) error {
	base, err := httpx.Base(h.Public, c.Request)
	if err != nil {
		return err
	}
	rec, err := h.Predictions.Get(c.Request.Context(), who.Account, predictionID(c.Request))
	if err != nil {
		return h.unknown(err)
	}
	return h.answer(c, rec, base, nil)
}

func (h *Handlers) cancel(c *httpx.Call, who account.Principal) error {
	base, err := httpx.Base(h.Public, c.Request)
	if err != nil {
		return err
	}
	rec, changed, err := h.Predictions.Cancel(c.Request.Context(), who.Account, predictionID(c.Request))
	if err != nil {
		return h.unknown(err)
	}
	return h.answer(c, rec, base, &changed)
}

func (h *Handlers) remove(c *httpx.Call, who account.Principal) error {
	base, err := httpx.Base(h.Public, c.Request)
	if err != nil {
		return err
	}
	rec, err := h.Predictions.Delete(c.Request.Context(), who.Account, predictionID(c.Request))
	if err != nil {
		return h.unknown(err)
	}
	rec.Removed = true
	success := true
	return h.answer(c, rec, base, &success)
}

// stream sends events to who asks for them, and the object to the SDKs, which do not
// (contract 6.8).
func (h *Handlers) stream(c *httpx.Call, who account.Principal) error {
	if !wantsEvents(c.Request) {
		return h.fetch(c, who)
	}
	base, err := httpx.Base(h.Public, c.Request)
	if err != nil {
		return err
	}
	return h.follow(c, who, predictionID(c.Request), base)
}

func wantsEvents(r *http.Request) bool {
	return strings.Contains(strings.ToLower(strings.Join(r.Header.Values("Accept"), ",")), "text/event-stream")
}

// follow streams a prediction's events until its end, the caller's leaving, or the
// server's stop, after which a client comes again with Last-Event-ID.
func (h *Handlers) follow(c *httpx.Call, who account.Principal, id, base string) error {
	ctx, cancel := h.untilClosing(c)
	defer cancel()
	after, _ := strconv.ParseInt(c.Request.Header.Get("Last-Event-ID"), 10, 64) // else 0: from the start
	events, err := h.Predictions.Events(ctx, who.Account, id, after, base)
	if err != nil {
		return h.unknown(err)
	}
	defer events.Close()
	out := c.SSE(h.KeepAlive)
	defer out.Close()
	for {
		batch, err := events.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && ctx.Err() != nil && c.Request.Context().Err() == nil:
			return nil // the server stops
		case err != nil:
			return h.failStream(c, out, err)
		}
		if err := send(out, batch); err != nil {
			return err
		}
	}
}

func send(out *httpx.SSE, batch []prediction.Event) error {
	for _, e := range batch {
		if err := out.EventID(e.Name, e.ID, e.Data); err != nil {
			return err
		}
	}
	return out.Flush()
}

// failStream tells an error in band once the stream has begun. Closed first: no comment
// may open the stream between the question and the answer to it.
func (h *Handlers) failStream(c *httpx.Call, out *httpx.SSE, err error) error {
	err = h.unknown(err)
	if !out.Begun() || errors.Is(err, context.Canceled) {
		return err
	}
	body, encodeErr := json.Marshal(api.RESTEnvelope(fault.From(err), c.Record.ID))
	if encodeErr == nil && out.Event("error", body) == nil && out.Flush() == nil {
		out.InBand()
	}
	return err
}

func (h *Handlers) listPredictions(c *httpx.Call, who account.Principal) error {
	base, err := httpx.Base(h.Public, c.Request)
	if err != nil {
		return err
	}
	filter, err := h.filter(c.Request.URL.Query(), who)
	if err != nil {
		return err
	}
	page, err := h.Predictions.List(c.Request.Context(), who.Account, filter)
	if err != nil {
		return err
	}
	shown, err := h.Predictions.Show(c.Request.Context(), page.Records, base)
	if err != nil {
		return err
	}
	if shown == nil {
		shown = []skytells.Prediction{}
	}
	size := int64(filter.PerPage)
	return c.JSON(http.StatusOK, skytells.PredictionList{Data: shown, Pagination: skytells.Pagination{
		CurrentPage: filter.Page, PerPage: filter.PerPage, Total: page.Total, LastPage: max(1, (page.Total+size-1)/size),
	}})
}

// Bounds of the list (contract 6.5).
const (
	maxPage     = 200 // what lies further back is found by its day
	maxPerPage  = 50
	usualOnPage = 20
)

func (h *Handlers) filter(q url.Values, who account.Principal) (f prediction.Filter, err error) {
	if f.Page, err = page(q); err != nil {
		return f, err
	}
	if f.PerPage, err = number(q, "per_page", usualOnPage, maxPerPage); err != nil {
		return f, err
	}
	if f.From, err = api.Day(q, "from"); err != nil {
		return f, err
	}
	if f.To, err = api.Day(q, "to"); err != nil {
		return f, err
	}
	if !f.To.IsZero() && f.From.After(f.To) {
		return f, &fault.Error{ID: fault.InvalidDateRange, Param: "from", Message: "The date in 'from' is after the date in 'to'."}
	}
	if name := q.Get("model"); name != "" {
		model, err := h.Catalog.Get(name, h.viewer(who))
		if err != nil {
			return f, err
		}
		f.Model = model.Slug
	}
	if text := q.Get("status"); text != "" {
		status, ok := prediction.ParseStatus(text)
		if !ok {
			return f, fault.Invalid("status", "The status %q is unknown; the words are pending, starting, processing, succeeded, failed and cancelled.", short(text))
		}
		f.Status = status
	}
	return f, nil
}

// page reads the page's number. Pages far back would be counted through, so that they are
// asked for by their days.
func page(q url.Values) (int, error) {
	n, err := number(q, "page", 1, math.MaxInt32)
	if err == nil && n > maxPage {
		err = fault.Invalid("page", "Pages go up to %d. For what lies further back narrow the days with 'from' and 'to', such as to=2026-03-04.", maxPage)
	}
	return n, err
}

// short keeps what a caller sent from filling an answer.
func short(text string) string {
	const most = 64
	return text[:min(len(text), most)]
}

// number reads a parameter from 1 to most.
func number(q url.Values, name string, usual, most int) (int, error) {
	text := q.Get(name)
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, fault.Invalid(name, "The parameter '%s' must be a whole number from 1 to %d.", name, most)
	}
	return n, nil
}

func (h *Handlers) deliveries(c *httpx.Call, who account.Principal) error {
	id := predictionID(c.Request)
	if _, err := h.Predictions.Get(c.Request.Context(), who.Account, id); err != nil {
		return h.unknown(err)
	}
	list, err := h.Webhooks.List(c.Request.Context(), who.Account, id)
	if err != nil {
		return err
	}
	if list == nil {
		list = []skytells.WebhookDelivery{}
	}
	return c.JSON(http.StatusOK, DeliveryList{Data: list})
}

// DeliveryList answers the list of a prediction's deliveries.
type DeliveryList struct {
	Data []skytells.WebhookDelivery `json:"data"`
}

func (h *Handlers) redeliver(c *httpx.Call, who account.Principal) error {
	delivery, err := h.Webhooks.Redeliver(c.Request.Context(), who.Account, predictionID(c.Request), c.Request.PathValue("delivery"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, delivery)
}

// predictionErrors are those of every route here; the routes add theirs.
func predictionErrors(more ...fault.ID) []fault.ID {
	return slices.Concat([]fault.ID{
		fault.Unauthorized, fault.AccountSuspended, fault.Forbidden, fault.InvalidRequest, fault.RateLimitExceeded, fault.InternalError, fault.ServiceUnavailable,
	}, more)
}
