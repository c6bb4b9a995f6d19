package developer

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"path"
	"strings"
	"time"

	"skytower/internal/account"
	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/fault"
	"skytower/internal/skytells"
)

// Bounds of the list: pages go as far as the API's.
const (
	lastPage          = 200
	predictionsOnPage = 50
)

type predictionsView struct {
	Filter               skytells.PredictionFilter
	Predictions          []predictionRow
	States               []ui.Choice
	Slugs                []string
	Next, Previous, Span string
	Narrow               bool // there is more than pages can show
	Filtered             bool
}

// predictionRow is one of the list.
type predictionRow struct {
	skytells.Prediction
	Took, Cost string
}

func predictionStates() []ui.Choice {
	return []ui.Choice{{Value: "", Label: "All"}, {Value: "succeeded", Label: "Succeeded"}, {Value: "failed", Label: "Failed"}, {Value: "cancelled", Label: "Cancelled"},
		{Value: "pending", Label: "Pending"}, {Value: "starting", Label: "Starting"}, {Value: "processing", Label: "Processing"}}
}

// predictions lists them, newest first.
func (p *Pages) predictions(d *desk.Desk) error {
	f := skytells.PredictionFilter{Status: d.Query("status"), Model: strings.TrimSpace(d.Query("model")), From: d.Query("from"), To: d.Query("to"),
		Page: page(d, lastPage), PerPage: predictionsOnPage}
	v := predictionsView{Filter: f, States: predictionStates(), Slugs: slugs(d), Filtered: f.Status+f.Model+f.From+f.To != ""}
	list, err := d.V1.Predictions(d.Ctx(), f)
	if err != nil {
		if !sees(d, account.PredictionsRead) {
			return p.refused(d, "Predictions", err)
		}
		if err := d.Say(err); err != nil {
			return err
		}
		return p.show(d, "predictions", "Predictions", v)
	}
	for _, one := range list.Data {
		v.Predictions = append(v.Predictions, predictionRow{one, seconds(one.Metrics.TotalTime), ui.Money(plain(one.Metadata.Billing.CreditsUsed))})
	}
	at := list.Pagination
	if at.CurrentPage > 1 {
		v.Previous = predictionsLink(f, at.CurrentPage-1)
	}
	if int64(at.CurrentPage) < at.LastPage && at.CurrentPage < lastPage {
		v.Next = predictionsLink(f, at.CurrentPage+1)
	}
	v.Narrow = at.CurrentPage == lastPage && at.LastPage > lastPage
	v.Span = fmt.Sprintf("Page %s of %s", ui.Number(at.CurrentPage), ui.Number(at.LastPage))
	return p.show(d, "predictions", "Predictions", v)
}

func predictionsLink(f skytells.PredictionFilter, page int) string {
	return "/predictions?" + queryOf("status", f.Status, "model", f.Model, "from", f.From, "to", f.To, "page", fmt.Sprint(page))
}

// queryOf is a query of names and values in turn, empty ones left out.
func queryOf(pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q.Encode()
}

// step is one moment of a prediction's life.
type step struct {
	What string
	At   *skytells.Timestamp
	Took string // since the moment before
}

// result is one output, and how it can be shown.
type result struct {
	Kind string // image, audio, video, text, link
	URL  template.URL
	Name string
	Size int64
	Type string
	Text string
}

// trouble is an error with what it means.
type trouble struct{ ID, Message, Cause, Cure string }

type predictionView struct {
	skytells.Prediction
	Steps              []step
	Facts              []stat
	InputText          string
	Long               bool
	Results            []result
	Trouble            *trouble
	Deliveries         []skytells.WebhookDelivery
	Charge             *skytells.ChargeLine
	Live, MayAct       bool
	Computed, Progress string
}

// longInput is where an input is folded, in bytes.
const longInput = 1200

// prediction shows one with all that is known about it.
func (p *Pages) prediction(d *desk.Desk) error {
	id := d.Request.PathValue("id")
	one, err := d.V1.Prediction(d.Ctx(), id)
	if err != nil {
		return p.refused(d, "Prediction", err)
	}
	v := predictionView{Prediction: one, Steps: stepsOf(one), InputText: pretty(one.Input), Results: resultsOf(one, d.Base),
		Live: !skytells.Terminal(one.Status), MayAct: does(d, account.PredictionsCreate)}
	v.Long, v.Computed = len(v.InputText) > longInput, seconds(one.Metrics.PredictTime)
	if one.Metrics.Progress != nil {
		v.Progress = fmt.Sprintf("%.0f", *one.Metrics.Progress)
	}
	if one.Status == skytells.StatusFailed {
		message := one.ErrorMessage
		if message == "" && one.Error != nil {
			message = *one.Error
		}
		v.Trouble = troubleOf(one.ErrorID, message)
	}
	if one.Webhook.URL != nil {
		if v.Deliveries, err = d.V1.WebhookDeliveries(d.Ctx(), id); err != nil {
			return err
		}
	}
	charges, err := d.V1.MyCharges(d.Ctx(), skytells.ChargeQuery{Request: id})
	if err != nil {
		return err
	}
	if len(charges) > 0 {
		v.Charge = &charges[0]
	}
	return p.show(d, "prediction", "Prediction "+id, v, "developer/live.js")
}

