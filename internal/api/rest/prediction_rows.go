package rest

import (
	"net/http"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/fault"
	"skytower/internal/skytells"
)

const predictionsTag = "Predictions"

func (h *Handlers) predictionRows() []api.Route {
	return []api.Route{
		h.createRow(), h.putRow(), h.listPredictionsRow(), h.fetchRow(), h.cancelRow(), h.removeRow(), h.streamRow(),
		h.deliveriesRow(), h.redeliverRow(),
	}
}

func createErrors() []fault.ID {
	return predictionErrors(fault.InvalidParameter, fault.ModelNotFound, fault.ModelNotSupported, fault.ValidationError, fault.InvalidInput,
		fault.SecurityViolation, fault.PaymentRequired, fault.InsufficientCredits)
}

const createExample = `{"model": "skytower-upscale-2x", "input": {"image": "https://example.com/small.png"}, "await": true,
	"webhook": {"url": "https://app.example.com/hook", "events": ["completed", "failed"]}}`

func (h *Handlers) createRow() api.Route {
	return api.Route{
		Method: http.MethodPost, Pattern: "/v1/predictions", Surface: api.REST,
		Aliases: []string{predictPath, "/v1/models/{slug}/predictions", "/v1/models/{owner}/{name}/predictions"},
		ID:      "createPrediction", Tag: predictionsTag, Summary: "Create a prediction",
		Description: "Runs a model. The input must satisfy the model's `input_schema`; its defaults are filled in. The answer comes at once, or with " +
			"`await: true` when the prediction has ended, or as it stands after 55 seconds; `wait` and the header `Prefer: wait[=SECONDS]` ask for the same. " +
			"Models that make videos are not waited for. A header `Idempotency-Key` makes it safe to send the request again: the same key and body give back the first prediction. " +
			"With `Accept: text/event-stream` the answer is the prediction's stream. " +
			"With `dry_run: true` nothing runs: the answer says what it would cost, and whether the credit is enough.",
		Scope:   account.PredictionsCreate,
		Request: skytells.PredictionRequest{}, Response: skytells.Prediction{}, Streams: true, Events: predictionEvents(),
		Example: createExample, Errors: createErrors(), Key: h.create,
	}
}

func (h *Handlers) putRow() api.Route {
	return api.Route{
		Method: http.MethodPut, Pattern: "/v1/predictions/{id}", Surface: api.REST,
		ID: "putPrediction", Tag: predictionsTag, Summary: "Create a prediction under your own id",
		Description: "Like `POST /v1/predictions`, under a UUID that you made. It is safe to send again: the same id and body give back the first prediction.",
		Scope:       account.PredictionsCreate, Params: []api.Param{idParam("A UUID that you made.")},
		Request: skytells.PredictionRequest{}, Response: skytells.Prediction{}, Streams: true, Events: predictionEvents(),
		Example: createExample, Errors: createErrors(), Key: h.create,
	}
}

// Lines is what a stream's event of logs holds.
type Lines struct {
	Lines []string `json:"lines"`
}

func predictionEvents() []api.Event {
	shown := skytells.Prediction{}
	return []api.Event{
		{Name: "status", Text: "The prediction in a new state.", Data: shown},
		{Name: "logs", Text: "Lines that the model has logged.", Data: Lines{}},
		{Name: "output", Text: "The prediction with what is new in its output.", Data: shown},
		{Name: "done", Text: "The end: the prediction, succeeded or cancelled.", Data: shown},
		{Name: "error", Text: "The end of one that failed.", Data: shown},
	}
}

func idParam(text string) api.Param {
	return api.Param{Name: "id", In: "path", Description: text, Required: true}
}

func (h *Handlers) listPredictionsRow() api.Route {
	return api.Route{
		Method: http.MethodGet, Pattern: "/v1/predictions", Surface: api.REST, Poll: true,
		ID: "listPredictions", Tag: predictionsTag, Summary: "List predictions",
		Description: "The account's predictions, newest first.",
		Scope:       account.PredictionsRead,
		Params: []api.Param{
			{Name: "page", In: "query", Description: "From 1 to 200; what lies further back is asked for with `from` and `to`."},
			{Name: "per_page", In: "query", Description: "1 to 50; 20 if it is left out."},
			{Name: "from", In: "query", Description: "First day in UTC, such as 2026-03-04."},
			{Name: "to", In: "query", Description: "Last day in UTC, included."},
			{Name: "model", In: "query", Description: "Slug or alias of a model."},
			{Name: "status", In: "query", Description: "One state. `queued` means `pending`, `started` means `starting`, and `canceled` is `cancelled`."},
		},
		Response: skytells.PredictionList{},
		Errors:   predictionErrors(fault.InvalidParameter, fault.InvalidDateFormat, fault.InvalidDateRange, fault.ModelNotFound),
		Key:      h.listPredictions,
	}
}

