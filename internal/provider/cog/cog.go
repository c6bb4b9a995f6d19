// Package cog runs predictions in a container that Cog built. It speaks Cog's HTTP
// protocol and serves the one model that the container holds.
//
// A prediction is one PUT with our own id, kept open until the model is done. The
// asynchronous form is of no use here: its end is told to a webhook only, and there
// is no way to ask. Where the model streams its events, they are read, and give
// progress, logs and partial outputs as they come; elsewhere logs come with the end.
//
// The id is what makes a second try safe: while a prediction runs, the same PUT
// starts nothing. A run of which an earlier try may have been sent (Run.Unsure) is
// therefore sent again, and Submitted is never called: it would tie the run to this
// container even where it is busy or gone. If the container still works on the
// earlier try, we join it where it streams; where it does not, its result would go
// to nobody, so it is stopped and begun anew. What ended meanwhile is done again: it
// cost the operator's own machine and nobody's money. Newer containers stop by
// themselves when the connection goes, so a run that is handed back may begin anew.
//
// The package refuses to know accounts, prices, and which target comes next. Its one
// invariant: two works of one run are never under way in a container.
package cog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// Options describe one container.
type Options struct {
	Name       string   // the provider's name, for String and for the model
	BaseURL    *url.URL // the container's root
	Credential string   // sent as a bearer token, for a proxy before it; "" sends none
	// Upstream has no bound on the wait for an answer's head or for more of it: the
	// head comes when the model is done. The run's context is the bound.
	Upstream  egress.Upstream
	MaxAnswer int64 // bytes of a whole answer, outputs included; 0: 64 MiB
	Now       func() time.Time
	Wait      remote.Wait // nil: by the clock
}

// Provider is a container. It is safe for concurrent use.
type Provider struct {
	name   string
	client *remote.Client
	mute   atomic.Bool // the model has no events
}

// New returns the container; nothing is sent.
func New(o Options) *Provider {
	var header egress.Header
	if o.Credential != "" {
		header = egress.Header{{Name: "Authorization", Value: "Bearer " + o.Credential}}
	}
	return &Provider{name: o.Name, client: remote.New(remote.Options{
		BaseURL: o.BaseURL, Credential: o.Credential, Header: header,
		Upstream: o.Upstream, MaxAnswer: o.MaxAnswer, Now: o.Now, Wait: o.Wait,
	})}
}

// String names the provider and nothing else: the value holds a credential.
func (p *Provider) String() string { return "cog provider " + p.name }

// GoString is String, for %#v.
func (p *Provider) GoString() string { return p.String() }

// maxLost is how often one call of Predict sends again what a broken connection
// lost: a model that takes its container down would do so each time.
const maxLost = 3

const cancelledThere = "The work was cancelled where it ran."

// run is one call of Predict.
type run struct {
	*provider.Run
	p     *Provider
	names remote.Names
	news  *remote.News
	pace  *remote.Pace
	lost  int
	// joined is set where the work that we find under our id may be an earlier try,
	// which stops when it loses its connection, or when we stop it.
	joined bool
}

// Predict does the run's work in the container.
func (p *Provider) Predict(ctx context.Context, r *provider.Run) (*provider.Result, error) {
	if !remote.PlainID(r.ID) {
		return nil, remote.Broken("the run's id cannot be sent")
	}
	earlier := r.Unsure || r.Upstream != ""
	if !earlier {
		if err := r.Watch.Submitting(ctx); err != nil {
			return nil, fmt.Errorf("save that the work is sent: %w", err)
		}
	}
	names := remote.Names{Hide: []string{r.Model}, Show: r.Show}
	w := &run{Run: r, p: p, names: names, news: p.client.News(r, names), pace: p.client.Pace(), joined: earlier}
	for {
		result, err := w.once(ctx)
		if err != nil && ctx.Err() == nil {
			var again bool
			if again, err = w.again(ctx, err); again {
				continue
			}
		}
		w.news.End()
		if errors.Is(err, errStopped) {
			err = p.client.Failed(names, cancelledThere)
		}
		if err != nil && ctx.Err() != nil {
			return nil, p.client.Stopped(ctx, w.stop)
		}
		return result, err
	}
}

// Failures after which the work is sent again.
var (
	errMute    = errors.New("the model has no events")
	errRunning = errors.New("the container works on an earlier try")
	errStopped = errors.New("the container stopped an earlier try")
)

