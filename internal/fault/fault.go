// Package fault is the one error type of Skytower and the one table of the
// errors that a client can meet.
//
// Rooms return *Error; only the API edge turns it into a response, in one of the
// two envelopes of the contract (section 9). Anything that is not an *Error is
// INTERNAL_ERROR to the client, and its cause is for the log alone.
//
// The package knows nothing of HTTP handlers and imports nothing of ours.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Error is a failure with two audiences: Message and Details are written for
// the client, Err is the cause and goes to the log only.
type Error struct {
	ID      ID     // row of the table; decides status, type, code, category
	Message string // one sentence for the client: what was wrong and what to do
	Brief   string // the REST envelope's short `response`; Message where it is empty
	Details string // optional further sentence; Message is repeated where it is empty
	Help    string // address of a page that helps: where keys are made, of a 401
	Param   string // request field at fault, or ""
	Code    string // replaces the table's inference code where not empty
	Status  int    // replaces the table's HTTP status where not 0 (413, 405)

	RetryAfter time.Duration // for 429 and 503; 0: not said
	NoRetry    bool          // tells OpenAI-style clients not to retry a 5xx
	Allow      string        // methods for a 405
	Limit      *Limit        // which limit a 429 is about; nil: not said

	Err error // the cause, never shown
}

// Limit is a limit that is used up.
type Limit struct {
	Dimension string // what is counted: requests, input tokens, output tokens, concurrent calls
	Scope     string // of what, for people
	Size      int64
}

// New returns an error with the given id and message.
func New(id ID, message string) *Error { return &Error{ID: id, Message: message} }

// Newf is New with formatting.
func Newf(id ID, format string, args ...any) *Error {
	return &Error{ID: id, Message: fmt.Sprintf(format, args...)}
}

// Wrap returns an error with the given id and message whose cause is err.
func Wrap(err error, id ID, message string) *Error {
	return &Error{ID: id, Message: message, Err: err}
}

// Invalid is INVALID_PARAMETER about one field of the request.
func Invalid(param, format string, args ...any) *Error {
	return &Error{ID: InvalidParameter, Param: param, Message: fmt.Sprintf(format, args...)}
}

// Error is the text for the log: id, message and cause.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.ID, e.Message, e.Err)
	}
	return fmt.Sprintf("%s: %s", e.ID, e.Message)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// HTTPStatus is the status that the client gets.
func (e *Error) HTTPStatus() int {
	if e.Status != 0 {
		return e.Status
	}
	return e.ID.Entry().Status
}

// InferenceCode is the `code` of the inference envelope.
func (e *Error) InferenceCode() string {
	if e.Code != "" {
		return e.Code
	}
	return e.ID.Entry().Code
}

// From returns err as an *Error. An error of any other type becomes
// INTERNAL_ERROR with err as its hidden cause; nil stays nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{ID: InternalError, Message: "The server met an unexpected condition.", Err: err}
}

// Is reports whether err carries the given id.
func Is(err error, id ID) bool {
	var e *Error
	return errors.As(err, &e) && e.ID == id
}
