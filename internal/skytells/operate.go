package skytells

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// OperatorPrediction is a prediction with what only operators see.
type OperatorPrediction struct {
	Account string `json:"account"`
	Key     string `json:"key" doc:"Id of the API key that made it."`
	Target  string `json:"target" doc:"provider/upstream name that took it, or empty."`
	// Upstream is the upstream's own id of the work.
	Upstream    string     `json:"upstream" doc:"Id of the work at the upstream, or empty."`
	Attempt     int64      `json:"attempt" doc:"Workers that took it so far."`
	Placed      bool       `json:"placed" doc:"It holds a place of its account: it is queued or runs. A pending one without waits for others of its account or model."`
	CancelAsked bool       `json:"cancel_asked"`
	SeenAt      *time.Time `json:"seen_at,omitempty" doc:"The last sign of life of its run."`
	Deadline    *time.Time `json:"deadline,omitempty"`
	Charged     Amount     `json:"charged"`
	// Prediction is the object as its account sees it. Input, output and logs are left
	// out unless asked for.
	Prediction Prediction `json:"prediction"`
}

// OperatorPredictionList is a page of predictions, newest first.
type OperatorPredictionList struct {
	Data []OperatorPrediction `json:"data"`
	// Next goes on behind the page. A page may be short, or empty, though there is more:
	// the server looks at a bounded number of predictions for each.
	Next    string `json:"next,omitempty" doc:"Value of 'after' for the next page; empty on the last one."`
	HasMore bool   `json:"has_more"`
}

// OperatorPredictionFilter chooses predictions; what is left out chooses all.
type OperatorPredictionFilter struct {
	Account, Model, Status string
	From, To               string // days in UTC, both included
	After                  string // Next of the page before
	Limit                  int    // 0: 50
}

func (f OperatorPredictionFilter) query() string {
	query := url.Values{}
	for name, text := range map[string]string{
		"account": f.Account, "model": f.Model, "status": f.Status, "from": f.From, "to": f.To, "after": f.After,
	} {
		if text != "" {
			query.Set(name, text)
		}
	}
	if f.Limit > 0 {
		query.Set("limit", strconv.Itoa(f.Limit))
	}
	if len(query) == 0 {
		return ""
	}
	return "?" + query.Encode()
}

// RetriedPrediction answers a retry.
type RetriedPrediction struct {
	Prediction OperatorPrediction `json:"prediction" doc:"The new one."`
	Note       string             `json:"note" doc:"What is not as it was with the first."`
}

func operatedPath(id string) string { return "/admin/v1/predictions/" + url.PathEscape(id) }

// AllPredictions reads a page of the predictions of all accounts.
func (c *Client) AllPredictions(ctx context.Context, f OperatorPredictionFilter) (OperatorPredictionList, error) {
	return call[OperatorPredictionList](ctx, c, http.MethodGet, "/admin/v1/predictions"+f.query(), nil)
}

// AnyPrediction reads one prediction of any account. With content, its input, output and
// logs come along, which leaves an entry in the audit trail.
func (c *Client) AnyPrediction(ctx context.Context, id string, content bool) (OperatorPrediction, error) {
	path := operatedPath(id)
	if content {
		path += "?content=true"
	}
	return call[OperatorPrediction](ctx, c, http.MethodGet, path, nil)
}

// CancelAnyPrediction asks for the end of a prediction of any account; of one that has
// ended it changes nothing.
func (c *Client) CancelAnyPrediction(ctx context.Context, id string) (OperatorPrediction, error) {
	return call[OperatorPrediction](ctx, c, http.MethodPost, operatedPath(id)+"/cancel", nil)
}

// RetryPrediction makes a new prediction like one that failed or was cancelled, for the
// same account and at its cost. It is not sent again where no answer came.
func (c *Client) RetryPrediction(ctx context.Context, id string) (RetriedPrediction, error) {
	return call[RetriedPrediction](ctx, c, http.MethodPost, operatedPath(id)+"/retry", nil)
}

// AnyWebhookDeliveries lists what the receiver of a prediction was to be told, oldest first.
func (c *Client) AnyWebhookDeliveries(ctx context.Context, id string) ([]WebhookDelivery, error) {
	list, err := call[List[WebhookDelivery]](ctx, c, http.MethodGet, operatedPath(id)+"/webhooks", nil)
	return list.Data, err
}

// RedeliverAnyWebhook sends a delivery again.
func (c *Client) RedeliverAnyWebhook(ctx context.Context, prediction, delivery string) (WebhookDelivery, error) {
	path := operatedPath(prediction) + "/webhooks/" + url.PathEscape(delivery) + "/redeliver"
	return call[WebhookDelivery](ctx, c, http.MethodPost, path, nil)
}
