package skytells

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// APIError is an answer that says no, read from either envelope (contract 9).
type APIError struct {
	Status    int
	ID        string // error_id; "" where the answer had no envelope
	Message   string
	Details   string // "" where it only repeats the message
	RequestID string
}

// Error is "message details [ERROR_ID] (request req_…)".
func (e *APIError) Error() string {
	var text strings.Builder
	text.WriteString(e.Message)
	if e.Details != "" {
		text.WriteString(" " + e.Details)
	}
	if e.ID != "" {
		text.WriteString(" [" + e.ID + "]")
	}
	if e.RequestID != "" {
		text.WriteString(" (request " + e.RequestID + ")")
	}
	return text.String()
}

// UnreachableError says that no answer came from the server.
type UnreachableError struct {
	URL string
	Err error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("no server answers at %s: %v", e.URL, e.Err)
}

// Unwrap returns the cause.
func (e *UnreachableError) Unwrap() error { return e.Err }

// InsecureError says that a key would travel readable.
type InsecureError struct{ Host string }

func (e *InsecureError) Error() string {
	return fmt.Sprintf("the key would go to %s over plain http, readable on the way", e.Host)
}

// envelope is what both envelopes have in common. Details is a string in the
// one and an object in the other.
type envelope struct {
	Response string `json:"response"`
	Error    struct {
		Message   string          `json:"message"`
		Details   json.RawMessage `json:"details"`
		ErrorID   string          `json:"error_id"`
		RequestID string          `json:"request_id"`
	} `json:"error"`
}

func apiError(reply *http.Response, body []byte) *APIError {
	e := &APIError{Status: reply.StatusCode, RequestID: reply.Header.Get("X-Request-Id")}
	var sent envelope
	if json.Unmarshal(body, &sent) != nil || sent.Error.Message == "" && sent.Response == "" {
		e.Message = withoutEnvelope(reply)
		return e
	}
	e.ID, e.Message = sent.Error.ErrorID, sent.Error.Message
	if e.Message == "" {
		e.Message = sent.Response
	}
	if sent.Error.RequestID != "" {
		e.RequestID = sent.Error.RequestID
	}
	var details string
	if json.Unmarshal(sent.Error.Details, &details) == nil && details != e.Message {
		e.Details = details
	}
	return e
}

func withoutEnvelope(reply *http.Response) string {
	if reply.StatusCode/100 == 3 {
		return fmt.Sprintf("the server sends elsewhere (%s), which is not followed, since the key would go along; give the final address", reply.Status)
	}
	return fmt.Sprintf("the answer is %s, and not from a Skytower server", reply.Status)
}