// troubleOf explains an error.
func troubleOf(id, message string) *trouble {
	t := &trouble{ID: id, Message: message}
	if e := fault.ID(id).Entry(); e.Code != "" && id != "" {
		t.Cause, t.Cure = e.Cause, e.Cure
	}
	return t
}

func stepsOf(p skytells.Prediction) []step {
	steps := []step{{What: "Created", At: &p.CreatedAt}}
	last := p.CreatedAt.Time
	add := func(what string, at *skytells.Timestamp) {
		if at == nil || at.IsZero() {
			return
		}
		steps = append(steps, step{what, at, ui.Duration(at.Sub(last))})
		last = at.Time
	}
	add("Started", p.StartedAt)
	if skytells.Terminal(p.Status) {
		add(capital(p.Status), p.CompletedAt)
	}
	return steps
}

// pretty is JSON over several lines.
func pretty(text json.RawMessage) string {
	var out bytes.Buffer
	if len(text) == 0 || json.Indent(&out, text, "", "  ") != nil {
		return string(text)
	}
	return out.String()
}

// resultsOf are the outputs: the files that are kept, or what the output says.
func resultsOf(p skytells.Prediction, base string) []result {
	kept := map[string]skytells.PredictionFile{}
	for _, f := range p.Metadata.Storage.Files {
		kept[f.URL] = f
	}
	var texts []string
	var one string
	switch {
	case len(p.Output) == 0 || string(p.Output) == "null":
		return nil
	case json.Unmarshal(p.Output, &texts) == nil:
	case json.Unmarshal(p.Output, &one) == nil:
		texts = []string{one}
	default:
		return []result{{Kind: "text", Text: pretty(p.Output)}}
	}
	if joined := strings.Join(texts, ""); len(texts) > 1 && !strings.Contains(joined, "://") && !strings.HasPrefix(joined, "data:") {
		return []result{{Kind: "text", Text: joined}} // a text that came in pieces
	}
	var out []result
	for _, text := range texts {
		out = append(out, resultOf(text, kept[text], base))
	}
	return out
}

// resultOf finds out how a text is shown. Only addresses of http(s) and pictures in data:
// become links, and only what this server keeps is loaded by the page.
func resultOf(text string, f skytells.PredictionFile, base string) result {
	u, err := url.Parse(text)
	if strings.HasPrefix(text, "data:image/") && !strings.HasPrefix(text, "data:image/svg") {
		return result{Kind: "image", URL: template.URL(text), Name: "picture"} //nolint:gosec // a picture that runs nothing
	}
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.ContainsAny(text, " \n") {
		return result{Kind: "text", Text: text}
	}
	r := result{Kind: "link", URL: template.URL(u.String()), Name: cmp.Or(f.Name, path.Base(u.Path)), Size: f.Size, Type: f.Type} //nolint:gosec // http or https
	if f.URL == "" && !strings.HasPrefix(text, base+"/") {
		return r // of another host, which pages load nothing from
	}
	kind, _, _ := strings.Cut(f.Type, "/")
	switch kind {
	case "image", "audio", "video":
		r.Kind = kind
	}
	return r
}

func (p *Pages) cancelPrediction(d *desk.Desk) error {
	id := d.Request.PathValue("id")
	one, err := d.V1.CancelPrediction(d.Ctx(), id)
	if err != nil {
		return p.sayAt(d, err, "/predictions/"+url.PathEscape(id))
	}
	if one.Success != nil && !*one.Success {
		d.Note("warn", "It had ended before.")
	} else {
		d.Note("good", "It is being cancelled.")
	}
	return d.Redirect("/predictions/" + url.PathEscape(id))
}

func (p *Pages) deletePrediction(d *desk.Desk) error {
	id := d.Request.PathValue("id")
	if _, err := d.V1.DeletePrediction(d.Ctx(), id); err != nil {
		return p.sayAt(d, err, "/predictions/"+url.PathEscape(id))
	}
	d.Note("good", "The prediction and its files are deleted. Its charge stays in your statements.")
	return d.Redirect("/predictions")
}

func (p *Pages) redeliver(d *desk.Desk) error {
	id := d.Request.PathValue("id")
	if _, err := d.V1.RedeliverWebhook(d.Ctx(), id, d.Request.PathValue("delivery")); err != nil {
		return p.sayAt(d, err, "/predictions/"+url.PathEscape(id))
	}
	d.Note("good", "It is sent again.")
	return d.Redirect("/predictions/" + url.PathEscape(id) + "#webhooks")
}

// day is a day of a filter, n days ago.
func day(n int) string { return time.Now().UTC().AddDate(0, 0, -n).Format(time.DateOnly) }
