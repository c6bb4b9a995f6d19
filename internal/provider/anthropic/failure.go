package anthropic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/remote"
	"skytower/internal/rawjson"
)

// broken is a 2xx answer that is not what was asked for.
func broken(format string, args ...any) error {
	return &provider.Error{Class: provider.Broken, Err: fmt.Errorf(format, args...)}
}

// callError classifies a call that brought no answer, or not all of it; cut is the
// class of an answer that ended early.
func callError(err error, cut provider.Class) error {
	var refused *egress.Refused
	if errors.As(err, &refused) {
		return &provider.Error{Class: provider.Forbidden, Err: err}
	}
	var e *egress.Error
	if !errors.As(err, &e) {
		return &provider.Error{Class: provider.Broken, Err: err}
	}
	return &provider.Error{Class: classOf(e, cut), Err: err}
}

func classOf(e *egress.Error, cut provider.Class) provider.Class {
	switch {
	case e.Kind == egress.ErrCancelled && errors.Is(e.Err, context.DeadlineExceeded):
		return provider.Timeout
	case e.Kind == egress.ErrCancelled, e.Kind == egress.ErrClosed:
		return provider.Cancelled
	case e.Kind == egress.ErrRequest:
		return provider.Denied // an address or a credential that can't be sent: ours
	case !e.Sent:
		return provider.Unreachable
	case e.Kind == egress.ErrTimeout:
		return provider.Timeout
	case e.Kind == egress.ErrCut:
		return cut
	}
	return provider.Broken
}

// failure is what the upstream says went wrong: {"type":"error","error":{"type":…,
// "message":…,"details":{"error_code":…}}} (Anthropic's API, "Errors").
type failure struct{ kind, message, code string }

func readFailure(body []byte) failure {
	object := body
	if e, ok := rawjson.Get(body, "error"); ok && rawjson.KindOf(e) == rawjson.KindObject {
		object = e
	}
	return failure{kind: member(object, "type"), message: member(object, "message"), code: member(object, "details", "error_code")}
}

// member is a text member, "" where it is none.
func member(object []byte, path ...string) string {
	v, _ := rawjson.Get(object, path...)
	s, err := rawjson.Unquote(v)
	if err != nil {
		return ""
	}
	return s
}

// maxRefusal bounds what is read of an error's body, in bytes.
const maxRefusal = 64 << 10

// overloaded is the status of a server that takes nothing for now (Anthropic's API,
// "Errors").
const overloaded = 529

// refusal reads and classifies an answer that is not a 2xx.
func (p *Provider) refusal(call *provider.Call, u *url.URL, resp *egress.Response) error {
	// What came before a cut is good enough for an error's text.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	f := readFailure(body)
	e := p.tell(call, f)
	e.Status, e.RetryAfter = resp.Status, retryAfter(resp.Header, p.now())
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

// statusClass says what a status means (contract 9.4, last paragraphs).
func statusClass(status int, f failure, body []byte) provider.Class {
	switch {
	case status == http.StatusTooManyRequests, status == overloaded:
		return provider.Busy
	case status == http.StatusRequestTimeout:
		return provider.Timeout
	case status == 401, status == 402, status == 403, status == 404, status >= 300 && status <= 399:
		return provider.Denied
	case status == http.StatusRequestEntityTooLarge:
		return provider.Rejected
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		if f.message == "" && bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
			return provider.Broken // a page of a server in between
		}
		return rejection(f)
	}
	return provider.Broken
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

// maxRetryAfter bounds what we believe.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads Retry-After, in seconds or as a date (RFC 9110, section 10.2.3).
func retryAfter(h egress.Header, now time.Time) time.Duration {
	wait := time.Duration(0)
	if s, err := strconv.ParseFloat(h.Get("Retry-After"), 64); err == nil && s > 0 {
		wait = time.Duration(min(s, maxRetryAfter.Seconds()) * float64(time.Second))
	} else if at, err := http.ParseTime(h.Get("Retry-After")); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// scrub takes the upstream's names out of its sentence.
func (p *Provider) scrub(call *provider.Call, message string) string {
	if message == "" {
		return ""
	}
	return p.names.Scrub(remote.Names{Hide: []string{call.Model}, Show: call.Show}, message)
}

// readWhole reads an answer of at most limit bytes.
func readWhole(resp *egress.Response, limit int64) ([]byte, error) {
	if resp.ContentLength > limit {
		return nil, broken("the answer has %d bytes, more than %d", resp.ContentLength, limit)
	}
	buf := make([]byte, 0, max(resp.ContentLength, 4<<10)+1)
	for {
		n, err := resp.Body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > limit:
			return nil, broken("the answer has more than %d bytes", limit)
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return nil, callError(fmt.Errorf("read answer: %w", err), provider.Broken)
		case len(buf) == cap(buf):
			buf = slices.Grow(buf, len(buf))
		}
	}
}
