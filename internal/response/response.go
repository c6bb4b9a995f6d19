// Package response keeps what the Responses API stores: responses with their items,
// conversations by previous_response_id, and responses that run in the background with
// the events they have told (contract 7.2).
//
// It refuses to know models, how an answer is made, and HTTP: bodies and items are JSON
// that it hands back as it got it. Its one invariant: nothing is ever found under another
// account than its own.
package response

import (
	"encoding/json"
	"time"

	"skytower/internal/jobs"
	"skytower/internal/store"
)

// FeedKind is the kind under which changes of background responses stand in the change
// feed; the ref is ACCOUNT/ID.
const FeedKind = "response"

// State is a response's, in the words of the API.
type State string

// The states. Queued and InProgress are those of the background alone.
const (
	Queued     State = "queued"
	InProgress State = "in_progress"
	Completed  State = "completed"
	Incomplete State = "incomplete"
	Failed     State = "failed"
	Cancelled  State = "cancelled"
)

// Options are what the room is built from. DB is required.
type Options struct {
	DB   *store.DB
	Jobs *jobs.Jobs // runs the background
	Now  func() time.Time
	// Retention is how long a conversation is kept after its last response.
	Retention time.Duration
	// Linger is how long the output of a response that is not stored can be referred to; 0: not at
	// all.
	Linger time.Duration
}

// Item is one item of a conversation, with its id in its JSON.
type Item struct {
	ID   string
	Body json.RawMessage
}

// Record is one response.
type Record struct {
	Account, ID string
	Key         string // the API key's id
	Previous    string // or ""
	Model       string // slug
	State       State
	Background  bool
	CancelAsked bool
	Body        json.RawMessage // the response object
	Input       []Item          // its own, without what came before
	Output      []Item
	Created     time.Time
	Ended       time.Time // zero: not yet
}

// Task is a response of the background that was taken to be run.
type Task struct {
	Record
	Request json.RawMessage // as it was given to Queue
	Attempt int64           // proves that it is still ours
}

// Event is one event of a response in the background.
type Event struct {
	Sequence int64
	Name     string
	Data     json.RawMessage
}

// Run is the arguments of the job that runs a response.
type Run struct {
	Account string `json:"account"`
	ID      string `json:"id"`
}

// Kind names the job.
func (Run) Kind() string { return "response" }
