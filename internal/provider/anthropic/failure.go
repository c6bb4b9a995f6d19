package anthropic

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

// failure is what the upstream says went wrong: {"type":"error","error":{"type":…,
// "message":…,"details":{"error_code":…}}} (Anthropic's API, "Errors").
type failure struct{ kind, message, code string }

func readFailure(body []byte) failure {
	object := body
	if e, ok := rawjson.Get(body, "error"); ok && rawjson.KindOf(e) == rawjson.KindObject {
		object = e
	}
	return failure{kind: remote.Member(object, "type"), message: remote.Member(object, "message"), code: remote.Member(object, "details", "error_code")}
}

// overloaded is the status of a server that takes nothing for now (Anthropic's API,
// "Errors").
const overloaded = 529

// refusal reads and classifies an answer that is not a 2xx.
func (p *Provider) refusal(call *provider.Call, u *url.URL, resp *egress.Response) error {
	body := remote.ReadRefusal(resp)
	f := readFailure(body)
	e := p.tell(call, f)
	e.Status = resp.Status
	e.RetryAfter, _ = remote.RetryAfter(resp.Header, p.now())
	e.Class = statusClass(resp.Status, f, body)
	if u == p.routes.count && noRoute(call, resp.Status, f) {
		e.Class = provider.Unsupported
	}
	return e
}

// tell puts what a failure says into words without the upstream's names.
func (p *Provider) tell(call *provider.Call, f failure) *provider.Error {
	e := &provider.Error{Message: p.scrub(call, f.message), Code: p.scrub(call, f.code)}
	e.Param = paramOf(e.Message)
	if tooLong(f.message) {
		e.Code = contextLength
	}
	return e
}

// statusClass says what a status means.
func statusClass(status int, f failure, body []byte) provider.Class {
	class, _ := remote.StatusClass(status, f.message, body)
	switch {
	case status == overloaded:
		return provider.Busy
	case class == provider.Rejected && status != http.StatusRequestEntityTooLarge:
		return rejection(f)
	}
	return class
}

// rejection tells a refusal of the caller's request from one of our account there.
func rejection(f failure) provider.Class {
	ours := strings.HasPrefix(f.code, "organization_") || strings.HasPrefix(f.code, "workspace_") ||
		strings.HasPrefix(f.code, "cmek_") || strings.HasPrefix(f.code, "claude_code_") ||
		strings.HasSuffix(f.code, "spend_limit_reached") ||
		strings.Contains(f.message, "credit balance is too low") || strings.Contains(f.message, "API usage limits")
	if ours {
		return provider.Denied
	}
	return provider.Rejected
}

// noRoute tells a server without the route from one without the model.
func noRoute(call *provider.Call, status int, f failure) bool {
	switch status {
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	case http.StatusNotFound:
		return !strings.Contains(f.message, call.Model)
	}
	return false
}

// reported is the error of an answer, or of a stream, that began with 200.
func (p *Provider) reported(call *provider.Call, body []byte) error {
	f := readFailure(body)
	e := p.tell(call, f)
	e.Err = errors.New("the answer holds an error")
	switch f.kind {
	case "overloaded_error", "rate_limit_error":
		e.Class = provider.Busy
	case "timeout_error":
		e.Class = provider.Timeout
	case "invalid_request_error", "request_too_large":
		e.Class = rejection(f)
	case "authentication_error", "billing_error", "permission_error", "not_found_error":
		e.Class = provider.Denied
	default:
		e.Class = provider.Broken
	}
	return e
}

// contextLength is the code that callers know for an input that is too long (contract 9.4,
// last paragraph).
const contextLength = "context_length_exceeded"

// tooLong knows how an input is refused that the model's context can't hold; there is no
// code for it.
func tooLong(message string) bool {
	return strings.HasPrefix(message, "prompt is too long") || strings.Contains(message, "exceed context limit")
}

// paramOf reads the field that a message begins with: "messages.0.content: …".
func paramOf(message string) string {
	path, _, ok := strings.Cut(message, ": ")
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '.'
	}
	if !ok || len(path) > 200 || strings.IndexFunc(path, func(r rune) bool { return !plain(r) }) >= 0 {
		return ""
	}
	return path
}

// inChatWords names the field of the chat request that a refusal is about. Places within
// the messages are left out: they are those of the translated request.
func inChatWords(err error) error {
	var e *provider.Error
	if !errors.As(err, &e) || e.Param == "" || e.Status == 0 {
		return err
	}
	field, rest, _ := strings.Cut(e.Param, ".")
	switch field {
	case "system":
		field = "messages"
	case "stop_sequences":
		field = "stop"
	case "thinking":
		field = "reasoning_effort"
	case "metadata":
		field = "user"
	case "output_config":
		if field = "reasoning_effort"; strings.HasPrefix(rest, "format") {
			field = "response_format"
		}
	}
	e.Param = field
	return err
}

// scrub takes the upstream's names out of its sentence.
func (p *Provider) scrub(call *provider.Call, message string) string {
	if message == "" {
		return ""
	}
	return p.names.Scrub(remote.Names{Hide: []string{call.Model}, Show: call.Show}, message)
}
