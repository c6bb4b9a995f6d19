package operator

import (
	"encoding/json"
	"net/url"

	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/fault"
	"skytower/internal/skytells"
)

type predictionsView struct {
	Filter      skytells.OperatorPredictionFilter
	Filtered    bool
	States      []ui.Choice
	Predictions []predictionLine
	Next, First string
}

// predictionLine is a prediction in a list.
type predictionLine struct {
	skytells.OperatorPrediction
	AccountName string
}

// predictions lists those of all accounts, newest first.
func (p *Pages) predictions(d *desk.Desk) error {
	f := skytells.OperatorPredictionFilter{Account: asked(d, "account"), Model: asked(d, "model"), Status: d.Query("status"), From: d.Query("from"), To: d.Query("to"),
		After: d.Query("after"), Limit: perPage}
	v := predictionsView{Filter: f, Filtered: f.Account+f.Model+f.Status+f.From+f.To != "", States: choices("", "All", "succeeded", "Succeeded", "failed", "Failed",
		"cancelled", "Cancelled", "pending", "Pending", "starting", "Starting", "processing", "Processing")}
	list, err := d.Admin.AllPredictions(d.Ctx(), f)
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.show(d, "predictions", "Predictions", v)
	}
	ids := make([]string, len(list.Data))
	for i, one := range list.Data {
		ids[i] = one.Account
	}
	called := names(d, ids)
	for _, one := range list.Data {
		v.Predictions = append(v.Predictions, predictionLine{one, called[one.Account]})
	}
	filter := []string{"account", f.Account, "model", f.Model, "status", f.Status, "from", f.From, "to", f.To}
	if list.HasMore {
		v.Next = queryOf("/operator/predictions", append(filter, "after", list.Next)...)
	}
	if f.After != "" {
		v.First = queryOf("/operator/predictions", filter...)
	}
	return p.show(d, "predictions", "Predictions", v)
}

type predictionView struct {
	predictionLine
	Content       bool
	Input, Output string
	Deliveries    []skytells.WebhookDelivery
	Live, CanTry  bool
	Cause, Cure   string
}

func predictionAt(id string) string { return "/operator/predictions/" + url.PathEscape(id) }

// prediction shows one. Its input and output are its account's: they are shown when they
// are asked for, which the audit trail keeps.
func (p *Pages) prediction(d *desk.Desk) error {
	id := d.Request.PathValue("id")
	content := d.Query("content") != ""
	one, err := d.Admin.AnyPrediction(d.Ctx(), id, content)
	if err != nil {
		return err
	}
	v := predictionView{predictionLine: predictionLine{one, names(d, []string{one.Account})[one.Account]}, Content: content, Live: !skytells.Terminal(one.Prediction.Status)}
	v.CanTry = one.Prediction.Status == skytells.StatusFailed || !v.Live && one.Prediction.Status != skytells.StatusSucceeded
	if content {
		v.Input, v.Output = pretty(json.RawMessage(orNull(one.Prediction.Input))), pretty(json.RawMessage(orNull(one.Prediction.Output)))
	}
	if e := fault.ID(one.Prediction.ErrorID).Entry(); one.Prediction.ErrorID != "" {
		v.Cause, v.Cure = e.Cause, e.Cure
	}
	if one.Prediction.Webhook.URL != nil {
		if v.Deliveries, err = d.Admin.AnyWebhookDeliveries(d.Ctx(), id); err != nil {
			return err
		}
	}
	return p.show(d, "prediction", "Prediction "+id, v)
}

func orNull(text json.RawMessage) json.RawMessage {
	if len(text) == 0 {
		return json.RawMessage("null")
	}
	return text
}

func (p *Pages) cancelPrediction(d *desk.Desk) error {
	id := d.Request.PathValue("id")
	_, err := d.Admin.CancelAnyPrediction(d.Ctx(), id)
	return sayAt(d, err, predictionAt(id), "It is being cancelled.")
}

func (p *Pages) retryPrediction(d *desk.Desk) error {
	id := d.Request.PathValue("id")
	made, err := d.Admin.RetryPrediction(d.Ctx(), id)
	if err != nil {
		return sayAt(d, err, predictionAt(id), "")
	}
	d.Note("good", "This is the new try. "+made.Note)
	return d.Redirect(predictionAt(made.Prediction.Prediction.ID))
}

func (p *Pages) redeliver(d *desk.Desk) error {
	id := d.Request.PathValue("id")
	_, err := d.Admin.RedeliverAnyWebhook(d.Ctx(), id, d.Request.PathValue("delivery"))
	return sayAt(d, err, predictionAt(id), "It is sent again.")
}

type requestsView struct {
	Filter      skytells.RequestFilter
	Filtered    bool
	Requests    []requestLine
	Next, First string
}

// requestLine is a request of the log.
type requestLine struct {
	skytells.LoggedRequest
	AccountName, Took, First string
	Kind                     string // of the status
}

func lineOf(r skytells.LoggedRequest, called map[string]string) requestLine {
	kind := "good"
	switch {
	case r.Status >= 500:
		kind = "bad"
	case r.Status >= 400:
		kind = "warn"
	}
	return requestLine{r, called[r.Account], milliseconds(r.Duration), milliseconds(r.FirstByte), kind}
}

// requests is the log of all accounts, newest first.
func (p *Pages) requests(d *desk.Desk) error {
	f := skytells.RequestFilter{Account: asked(d, "account"), Status: asked(d, "status"), Model: asked(d, "model"), Key: asked(d, "key"), ErrorID: asked(d, "error_id"),
		Request: asked(d, "request"), From: d.Query("from"), To: d.Query("to"), Cursor: d.Query("cursor"), Limit: perPage}
	v := requestsView{Filter: f, Filtered: f.Account+f.Status+f.Model+f.Key+f.ErrorID+f.Request+f.From+f.To != ""}
	list, err := d.Admin.Requests(d.Ctx(), f)
	if err != nil {
		if err := d.Say(err); err != nil {
			return err
		}
		return p.show(d, "requests", "Requests", v)
	}
	ids := make([]string, len(list.Data))
	for i, r := range list.Data {
		ids[i] = r.Account
	}
	called := names(d, ids)
	for _, r := range list.Data {
		v.Requests = append(v.Requests, lineOf(r, called))
	}
	filter := []string{"account", f.Account, "status", f.Status, "model", f.Model, "key", f.Key, "error_id", f.ErrorID, "request", f.Request, "from", f.From, "to", f.To}
	if list.Next != "" {
		v.Next = queryOf("/operator/requests", append(filter, "cursor", list.Next)...)
	}
	if f.Cursor != "" {
		v.First = queryOf("/operator/requests", filter...)
	}
	return p.show(d, "requests", "Requests", v)
}

type requestView struct {
	requestLine
	Cause, Cure, Margin string
}

func (p *Pages) request(d *desk.Desk) error {
	r, err := d.Admin.Request(d.Ctx(), d.Request.PathValue("id"))
	if err != nil {
		return err
	}
	v := requestView{requestLine: lineOf(r, names(d, []string{r.Account}))}
	if r.ErrorID != "" {
		e := fault.ID(r.ErrorID).Entry()
		v.Cause, v.Cure = e.Cause, e.Cure
	}
	if r.Charge != nil {
		v.Margin = marginOf(r.Charge.Amount, r.Cost)
	}
	return p.show(d, "request", "Request "+r.ID, v)
}

// queues hands over to the pages of the job queue, which bring their own policy and
// refuse all but looking.
func (p *Pages) queues(d *desk.Desk) error {
	p.o.Queues.ServeHTTP(d.Sub())
	return nil
}
