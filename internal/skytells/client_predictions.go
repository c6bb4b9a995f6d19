package skytells

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// The routes of predictions are put together here, from the client's own base: the
// addresses in a prediction's urls are the server's word, and the key would go to them.
func predictionPath(id string) string { return "/v1/predictions/" + url.PathEscape(id) }

// CreatePrediction makes a prediction. It is not sent again where no answer came, since
// it may cost.
func (c *Client) CreatePrediction(ctx context.Context, r PredictionRequest) (Prediction, error) {
	return call[Prediction](ctx, c, http.MethodPost, "/v1/predictions", r)
}

// Prediction reads one prediction.
func (c *Client) Prediction(ctx context.Context, id string) (Prediction, error) {
	return call[Prediction](ctx, c, http.MethodGet, predictionPath(id), nil)
}

// PredictionFilter chooses predictions for a list; what is left out chooses all.
type PredictionFilter struct {
	Status, Model string
	From, To      string // days in UTC, such as 2026-03-04, both included
	Page, PerPage int    // 0: the server's choice
}

func (f PredictionFilter) query() string {
	query := url.Values{}
	for name, text := range map[string]string{"status": f.Status, "model": f.Model, "from": f.From, "to": f.To} {
		if text != "" {
			query.Set(name, text)
		}
	}
	for name, n := range map[string]int{"page": f.Page, "per_page": f.PerPage} {
		if n != 0 {
			query.Set(name, strconv.Itoa(n))
		}
	}
	if len(query) == 0 {
		return ""
	}
	return "?" + query.Encode()
}

// Predictions reads one page of the account's predictions, newest first.
func (c *Client) Predictions(ctx context.Context, f PredictionFilter) (PredictionList, error) {
	return call[PredictionList](ctx, c, http.MethodGet, "/v1/predictions"+f.query(), nil)
}

// CancelPrediction asks for the end of a prediction. Success is false where it had ended
// before.
func (c *Client) CancelPrediction(ctx context.Context, id string) (Prediction, error) {
	return call[Prediction](ctx, c, http.MethodPost, predictionPath(id)+"/cancel", nil)
}

// DeletePrediction removes a prediction and its files for good.
func (c *Client) DeletePrediction(ctx context.Context, id string) (Prediction, error) {
	return call[Prediction](ctx, c, http.MethodDelete, predictionPath(id), nil)
}

// WebhookDeliveries lists what a prediction's receiver was to be told, oldest first.
func (c *Client) WebhookDeliveries(ctx context.Context, id string) ([]WebhookDelivery, error) {
	list, err := call[List[WebhookDelivery]](ctx, c, http.MethodGet, predictionPath(id)+"/webhooks", nil)
	return list.Data, err
}

// RedeliverWebhook sends a delivery again.
func (c *Client) RedeliverWebhook(ctx context.Context, prediction, delivery string) (WebhookDelivery, error) {
	path := predictionPath(prediction) + "/webhooks/" + url.PathEscape(delivery) + "/redeliver"
	return call[WebhookDelivery](ctx, c, http.MethodPost, path, nil)
}
