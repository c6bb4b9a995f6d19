package prediction

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/provider"
	"skytower/internal/store"
	"skytower/internal/webhook"
)

// censor is a Screen that replaces the word secret, blocks for the word forbidden, and
// can't judge as often as unsure says. Of a stream it holds back what has no space behind it.
type censor struct {
	unsure atomic.Int32
	held   string
}

func (c *censor) Output(_ context.Context, doc json.RawMessage) (json.RawMessage, error) {
	if c.unsure.Add(-1) >= 0 {
		return nil, fault.New(fault.ServiceUnavailable, "not now")
	}
	if strings.Contains(string(doc), "forbidden") {
		return nil, fault.New(fault.ContentPolicyViolation, "not this")
	}
	return json.RawMessage(censored(string(doc))), nil
}

func censored(text string) string { return strings.ReplaceAll(text, "secret", "[rules]") }

func (c *censor) Text(_ context.Context, piece string, end bool) (string, error) {
	all := c.held + piece
	to := len(all)
	if !end {
		to = strings.LastIndexByte(all, ' ') + 1
	}
	c.held = all[to:]
	if strings.Contains(all[:to], "forbidden") {
		return "", fault.New(fault.ContentPolicyViolation, "not this")
	}
	return censored(all[:to]), nil
}

func (c *censor) Logs(_ context.Context, lines []string, _ bool) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = censored(line)
	}
	return out
}

func (c *censor) Sentence(_ context.Context, text string) string { return censored(text) }

// screened is a process whose model m has a censor.
func (r *rig) screened() (*process, *censor) {
	p, c := r.process(0), &censor{}
	p.saveWaits = []time.Duration{0}
	p.o.Screen = func(m *catalog.Model) Screen {
		if m != nil && m.Slug == "bounded" {
			return nil
		}
		c.held = ""
		return c
	}
	return p, c
}

// everything is all that the database holds of predictions, and the texts of all files.
func (r *rig) everything() string {
	r.t.Helper()
	var all []string
	for _, query := range []string{
		`select output || error || logs from prediction`, `select data from prediction_event`, `select body from webhook_delivery`,
	} {
		r.must(r.db.Read(r.t.Context(), func(tx *store.Tx) error {
			return tx.Each(r.t.Context(), query, func(row func(...any) error) error {
				var text []byte
				err := row(&text)
				all = append(all, string(text))
				return err
			})
		}))
	}
	return strings.Join(all, "\n")
}

func TestOutputsAreScreened(t *testing.T) {
	t.Parallel()
	results := map[string]struct {
		result *provider.Result
		want   string
	}{
		"text":    {text("the secret word"), `"the [rules] word"`},
		"object":  {&provider.Result{JSON: []byte(`{"a": [ "secret" ]}`)}, `{"a":["[rules]"]}`},
		"file":    {&provider.Result{Files: []provider.Output{{Data: []byte("the secret file"), Name: "a.txt"}}}, "the [rules] file"},
		"dataURL": {&provider.Result{Files: []provider.Output{{URL: dataOf("text/csv", "a,secret\n")}}}, "a,[rules]\n"},
		"picture": {&provider.Result{Files: []provider.Output{{Data: []byte(pngBytes + "secret")}}}, pngBytes + "secret"},
	}
	eachRig(t, func(t *testing.T, r *rig) {
		p, c := r.screened()
		for name, want := range results {
			r.actor.plays(func(_ context.Context, run *provider.Run) (*provider.Result, error) {
				run.Watch.Progress(provider.Progress{Logs: []string{"a secret line"}, Text: "the sec"})
				run.Watch.Progress(provider.Progress{Text: "ret word"})
				return want.result, nil
			})
			c.unsure.Store(2) // what can't be judged now is shown once more
			request := ask("acct", "m")
			request.Webhook, request.APIKey = webhook.Subscription{URL: "http://hooks.example/x"}, "sk-raw"
			rec := p.create(request)
			r.must(p.work(rec))
			rec = p.get(rec)
			if rec.Status != Succeeded || rec.Logs != "a [rules] line\n" {
				t.Errorf("%s: %s %s %q", name, rec.Status, rec.Error, rec.Logs)
				continue
			}
			got := rec.Output
			if shown, err := p.Show(t.Context(), []Record{rec}, site); err == nil && len(shown[0].Metadata.Storage.Files) > 0 {
				got = r.content(shown[0].Metadata.Storage.Files[0].URL)
			}
			if got != want.want {
				t.Errorf("%s: %q", name, got)
			}
		}
		r.actor.plays(func(context.Context, *provider.Run) (*provider.Result, error) {
			return nil, &provider.Error{Class: provider.Failed, Message: "no secret here"}
		})
		rec := p.create(ask("acct", "m"))
		r.must(p.work(rec))
		if now := p.get(rec); now.Error != "no [rules] here" {
			t.Errorf("failed with %q", now.Error)
		}
		if all := r.everything(); strings.Contains(all, "secret") || !strings.Contains(all, `{"text":"the [rules] word"}`) {
			t.Errorf("stored or sent: %s", all)
		}
	})
}

