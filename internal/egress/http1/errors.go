package http1

import "fmt"

// Kind is a class of failure. Each one can be asked for with errors.Is.
type Kind string

// The kinds. What they mean for trying elsewhere is Error.Sent.
const (
	// ErrRequest is a request that must not go out as it is: nothing was sent.
	ErrRequest Kind = "invalid request"
	// ErrDial is a connection that could not be made, or that took nothing of the
	// request: nothing was sent.
	ErrDial Kind = "cannot connect"
	// ErrTimeout is a bound that was reached; Error.Phase says which.
	ErrTimeout Kind = "timed out"
	// ErrAmbiguous is a connection that ended after something of the request was
	// sent and before any answer: the upstream may have done the work.
	ErrAmbiguous Kind = "connection ended without an answer"
	// ErrCut is an answer that ended before its end.
	ErrCut Kind = "answer was cut off"
	// ErrMalformed is an answer that is not proper HTTP/1.1, or whose head is
	// larger than allowed.
	ErrMalformed Kind = "malformed answer"
	// ErrCancelled is a call that its context ended; the context's error is
	// wrapped too.
	ErrCancelled Kind = "cancelled"
	// ErrClosed is a read from a body that its reader has closed.
	ErrClosed Kind = "body is closed"
)

// Error is the kind's text.
func (k Kind) Error() string { return string(k) }

// Phase is what a call was waiting for when it timed out.
type Phase string

// The phases.
const (
	PhaseDial      Phase = "dial"
	PhaseFirstByte Phase = "first byte"
	PhaseIdle      Phase = "idle"
)

// Error is the failure of a call.
type Error struct {
	Kind  Kind
	Phase Phase // for ErrTimeout
	// Sent is false where it is certain that the upstream got nothing of the
	// request, so that it may be sent elsewhere.
	Sent bool
	Err  error // the cause; may be nil
}

// Error is the text for the log.
func (e *Error) Error() string {
	text := string(e.Kind)
	if e.Phase != "" {
		text += " (" + string(e.Phase) + ")"
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// Timeout reports whether a bound was reached.
func (e *Error) Timeout() bool { return e.Kind == ErrTimeout }

// malformedError is what the parser found wrong.
type malformedError struct{ what string }

func (e *malformedError) Error() string { return e.what }

func malformed(format string, args ...any) error {
	return &malformedError{what: fmt.Sprintf(format, args...)}
}
