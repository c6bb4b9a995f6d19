package provider

import (
	"errors"
	"fmt"
	"time"
)

// Class is the kind of an upstream's failure; it decides failover and what the
// caller is told (contract 9.4, last paragraphs).
type Class int

// The classes.
const (
	// Broken is a 5xx, garbage, or a connection that ended before the answer.
	Broken Class = iota
	// Unreachable is a refused or failed connection: nothing was sent.
	Unreachable
	// Timeout is an upstream that did not answer in time (or said 408).
	Timeout
	// Busy is a 429.
	Busy
	// Rejected is a 400, 413 or 422 about the request itself; its message is
	// kept for the caller.
	Rejected
	// Denied is a 401, 402, 403 or 404 about our credentials or model name;
	// nothing of it is shown.
	Denied
	// Cut is a stream that ended before its proper end.
	Cut
	// Unsupported is an upstream without this capability.
	Unsupported
	// Forbidden is an outgoing address that the egress policy refused.
	Forbidden
	// Cancelled is a call that its caller gave up.
	Cancelled
	// Failed is work that the upstream took and that failed there; its message is kept
	// for the caller.
	Failed
	// Ambiguous is work that may or may not have been taken by an upstream that cannot
	// tell: it is not sent again.
	Ambiguous
	// Gone is work that the upstream no longer knows.
	Gone
)

// Classes are the names of the classes, in the order of their numbers.
func Classes() []string {
	return []string{"broken", "unreachable", "timeout", "busy", "rejected", "denied", "cut", "unsupported", "forbidden", "cancelled", "failed", "ambiguous", "gone"}
}

// String names the class as logs and metrics do.
func (c Class) String() string { return Classes()[c] }

// Error is an upstream's failure.
type Error struct {
	Class   Class
	Status  int    // the upstream's HTTP status, 0 if none came
	Message string // the upstream's own sentence; shown only for Rejected
	Code    string // the upstream's error code; shown only for Rejected
	Param   string // the field it names; shown only for Rejected
	// RetryAfter is what the upstream asked for, 0 if nothing.
	RetryAfter time.Duration
	Err        error
}

// Error is the text for the log.
func (e *Error) Error() string {
	text := "upstream " + e.Class.String()
	if e.Status != 0 {
		text += fmt.Sprintf(" (status %d)", e.Status)
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ClassOf returns the class of err; an error of another type is Broken.
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return Broken
}
