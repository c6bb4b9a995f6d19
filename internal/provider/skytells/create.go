package skytells

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"skytower/internal/egress"
	"skytower/internal/fault"
	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

var errUnsure = errors.New("an earlier try may have created the prediction, and the upstream cannot tell")

// maxLost is how often one call of Predict sends again what a broken connection lost.
const maxLost = 3

// create creates the prediction and makes its id durable.
func (w *run) create(ctx context.Context) ([]byte, error) {
	if !remote.PlainID(w.ID) {
		return nil, remote.Broken("the run's id cannot be sent")
	}
	posts := w.p.noPut.holds(w.p.now())
	if w.Unsure && posts {
		return nil, remote.Ambiguous(errUnsure)
	}
	if !w.Unsure {
		if err := w.Watch.Submitting(ctx); err != nil {
			return nil, fmt.Errorf("save that the work is sent: %w", err)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err // nothing is begun for a run that is over
	}
	// The call outlives the run by a few seconds, so that what was just taken can be
	// stopped, or followed elsewhere.
	own, end := w.p.client.Settle(ctx)
	defer end()
	doc, err := w.submit(ctx, own, posts)
	if err != nil {
		return nil, err
	}
	w.id = remote.Member(doc, "id")
	if err := w.Watch.Submitted(own, w.id); err != nil {
		return nil, w.unsaved(own, err)
	}
	return doc, nil
}

// unsaved is work whose id could not be made durable. Under our own id the next try
// finds it; under another one nobody does.
func (w *run) unsaved(ctx context.Context, err error) error {
	if w.id != w.ID {
		err = errors.Join(err, w.stop()(ctx))
	}
	return fmt.Errorf("save the id of the work: %w", err)
}

func (w *run) submit(ctx, own context.Context, posts bool) ([]byte, error) {
	if posts {
		return w.post(own)
	}
	doc, err := w.put(ctx, own)
	if !hasNoRoute(err) {
		return doc, err
	}
	w.p.noPut.learn(w.p.now())
	if w.known {
		return nil, remote.Ambiguous(err)
	}
	return w.post(own)
}

// put creates the prediction under our id, again where the connection broke.
func (w *run) put(ctx, own context.Context) ([]byte, error) {
	for lost := 0; ; lost++ {
		doc, err := w.send(own, http.MethodPut, w.p.client.URL("predictions", w.ID), nil)
		switch {
		case err == nil, hasNoRoute(err):
			return doc, err
		case isOther(err) && w.known:
			return w.other(own, err)
		}
		w.known = w.known || remote.MayHaveWork(err)
		if !remote.WasCut(err) || lost == maxLost || w.pace.Wait(ctx, err) != nil {
			return nil, err
		}
	}
}

// other is for a prediction under our id that an earlier try created with another
// input: content that is fetched for each try need not stay the same.
func (w *run) other(ctx context.Context, refused error) ([]byte, error) {
	w.id = w.ID
	doc, err := w.look(ctx)
	if err != nil {
		return nil, errors.Join(refused, err)
	}
	return doc, nil
}

// post creates the prediction under an id of the upstream's.
func (w *run) post(ctx context.Context) ([]byte, error) {
	doc, err := w.send(ctx, http.MethodPost, w.p.client.URL("predict"), egress.Header{{Name: "Idempotency-Key", Value: w.ID}})
	if err != nil && remote.MayHaveWork(err) {
		return nil, remote.Ambiguous(err)
	}
	return doc, err
}

// send sends the work once.
func (w *run) send(ctx context.Context, method string, u *url.URL, header egress.Header) ([]byte, error) {
	body := rawjson.AppendQuote([]byte(`{"model":`), w.Model)
	body = append(append(append(body, `,"input":`...), w.Input...), '}')
	answer, err := w.p.client.Do(ctx, &remote.Request{
		Names: w.names, Method: method, URL: u, Body: body,
		Header: append(header, egress.Field{Name: "Content-Type", Value: "application/json"}),
	})
	if err != nil {
		return nil, refusal(err)
	}
	if err := isPrediction(answer); err != nil {
		return nil, err
	}
	if !remote.PlainID(remote.Member(answer.Body, "id")) {
		return nil, remote.Broken("the answer has no id")
	}
	return answer.Body, nil
}

// hasNoRoute reports whether the upstream does not know the route.
func hasNoRoute(err error) bool {
	switch remote.StatusOf(err) {
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	case http.StatusNotFound:
		return codeOf(err) == fault.EndpointNotFound
	}
	return false
}

// isOther reports whether the upstream says that our id stands for another request.
func isOther(err error) bool {
	return remote.StatusOf(err) == http.StatusUnprocessableEntity && codeOf(err) == fault.InvalidParameter
}

// refusal tells by its error_id what a refusal is about: the caller's input, whose
// sentence the caller reads, or our model's name.
func refusal(err error) error {
	var e *provider.Error
	if !errors.As(err, &e) {
		return err
	}
	switch fault.ID(e.Code) {
	case fault.ModelNotFound, fault.ModelNotSupported:
		e.Class = provider.Denied
	case fault.SecurityViolation, fault.ContentPolicyViolation:
		e.Class = provider.Rejected
	}
	return err
}

// modelNames are the names of a model that no caller may read: the upstream may speak
// of "vendor/name" by its second half.
func modelNames(model string) []string {
	_, name, _ := strings.Cut(model, "/")
	return []string{model, name}
}
