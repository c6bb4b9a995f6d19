package remote

import (
	"bytes"
	"cmp"
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

// callError classifies a call that brought no answer, or not all of it.
func callError(err error) error {
	var refused *egress.Refused
	if errors.As(err, &refused) {
		return &provider.Error{Class: provider.Forbidden, Err: err}
	}
	var e *egress.Error
	if !errors.As(err, &e) {
		return &provider.Error{Class: provider.Broken, Err: err}
	}
	return &provider.Error{Class: classOf(e), Err: err}
}

func classOf(e *egress.Error) provider.Class {
	switch {
	case e.Kind == egress.ErrCancelled, e.Kind == egress.ErrClosed:
		return provider.Cancelled
	case e.Kind == egress.ErrRequest:
		return provider.Denied // an address or a credential that can't be sent: ours
	case !e.Sent:
		return provider.Unreachable
	case e.Kind == egress.ErrTimeout:
		return provider.Timeout
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

// maxRefusal bounds what is read of an error's body, in bytes.
const maxRefusal = 64 << 10

// refusal reads and classifies an answer that is not a 2xx. What came before a cut
// is good enough for an error's text.
func (c *Client) refusal(n Names, resp *egress.Response) error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	e := &provider.Error{Status: resp.Status, RetryAfter: retryAfter(resp.Header, body, c.now())}
	e.Message, e.Param = Complaint(body)
	e.Class = refusalClass(resp.Status, e.Message, body)
	e.Message, e.Param, e.Code = c.Scrub(n, e.Message), c.Scrub(n, e.Param), c.Scrub(n, complaintCode(body))
	return e
}

// refusalClass says what a refusal means (contract 9.4, last paragraphs).
func refusalClass(status int, message string, body []byte) provider.Class {
	switch {
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return provider.Busy // who answers 503 says that it takes nothing now
	case status == http.StatusRequestTimeout:
		return provider.Timeout
	case status == 401, status == 402, status == 403, status == 404, status >= 300 && status <= 399:
		return provider.Denied
	case status == http.StatusRequestEntityTooLarge:
		return provider.Rejected
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		if message == "" && bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
			return provider.Broken // a page of a server in between
		}
		return provider.Rejected
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
		return text(e), ""
	case rawjson.KindObject:
		object = e
	}
	if m := Member(object, "message"); m != "" {
		return m, Member(object, "param")
	}
	detail, _ := rawjson.Get(object, "detail")
	switch rawjson.KindOf(detail) {
	case rawjson.KindString:
		return text(detail), ""
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
			if s := text(step); s != "" && s != "body" && s != "input" {
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

// retryAfter reads when to come again: from the header in seconds or as a date, or
// from the body's retry_after in seconds.
func retryAfter(h egress.Header, body []byte, now time.Time) time.Duration {
	wait := time.Duration(0)
	if s, err := strconv.ParseFloat(h.Get("Retry-After"), 64); err == nil && s > 0 {
		wait = time.Duration(min(s, maxRetryAfter.Seconds()) * float64(time.Second))
	} else if at, err := http.ParseTime(h.Get("Retry-After")); err == nil {
		wait = at.Sub(now)
	} else {
		wait = Seconds(body, "retry_after")
	}
	return min(max(wait, 0), maxRetryAfter)
}
