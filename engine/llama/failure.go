package main

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// failure is an answer that is no answer, in the form of OpenAI's API.
type failure struct {
	status  int
	message string
	code    string // such as context_length_exceeded; may be ""
	param   string // the field that it is about; may be ""
}

func refused(param, format string, args ...any) *failure {
	return &failure{status: http.StatusBadRequest, param: param, message: fmt.Sprintf(format, args...)}
}

// unsupported names a field whose meaning would be lost if it were ignored.
func unsupported(param, what string) *failure {
	f := refused(param, "This model does not support %s.", what)
	f.code = "unsupported_parameter"
	return f
}

func internal(format string, args ...any) *failure {
	return &failure{status: http.StatusInternalServerError, message: fmt.Sprintf(format, args...)}
}

func busy() *failure {
	return &failure{status: http.StatusTooManyRequests, message: "Too many calls wait for this model."}
}

// tooLong is a prompt without room for an answer.
func tooLong(tokens, room int) *failure {
	f := refused("messages", "This model has room for %d tokens, prompt and answer together, and the messages have %d.", room, tokens)
	f.code = "context_length_exceeded"
	return f
}

// body is the failure as JSON.
func (f *failure) body() []byte {
	kind := "invalid_request_error"
	if f.status >= http.StatusInternalServerError {
		kind = "server_error"
	}
	optional := func(text string) *string {
		if text == "" {
			return nil
		}
		return &text
	}
	text, err := json.Marshal(map[string]any{"error": map[string]any{
		"message": f.message, "type": kind, "code": optional(f.code), "param": optional(f.param),
	}})
	if err != nil {
		panic("encode an error: " + err.Error()) // texts: can't be
	}
	return text
}

func (f *failure) send(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	if f.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(f.status)
	_, _ = w.Write(f.body()) // a caller who has left needs none
}
