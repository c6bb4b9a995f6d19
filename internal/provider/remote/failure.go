package remote

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// CallError classifies a call that brought no answer, or not all of it; cut is the class
// of an answer that ended early. The caller's deadline is a bound on the answer.
func CallError(err error, cut provider.Class) error {
	var e *egress.Error
	if errors.As(err, &e) && e.Kind == egress.ErrCancelled && errors.Is(e.Err, context.DeadlineExceeded) {
		return &provider.Error{Class: provider.Timeout, Err: err}
	}
	return failedCall(err, cut)
}

// callError is CallError for the calls of a prediction: a deadline ends the run, and says
// nothing of the upstream.
func callError(err error) error { return failedCall(err, provider.Broken) }

func failedCall(err error, cut provider.Class) error {
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

// errCut is an answer that ended in order and too early.
var errCut = errors.New("the answer ended too early")

// Cut is an answer that ended in order before it said how the work ended.
func Cut(what string) error {
	return &provider.Error{Class: provider.Broken, Err: fmt.Errorf("%s: %w", what, errCut)}
}

// WasCut reports whether a connection ended after the request was sent and before
// the answer's end, as it does when the other side dies.
func WasCut(err error) bool {
	var e *egress.Error
	if errors.As(err, &e) {
		return e.Kind == egress.ErrAmbiguous || e.Kind == egress.ErrCut
	}
	return errors.Is(err, errCut)
}

// MayHaveWork reports whether the upstream may have taken the work whose sending
// ended with err.
func MayHaveWork(err error) bool {
	var e *provider.Error
	if !errors.As(err, &e) {
		return true
	}
	var call *egress.Error
	if errors.As(err, &call) && !call.Sent {
		return false
	}
	switch e.Class {
	case provider.Timeout:
		return e.Status == 0 // by 408 the request did not come whole
	case provider.Broken, provider.Cancelled, provider.Cut:
		return e.Status < 400 || e.Status > 499 // which refuses the request
	}
	return false
}

// Passing reports whether a failed look at work that goes on may go better the next
// time. The work is given up only where its end can't be seen.
func Passing(err error) bool {
	switch provider.ClassOf(err) {
	case provider.Broken, provider.Unreachable, provider.Timeout, provider.Busy:
		return true
	}
	return false
}

// Garbage reports whether err is an answer that makes no sense, as a server in between
// may give for a while.
func Garbage(err error) bool {
	return provider.ClassOf(err) == provider.Broken && StatusOf(err) == 0 && !WasCut(err)
}

// Ambiguous is err as that of work which may have been taken.
func Ambiguous(err error) error {
	e := &provider.Error{Class: provider.Ambiguous, Err: err}
	var cause *provider.Error
	if errors.As(err, &cause) {
		e.Status, e.Message = cause.Status, cause.Message
	}
	return e
}

// MaxRefusal bounds what is read of an error's body, in bytes.
const MaxRefusal = 64 << 10

// ReadRefusal reads the beginning of an answer that is not a 2xx. What came before a cut
// is good enough for an error's text.
func ReadRefusal(resp *egress.Response) []byte {
	if Decode(resp) != nil { // nobody can read it; the status says enough
		return nil
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, MaxRefusal))
	return body
}

// refusal reads and classifies an answer that is not a 2xx.
func (c *Client) refusal(n Names, resp *egress.Response) error {
	body := ReadRefusal(resp)
	e := &provider.Error{Status: resp.Status, RetryAfter: retryAfter(resp.Header, body, c.now())}
	e.Message, e.Param = Complaint(body)
	e.Class = refusalClass(resp.Status, e.Message, body)
	e.Message, e.Param, e.Code = c.Scrub(n, e.Message), c.Scrub(n, e.Param), c.Scrub(n, complaintCode(body))
	return e
}