func (h *Handlers) fetchRow() api.Route {
	return api.Route{
		Method: http.MethodGet, Pattern: "/v1/predictions/{id}", Surface: api.REST, Poll: true,
		ID: "getPrediction", Tag: predictionsTag, Summary: "Get a prediction",
		Description: "The prediction as it stands. One that failed is an ordinary answer with `status: failed`.",
		Scope:       account.PredictionsRead, Params: []api.Param{idParam("The prediction's id.")},
		Response: skytells.Prediction{}, Errors: predictionErrors(fault.PredictionFailed), Key: h.fetch,
	}
}

func (h *Handlers) cancelRow() api.Route {
	return api.Route{
		Method: http.MethodPost, Pattern: "/v1/predictions/{id}/cancel", Surface: api.REST,
		ID: "cancelPrediction", Tag: predictionsTag, Summary: "Cancel a prediction",
		Description: "Asks for the end of a prediction. `success` is false where it had ended before. One that runs ends within about a second.",
		Scope:       account.PredictionsCreate, Params: []api.Param{idParam("The prediction's id.")},
		Response: skytells.Prediction{}, Errors: predictionErrors(fault.PredictionFailed), Key: h.cancel,
	}
}

func (h *Handlers) removeRow() api.Route {
	return api.Route{
		Method: http.MethodDelete, Pattern: "/v1/predictions/{id}", Surface: api.REST,
		Aliases: []string{"/v1/predictions/{id}/delete"},
		ID:      "deletePrediction", Tag: predictionsTag, Summary: "Delete a prediction",
		Description: "Removes the prediction and its files for good, after cancelling it if it runs. The answer is what it was, without its data.",
		Scope:       account.PredictionsCreate, Params: []api.Param{idParam("The prediction's id.")},
		Response: skytells.Prediction{}, Errors: predictionErrors(fault.PredictionFailed), Key: h.remove,
	}
}

func (h *Handlers) streamRow() api.Route {
	return api.Route{
		Method: http.MethodGet, Pattern: "/v1/predictions/{id}/stream", Surface: api.REST, Poll: true,
		ID: "streamPrediction", Tag: predictionsTag, Summary: "Stream a prediction",
		Description: "With `Accept: text/event-stream`, events as they happen: `status` and `output` hold the prediction as of the event (an `output` event, what is new in it), " +
			"`logs` holds `{\"lines\": […]}`, and `done`, or `error` for one that failed, holds the ended prediction and is the last. " +
			"`Last-Event-ID` goes on after an event. Without that header, the prediction as JSON.",
		Scope: account.PredictionsRead, Params: []api.Param{idParam("The prediction's id.")},
		Response: skytells.Prediction{}, Streams: true, Events: predictionEvents(), Errors: predictionErrors(fault.PredictionFailed), Key: h.stream,
	}
}

func (h *Handlers) deliveriesRow() api.Route {
	return api.Route{
		Method: http.MethodGet, Pattern: "/v1/predictions/{id}/webhooks", Surface: api.REST, Poll: true,
		ID: "listWebhookDeliveries", Tag: predictionsTag, Summary: "List a prediction's webhook deliveries",
		Description: "Every event that was to be told, oldest first, with each attempt: when, the receiver's status, and the first KiB of its answer.",
		Scope:       account.PredictionsRead, Params: []api.Param{idParam("The prediction's id.")},
		Response: DeliveryList{}, Errors: predictionErrors(fault.PredictionFailed), Key: h.deliveries,
	}
}

func (h *Handlers) redeliverRow() api.Route {
	return api.Route{
		Method: http.MethodPost, Pattern: "/v1/predictions/{id}/webhooks/{delivery}/redeliver", Surface: api.REST,
		ID: "redeliverWebhook", Tag: predictionsTag, Summary: "Deliver a webhook again",
		Description: "Sends the same bytes with the same signature again, at once.",
		Scope:       account.PredictionsCreate,
		Params:      []api.Param{idParam("The prediction's id."), {Name: "delivery", In: "path", Description: "The delivery's id.", Required: true}},
		Response:    skytells.WebhookDelivery{}, Errors: predictionErrors(fault.EndpointNotFound), Key: h.redeliver,
	}
}
