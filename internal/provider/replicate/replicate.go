// Package replicate runs predictions at an upstream that speaks Replicate's HTTP
// API: create, look again until it is done, cancel.
//
// A prediction costs money and the API knows no id of ours, so creating one is never
// repeated on a guess: where an answer is missing, the run ends as Ambiguous. Once
// the upstream's id is saved, a run can be taken up again anywhere.
//
// It refuses to know accounts, our prices, and which target comes next. It follows
// no address of an answer: every call goes below the configured one. Its one
// invariant: one run creates at most one prediction.
package replicate

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// Options describe one upstream.
type Options struct {
	Name       string   // the provider's name, for String
	BaseURL    *url.URL // such as https://api.replicate.com/v1
	Credential string   // sent as a bearer token; "" sends none
	Upstream   egress.Upstream
	MaxAnswer  int64            // bytes of a whole answer; 0: 64 MiB
	Now        func() time.Time // nil: time.Now
	Wait       remote.Wait      // nil: by the clock
}

// Provider is an upstream. It is safe for concurrent use.
type Provider struct {
	name   string
	client *remote.Client
	now    func() time.Time

	mu     sync.Mutex
	latest map[string]version // by owner/name
}

// New returns the upstream; nothing is sent.
func New(o Options) *Provider {
	var header egress.Header
	if o.Credential != "" {
		header = egress.Header{{Name: "Authorization", Value: "Bearer " + o.Credential}}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Provider{name: o.Name, now: o.Now, latest: map[string]version{}, client: remote.New(remote.Options{
		BaseURL: o.BaseURL, Credential: o.Credential, Header: header,
		Upstream: o.Upstream, MaxAnswer: o.MaxAnswer, Now: o.Now, Wait: o.Wait,
	})}
}

// String names the provider and nothing else: the value holds a credential.
func (p *Provider) String() string { return "replicate provider " + p.name }

// GoString is String, for %#v.
func (p *Provider) GoString() string { return p.String() }

// run is one call of Predict.
type run struct {
	*provider.Run
	p     *Provider
	model model
	names remote.Names
	news  *remote.News
	id    string // the upstream's, once it is known
}

// Predict creates the run's prediction, or takes up again the one that an earlier
// try created, and waits for its end.
func (p *Provider) Predict(ctx context.Context, r *provider.Run) (*provider.Result, error) {
	m := parseModel(r.Model)
	names := remote.Names{Hide: m.names(r.Model), Show: r.Show}
	w := &run{Run: r, p: p, model: m, names: names, news: p.client.News(r, names), id: r.Upstream}
	result, err := w.do(ctx)
	w.news.End()
	if err != nil && ctx.Err() != nil {
		return nil, p.client.Stopped(ctx, w.stop())
	}
	return result, err
}

func (w *run) do(ctx context.Context) (*provider.Result, error) {
	switch {
	case w.id != "":
		return w.follow(ctx, nil)
	case w.Unsure:
		return nil, remote.Ambiguous(errUnsure)
	}
	doc, err := w.create(ctx)
	if err != nil {
		return nil, err
	}
	return w.follow(ctx, doc)
}

// maxGarbage is how many answers in a row may be something else than a prediction
// until we give up: servers in between have short troubles.
const maxGarbage = 5

// follow looks again until the prediction has ended; doc is what it was last, or nil.
func (w *run) follow(ctx context.Context, doc []byte) (*provider.Result, error) {
	if !remote.PlainID(w.id) {
		return nil, remote.Broken("the id of the prediction cannot be sent")
	}
	pace, garbage := w.p.client.Pace(), 0
	for {
		var trouble error
		if doc == nil {
			doc, trouble = w.look(ctx)
		}
		switch {
		case trouble == nil:
			garbage = 0
			result, done, err := w.read(doc)
			if done {
				return result, err
			}
		case !remote.Passing(trouble):
			return nil, trouble
		case remote.Garbage(trouble):
			if garbage++; garbage == maxGarbage {
				return nil, trouble
			}
		}
		if err := pace.Wait(ctx, trouble); err != nil {
			return nil, err
		}
		doc = nil
	}
}

// look gets the prediction as it is now.
func (w *run) look(ctx context.Context) ([]byte, error) {
	answer, err := w.p.client.Do(ctx, &remote.Request{
		Names: w.names, Method: http.MethodGet, URL: w.p.client.URL("predictions", w.id),
	})
	if remote.StatusOf(err) == http.StatusNotFound {
		return nil, gone(err)
	}
	if err != nil {
		return nil, err
	}
	return answer.Body, isPrediction(answer)
}

// isPrediction tells a prediction from another answer.
func isPrediction(answer *remote.Answer) error {
	if err := answer.Object(); err != nil {
		return err
	}
	if remote.Member(answer.Body, "status") == "" {
		return remote.Broken("the answer is not a prediction")
	}
	return nil
}

// gone is a prediction that the upstream no longer knows, or whose output it has
// deleted, as Replicate does after an hour.
func gone(err error) error { return &provider.Error{Class: provider.Gone, Err: err} }

// read tells the news of a prediction, and its result once it has one.
func (w *run) read(doc []byte) (result *provider.Result, done bool, err error) {
	output, _ := rawjson.Get(doc, "output")
	w.news.Log(remote.Member(doc, "logs"))
	switch remote.Member(doc, "status") {
	case "succeeded":
		result, err = w.ended(doc, output)
	case "failed":
		message, _ := remote.Complaint(doc)
		err = w.p.client.Failed(w.names, message)
	case "canceled", "aborted":
		err = w.p.client.Failed(w.names, "The work was cancelled where it ran.")
	default:
		w.news.Output(output)
		w.news.Tell()
		return nil, false, nil
	}
	return result, true, err
}

func (w *run) ended(doc, output []byte) (*provider.Result, error) {
	if removed, _ := rawjson.Get(doc, "data_removed"); rawjson.KindOf(removed) == rawjson.KindTrue {
		return nil, gone(errors.New("the upstream has deleted the output"))
	}
	result, err := w.p.client.Result(w.names, w.Kind, output)
	if err != nil {
		return nil, err
	}
	result.Took = remote.Seconds(doc, "metrics", "predict_time")
	return result, nil
}

// stop is how the upstream is asked to end the work, nil while it has none.
func (w *run) stop() func(context.Context) error {
	if !remote.PlainID(w.id) {
		return nil
	}
	return func(ctx context.Context) error {
		_, err := w.p.client.Do(ctx, &remote.Request{
			Names: w.names, Method: http.MethodPost, URL: w.p.client.URL("predictions", w.id, "cancel"),
		})
		return err
	}
}

// model is what a model's name says.
type model struct {
	owner, name string
	version     string
}

// parseModel reads "owner/name", "owner/name:version" or a version alone.
func parseModel(s string) model {
	path, version, _ := strings.Cut(s, ":")
	owner, name, ok := strings.Cut(path, "/")
	if !ok {
		return model{version: s}
	}
	return model{owner: owner, name: name, version: version}
}

// names are the names of the model that no caller may read.
func (m model) names(whole string) []string {
	if m.owner == "" {
		return []string{whole}
	}
	return []string{whole, m.path(), m.version}
}

func (m model) path() string { return m.owner + "/" + m.name }
