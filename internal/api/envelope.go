package api

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/skytells"
)

// Fail writes err in the envelope of the surface.
func Fail(s Surface, c *httpx.Call, err *fault.Error) {
	h := c.Header()
	status := err.HTTPStatus()
	if wait := pause(err); wait > 0 {
		h.Set("Retry-After", RetryAfter(wait))
	}
	if err.NoRetry {
		h.Set("X-Should-Retry", "false")
	}
	if err.Allow != "" {
		h.Set("Allow", err.Allow)
	}
	c.Record.Outcome = "error"
	if s == REST && FromAnthropic(c.Request) {
		s = Messages
	}
	switch s {
	case Inference:
		_ = c.JSON(status, InferenceEnvelope(err, c.Record.ID))
	case Messages:
		NameRequest(h, c.Record.ID)
		_ = c.JSON(status, NewMessagesEnvelope(err, c.Record.ID))
	default:
		_ = c.JSON(status, RESTEnvelope(err, c.Record.ID))
	}
}

// FromAnthropic reports whether a client of Anthropic's API asks: they alone name its
// version, with every request.
func FromAnthropic(r *http.Request) bool { return r.Header.Get("Anthropic-Version") != "" }

// NameRequest tells the request's id by the name under which Anthropic's clients read it.
func NameRequest(h http.Header, id string) { h["Request-Id"] = []string{id} }

// unavailableRetry is said with a 503 where nobody knows when it is over: what restarts
// is mostly back by then, and what is not costs little by being asked so often.
const unavailableRetry = 5 * time.Second

// pause is how long a caller should wait before the same call, 0 where that is not said:
// a 503 always says it, so that no client comes again at once.
func pause(err *fault.Error) time.Duration {
	switch status := err.HTTPStatus(); {
	case status == 503 && err.RetryAfter <= 0 && !err.NoRetry:
		return unavailableRetry
	case status == 429 || status == 503:
		return err.RetryAfter
	}
	return 0
}

// RetryAfter is d in whole seconds, at least 1 (contract 1.20).
func RetryAfter(d time.Duration) string { return strconv.Itoa(wholeSeconds(d)) }

func wholeSeconds(d time.Duration) int { return max(1, int(math.Ceil(d.Seconds()))) }

// RESTEnvelope is err as contract 9.1 shows it.
func RESTEnvelope(err *fault.Error, requestID string) skytells.ErrorEnvelope {
	brief, details := err.Brief, err.Details
	if brief == "" {
		brief = err.Message
	}
	if details == "" {
		details = err.Message
	}
	if err.Help != "" {
		details = strings.TrimSuffix(details, ".") + ". Keys are made at " + err.Help
	}
	return skytells.ErrorEnvelope{Response: brief, Error: skytells.RESTError{
		HTTPStatus: err.HTTPStatus(), Message: err.Message, Details: details,
		ErrorID: string(surfaceID(REST, err.ID)), RequestID: requestID,
	}}
}

// InferenceEnvelope is err as contract 9.2 shows it.
func InferenceEnvelope(err *fault.Error, requestID string) skytells.InferenceEnvelope {
	id := surfaceID(Inference, err.ID)
	row := id.Entry()
	out := skytells.InferenceError{
		Message: err.Message, Type: row.Type, Code: err.InferenceCode(), ErrorID: string(id),
		Status: err.HTTPStatus(), RequestID: requestID, Details: skytells.InferenceDetails{Category: row.Category, Help: err.Help},
	}
	if err.Param != "" {
		out.Param = &err.Param
	}
	if l := err.Limit; l != nil {
		out.Details.Dimension, out.Details.Scope, out.Details.Limit = l.Dimension, l.Scope, &l.Size
		out.Details.RetryAfter = int64(wholeSeconds(err.RetryAfter))
	}
	return skytells.InferenceEnvelope{Error: out}
}

// surfaceID gives the twin of an id that belongs to one surface only: the account's
// rate limit has another name on each (contract 9.4).
func surfaceID(s Surface, id fault.ID) fault.ID {
	switch {
	case s == Inference && id == fault.RateLimitExceeded:
		return fault.RateLimited
	case s != Inference && id == fault.RateLimited:
		return fault.RateLimitExceeded
	}
	return id
}

// NotFound is the error for a path that no row serves.
func NotFound(method, path string) *fault.Error {
	return fault.Newf(fault.EndpointNotFound, "There is no route %s %s on this server.", method, path)
}

// methodNotAllowed is the error for a path that takes other methods.
func methodNotAllowed(method, allow string) *fault.Error {
	return &fault.Error{
		ID: fault.EndpointNotFound, Status: 405, Allow: allow,
		Message: fmt.Sprintf("This route does not take %s; it takes %s.", method, allow),
	}
}
