package response

import (
	"encoding/json"
	"slices"

	"skytower/internal/rawjson"
)

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

// may reports whether a response goes from one state to the other:
//
//	queued ──► in_progress ──► completed, incomplete, failed, cancelled
//	   └─────► cancelled; failed, where nobody took it for a day
//
// It runs once: the work may have been done when its process died, so nothing leads back.
func may(from, to State) bool {
	return slices.Contains(map[State][]State{
		Queued:     {InProgress, Cancelled, Failed},
		InProgress: {Completed, Incomplete, Failed, Cancelled},
	}[from], to)
}

// Ended reports whether the state is the last.
func (s State) Ended() bool {
	return s == Completed || s == Incomplete || s == Failed || s == Cancelled
}

// continuable reports whether a response in this state can be continued.
func (s State) continuable() bool { return s == Completed || s == Incomplete }

// withState is a response object that tells the state, and an error unless it is nil. What
// is no JSON object stays as it is: it was told by the runner, and ends anyway.
func withState(body string, state State, failure json.RawMessage) string {
	o, err := rawjson.Scan([]byte(body), rawjson.NewFields("status", "error"))
	if err != nil {
		return body
	}
	edit := o.Edit().SetString("status", string(state))
	if failure != nil {
		edit.SetRaw("error", failure)
	}
	return string(edit.Append(nil))
}
