package openai

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"skytower/internal/egress"
	"skytower/internal/fault"
	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// mediaClient makes the calls of predictions.
func mediaClient(o Options) *remote.Client {
	var header egress.Header
	if o.Credential != "" {
		header = egress.Header{{Name: "Authorization", Value: "Bearer " + o.Credential}}
	}
	if o.Media == nil {
		o.Media = o.Upstream
	}
	return remote.New(remote.Options{
		BaseURL: o.BaseURL, Credential: o.Credential, Header: header, Upstream: o.Media, MaxAnswer: o.MaxAnswer, Now: o.Now,
	})
}

// medium is one of the routes that make or read media.
type medium struct {
	path   []string
	body   func(*mediaRun) (body []byte, contentType string, err error)
	result func(*mediaRun, *remote.Answer) (*provider.Result, error)
}

// mediumFor finds the route by what the model puts out.
func mediumFor(kind string) (medium, bool) {
	switch kind {
	case "image":
		return medium{[]string{"images", "generations"}, (*mediaRun).imageBody, (*mediaRun).images}, true
	case "audio":
		return medium{[]string{"audio", "speech"}, (*mediaRun).speechBody, (*mediaRun).speech}, true
	case "text":
		return medium{[]string{"audio", "transcriptions"}, (*mediaRun).transcriptionBody, (*mediaRun).transcript}, true
	}
	return medium{}, false
}

// mediaRun is one call of Predict.
type mediaRun struct {
	*provider.Run
	client *remote.Client
	names  remote.Names
	input  *rawjson.Object
}

var (
	errUnsure   = errors.New("an earlier try may have sent the work, and the upstream cannot tell")
	errNoMedium = errors.New("there is no route for models of this kind")
)

// Predict makes one call, whose answer is the result. The call is paid for and can be
// neither found again nor stopped: what an earlier try may have sent is Ambiguous, and
// so is a call whose answer is missing.
func (p *Provider) Predict(ctx context.Context, r *provider.Run) (*provider.Result, error) {
	w := &mediaRun{Run: r, client: p.media, names: remote.Names{Hide: []string{r.Model}, Show: r.Show}}
	result, err := w.do(ctx)
	if err != nil && ctx.Err() != nil {
		return nil, p.media.Stopped(ctx, nil)
	}
	return result, err
}

func (w *mediaRun) do(ctx context.Context) (*provider.Result, error) {
	if w.Unsure || w.Upstream != "" {
		return nil, remote.Ambiguous(errUnsure)
	}
	m, ok := mediumFor(w.Kind)
	if !ok {
		return nil, &provider.Error{Class: provider.Unsupported, Err: fmt.Errorf("kind %q: %w", w.Kind, errNoMedium)}
	}
	var err error
	if w.input, err = rawjson.Scan(w.Input, mediaFields()); err != nil {
		return nil, rejected("%s", fault.From(err).Message)
	}
	body, contentType, err := m.body(w)
	if err != nil {
		return nil, err
	}
	if err := w.Watch.Submitting(ctx); err != nil {
		return nil, fmt.Errorf("save that the work is sent: %w", err)
	}
	answer, err := w.send(ctx, w.client.URL(m.path...), body, contentType)
	var result *provider.Result
	if err == nil {
		result, err = m.result(w, answer)
	}
	if err != nil && remote.MayHaveWork(err) {
		return nil, remote.Ambiguous(err)
	}
	return result, err
}

// mediaFields are the fields of an input that we act on: written in a way that readers
// could differ about, they are refused.
func mediaFields() *rawjson.Fields {
	return rawjson.NewFields("model", "stream", "stream_format", "input", "text", "file", "audio", "response_format")
}

func (w *mediaRun) send(ctx context.Context, u *url.URL, body []byte, contentType string) (*remote.Answer, error) {
	answer, err := w.client.Do(ctx, &remote.Request{
		Names: w.names, Method: http.MethodPost, URL: u, Body: body, Header: egress.Header{{Name: "Content-Type", Value: contentType}},
	})
	var e *provider.Error
	if errors.As(err, &e) && e.Class == provider.Rejected && (e.Code == modelNotFound || e.Param == "model") {
		e.Class = provider.Denied // our name of the model, not the caller's input
	}
	return answer, err
}

// edit begins the upstream's body: the input, with the upstream's name of the model, and
// never as a stream.
func (w *mediaRun) edit() *rawjson.Edit {
	return w.input.Edit().SetString("model", w.Model).Delete("stream").Delete("stream_format")
}

// text is a text of the input, "" where there is none.
func (w *mediaRun) text(name string) string {
	s, _, err := w.input.String(name)
	if err != nil {
		return ""
	}
	return s
}

// failed reads what an answer that says 200 and is an error says.
func (w *mediaRun) failed(body []byte) error {
	var t top
	if !rawjson.Valid(body) || !t.read(body) || !t.failed() {
		return nil
	}
	message, _ := remote.Complaint(body)
	return w.client.Failed(w.names, message)
}

// rejected is an input that is not sent. The sentence is for the caller.
func rejected(format string, args ...any) error {
	return &provider.Error{Class: provider.Rejected, Message: fmt.Sprintf(format, args...)}
}
