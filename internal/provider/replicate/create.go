package replicate

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

var errUnsure = errors.New("an earlier try may have created the prediction, and the upstream cannot tell")

// create creates the prediction and makes its id durable.
func (w *run) create(ctx context.Context) ([]byte, error) {
	input, err := w.upload(ctx)
	if err != nil {
		return nil, err
	}
	if err := w.Watch.Submitting(ctx); err != nil {
		return nil, fmt.Errorf("save that the work is sent: %w", err)
	}
	// The call outlives the run by a few seconds, so that what was just taken can be
	// stopped, or followed elsewhere.
	own, end := w.p.client.Settle(ctx)
	defer end()
	doc, err := w.submit(own, input)
	if err != nil {
		return nil, err
	}
	w.id = remote.Member(doc, "id")
	if err := w.Watch.Submitted(own, w.id); err != nil {
		// Without its id nobody finds the work again.
		return nil, fmt.Errorf("save the id of the work (asked to stop: %v): %w", w.stop()(own), err)
	}
	return doc, ctx.Err()
}

// submit sends the work once. A model that is not one of Replicate's own has no
// route by name: it is refused there, and sent by its latest version.
func (w *run) submit(ctx context.Context, input []byte) ([]byte, error) {
	version := w.model.version
	if version == "" {
		version = w.p.knownVersion(w.model)
	}
	doc, err := w.post(ctx, version, input)
	if version != w.model.version && refused(err) {
		w.p.forget(w.model) // it has a newer one
		version = ""
		doc, err = w.post(ctx, version, input)
	}
	if version == "" && remote.StatusOf(err) == http.StatusNotFound {
		latest, lookup := w.p.findVersion(ctx, w.names, w.model)
		if lookup != nil {
			return nil, lookup
		}
		doc, err = w.post(ctx, latest, input)
	}
	return doc, err
}

// refused reports whether the upstream does not run the version.
func refused(err error) bool {
	status := remote.StatusOf(err)
	return provider.ClassOf(err) == provider.Denied && (status == http.StatusNotFound || status == http.StatusUnprocessableEntity)
}

// post creates a prediction: of the version, or where it is "" of the model by name.
func (w *run) post(ctx context.Context, version string, input []byte) ([]byte, error) {
	u := w.p.client.URL("models", w.model.owner, w.model.name, "predictions")
	body := []byte(`{"input":`)
	if version != "" {
		u = w.p.client.URL("predictions")
		body = append(rawjson.AppendQuote([]byte(`{"version":`), version), `,"input":`...)
	}
	answer, err := w.send(ctx, u, append(append(body, input...), '}'))
	if err == nil {
		if err = isPrediction(answer); err == nil && !remote.PlainID(remote.Member(answer.Body, "id")) {
			err = remote.Broken("the answer has no id")
		}
	}
	if err != nil && remote.MayHaveWork(err) {
		return nil, remote.Ambiguous(err)
	}
	if err != nil {
		return nil, ourVersion(err)
	}
	return answer.Body, nil
}

func (w *run) send(ctx context.Context, u *url.URL, body []byte) (*remote.Answer, error) {
	return w.p.client.Do(ctx, &remote.Request{
		Names: w.names, Method: http.MethodPost, URL: u, Body: body,
		Header: egress.Header{{Name: "Content-Type", Value: "application/json"}},
	})
}

// ourVersion tells a refusal of the version from one of the input: both are a 422.
func ourVersion(err error) error {
	var e *provider.Error
	if errors.As(err, &e) && e.Status == http.StatusUnprocessableEntity && strings.Contains(strings.ToLower(e.Message), "version") {
		return &provider.Error{Class: provider.Denied, Status: e.Status, Err: err}
	}
	return err
}

// version is a model's latest, and until when we believe so.
type version struct {
	id    string
	until time.Time
}

// Bounds on what is remembered of versions.
const (
	believeFor  = 10 * time.Minute
	maxVersions = 1000
)

func (p *Provider) knownVersion(m model) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if v := p.latest[m.path()]; p.now().Before(v.until) {
		return v.id
	}
	return ""
}

func (p *Provider) forget(m model) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.latest, m.path())
}

// findVersion asks for the model's latest version.
func (p *Provider) findVersion(ctx context.Context, n remote.Names, m model) (string, error) {
	doc, err := p.describe(ctx, n, m)
	if err != nil {
		return "", err
	}
	id := remote.Member(doc, "latest_version", "id")
	if id == "" {
		return "", &provider.Error{Class: provider.Denied, Err: errors.New("the model has no version")}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.latest) >= maxVersions {
		clear(p.latest)
	}
	p.latest[m.path()] = version{id: id, until: p.now().Add(believeFor)}
	return id, nil
}