// StatusClass says what a refusal's status means by itself (contract 9.4, last
// paragraphs), and whether it means anything: else the class is Broken. message is what
// the body was found to say.
func StatusClass(status int, message string, body []byte) (class provider.Class, known bool) {
	switch {
	case status == http.StatusTooManyRequests:
		return provider.Busy, true
	case status == http.StatusRequestTimeout:
		return provider.Timeout, true
	case status == 401, status == 402, status == 403, status == 404, status >= 300 && status <= 399:
		return provider.Denied, true
	case status == http.StatusRequestEntityTooLarge:
		return provider.Rejected, true
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		if message == "" && bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
			return provider.Broken, true // a page of a server in between
		}
		return provider.Rejected, true
	}
	return provider.Broken, false
}

// refusalClass is StatusClass with what the upstreams of predictions mean besides.
func refusalClass(status int, message string, body []byte) provider.Class {
	class, known := StatusClass(status, message, body)
	switch {
	case known:
		return class
	case status == http.StatusServiceUnavailable:
		return provider.Busy // who answers 503 says that it takes nothing now
	case status >= 400 && status <= 499 && status != http.StatusMethodNotAllowed && message != "":
		return provider.Rejected // such as a 451
	case status >= 400 && status <= 499:
		return provider.Denied
	}
	return provider.Broken
}

// complaintCode is the word that an error object has for its kind, "" where there is
// none: `error_id` of the Skytells API, `code` of OpenAI's.
func complaintCode(body []byte) string {
	return cmp.Or(Member(body, "error", "error_id"), Member(body, "error", "code"))
}

// Complaint reads what an upstream says went wrong, and the field that it names.
// The forms: {"error":"…"}, {"error":{"message":…}}, {"detail":"…"}, and FastAPI's
// list of details, of which the first counts.
func Complaint(body []byte) (message, param string) {
	object := body
	switch e, _ := rawjson.Get(body, "error"); rawjson.KindOf(e) {
	case rawjson.KindString:
		return Text(e), ""
	case rawjson.KindObject:
		object = e
	}
	if m := Member(object, "message"); m != "" {
		return m, Member(object, "param")
	}
	detail, _ := rawjson.Get(object, "detail")
	switch rawjson.KindOf(detail) {
	case rawjson.KindString:
		return Text(detail), ""
	case rawjson.KindArray:
		return firstDetail(detail)
	}
	return Member(object, "title"), ""
}

// firstDetail reads the first of FastAPI's details. The field's name is told before
// its complaint, which seldom repeats it.
func firstDetail(list []byte) (message, param string) {
	rawjson.Elements(list, func(d []byte) bool {
		message = Member(d, "msg")
		loc, _ := rawjson.Get(d, "loc")
		rawjson.Elements(loc, func(step []byte) bool {
			if s := Text(step); s != "" && s != "body" && s != "input" {
				param = s
			}
			return true
		})
		return false
	})
	if param != "" && message != "" {
		message = param + ": " + message
	}
	return message, param
}

// maxRetryAfter bounds what we believe.
const maxRetryAfter = 24 * time.Hour

// RetryAfter reads the header in milliseconds that the clients of OpenAI and of Anthropic
// know, else Retry-After, in seconds or as a date (RFC 9110, section 10.2.3). It is false where
// there is none.
func RetryAfter(h egress.Header, now time.Time) (time.Duration, bool) {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil {
		return Delay(ms, time.Millisecond), true
	}
	if s, err := strconv.ParseFloat(h.Get("Retry-After"), 64); err == nil && s > 0 {
		return Delay(s, time.Second), true
	}
	if at, err := http.ParseTime(h.Get("Retry-After")); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter), true
	}
	return 0, false
}

// Delay is n units, as far as an upstream is believed: 0 to a day.
func Delay(n float64, unit time.Duration) time.Duration {
	if !(n > 0) { // also what is not a number
		return 0
	}
	return time.Duration(min(n, float64(maxRetryAfter/unit)) * float64(unit))
}

// retryAfter reads when to come again from the header, or from the body's retry_after in
// seconds.
func retryAfter(h egress.Header, body []byte, now time.Time) time.Duration {
	wait, told := RetryAfter(h, now)
	if !told {
		wait = Seconds(body, "retry_after")
	}
	return min(max(wait, 0), maxRetryAfter)
}
