package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/api/books"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/prediction"
	"skytower/internal/skytells"
)

// Predictions is the part of the predictions' room that the routes use.
type Predictions interface {
	All(context.Context, prediction.AllFilter) (prediction.AllPage, error)
	Any(ctx context.Context, id string) (prediction.Record, error)
	Show(ctx context.Context, records []prediction.Record, base string) ([]skytells.Prediction, error)
	CancelAny(ctx context.Context, actor, id string) (rec prediction.Record, changed bool, err error)
	Record(ctx context.Context, actor, action, id, detail string) error
}

// Retrier makes a failed prediction anew.
type Retrier interface {
	RetryPrediction(ctx context.Context, by account.Operator, id, base, requestID string) (rec prediction.Record, note string, err error)
}

// Webhooks is the part of the webhooks' room that the routes use.
type Webhooks interface {
	List(ctx context.Context, account, prediction string) ([]skytells.WebhookDelivery, error)
	Redeliver(ctx context.Context, account, prediction, delivery string) (skytells.WebhookDelivery, error)
}

// PredictionHandlers holds what the routes about predictions of all accounts need.
type PredictionHandlers struct {
	Predictions Predictions
	Retrier     Retrier
	Webhooks    Webhooks
	Public      *url.URL // start of absolute links; nil: taken from the request
}

// Rows are the routes.
func (h *PredictionHandlers) Rows() []api.Route {
	id := idParam()
	query := func(name, text string) api.Param { return api.Param{Name: name, In: "query", Description: text} }
	return dress([]api.Route{
		{Method: http.MethodGet, Pattern: "/admin/v1/predictions", ID: "listAllPredictions", Summary: "List predictions of all accounts",
			Description: "Newest first, without input, output and logs. For each page the server looks at 20,000 predictions at most: with filters a page may be short, or empty, though `has_more` is true.",
			Params: []api.Param{
				query("account", "Only of this account."), query("model", "Slug of a model."), query("status", "One state."),
				query("from", "First day in UTC."), query("to", "Last day in UTC, included."), query("after", "`next` of the page before."), query("limit", "Items a page, at most 200; 50 if it is left out."),
			},
			Response: skytells.OperatorPredictionList{}, Errors: []fault.ID{fault.InvalidDateFormat, fault.InvalidDateRange}, Operator: h.list},
		{Method: http.MethodGet, Pattern: "/admin/v1/predictions/{id}", ID: "getAnyPrediction", Summary: "Get a prediction of any account",
			Description: "Input, output and logs are the account's: they come along with `content=true`, which leaves an entry in the audit trail.",
			Params:      append(idParam(), api.Param{Name: "content", In: "query", Enum: []string{"true", "false"}}),
			Response:    skytells.OperatorPrediction{}, Errors: []fault.ID{fault.EndpointNotFound}, Operator: h.get},
		{Method: http.MethodPost, Pattern: "/admin/v1/predictions/{id}/cancel", ID: "cancelAnyPrediction", Summary: "Cancel a prediction of any account",
			Description: "As its account would: one that waits ends at once, one that runs within about a second; what is held for it is settled. Of one that has ended nothing changes.",
			Params:      id, Response: skytells.OperatorPrediction{}, Errors: []fault.ID{fault.EndpointNotFound}, Operator: h.cancel},
		{Method: http.MethodPost, Pattern: "/admin/v1/predictions/{id}/retry", ID: "retryPrediction", Summary: "Try a failed prediction again",
			Description: "An end is final and settled, so this makes a new prediction of the same account with the same input, charged as any other; `note` says what is not as it was. Retrying the same one again gives the same new one.",
			Params:      id, Response: skytells.RetriedPrediction{},
			Errors:   []fault.ID{fault.EndpointNotFound, fault.ModelNotFound, fault.InvalidInput, fault.RateLimitExceeded, fault.PaymentRequired, fault.InsufficientCredits},
			Operator: h.retry},
		{Method: http.MethodGet, Pattern: "/admin/v1/predictions/{id}/webhooks", ID: "listAnyWebhooks", Summary: "List the webhook deliveries of any prediction",
			Params: id, Response: skytells.List[skytells.WebhookDelivery]{}, Errors: []fault.ID{fault.EndpointNotFound}, Operator: h.deliveries},
		{Method: http.MethodPost, Pattern: "/admin/v1/predictions/{id}/webhooks/{delivery}/redeliver", ID: "redeliverAnyWebhook", Summary: "Deliver a webhook of any prediction again",
			Description: "Sends the same bytes with the same signature again, at once.",
			Params:      append(idParam(), api.Param{Name: "delivery", In: "path", Required: true}),
			Response:    skytells.WebhookDelivery{}, Errors: []fault.ID{fault.EndpointNotFound}, Operator: h.redeliver},
	})
}

