package batch

import (
	"context"
	"fmt"
	"slices"

	"skytower/internal/store"
)

// State is a batch's, in the words of the API.
type State string

// The states.
const (
	Validating State = "validating"
	Failed     State = "failed" // the input is bad
	InProgress State = "in_progress"
	Finalizing State = "finalizing"
	Completed  State = "completed"
	Expired    State = "expired" // its window ended before all lines were done
	Cancelling State = "cancelling"
	Cancelled  State = "cancelled"
)

// may reports whether a batch goes from one state to the other:
//
//	validating ──► in_progress ──► finalizing ──► completed, expired
//	   │    └────────────┴───────► cancelling ──► cancelled
//	   └─────────► failed
func may(from, to State) bool {
	return slices.Contains(map[State][]State{
		Validating: {InProgress, Failed, Cancelling},
		InProgress: {Finalizing, Cancelling},
		Finalizing: {Completed, Expired},
		Cancelling: {Cancelled},
	}[from], to)
}

// Ended reports whether the state is the last.
func (s State) Ended() bool {
	return s == Failed || s == Completed || s == Expired || s == Cancelled
}

// stamp is the column that notes when a state came.
func (s State) stamp() string {
	switch s {
	case InProgress:
		return "started_at"
	case Finalizing:
		return "finalizing_at"
	case Cancelling:
		return "cancelling_at"
	}
	return "ended_at"
}

// move is the one way from a state to the next. It reports false where the batch is not in
// the first any more. Whoever tended the batch has lost it then.
func (s *Service) move(ctx context.Context, tx *store.Tx, id string, from, to State) (moved bool, err error) {
	if !may(from, to) {
		return false, fmt.Errorf("batch %s: %s can't become %s", id, from, to)
	}
	now := s.o.Now()
	query, args := `update batch set state = $3, runner = '', lease_until = 0, `+to.stamp()+` = $4 where id = $1 and state = $2`, []any{id, from, to, store.Micros(now)}
	if to.Ended() {
		query = `update batch set state = $3, runner = '', lease_until = 0, ended_at = $4, purge_at = $5 where id = $1 and state = $2`
		args = append(args, store.Micros(now.Add(s.o.Retention)))
	}
	n, err := affected(tx.Exec(ctx, query, args...))
	if err != nil || n == 0 {
		return false, err
	}
	tx.AfterCommit(s.rouse)
	return true, tx.Publish(ctx, Change, id)
}
