package api

import (
	"net/http"

	"skytower/internal/fault"
	"skytower/internal/skytells"
)

// MessagesEnvelope is an error in the form of Anthropic's API, with our words beside its own.
type MessagesEnvelope struct {
	Type      string        `json:"type" enum:"error"`
	Error     MessagesError `json:"error"`
	RequestID string        `json:"request_id"`
}

// MessagesError is what went wrong.
type MessagesError struct {
	Type    string          `json:"type" doc:"Anthropic's word for the status."`
	Message string          `json:"message"`
	ErrorID string          `json:"error_id" doc:"What clients can branch on; the page of errors has them all."`
	Code    string          `json:"code"`
	Param   *string         `json:"param,omitempty" doc:"The field at fault."`
	Details MessagesDetails `json:"details"`
}

// MessagesDetails has, where the table's code is replaced by a more exact one, that one in
// Anthropic's place too.
type MessagesDetails struct {
	skytells.InferenceDetails
	ErrorCode string `json:"error_code,omitempty"`
}

// NewMessagesEnvelope is err as Anthropic's clients read it. What stands beside type and
// message is that of contract 9.2.
func NewMessagesEnvelope(err *fault.Error, requestID string) MessagesEnvelope {
	e := InferenceEnvelope(err, requestID).Error
	return MessagesEnvelope{Type: "error", RequestID: requestID, Error: MessagesError{
		Type: messagesType(err.HTTPStatus()), Message: e.Message, ErrorID: e.ErrorID, Code: e.Code, Param: e.Param, Details: MessagesDetails{e.Details, err.Code},
	}}
}

// messagesType is Anthropic's name for a status (its documentation, "Errors").
func messagesType(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "authentication_error"
	case http.StatusPaymentRequired:
		return "billing_error"
	case http.StatusForbidden:
		return "permission_error"
	case http.StatusNotFound:
		return "not_found_error"
	case http.StatusRequestEntityTooLarge:
		return "request_too_large"
	case http.StatusTooManyRequests:
		return "rate_limit_error"
	case http.StatusServiceUnavailable:
		return "overloaded_error"
	case http.StatusGatewayTimeout:
		return "timeout_error"
	}
	if status < http.StatusInternalServerError {
		return "invalid_request_error"
	}
	return "api_error"
}
