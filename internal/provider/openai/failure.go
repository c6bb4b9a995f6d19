package openai

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

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

// maxRefusal bounds what is read of an error's body, in bytes.
const maxRefusal = 64 << 10

// refusal reads and classifies an answer that is not a 2xx.
func (p *Provider) refusal(call *provider.Call, u *url.URL, resp *egress.Response) error {
	if err := decode(resp); err != nil {
		resp.Body = &unzipped{bytes.NewReader(nil), resp.Body}
	}
	// What came before a cut is good enough for an error's text.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	f := readFailure(body)
	e := &provider.Error{
		Class: provider.Broken, Status: resp.Status, Message: f.Message, Code: f.Code, Param: f.Param,
		RetryAfter: retryAfter(resp.Header, p.now()),
	}
	e.Class = p.classify(call, u, e, body)
	e.Message, e.Code = p.scrub(call, e.Message), p.scrub(call, e.Code)
	e.Param = p.scrub(call, e.Param)
	return e
}

// classify says what a refusal means (contract 9.4, last paragraphs).
func (p *Provider) classify(call *provider.Call, u *url.URL, e *provider.Error, body []byte) provider.Class {
	switch s := e.Status; {
	case s == http.StatusTooManyRequests:
		return provider.Busy
	case s == http.StatusRequestTimeout:
		return provider.Timeout
	case u == p.routes.responses && p.responses != Native && noRoute(call, e):
		return provider.Unsupported
	case s == http.StatusNotFound && u == p.routes.responses && e.Param != "" && e.Param != "model":
		return provider.Rejected // such as a previous response that is gone
	case s == 401, s == 402, s == 403, s == 404, s >= 300 && s <= 399:
		return provider.Denied
	case s == http.StatusBadRequest, s == http.StatusUnprocessableEntity, s == http.StatusRequestEntityTooLarge:
		return rejection(e, body)
	}
	return provider.Broken
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

// rejection tells a refusal of the caller's request from one of our model name, and
// from a page of a server in between.
func rejection(e *provider.Error, body []byte) provider.Class {
	switch {
	case e.Code == modelNotFound || e.Param == "model":
		return provider.Denied
	case e.Message == "" && e.Status != http.StatusRequestEntityTooLarge && bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")):
		return provider.Broken
	}
	return provider.Rejected
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
			return failure{Message: text(e)}
		case rawjson.KindObject:
			object = e
		}
	}
	f := failure{Message: member(object, "message"), Code: member(object, "code"), Param: member(object, "param")}
	if f.Message == "" {
		f.Message, f.Param = detail(object, f.Param)
	}
	if f.Code == "" && tooLong(member(object, "type"), f.Message) {
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
		return text(d), param
	case rawjson.KindObject:
		return member(d, "message"), param
	}
	message := ""
	rawjson.Elements(d, func(complaint []byte) bool {
		message = member(complaint, "msg")
		loc, _ := rawjson.Get(complaint, "loc")
		rawjson.Elements(loc, func(step []byte) bool {
			if s := text(step); s != "" && s != "body" {
				param = s
				return false
			}
			return true
		})
		return false
	})
	return message, param
}

// member is a text member, "" where it is none.
func member(object []byte, name string) string {
	v, _ := rawjson.Get(object, name)
	return text(v)
}

func text(value []byte) string {
	s, err := rawjson.Unquote(value)
	if err != nil {
		return ""
	}
	return s
}

// refusesStreamOptions knows servers older than that field.
func refusesStreamOptions(err error) bool {
	var e *provider.Error
	return errors.As(err, &e) && e.Class == provider.Rejected &&
		(strings.HasPrefix(e.Param, "stream_options") || strings.Contains(e.Message, "stream_options"))
}

// maxRetryAfter bounds what we believe.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads when to come again: OpenAI's header in milliseconds, else
// Retry-After in seconds or as a date (RFC 9110, section 10.2.3).
func retryAfter(h egress.Header, now time.Time) time.Duration {
	wait := time.Duration(0)
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil {
		wait = waitOf(ms, time.Millisecond)
	} else if s, err := strconv.ParseFloat(h.Get("Retry-After"), 64); err == nil {
		wait = waitOf(s, time.Second)
	} else if at, err := http.ParseTime(h.Get("Retry-After")); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

func waitOf(n float64, unit time.Duration) time.Duration {
	if !(n > 0) { // also what is not a number
		return 0
	}
	if n > float64(maxRetryAfter/unit) {
		return maxRetryAfter
	}
	return time.Duration(n * float64(unit))
}

// hidden lists what no text for a caller may hold, longer before its parts.
func hidden(base *url.URL, credential string) []string {
	list := []string{strings.TrimSuffix(base.String(), "/"), base.Host, base.Hostname(), credential}
	list = slices.DeleteFunc(list, func(s string) bool { return s == "" })
	slices.SortFunc(list, func(a, b string) int { return len(b) - len(a) })
	return list
}

// maxMessage bounds an upstream's sentence, in bytes.
const maxMessage = 2 << 10

// scrub takes the upstream's names out of its sentence.
func (p *Provider) scrub(call *provider.Call, message string) string {
	for _, s := range p.hidden {
		message = replaceWord(message, s, "[upstream]")
	}
	if call.Model != call.Show && call.Model != "" {
		message = replaceWord(message, call.Model, call.Show)
	}
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "") + "…"
	}
	return message
}

// replaceWord replaces old where it stands alone: a model named "a" must not
// change every word that holds the letter.
func replaceWord(s, old, with string) string {
	var out strings.Builder
	from := 0
	for at := 0; ; {
		i := strings.Index(s[at:], old)
		if i < 0 {
			break
		}
		i += at
		end := i + len(old)
		if wordAt(s[:i], true) && wordAt(old, false) || wordAt(old, true) && wordAt(s[end:], false) {
			at = i + 1
			continue
		}
		out.WriteString(s[from:i])
		out.WriteString(with)
		from, at = end, end
	}
	if from == 0 {
		return s
	}
	out.WriteString(s[from:])
	return out.String()
}

// wordAt reports whether s has a letter or digit at its end, or at its start.
func wordAt(s string, atEnd bool) bool {
	var r rune
	if atEnd {
		r, _ = utf8.DecodeLastRuneInString(s)
	} else {
		r, _ = utf8.DecodeRuneInString(s)
	}
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
