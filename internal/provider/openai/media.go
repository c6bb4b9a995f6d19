package openai

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

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
	// events reads the answer where it is a stream; nil: it never is.
	events func(*mediaRun, *remote.Events) (*provider.Result, error)
	// aloud has the answer itself told as it comes: it is a sound.
	aloud bool
}

// medium finds the route by what the model puts out, and by what it is given.
func (w *mediaRun) medium() (medium, bool) {
	switch _, edits := w.input.Raw("image"); {
	case w.Kind == "image" && edits:
		return medium{[]string{"images", "edits"}, (*mediaRun).editBody, (*mediaRun).images, (*mediaRun).imageEvents, false}, true
	case w.Kind == "image":
		return medium{[]string{"images", "generations"}, (*mediaRun).imageBody, (*mediaRun).images, (*mediaRun).imageEvents, false}, true
	case w.Kind == "audio":
		return medium{[]string{"audio", "speech"}, (*mediaRun).speechBody, (*mediaRun).speech, nil, true}, true
	case w.Kind == "text":
		return medium{[]string{"audio", "transcriptions"}, (*mediaRun).transcriptionBody, (*mediaRun).transcript, (*mediaRun).transcriptEvents, false}, true
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
	var err error
	if w.input, err = rawjson.Scan(w.Input, mediaFields()); err != nil {
		return nil, rejected("%s", fault.From(err).Message)
	}
	m, ok := w.medium()
	if !ok {
		return nil, &provider.Error{Class: provider.Unsupported, Err: fmt.Errorf("kind %q: %w", w.Kind, errNoMedium)}
	}
	body, contentType, err := m.body(w)
	if err != nil {
		return nil, err
	}
	if err := w.Watch.Submitting(ctx); err != nil {
		return nil, fmt.Errorf("save that the work is sent: %w", err)
	}
	result, err := w.send(ctx, m, body, contentType)
	if err != nil && remote.MayHaveWork(err) {
		return nil, remote.Ambiguous(err)
	}
	return result, err
}

// mediaFields are the fields of an input that we act on: written in a way that readers
// could differ about, they are refused.
func mediaFields() *rawjson.Fields {
	return rawjson.NewFields("model", "stream", "stream_format", "input", "text", "file", "audio", "response_format", "image", "mask", "partial_images")
}

func (w *mediaRun) send(ctx context.Context, m medium, body []byte, contentType string) (*provider.Result, error) {
	resp, err := w.client.Open(ctx, &remote.Request{
		Names: w.names, Method: http.MethodPost, URL: w.client.URL(m.path...), Body: body, Header: egress.Header{{Name: "Content-Type", Value: contentType}},
	})
	var e *provider.Error
	if errors.As(err, &e) && e.Class == provider.Rejected && (e.Code == modelNotFound || e.Param == "model") {
		e.Class = provider.Denied // our name of the model, not the caller's input
	}
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if m.events != nil && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		return m.events(w, w.client.Events(resp))
	}
	if m.aloud {
		w.aloud(resp)
	}
	answer, err := w.client.ReadAll(resp)
	if err != nil {
		return nil, err
	}
	return m.result(w, answer)
}

// streams reports whether the input asks for news before the end: partial pictures, or
// pieces of a transcript.
func (w *mediaRun) streams() bool {
	partials, _, err := w.input.Int("partial_images")
	if err == nil && partials > 0 {
		return true
	}
	stream, _, err := w.input.Bool("stream")
	return err == nil && stream && w.Kind == "text"
}

// edit begins the upstream's body: the input, with the upstream's name of the model, and
// as a stream only where that brings something.
func (w *mediaRun) edit() *rawjson.Edit {
	edit := w.input.Edit().SetString("model", w.Model).Delete("stream").Delete("stream_format")
	if w.streams() {
		edit.SetBool("stream", true)
	}
	return edit
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