// content reads the file behind a link.
func (r *rig) content(link string) string {
	r.t.Helper()
	f, ok := r.files.ByLink(r.t.Context(), link)
	if !ok {
		r.t.Fatalf("no file behind %s", link)
	}
	content, err := r.files.Content(r.t.Context(), f)
	r.must(err)
	defer content.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(content)
	r.must(err)
	return string(text)
}

// What guards block fails, owes nothing, and leaves nothing of the output.
func TestBlockedOutputsFail(t *testing.T) {
	t.Parallel()
	drafts := []provider.Output{{Data: []byte(pngBytes + "draft")}}
	whole := map[string]func(*provider.Run) (*provider.Result, error){
		"text": func(*provider.Run) (*provider.Result, error) { return text("forbidden"), nil },
		"a file behind a picture": func(*provider.Run) (*provider.Result, error) {
			return &provider.Result{Files: []provider.Output{{Data: []byte(pngBytes)}, {Data: []byte("forbidden")}}}, nil
		},
		"text after drafts": func(run *provider.Run) (*provider.Result, error) {
			run.Watch.Progress(provider.Progress{Text: "fine ", Output: drafts, Logs: []string{"painting"}})
			return text("fine forbidden"), nil
		},
	}
	eachRig(t, func(t *testing.T, r *rig) {
		p, c := r.screened()
		blocked := func(name string, rec Record) {
			t.Helper()
			rec = p.get(rec)
			if rec.Status != Failed || rec.ErrorID != string(fault.ContentPolicyViolation) || rec.Error != "not this" || rec.Output != "null" {
				t.Errorf("%s: %s %s %q %s", name, rec.Status, rec.ErrorID, rec.Error, rec.Output)
			}
			if n := r.stored(rec.ID, `state <> 'doomed'`); n != 0 || r.number(`select count(*) from prediction_event where kind = 'output' and prediction = $1`, rec.ID) != 0 {
				t.Errorf("%s: %d files are left, or events", name, n)
			}
			if r.awaitHold(rec.ID) != 1 || r.noted("void", rec.ID) != 1 {
				t.Errorf("%s: meter %v", name, r.meter)
			}
		}
		for name, play := range whole {
			r.actor.plays(func(_ context.Context, run *provider.Run) (*provider.Result, error) { return play(run) })
			rec := p.create(ask("acct", "m"))
			r.must(p.work(rec))
			blocked(name, rec)
		}
		// In the stream: the run ends at once, and what it told goes.
		r.actor.plays(func(ctx context.Context, run *provider.Run) (*provider.Result, error) {
			run.Watch.Progress(provider.Progress{Text: "fine ", Output: drafts})
			now := p.runs.all()[0]
			now.flush()
			run.Watch.Progress(provider.Progress{Text: "forbid"})
			now.flush()
			run.Watch.Progress(provider.Progress{Text: "den now"})
			now.flush()
			<-ctx.Done()
			if !isWithheld(context.Cause(ctx)) {
				t.Errorf("the run ended by %v", context.Cause(ctx))
			}
			return nil, &provider.Error{Class: provider.Cancelled}
		})
		rec := p.create(ask("acct", "m"))
		r.must(p.work(rec))
		blocked("a stream", rec)
		if strings.Contains(r.everything(), "forbid") {
			t.Errorf("stored: %s", r.everything())
		}
		// One that can't judge for long is an outage, and a model without guards passes all.
		r.actor.plays(puts("forbidden"))
		c.unsure.Store(1000)
		rec = p.create(ask("acct", "m"))
		r.must(p.work(rec))
		if now := p.get(rec); now.ErrorID != string(fault.ServiceUnavailable) || now.Error != "not now" {
			t.Errorf("unsure: %s %q", now.ErrorID, now.Error)
		}
		rec = p.create(ask("acct", "bounded"))
		r.must(p.work(rec))
		if now := p.get(rec); now.Output != `"forbidden"` {
			t.Errorf("without guards: %s %s", now.Status, now.Output)
		}
	})
}

func puts(s string) func(context.Context, *provider.Run) (*provider.Result, error) {
	return func(context.Context, *provider.Run) (*provider.Result, error) { return text(s), nil }
}

// A run that is handed back, or cancelled, stores nothing that its guards hold back.
func TestWhatIsHeldBackIsNotStored(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p, _ := r.screened()
		for _, cause := range []error{provider.ErrHandBack, errLost} {
			rec := p.create(ask("acct", "m"))
			claimed, _, err := p.claim(t.Context(), args(rec).Args)
			r.must(err)
			run, leave := p.begin(t.Context(), claimed, args(rec))
			watcher{run, r.models["m"].Targets[0]}.Progress(provider.Progress{Text: "one sec"})
			run.flush()
			run.cancel(cause)
			_ = run.conclude(nil, &provider.Error{Class: provider.Cancelled})
			leave()
			if all := r.everything(); strings.Contains(all, "sec") || !strings.Contains(all, `{"text":"one "}`) {
				t.Errorf("%v: stored %s", cause, all)
			}
		}
	})
}
