// Package translate carries the Responses API over chat completions (contract 7.2 and
// 8.2): a request one way, an answer or a stream of chunks the other.
//
// It is a function of its input: it calls nothing, stores nothing and knows no account.
// What a chat model cannot carry is refused by name and never dropped silently.
//
// Its one invariant: each output item appears once, under one id, in the answer as in the
// stream, and a stream's sequence numbers have no gap.
package translate

import (
	"encoding/json"
	"time"
)

// Request is a Responses request that is to be carried over chat.
type Request struct {
	// Body is the caller's, a JSON object.
	Body []byte
	// Items are the items of the conversation so far and of this turn, with references
	// resolved; nil: `input` of the body as it is.
	Items []json.RawMessage
	ID    string // of the response: resp_…
	Model string // the upstream's name
	Show  string // the name in the answer's `model`
	Now   func() time.Time
}
