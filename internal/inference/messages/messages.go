// Package messages carries Anthropic's Messages API over chat completions: a request one
// way, an answer or a stream of chunks the other.
//
// It is a function of its input: it calls nothing, stores nothing and knows no account.
// What a chat model cannot carry is refused by name and never dropped silently. Its one
// invariant: a stream's content blocks begin and end one after the other, each once.
//
// Texts are never decoded: the pieces of JSON strings that a request, an answer or a chunk
// holds are copied as they stand, since pieces of JSON strings joined are the JSON of the
// joined text.
package messages

import (
	"skytower/internal/inference/chatform"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// Request is a Messages request that is to be carried over chat.
type Request struct {
	// Body is the caller's, a JSON object.
	Body  []byte
	ID    string // of the message: msg_…
	Model string // the upstream's name
	Show  string // the name in the answer's `model`
	// Input estimates the input tokens, for the first event of a stream.
	Input int64
	// Count tells what is charged where the upstream reports no usage.
	Count func() provider.Usage
}

// Translation is one request, made ready for a chat model, and the form of its answer.
type Translation struct {
	chat  []byte
	id    []byte // JSON strings
	show  []byte
	stops []byte // stop_sequences as they came, or nil
	input int64
	count func() provider.Usage
	newID func(prefix string) string

	effort string // reasoning_effort of the chat request, "" for none
	tells  bool   // what the model thought is told
}

// New translates the request. An error is a *fault.Error that names the field: it is of the
// wrong type; or a *provider.Error of class Unsupported with such a cause: chat can't carry
// what it asks for.
func New(r Request) (*Translation, error) {
	a, p := read(r.Body)
	if p != nil {
		return nil, refusal(p)
	}
	t := &Translation{
		id: rawjson.AppendQuote(nil, r.ID), show: rawjson.AppendQuote(nil, r.Show), stops: a.stops, input: r.Input,
		count: r.Count, newID: chatform.RandomID, effort: string(chatform.Inner(a.effort)), tells: a.tells,
	}
	if t.chat, p = a.chat(&r); p != nil {
		return nil, refusal(p)
	}
	return t, nil
}

// Chat is the chat completion request: model, messages and what else was asked for, but
// no `stream`, which the adapter sets.
func (t *Translation) Chat() []byte { return t.chat }

// Effort is how hard the chat request asks the model to think, "" where it does not say. It
// is a wish: a model that does not know the word may be asked without it.
func (t *Translation) Effort() string { return t.effort }

// charged is what the end of an answer says of usage.
func (t *Translation) charged(reported provider.Usage) provider.Usage {
	if reported.Reported || t.count == nil {
		return reported
	}
	return t.count()
}
