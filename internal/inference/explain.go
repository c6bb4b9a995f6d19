package inference

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"skytower/internal/fault"
	"skytower/internal/provider"
)

// explain says to the caller what contract 9.4 allows it to know of an upstream's
// failure. Errors that are not an upstream's pass unchanged.
func (r *run) explain(err error) error {
	if errors.Is(err, errTooLong) {
		return fault.Wrap(err, fault.InferenceTimeout, fmt.Sprintf("A stream on this surface ends after %s; ask for less, or use the standard surface.", r.req.MaxStream))
	}
	var up *provider.Error
	if !errors.As(err, &up) {
		return err
	}
	f := &fault.Error{Err: err, RetryAfter: up.RetryAfter}
	name := r.req.Model
	switch up.Class {
	case provider.Rejected:
		return r.rejected(f, up)
	case provider.Busy:
		f.ID, f.Message = fault.InferenceRateLimited, fmt.Sprintf("The model '%s' is busy; try again later.", name)
		if f.RetryAfter == 0 {
			f.RetryAfter = busyRetry
		}
	case provider.Timeout:
		f.ID, f.Message = fault.InferenceTimeout, fmt.Sprintf("The model '%s' did not answer in time.", name)
	case provider.Unreachable:
		if told, ok := errors.AsType[*fault.Error](up.Err); ok { // such as an engine whose library is not installed
			return told
		}
		f.ID, f.Message = fault.ServiceUnavailable, fmt.Sprintf("The model '%s' cannot be reached at the moment.", name)
	case provider.Denied:
		f.ID, f.Message = fault.InferenceError, fmt.Sprintf("The model '%s' is not set up correctly; its operator has to look at it.", name)
		f.NoRetry = true
	case provider.Unsupported:
		if own, ok := errors.AsType[*fault.Error](up.Err); ok { // which field no target can serve
			return own
		}
		f.ID, f.Message = fault.ModelNotSupported, fmt.Sprintf("The model '%s' does not serve this route.", name)
	case provider.Forbidden:
		f.ID, f.Message = fault.ServiceUnavailable, fmt.Sprintf("The model '%s' cannot be reached at the moment.", name)
	case provider.Cut:
		f.ID, f.Message = fault.InferenceError, fmt.Sprintf("The model '%s' stopped before the end of its answer.", name)
	case provider.Cancelled:
		return err
	default:
		if resting(up) {
			f.ID, f.Message = fault.ServiceUnavailable, fmt.Sprintf("The model '%s' is not available at the moment.", name)
			return f
		}
		f.ID, f.Message = fault.InferenceError, fmt.Sprintf("The model '%s' failed.", name)
	}
	return f
}

// resting reports whether an upstream said that it is away for a while.
func resting(up *provider.Error) bool {
	return up.Status == http.StatusServiceUnavailable && up.RetryAfter > 0
}

// rejected keeps the upstream's own words about the request, which only its
// sender can act on.
func (r *run) rejected(f *fault.Error, up *provider.Error) error {
	f.ID, f.Message, f.Param, f.Status = fault.InvalidRequest, up.Message, up.Param, up.Status
	if f.Message == "" {
		f.Message = "The model refused the request as malformed."
	}
	if up.Param != "" || up.Code == contextLength {
		f.ID = fault.InvalidParameter
	}
	switch up.Code {
	case contextLength:
		f.Code, f.Param = contextLength, "messages"
		f.Status = http.StatusBadRequest
		if r.req.API == Messages && !strings.HasPrefix(f.Message, promptTooLong) {
			f.Message = promptTooLong + ": " + f.Message
		}
	}
	return f
}

// promptTooLong are the words by which clients of the Messages API know that a conversation
// has to be made shorter.
const promptTooLong = "prompt is too long"

// busyRetry is said where a busy upstream named no time.
const busyRetry = 5 * time.Second

// contextLength is the code of OpenAI-style servers for an input that is too long
// (contract 9.4, last paragraph).
const contextLength = "context_length_exceeded"