func (h *PredictionHandlers) list(c *httpx.Call, _ account.Operator) error {
	f, err := allFilter(c)
	if err != nil {
		return err
	}
	page, err := h.Predictions.All(c.Request.Context(), f)
	if err != nil {
		return err
	}
	shown, err := h.show(c, page.Records, false)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, skytells.OperatorPredictionList{Data: shown, Next: page.Next, HasMore: page.Next != ""})
}

func allFilter(c *httpx.Call) (f prediction.AllFilter, err error) {
	q := c.Request.URL.Query()
	f = prediction.AllFilter{Account: q.Get("account"), Model: q.Get("model"), After: q.Get("after")}
	if f.Limit, err = pageLimit(c); err != nil {
		return f, err
	}
	if text := q.Get("status"); text != "" {
		status, ok := prediction.ParseStatus(text)
		if !ok {
			return f, fault.Invalid("status", "The status %.60q is unknown; the words are pending, starting, processing, succeeded, failed and cancelled.", text)
		}
		f.Status = status
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
	return f, nil
}

func (h *PredictionHandlers) get(c *httpx.Call, by account.Operator) error {
	rec, err := h.Predictions.Any(c.Request.Context(), c.Request.PathValue("id"))
	if err != nil {
		return err
	}
	content := c.Request.URL.Query().Get("content") == "true"
	if content { // before it is shown
		if err := h.Predictions.Record(c.Request.Context(), by.ID, "prediction.view", rec.ID, "account "+rec.Account); err != nil {
			return err
		}
	}
	return h.answer(c, rec, content)
}

func (h *PredictionHandlers) cancel(c *httpx.Call, by account.Operator) error {
	rec, _, err := h.Predictions.CancelAny(c.Request.Context(), by.ID, c.Request.PathValue("id"))
	if err != nil {
		return err
	}
	return h.answer(c, rec, false)
}

func (h *PredictionHandlers) retry(c *httpx.Call, by account.Operator) error {
	base, err := httpx.Base(h.Public, c.Request)
	if err != nil {
		return err
	}
	rec, note, err := h.Retrier.RetryPrediction(c.Request.Context(), by, c.Request.PathValue("id"), base, c.Record.ID)
	if err != nil {
		return err
	}
	shown, err := h.show(c, []prediction.Record{rec}, false)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, skytells.RetriedPrediction{Prediction: shown[0], Note: note})
}

func (h *PredictionHandlers) answer(c *httpx.Call, rec prediction.Record, content bool) error {
	shown, err := h.show(c, []prediction.Record{rec}, content)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, shown[0])
}

func (h *PredictionHandlers) show(c *httpx.Call, records []prediction.Record, content bool) ([]skytells.OperatorPrediction, error) {
	base, err := httpx.Base(h.Public, c.Request)
	if err != nil {
		return nil, err
	}
	shown, err := h.Predictions.Show(c.Request.Context(), records, base)
	if err != nil {
		return nil, err
	}
	out := make([]skytells.OperatorPrediction, len(records))
	for i, rec := range records {
		out[i] = skytells.OperatorPrediction{
			Account: rec.Account, Key: rec.Key, Target: rec.Target, Upstream: rec.Upstream, Attempt: rec.Attempt, Placed: rec.Handed,
			CancelAsked: rec.Cancel, SeenAt: moment(rec.Beat), Deadline: moment(rec.Deadline), Charged: books.Amount(rec.Amount), Prediction: shown[i],
		}
		if !content {
			hideContent(&out[i].Prediction)
		}
	}
	return out, nil
}

// hideContent takes out what the account's people sent and got.
func hideContent(p *skytells.Prediction) {
	p.Input, p.Output, p.Logs = json.RawMessage("{}"), json.RawMessage("null"), ""
	for i := range p.Metadata.Storage.Files {
		p.Metadata.Storage.Files[i].URL = "" // which needs no key
	}
}

func moment(t time.Time) *time.Time {
	if t.IsZero() || t.Before(time.UnixMicro(1e6)) { // a run that was handed back has shown life at 1 µs
		return nil
	}
	return &t
}

func (h *PredictionHandlers) deliveries(c *httpx.Call, _ account.Operator) error {
	rec, err := h.Predictions.Any(c.Request.Context(), c.Request.PathValue("id"))
	if err != nil {
		return err
	}
	deliveries, err := h.Webhooks.List(c.Request.Context(), rec.Account, rec.ID)
	return list(c, deliveries, err)
}

func (h *PredictionHandlers) redeliver(c *httpx.Call, by account.Operator) error {
	rec, err := h.Predictions.Any(c.Request.Context(), c.Request.PathValue("id"))
	if err != nil {
		return err
	}
	id := c.Request.PathValue("delivery")
	delivery, err := h.Webhooks.Redeliver(c.Request.Context(), rec.Account, rec.ID, id)
	if err != nil {
		return err
	}
	if err := h.Predictions.Record(c.Request.Context(), by.ID, "webhook.redeliver", rec.ID, "delivery "+id); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, delivery)
}
