// Package translate carries the Responses API over chat completions (contract 7.2 and
// 8.2): a request one way, an answer or a stream of chunks the other.
//
// It is a function of its input: it calls nothing, stores nothing and knows no account.
// What a chat model cannot carry is refused by name and never dropped silently.
//
// Its one invariant: each output item appears once, under one id, in the answer as in the
// stream, and a stream's sequence numbers have no gap.
//
// Texts are never decoded: the pieces of JSON strings that a request, an answer or a chunk
// holds are copied as they stand, since pieces of JSON strings joined are the JSON of the
// joined text.
package translate

import (
	"encoding/json"
	"time"

	"skytower/internal/inference/chatform"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// Request is a Responses request that is to be carried over chat.
type Request struct {
	// Body is the caller's, a JSON object.
	Body []byte
	// Items are the items of the conversation so far and of this turn, with references
	// resolved; nil: `input` of the body as it is.
	Items []json.RawMessage
	// Earlier is how many of Items come from earlier turns: faults name the caller's own
	// from input[0] on, and those by previous_response_id.
	Earlier int
	ID      string // of the response: resp_…
	Model   string // the upstream's name
	Show    string // the name in the answer's `model`
	Now     func() time.Time
	// Created is when the response was created, where that was earlier (a background
	// response); zero: now.
	Created time.Time
	// Count tells what is charged where the upstream reports no usage. Strict clients
	// need numbers in the last event; nil: `usage` is null there.
	Count func() provider.Usage
}

// Translation is one request, made ready for a chat model, and the form of its answer.
// It serves one caller at a time; tries of other targets may follow each other.
type Translation struct {
	chat   []byte
	frame  frame
	show   shape
	count  func() provider.Usage
	now    func() time.Time
	newID  func(prefix string) string
	output *output // of the answer or the stream that began last, or nil
}

// shape is how the caller wants to be told what the model thought.
type shape struct {
	summary   bool // as a summary, not as content
	encrypted bool // with an (empty) encrypted form beside it
}

// New translates the request. The error is a *fault.Error that names the field: it is of
// the wrong type, or chat can't carry it.
func New(r Request) (*Translation, error) {
	a, p := read(r.Body)
	if p != nil {
		return nil, refusal(p)
	}
	t := &Translation{now: r.Now, count: r.Count, newID: chatform.RandomID}
	if t.now == nil {
		t.now = time.Now
	}
	t.show = shape{summary: a.reasoning.summary != nil, encrypted: a.include.encrypted}
	if t.chat, p = a.chat(&r); p != nil {
		return nil, refusal(p)
	}
	if r.Created.IsZero() {
		r.Created = t.now()
	}
	t.frame = a.frame(r.ID, r.Show, r.Created.Unix())
	return t, nil
}

// Chat is the chat completion request: model, messages and what else was asked for, but
// no `stream`, which the adapter sets.
func (t *Translation) Chat() []byte { return t.chat }

// Created is the response object before any output: its status is in_progress.
func (t *Translation) Created() []byte { return t.frame.append(nil, &ending{status: inProgress}, nil) }

// Failed is the response object with what came so far, as the events given by Next told
// it; items that were open are incomplete. Usage is null where it is not reported.
func (t *Translation) Failed(code, message string, usage provider.Usage) []byte {
	failure := append(rawjson.AppendQuote([]byte(`{"code":`), code), `,"message":`...)
	failure = append(rawjson.AppendQuote(failure, message), '}')
	return t.frame.append(nil, &ending{status: "failed", failure: failure, usage: usage}, t.output)
}

// begin forgets what an earlier try brought.
func (t *Translation) begin() *output {
	t.output = &output{newID: t.newID, open: none, show: t.show}
	return t.output
}

// charged is what a last event says of usage.
func (t *Translation) charged(reported provider.Usage) provider.Usage {
	if reported.Reported || t.count == nil {
		return reported
	}
	u := t.count()
	u.Reported = true
	return u
}

// statuses of a response and of its items.
const (
	inProgress = "in_progress"
	completed  = "completed"
	incomplete = "incomplete"
)
