// Package provider says what Skytower asks of whatever stands behind a model:
// one small interface a capability, neutral request and answer types, and the
// classes of failure that routing and the error envelopes need.
//
// The neutral form of an inference call is the OpenAI JSON that the caller sent,
// as bytes that have been scanned once (package rawjson); an adapter for another
// protocol translates inside itself. The package knows no adapter, no HTTP route,
// no price and no account.
//
// Its one invariant: an answer's `model` is Call.Show, never the upstream's name.
package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"skytower/internal/rawjson"
)

// Call is one inference call to one target.
type Call struct {
	// Body is the caller's top-level object after the scan. It is shared by all
	// tries of a request: an adapter edits a copy.
	Body *rawjson.Object
	// Model is the name that the upstream knows the model by.
	Model string
	// Show is the name that the caller gets to see in the answer's `model`.
	Show string
	// MaxTokens replaces the caller's output limit where it is above 0 (the
	// reserved number); at 0 the caller's own, or its absence, stays.
	MaxTokens int64
	// Header holds the caller's headers that may pass (an allow-list).
	Header http.Header
	// RequestID names the call in logs on both sides.
	RequestID string
	// FirstByte and Idle bound the waits for the answer's head and for more of it; 0: as
	// the adapter was set up.
	FirstByte, Idle time.Duration
}

// Usage is what an answer cost in tokens. Zero and "not reported" differ:
// Reported is false where the upstream said nothing.
type Usage struct {
	Reported  bool
	Input     int64 // all input tokens, cached ones included
	Output    int64 // all output tokens, reasoning included
	Cached    int64 // input tokens served from the upstream's prompt cache
	Reasoning int64 // output tokens spent on reasoning
}

// Answer is a whole, unstreamed reply.
type Answer struct {
	Body  []byte // one JSON document
	Usage Usage
	// Bytes is how much generated content the answer holds, for counting where no
	// usage is reported; it may be 0 where usage is.
	Bytes int
	// Free may be called, once, when neither the answer nor its body is needed any more: its
	// memory serves another answer then. It may be nil.
	Free func()
}

// Event is one event of a streamed reply. Data is valid until the next call of
// Next.
type Event struct {
	Name string // SSE event name; "" for chat chunks
	Data []byte // one JSON document on one line
	// Usage is set on the event that carries it.
	Usage Usage
	// UsageOnly marks a chat chunk that carries nothing but usage: the caller
	// gets it only if it asked for it.
	UsageOnly bool
	// Output marks an event that delivers generated content; Bytes is how much
	// of it, as a floor for counting what a broken stream delivered.
	Output bool
	Bytes  int
	// Final marks the last events of a stream: that of a Responses stream (completed,
	// incomplete, failed), and message_delta with its stop_reason and message_stop of a
	// Messages stream. The caller gets them only after the charge is durable.
	Final bool
}

// Stream is a streamed reply, pulled by one goroutine. Next returns io.EOF after
// the upstream's proper end, and an *Error of class Cut where it ended early.
type Stream interface {
	Next() (Event, error)
	// Ready reports whether the next event is already here, so that Next would
	// not wait: the caller flushes before it waits and not per event.
	Ready() bool
	Close() error
}

// Chatter answers chat completions.
type Chatter interface {
	Chat(context.Context, *Call) (*Answer, error)
	ChatStream(context.Context, *Call) (Stream, error)
}

// Responder answers the Responses API natively. Both methods return an *Error of
// class Unsupported where this upstream turns out not to have it.
type Responder interface {
	Respond(context.Context, *Call) (*Answer, error)
	RespondStream(context.Context, *Call) (Stream, error)
}

// Messenger answers Anthropic's Messages API natively: the call's body is a Messages
// request, and so are answer and events (message_start … message_stop). All methods return
// an *Error of class Unsupported where this upstream turns out not to have it.
type Messenger interface {
	Message(context.Context, *Call) (*Answer, error)
	MessageStream(context.Context, *Call) (Stream, error)
	// CountMessage is how many input tokens the request has.
	CountMessage(context.Context, *Call) (int64, error)
}

// TokenCounter counts the input tokens of a chat request.
type TokenCounter interface {
	CountTokens(context.Context, *Call) (int64, error)
}

// Moderator judges texts by a model that is made for it.
type Moderator interface {
	// Moderate gives one judgement for each text, in their order.
	Moderate(ctx context.Context, model string, texts []string) ([]Judgement, error)
}

// Judgement is what a moderation model says of a text.
type Judgement struct {
	Flagged bool
	// Scores are from 0 to 1, by the upstream's names of the categories; Categories are those
	// that it flagged.
	Scores     map[string]float64
	Categories map[string]bool
}

// Embedder answers embeddings.
type Embedder interface {
	Embed(context.Context, *Call) (*Answer, error)
}

// Lister names the models that an upstream offers.
type Lister interface {
	Models(context.Context) ([]Listed, error)
}

// Listed is one model that an upstream offers. Only Name is always there; the rest is
// what the upstream says of it.
type Listed struct {
	Name    string // the upstream's name
	OwnedBy string // may be ""

	Title, Description string
	API                string // chat, embeddings or prediction; "" is unknown
	Type               string // image, video, audio, music or text; "" is unknown
	Capabilities       []string
	InputSchema        json.RawMessage // JSON Schema of a prediction's input
	OutputSchema       json.RawMessage
}
