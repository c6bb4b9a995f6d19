// Package skytells runs predictions at an upstream that speaks this server's own API:
// another Skytower, or the hosted service. Inference there is OpenAI's API, which
// another package speaks.
//
// A prediction is created by a PUT under our own id, which may be sent again: the same
// id is the same prediction. An upstream without that route is given the work by POST.
// It gets our id as the idempotency key, but nothing promises that it minds the key, so
// what may have been taken is not sent there again: the run ends as Ambiguous.
//
// Then the prediction's events are followed, and where they break, taken up after the
// last one. An upstream without events is looked at again and again.
//
// The package refuses to know accounts, our prices, and which target comes next. It
// follows no address of an answer but a file's: every call goes below the configured
// one, and files are fetched without the key. Its one invariant: a run has at most one
// prediction at its upstream.
package skytells

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"skytower/internal/egress"
	"skytower/internal/fault"
	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
	wire "skytower/internal/skytells"
)

// Options describe one upstream.
type Options struct {
	Name       string   // the provider's name, for String
	BaseURL    *url.URL // such as https://api.skytells.ai/v1
	Credential string   // sent as x-api-key; "" sends none
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

	noPut, noEvents lesson
}

// New returns the upstream; nothing is sent.
func New(o Options) *Provider {
	var header egress.Header
	if o.Credential != "" {
		header = egress.Header{{Name: "X-Api-Key", Value: o.Credential}}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Provider{name: o.Name, now: o.Now, client: remote.New(remote.Options{
		BaseURL: o.BaseURL, Credential: o.Credential, Header: header,
		Upstream: o.Upstream, MaxAnswer: o.MaxAnswer, Now: o.Now, Wait: o.Wait,
	})}
}

// String names the provider and nothing else: the value holds a credential.
func (p *Provider) String() string { return "skytells provider " + p.name }

// GoString is String, for %#v.
func (p *Provider) GoString() string { return p.String() }

// forgetAfter is how long a lesson holds: an upstream may be upgraded while we run.
const forgetAfter = 10 * time.Minute

// lesson is something that was learned of the upstream.
type lesson struct{ until atomic.Int64 }

func (l *lesson) learn(now time.Time) { l.until.Store(now.Add(forgetAfter).UnixNano()) }

func (l *lesson) holds(now time.Time) bool { return now.UnixNano() < l.until.Load() }

// run is one call of Predict.
type run struct {
	*provider.Run
	p     *Provider
	names remote.Names
	news  *remote.News
	pace  *remote.Pace
	id    string // the upstream's, once it is known
	// known is set where the upstream may have the work under our own id.
	known bool
	place place
	polls bool  // its events are of no use
	last  error // of the last try to see it
}

// Predict creates the run's prediction, or takes up again the one that an earlier try
// created, and waits for its end.
func (p *Provider) Predict(ctx context.Context, r *provider.Run) (*provider.Result, error) {
	names := remote.Names{Hide: modelNames(r.Model), Show: r.Show}
	w := &run{Run: r, p: p, names: names, news: p.client.News(r, names), pace: p.client.Pace(), id: r.Upstream, known: r.Unsure}
	result, err := w.do(ctx)
	w.news.End()
	if err != nil && ctx.Err() != nil {
		return nil, p.client.Stopped(ctx, w.stop())
	}
	return result, err
}

func (w *run) do(ctx context.Context) (*provider.Result, error) {
	if w.id != "" {
		return w.follow(ctx, nil)
	}
	doc, err := w.create(ctx)
	if err != nil {
		return nil, err
	}
	return w.follow(ctx, doc)
}

// Bounds on what is taken for a passing trouble, in a row.
const (
	maxGarbage = 5 // answers that are no prediction
	// maxUnknown is of the answer that stands for an unknown prediction, but could also
	// be an upstream's trouble with one it knows (contract 6.4).
	maxUnknown = 5
)

// follow watches the prediction until it has ended; doc is what it was last, or nil.
func (w *run) follow(ctx context.Context, doc []byte) (*provider.Result, error) {
	if !remote.PlainID(w.id) {
		return nil, remote.Broken("the id of the prediction cannot be sent")
	}
	garbage, unknown := 0, 0
	for {
		if doc != nil {
			garbage, unknown = 0, 0
			if result, done, err := w.read(doc); done {
				return result, err
			}
		}
		switch err := w.last; {
		case err == nil:
		case ctx.Err() != nil:
			return nil, err
		case isUnknown(err):
			if unknown++; unknown == maxUnknown {
				return nil, gone(err)
			}
		case remote.StatusOf(err) == http.StatusNotFound:
			return nil, gone(err)
		case !remote.Passing(err):
			return nil, err
		case remote.Garbage(err):
			if garbage++; garbage == maxGarbage {
				return nil, err
			}
		}
		doc, w.last = w.next(ctx)
	}
}

// next is the prediction as it is when something is new about it, or an error, or
// neither.
func (w *run) next(ctx context.Context) ([]byte, error) {
	if w.polls || w.p.noEvents.holds(w.p.now()) {
		if err := w.pace.Wait(ctx, w.last); err != nil {
			return nil, err
		}
		return w.look(ctx)
	}
	if w.last != nil {
		if err := w.pace.Wait(ctx, w.last); err != nil {
			return nil, err
		}
	}
	return w.listen(ctx)
}

// look gets the prediction.
func (w *run) look(ctx context.Context) ([]byte, error) {
	answer, err := w.p.client.Do(ctx, &remote.Request{
		Names: w.names, Method: http.MethodGet, URL: w.p.client.URL("predictions", w.id),
	})
	if err == nil {
		err = isPrediction(answer)
	}
	if err != nil {
		return nil, err
	}
	return answer.Body, nil
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

// isUnknown knows how this API says that there is no such prediction.
func isUnknown(err error) bool {
	return remote.StatusOf(err) == http.StatusBadGateway && codeOf(err) == fault.PredictionFailed
}

// codeOf is the error_id in err, "" where it has none.
func codeOf(err error) fault.ID {
	var e *provider.Error
	if !errors.As(err, &e) {
		return ""
	}
	return fault.ID(e.Code)
}

// gone is a prediction that the upstream no longer knows, or whose data it has removed.
func gone(err error) error { return &provider.Error{Class: provider.Gone, Err: err} }

// read tells the news of a prediction, and its result once it has one.
func (w *run) read(doc []byte) (result *provider.Result, done bool, err error) {
	w.news.Log(remote.Member(doc, "logs"))
	switch remote.Member(doc, "status") {
	case wire.StatusSucceeded:
		result, err = w.ended(doc)
	case wire.StatusFailed:
		err = w.p.client.Failed(w.names, sentence(doc))
	case wire.StatusCancelled, wire.StatusCanceled:
		err = w.p.client.Failed(w.names, "The work was cancelled where it ran.")
	default:
		w.progress(doc)
		w.news.Tell()
		return nil, false, nil
	}
	return result, true, err
}

// progress reads how far a running prediction is.
func (w *run) progress(doc []byte) {
	value, _ := rawjson.Get(doc, "metrics", "progress")
	if percent, ok := rawjson.Float(value); ok {
		w.news.Percent(percent)
	}
	output, _ := rawjson.Get(doc, "output")
	w.news.Output(output)
}

// sentence is why a prediction failed.
func sentence(doc []byte) string {
	message, _ := remote.Complaint(doc)
	return cmp.Or(message, remote.Member(doc, "response"), remote.Member(doc, "error_message"))
}

func (w *run) ended(doc []byte) (*provider.Result, error) {
	output, _ := rawjson.Get(doc, "output")
	if removed(doc, output) {
		return nil, gone(errors.New("the upstream has removed the output"))
	}
	result, err := w.p.client.Result(w.names, w.Kind, output)
	if err != nil {
		return nil, err
	}
	result.Took = remote.Seconds(doc, "metrics", "predict_time")
	return result, nil
}

// removed reports whether the output was purged (contract 13).
func removed(doc, output []byte) bool {
	flag, _ := rawjson.Get(doc, "data_removed")
	available, _ := rawjson.Get(doc, "metadata", "data_available")
	return rawjson.KindOf(flag) == rawjson.KindTrue ||
		rawjson.KindOf(output) == rawjson.KindNull && rawjson.KindOf(available) == rawjson.KindFalse
}

// stop is how the upstream is asked to end the work, nil while it has none.
func (w *run) stop() func(context.Context) error {
	id := w.id
	if id == "" && w.known {
		id = w.ID
	}
	if !remote.PlainID(id) {
		return nil
	}
	return func(ctx context.Context) error {
		_, err := w.p.client.Do(ctx, &remote.Request{
			Names: w.names, Method: http.MethodPost, URL: w.p.client.URL("predictions", id, "cancel"),
		})
		if err != nil {
			return fmt.Errorf("cancel prediction %s: %w", id, err)
		}
		return nil
	}
}
