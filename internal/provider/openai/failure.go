package openai

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// refusal reads and classifies an answer that is not a 2xx.
func (p *Provider) refusal(call *provider.Call, u *url.URL, resp *egress.Response) error {
	body := remote.ReadRefusal(resp)
	f := readFailure(body)
	e := &provider.Error{Class: provider.Broken, Status: resp.Status, Message: f.Message, Code: f.Code, Param: f.Param}
	e.RetryAfter, _ = remote.RetryAfter(resp.Header, p.now())
	e.Class = p.classify(call, u, e, body)
	e.Message, e.Code = p.scrub(call, e.Message), p.scrub(call, e.Code)
	e.Param = p.scrub(call, e.Param)
	return e
}

// classify says what a refusal means.
func (p *Provider) classify(call *provider.Call, u *url.URL, e *provider.Error, body []byte) provider.Class {
	class, _ := remote.StatusClass(e.Status, e.Message, body)
	switch s := e.Status; {
	case u == p.routes.responses && p.responses != Native && noRoute(call, e):
		return provider.Unsupported
	case s == http.StatusNotFound && u == p.routes.responses && e.Param != "" && e.Param != "model":
		return provider.Rejected // such as a previous response that is gone
	case refusesInput(s) && (e.Code == modelNotFound || e.Param == "model"):
		return provider.Denied // our name for the model
	}
	return class
}

func refusesInput(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusUnprocessableEntity || status == http.StatusRequestEntityTooLarge
}

// noRoute tells a route that is missing from a model or a response that is.
func noRoute(call *provider.Call, e *provider.Error) bool {
	switch e.Status {
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	case http.StatusNotFound:
		return e.Code == "" && e.Param == "" && !strings.Contains(e.Message, call.Model)
	}
	return false
}

const (
	modelNotFound = "model_not_found"
	contextLength = "context_length_exceeded"
)

// reported is the error object of an answer that said 200.
func (p *Provider) reported(call *provider.Call, body []byte) error {
	f := readFailure(body)
	return &provider.Error{
		Class: provider.Broken, Message: p.scrub(call, f.Message), Code: p.scrub(call, f.Code),
		Err: errors.New("the answer holds an error"),
	}
}

// failure is what an upstream says went wrong.
type failure struct{ Message, Code, Param string }

// readFailure reads the forms in use: {"error":{…}} (OpenAI), {"error":"text"}
// (Ollama), the error object alone (vLLM), {"detail":…} (FastAPI).
func readFailure(body []byte) failure {
	object := body
	if e, ok := rawjson.Get(body, "error"); ok {
		switch rawjson.KindOf(e) {
		case rawjson.KindString:
			return failure{Message: remote.Text(e)}
		case rawjson.KindObject:
			object = e
		}
	}
	f := failure{Message: remote.Member(object, "message"), Code: remote.Member(object, "code"), Param: remote.Member(object, "param")}
	if f.Message == "" {
		f.Message, f.Param = detail(object, f.Param)
	}
	if f.Code == "" && tooLong(remote.Member(object, "type"), f.Message) {
		f.Code = contextLength
	}
	return f
}

// tooLong knows how llama.cpp and vLLM say that an input is too long; they have no
// code for it.
func tooLong(kind, message string) bool {
	return kind == "exceed_context_size_error" || strings.Contains(message, "maximum context length")
}

// detail reads FastAPI's: a text, or a list of complaints of which the first counts.
func detail(object []byte, param string) (string, string) {
	d, _ := rawjson.Get(object, "detail")
	switch rawjson.KindOf(d) {
	case rawjson.KindString:
		return remote.Text(d), param
	case rawjson.KindObject:
		return remote.Member(d, "message"), param
	}
	message := ""
	rawjson.Elements(d, func(complaint []byte) bool {
		message = remote.Member(complaint, "msg")
		loc, _ := rawjson.Get(complaint, "loc")
		rawjson.Elements(loc, func(step []byte) bool {
			if s := remote.Text(step); s != "" && s != "body" {
				param = s
				return false
			}
			return true
		})
		return false
	})
	return message, param
}

// refusesStreamOptions knows servers older than that field.
func refusesStreamOptions(err error) bool {
	var e *provider.Error
	return errors.As(err, &e) && e.Class == provider.Rejected &&
		(strings.HasPrefix(e.Param, "stream_options") || strings.Contains(e.Message, "stream_options"))
}

// scrub takes the upstream's names out of its sentence.
func (p *Provider) scrub(call *provider.Call, message string) string {
	if message == "" {
		return ""
	}
	return p.media.Scrub(remote.Names{Hide: []string{call.Model}, Show: call.Show}, message)
}