// again says whether the work is to be sent again after err, and waits before that.
func (w *run) again(ctx context.Context, err error) (bool, error) {
	switch {
	case errors.Is(err, errMute):
		w.p.mute.Store(true)
		return true, nil
	case errors.Is(err, errRunning):
		// Not to be stopped is no failure: it ends by itself.
		_ = w.stop(ctx)
		w.joined = true
		w.news.Say("An earlier try is still running there and is being stopped.")
		w.news.Tell()
	case full(err):
		if err := w.starting(ctx, err); err != nil {
			return false, err
		}
	case errors.Is(err, errStopped) && w.lost < maxLost:
		w.lost++
	case lost(err) && w.lost < maxLost:
		w.lost++
		w.joined = true
		w.news.Say("The connection was lost; the work is sent again.")
		w.news.Tell()
	case provider.ClassOf(err) == provider.Timeout:
		_ = w.stop(ctx) // nobody waits for it any more
		return false, err
	default:
		return false, err
	}
	if w.pace.Wait(ctx, err) != nil {
		return false, err
	}
	return true, nil
}

// lost reports whether the connection broke before the work's end was told.
func lost(err error) bool {
	var e *provider.Error
	return errors.As(err, &e) && e.Class == provider.Broken && e.Status == 0 && remote.WasCut(err)
}

// full reports whether the container takes no work now: it is busy, or its model is
// not set up yet.
func full(err error) bool {
	status := remote.StatusOf(err)
	return status == http.StatusConflict || status == http.StatusServiceUnavailable
}

// once sends the work and waits for its end.
func (w *run) once(ctx context.Context) (*provider.Result, error) {
	accept := "application/json"
	if !w.p.mute.Load() {
		accept = "text/event-stream, application/json"
	}
	resp, err := w.p.client.Open(ctx, &remote.Request{
		Names: w.names, Method: http.MethodPut, URL: w.p.client.URL("predictions", w.ID), Body: body(w.Input),
		Header: egress.Header{{Name: "Content-Type", Value: "application/json"}, {Name: "Accept", Value: accept}},
	})
	if remote.StatusOf(err) == http.StatusNotAcceptable {
		return nil, errMute
	}
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		return w.follow(w.p.client.Events(resp))
	}
	answer, err := w.p.client.ReadAll(resp)
	if err != nil {
		return nil, err
	}
	if err := answer.Object(); err != nil {
		return nil, err
	}
	return w.ended(answer.Body)
}

func body(input []byte) []byte {
	return append(append([]byte(`{"input":`), input...), '}')
}

// ended reads a prediction that should have come to its end.
func (w *run) ended(doc []byte) (*provider.Result, error) {
	switch status := remote.Member(doc, "status"); status {
	case "succeeded":
		w.news.Log(logs(doc))
		output, _ := rawjson.Get(doc, "output")
		result, err := w.p.client.Result(w.names, w.Kind, output)
		if err != nil {
			return nil, err
		}
		result.Took = remote.Seconds(doc, "metrics", "predict_time")
		return result, nil
	case "failed":
		w.news.Log(logs(doc))
		return nil, w.p.client.Failed(w.names, remote.Member(doc, "error"))
	case "canceled":
		if w.joined {
			return nil, errStopped
		}
		return nil, w.p.client.Failed(w.names, cancelledThere)
	case "starting", "processing":
		return nil, errRunning
	default:
		return nil, remote.Broken("the prediction has the status %.20q", status)
	}
}

func logs(doc []byte) string { return remote.Member(doc, "logs") }

// follow reads the work's events. A stream that ends before the work does is a lost
// connection.
func (w *run) follow(events *remote.Events) (*provider.Result, error) {
	w.news.Replay()
	for {
		ev, err := events.Next()
		if err == io.EOF {
			return nil, remote.Cut("the events ended before the work did")
		}
		if err != nil {
			return nil, err
		}
		switch ev.Name {
		case "log":
			w.news.AddLog(remote.Member(ev.Data, "data"))
		case "output":
			w.piece(ev.Data)
		case "completed":
			return w.completed(ev.Data)
		case "error":
			// Events were dropped, the work goes on: its end is not to be seen here.
			return nil, errRunning
		}
		w.news.Tell()
	}
}

func (w *run) piece(data []byte) {
	value, _ := rawjson.Get(data, "chunk")
	at, _ := rawjson.Get(data, "index")
	if i, ok := rawjson.Int(at); ok && i >= 0 && i < maxPieces {
		w.news.Piece(int(i), value)
	}
}

// maxPieces bounds the index of a piece of an output.
const maxPieces = 1 << 24

// completed reads the last event. Its logs are those that came as events.
func (w *run) completed(doc []byte) (*provider.Result, error) {
	if !rawjson.Valid(doc) || rawjson.KindOf(doc) != rawjson.KindObject {
		return nil, remote.Broken("the last event is not a JSON object")
	}
	return w.ended(doc)
}

// stop asks the container to end the work. That it knows of none is fine.
func (w *run) stop(ctx context.Context) error {
	_, err := w.p.client.Do(ctx, &remote.Request{
		Names: w.names, Method: http.MethodPost, URL: w.p.client.URL("predictions", w.ID, "cancel"),
	})
	if remote.StatusOf(err) == http.StatusNotFound {
		return nil
	}
	return err
}
