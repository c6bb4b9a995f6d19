package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"skytower/internal/skytells"
)

type predictionsCommand struct {
	List      predictionsList      `cmd:"" help:"List the account's predictions, newest first."`
	Get       predictionsGet       `cmd:"" help:"Show a prediction, or save what it put out."`
	Cancel    predictionsCancel    `cmd:"" help:"Ask for the end of a prediction."`
	Delete    predictionsDelete    `cmd:"" help:"Remove a prediction and its files for good."`
	Stream    predictionsStream    `cmd:"" help:"Print what happens to a prediction, until its end."`
	Webhooks  predictionsWebhooks  `cmd:"" help:"List what a prediction's webhook was told, and each attempt."`
	Redeliver predictionsRedeliver `cmd:"" help:"Deliver a webhook again, with the same bytes and signature."`
}

// predictionID is the argument of commands for one prediction.
type predictionID struct {
	ID string `arg:"" help:"Id of the prediction."`
}

type predictionsList struct {
	accountKey
	Status  string `placeholder:"pending|starting|processing|succeeded|failed|cancelled" help:"Only those in this state."`
	Model   string `placeholder:"SLUG" help:"Only those of this model."`
	From    string `placeholder:"DATE" help:"From this day (UTC) on, such as 2026-03-04."`
	To      string `placeholder:"DATE" help:"Up to this day (UTC), which is included."`
	Page    int    `placeholder:"N" help:"The page, from 1."`
	PerPage int    `name:"per-page" placeholder:"N" help:"How many on a page, 1 to 50; 20 by default."`
}

// Run lists predictions.
func (l *predictionsList) Run(ctx context.Context, s *session) error {
	c, err := l.connect(s)
	if err != nil {
		return err
	}
	page, err := c.Predictions(ctx, skytells.PredictionFilter{
		Status: l.Status, Model: l.Model, From: l.From, To: l.To, Page: l.Page, PerPage: l.PerPage,
	})
	if err != nil {
		return err
	}
	if s.JSON {
		return s.show(page, nil)
	}
	at := page.Pagination
	if at.LastPage > 1 {
		s.note("Page %d of %d, %d in all.", at.CurrentPage, at.LastPage, at.Total)
	}
	return list(s, page.Data, []string{"ID", "STATUS", "MODEL", "CREATED", "TIME", "OUTPUT"}, func(p skytells.Prediction) []string {
		return []string{p.ID, p.Status, p.Model.Name, day(p.CreatedAt.Time), seconds(p.Metrics.TotalTime), summary(p)}
	})
}

func seconds(n *float64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatFloat(*n, 'f', 1, 64) + " s"
}

const maxSummary = 60

// summary is the output, or the error, in a few words.
func summary(p skytells.Prediction) string {
	links, text := split(p)
	switch {
	case p.Status == skytells.StatusFailed:
		return cut(reason(p), maxSummary)
	case p.DataRemoved:
		return "(removed)"
	case len(links) == 1:
		return "1 file"
	case len(links) > 1:
		return strconv.Itoa(len(links)) + " files"
	}
	return cut(string(text), maxSummary)
}

type predictionsGet struct {
	accountKey
	predictionID
	Output  string `short:"o" placeholder:"DIR" help:"Save what it put out in this folder, and print the paths."`
	Verbose bool   `short:"v" help:"Also show the last lines that the model logged."`
}

// Run shows or saves the prediction.
func (g *predictionsGet) Run(ctx context.Context, s *session) error {
	c, err := g.connect(s)
	if err != nil {
		return err
	}
	to, err := openFolder(g.Output)
	if err != nil {
		return err
	}
	defer to.close()
	p, err := c.Prediction(ctx, g.ID)
	switch {
	case err != nil:
		return err
	case to != nil && !skytells.Terminal(p.Status):
		return fmt.Errorf("prediction %s has not ended: it is %s; 'skytower predictions stream %s' waits for it", p.ID, p.Status, p.ID)
	case to != nil:
		return s.finished(ctx, c, p, to)
	}
	return s.showPrediction(p, g.Verbose)
}

// showPrediction prints what is known of a prediction, without its input.
func (s *session) showPrediction(p skytells.Prediction, logs bool) error {
	return s.show(p, func(t *table) {
		for _, field := range []struct{ name, value string }{
			{"id", p.ID}, {"status", p.Status + percent(p)}, {"model", p.Model.Name}, {"created", day(p.CreatedAt.Time)},
			{"started", moment(p.StartedAt)}, {"completed", moment(p.CompletedAt)}, {"computed", seconds(p.Metrics.PredictTime)},
			{"webhook", address(p.Webhook.URL)}, {"error", failure(p)},
		} {
			if field.value != "" {
				t.row(field.name, field.value)
			}
		}
		links, text := split(p)
		if p.DataRemoved {
			text = []byte("(removed)")
		}
		for _, link := range append(links, lines(string(text))...) {
			t.row("output", link)
		}
		if logs {
			for _, line := range lines(p.Logs) {
				t.row("log", line)
			}
		}
	})
}

func percent(p skytells.Prediction) string {
	if p.Metrics.Progress == nil || skytells.Terminal(p.Status) {
		return ""
	}
	return fmt.Sprintf(", %.0f%%", *p.Metrics.Progress)
}

func moment(t *skytells.Timestamp) string {
	if t == nil {
		return ""
	}
	return day(t.Time)
}

