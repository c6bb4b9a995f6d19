package infer

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"skytower/internal/api"
	"skytower/internal/archive"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/inference"
	"skytower/internal/skytells"
)

// sink takes the answer of one call to its caller.
type sink struct {
	call      *httpx.Call
	stream    bool
	keepAlive time.Duration
	events    *httpx.SSE
	sent      int64             // events so far: the next sequence_number of a Responses stream
	kept      *archive.Exchange // nil: nothing is
}

// Admit sets the headers of contract section 10 and 7, before anything goes out.
func (s *sink) Admit(a inference.Admission) {
	h := s.call.Header()
	h["X-Skytells-Model"] = []string{a.Model}
	api.LimitHeaders(h, a.Limits)
	if a.Cache != "" {
		tellCache(h, a)
	}
	if s.stream {
		s.events = s.call.SSE(s.keepAlive)
	}
}

// tellCache says what came of asking the answer cache. Age is HTTP's (RFC 9111, 5.1), in
// seconds.
func tellCache(h http.Header, a inference.Admission) {
	h[inference.CacheHeader] = []string{a.Cache}
	if a.Cache == inference.Hit {
		h["Age"] = []string{strconv.FormatInt(int64(a.Age/time.Second), 10)}
	}
}

// withdraw takes back what Admit said of the limits and of the cache: those headers stand
// on answers (contract 10), and this is an error.
func (s *sink) withdraw() {
	h := s.call.Header()
	delete(h, inference.CacheHeader)
	delete(h, "Age")
	delete(h, "X-Skytells-Ratelimit-Window")
	for _, name := range [...]string{"Requests", "Tokens-In", "Tokens-Out"} {
		delete(h, "X-Skytells-Ratelimit-Limit-"+name)
		delete(h, "X-Skytells-Ratelimit-Remaining-"+name)
	}
}

func (s *sink) Answer(body []byte) error {
	s.kept.Answer(body)
	return s.call.Raw(http.StatusOK, "application/json", body)
}

func (s *sink) Event(name string, data []byte) error {
	s.sent++
	s.kept.Event(name, data)
	return s.events.Event(name, data)
}

func (s *sink) Flush() error { return s.events.Flush() }

// begun reports whether the head of a stream is out, if only by a comment: from
// then on an error must be told in band.
func (s *sink) begun() bool { return s.events != nil && s.events.Begun() }

func (s *sink) close() {
	if s.events != nil {
		s.events.Close()
	}
}

// failInBand ends a stream with an error event, in the form of its API (contract
// 8.1; the Responses and the Messages API have an `error` event of their own).
func (s *sink) failInBand(err error, kind inference.API) {
	f := fault.From(err)
	s.events.InBand()
	envelope := api.InferenceEnvelope(f, s.call.Record.ID)
	switch kind {
	case inference.Responses:
		s.event("error", responsesError{Type: "error", SequenceNumber: s.sent, Code: envelope.Error.Code, Message: envelope.Error.Message, Param: envelope.Error.Param})
	case inference.Messages:
		s.event("error", api.NewMessagesEnvelope(f, s.call.Record.ID))
	default:
		s.event("", chatError{InferenceEnvelope: envelope, Choices: []struct{}{}})
		s.send("", []byte("[DONE]"))
	}
	_ = s.events.Flush()
}

func (s *sink) event(name string, v any) {
	if data, err := json.Marshal(v); err == nil {
		s.send(name, data)
	}
}

// send is Event for what comes after the answer.
func (s *sink) send(name string, data []byte) {
	s.kept.Event(name, data)
	_ = s.events.Event(name, data)
}

// chatError carries `choices` beside the error, since the TypeScript SDK hands the
// object on as a chunk (contract 8.1).
type chatError struct {
	skytells.InferenceEnvelope
	Choices []struct{} `json:"choices"`
}

type responsesError struct {
	Type           string  `json:"type"`
	SequenceNumber int64   `json:"sequence_number"`
	Code           string  `json:"code"`
	Message        string  `json:"message"`
	Param          *string `json:"param"`
}