func address(url *string) string {
	if url == nil {
		return ""
	}
	return *url
}

func failure(p skytells.Prediction) string {
	if p.Status != skytells.StatusFailed {
		return ""
	}
	return reason(p)
}

func lines(text string) []string {
	if text = strings.TrimRight(text, "\n"); text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

type predictionsCancel struct {
	accountKey
	predictionID
}

// Run asks for the end. A prediction that has ended is left as it is.
func (k *predictionsCancel) Run(ctx context.Context, s *session) error {
	c, err := k.connect(s)
	if err != nil {
		return err
	}
	p, err := c.CancelPrediction(ctx, k.ID)
	if err != nil {
		return err
	}
	return s.show(p, func(t *table) {
		switch {
		case p.Success != nil && !*p.Success:
			t.row(fmt.Sprintf("%s had ended before: %s.", p.ID, p.Status))
		case skytells.Terminal(p.Status):
			t.row(p.ID + " is cancelled.")
		default:
			t.row(p.ID + " ends within a second or so.")
		}
	})
}

type predictionsDelete struct {
	accountKey
	predictionID
	Force bool `short:"f" help:"Don't ask."`
}

// Run deletes the prediction.
func (d *predictionsDelete) Run(ctx context.Context, s *session) error {
	c, err := d.connect(s)
	if err != nil {
		return err
	}
	if !d.Force {
		if err := s.confirm(ctx, "Delete the prediction "+d.ID+" and its files for good?", "deleted", "-f"); err != nil {
			return err
		}
	}
	p, err := c.DeletePrediction(ctx, d.ID)
	if err != nil {
		return err
	}
	return s.show(p, func(t *table) { t.row("Deleted " + p.ID + ".") })
}

type predictionsStream struct {
	accountKey
	predictionID
}

// streamed is an event as --json prints it, one a line.
type streamed struct {
	Event string          `json:"event"`
	ID    string          `json:"id,omitempty"`
	Data  json.RawMessage `json:"data"`
}

// Run prints the events. An interrupt ends the command and not the prediction.
func (e *predictionsStream) Run(ctx context.Context, s *session) error {
	c, err := e.connect(s)
	if err != nil {
		return err
	}
	defer c.CloseIdle()
	f := &follower{s: s, client: c, id: e.ID, told: s.printEvent}
	p, err := f.follow(ctx)
	if err != nil {
		return err
	}
	return ending(p)
}

func (s *session) printEvent(e skytells.PredictionEvent) {
	if s.JSON {
		data := json.RawMessage(e.Data)
		if data == nil { // it was polled
			data, _ = json.Marshal(e.Prediction)
		}
		line, err := json.Marshal(streamed{e.Name, e.ID, data})
		if err == nil {
			fmt.Fprintln(s.Stdout, string(line))
		}
		return
	}
	for _, line := range e.Lines {
		fmt.Fprintln(s.Stdout, plain("log "+line))
	}
	if p := e.Prediction; p != nil {
		fmt.Fprintln(s.Stdout, plain(p.Status+percent(*p)))
		links, text := split(*p)
		for _, piece := range append(links, lines(string(text))...) {
			fmt.Fprintln(s.Stdout, plain("output "+piece))
		}
	}
}

type predictionsWebhooks struct {
	accountKey
	predictionID
}

// Run lists deliveries.
func (w *predictionsWebhooks) Run(ctx context.Context, s *session) error {
	c, err := w.connect(s)
	if err != nil {
		return err
	}
	deliveries, err := c.WebhookDeliveries(ctx, w.ID)
	if err != nil {
		return err
	}
	return showDeliveries(s, deliveries)
}

func showDeliveries(s *session, deliveries []skytells.WebhookDelivery) error {
	return list(s, deliveries, []string{"ID", "EVENT", "STATE", "CREATED", "ATTEMPTS", "LAST", "NEXT", "URL"}, func(d skytells.WebhookDelivery) []string {
		return []string{d.ID, d.Event, d.State, day(d.CreatedAt.Time), strconv.Itoa(len(d.Attempts)), lastAttempt(d), clock(d.NextAt), d.URL}
	})
}

// lastAttempt is the receiver's status, or why there was none.
func lastAttempt(d skytells.WebhookDelivery) string {
	if len(d.Attempts) == 0 {
		return ""
	}
	last := d.Attempts[len(d.Attempts)-1]
	if last.Status == 0 {
		return cut(last.Error, maxSummary)
	}
	return strconv.Itoa(last.Status)
}

// clock is to the second, since the first tries are seconds apart.
func clock(t *skytells.Timestamp) string {
	if t == nil {
		return ""
	}
	return t.Local().Format(time.DateTime)
}

type predictionsRedeliver struct {
	accountKey
	predictionID
	Delivery string `arg:"" help:"Id of the delivery, as 'predictions webhooks' shows it."`
}

// Run delivers again.
func (r *predictionsRedeliver) Run(ctx context.Context, s *session) error {
	c, err := r.connect(s)
	if err != nil {
		return err
	}
	delivery, err := c.RedeliverWebhook(ctx, r.ID, r.Delivery)
	if err != nil {
		return err
	}
	return s.show(delivery, func(t *table) {
		t.row(fmt.Sprintf("%s goes to %s again; 'skytower predictions webhooks %s' shows how it went.", delivery.ID, delivery.URL, r.ID))
	})
}
