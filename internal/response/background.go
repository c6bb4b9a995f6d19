package response

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"skytower/internal/fault"
	"skytower/internal/jobs"
	"skytower/internal/store"
)

// ErrLost reports a task that is no longer its runner's: it was deleted, or given up since
// its process showed no life. Nothing more can be told of it, and nobody runs it again.
var ErrLost = errors.New("the response is no longer this runner's")

var (
	errOther  = errors.New("its id is that of another one")
	errNoJobs = errors.New("there is no job queue")
)

// Priorities of jobs: what was queued again is behind what is someone's first.
const (
	firstPriority = 1
	againPriority = 3
)

// Queue keeps a response of the background, in the state queued, and enqueues the job that
// runs it. request is for the runner, and gone when the response ends. Queueing the same
// again does nothing.
func (s *Store) Queue(ctx context.Context, r Record, request json.RawMessage) error {
	if !json.Valid(r.Body) {
		return fmt.Errorf("queue response %s: its object is not valid JSON", r.ID)
	}
	r.State, r.Background, r.Created = Queued, true, or(r.Created, s.o.Now())
	r.Body = json.RawMessage(withState(string(r.Body), Queued, nil))
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		fresh, err := s.add(ctx, tx, r, text(request))
		if err != nil {
			return err
		}
		if !fresh {
			return s.sameTask(ctx, tx, r)
		}
		return s.enqueue(ctx, tx, key{r.Account, r.ID}, firstPriority)
	})
	if err != nil {
		return fmt.Errorf("queue response %s: %w", r.ID, err)
	}
	return nil
}

// sameTask compares what does not change while a response runs.
func (s *Store) sameTask(ctx context.Context, tx *store.Tx, r Record) error {
	there, err := bare(ctx, tx, key{r.Account, r.ID})
	if err == nil && (!there.Background || there.Previous != r.Previous || there.Key != r.Key) {
		err = errOther
	}
	return err
}

// bare reads a response that must be there, whatever became of its thread.
func bare(ctx context.Context, tx *store.Tx, k key) (row, error) {
	r, ok, err := one(tx.QueryRow(ctx, `select `+columns+` from response where account = $1 and id = $2`, k.account, k.id))
	if err == nil && !ok {
		err = errOther // it went in this moment
	}
	return r, err
}

func (s *Store) enqueue(ctx context.Context, tx *store.Tx, k key, priority int) error {
	if s.o.Jobs == nil {
		return errNoJobs
	}
	return s.o.Jobs.Enqueue(ctx, tx, Run{Account: k.account, ID: k.id}, jobs.Insert{Queue: jobs.Responses, Priority: priority})
}

// Claim takes a queued response to be run, once. ok is false where it is not ours to run:
// it was cancelled, taken, or is gone. From now on its heart beats, until Finish or the
// release that [Store.Cancelled] gives; the runner defers the latter before all else.
func (s *Store) Claim(ctx context.Context, account, id string) (t Task, ok bool, err error) {
	k := key{account, id}
	run := s.runs.add(k) // before the row says so, lest a cancel be missed
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		t, ok, err = s.take(ctx, tx, k)
		return err
	})
	if err != nil || !ok {
		s.runs.remove(run)
		if err != nil {
			err = fmt.Errorf("take response %s: %w", id, err)
		}
		return Task{}, false, err
	}
	t.run = run
	s.runs.won(run, t.Attempt)
	return t, true, nil
}

func (s *Store) take(ctx context.Context, tx *store.Tx, k key) (t Task, ok bool, err error) {
	r, ok, err := s.read(ctx, tx, k, true)
	if err != nil || !ok || r.State != Queued || !may(r.State, InProgress) {
		return Task{}, false, err
	}
	r.Body = json.RawMessage(withState(string(r.Body), InProgress, nil))
	_, err = tx.Exec(ctx, `update response set state = $3, body = $4, attempt = attempt + 1, beat_at = $5 where account = $1 and id = $2`,
		k.account, k.id, InProgress, string(r.Body), store.Micros(s.o.Now()))
	if err != nil {
		return Task{}, false, err
	}
	r.State = InProgress
	if r.Input, err = itemsOf(ctx, tx, k.account, []string{k.id}); err != nil {
		return Task{}, false, err
	}
	return Task{Record: r.Record, Request: json.RawMessage(r.request), Attempt: r.attempt + 1}, true, s.publish(ctx, tx, k)
}

// Tell appends events, and replaces the shown response object unless body is nil. Events
// that were told before, with others behind them or not, may be told again. The error is
// ErrLost where the task is no longer ours.
func (s *Store) Tell(ctx context.Context, t *Task, events []Event, body json.RawMessage) error {
	k := key{t.Account, t.ID}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		n, err := affected(tx.Exec(ctx, `update response set beat_at = $4, body = case when $5 then $6 else body end, `+count(7)+`
			where account = $1 and id = $2 and attempt = $3 and state = 'in_progress'`,
			k.account, k.id, t.Attempt, store.Micros(s.o.Now()), body != nil, text(body), reached(events, -1)))
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrLost
		}
		if err := appendEvents(ctx, tx, k, events); err != nil {
			return err
		}
		return s.publish(ctx, tx, k)
	})
	if err != nil {
		return fmt.Errorf("tell of response %s: %w", t.ID, err)
	}
	return nil
}

// Finish ends a task in a state that is the last, with its object, its output and the last
// events, and keeps its conversation for a retention from now. Finishing again in the same
// state does nothing. The error is ErrLost where the task is no longer ours.
func (s *Store) Finish(ctx context.Context, t *Task, state State, model string, body json.RawMessage, output []Item, last []Event) error {
	if !may(InProgress, state) {
		return fmt.Errorf("finish response %s: it can't become %s", t.ID, state)
	}
	k := key{t.Account, t.ID}
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		n, err := affected(tx.Exec(ctx, `update response set state = $4, model = $5, body = $6, request = '', ended_at = $7, `+count(8)+`
			where account = $1 and id = $2 and attempt = $3 and state = 'in_progress'`,
			k.account, k.id, t.Attempt, state, model, text(body), store.Micros(s.o.Now()), reached(last, -1)))
		if err != nil {
			return err
		}
		if n == 0 {
			return finished(ctx, tx, k, t.Attempt, state)
		}
		return s.put(ctx, tx, k, output, last)
	})
	if err != nil && !errors.Is(err, ErrLost) {
		return fmt.Errorf("finish response %s: %w", t.ID, err) // the caller tries again, and its heart beats on
	}
	s.runs.remove(t.run)
	if err != nil {
		return fmt.Errorf("finish response %s: %w", t.ID, err)
	}
	return nil
}

// put writes what an ended response leaves.
func (s *Store) put(ctx context.Context, tx *store.Tx, k key, output []Item, last []Event) error {
	if err := appendEvents(ctx, tx, k, last); err != nil {
		return err
	}
	var all items
	all.add(k.account, k.id, 0, output, 0)
	if err := all.insert(ctx, tx); err != nil {
		return err
	}
	if err := s.extend(ctx, tx, k); err != nil {
		return err
	}
	return s.publish(ctx, tx, k)
}

// finished tells a Finish that was run before from one that comes too late.
func finished(ctx context.Context, tx *store.Tx, k key, attempt int64, state State) error {
	var same bool
	err := tx.QueryRow(ctx, `select exists (select 1 from response where account = $1 and id = $2 and attempt = $3 and state = $4)`,
		k.account, k.id, attempt, state).Scan(&same)
	if err == nil && !same {
		err = ErrLost
	}
	return err
}

// Cancel asks for the end of a response of the background. One that is queued is
// cancelled at once; the runner of one that runs is told, and will finish it; one that has
// ended stays as it is. It returns the response as it then stands. The error is Get's
// where there is none, and an INVALID_REQUEST where it is not of the background.
func (s *Store) Cancel(ctx context.Context, account, id string) (Record, error) {
	k := key{account, id}
	var r row
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var ok bool
		var err error
		if r, ok, err = s.read(ctx, tx, k, true); err != nil {
			return err
		}
		switch {
		case !ok:
			return notFound(id)
		case !r.Background:
			return fault.New(fault.InvalidRequest, "Only responses created with background=true can be cancelled.")
		case r.State == Queued:
			return s.end(ctx, tx, &r, Cancelled, nil)
		case r.State == InProgress && !r.CancelAsked:
			return s.askToStop(ctx, tx, &r)
		}
		return nil
	})
	if err != nil {
		return Record{}, err
	}
	return r.Record, nil
}

// askToStop notes that the end of a running response is asked for, and tells its runner.
func (s *Store) askToStop(ctx context.Context, tx *store.Tx, r *row) error {
	k := key{r.Account, r.ID}
	_, err := tx.Exec(ctx, `update response set cancel_at = $3 where account = $1 and id = $2`, k.account, k.id, store.Micros(s.o.Now()))
	if err != nil {
		return fmt.Errorf("cancel response: %w", err)
	}
	r.CancelAsked = true
	return s.publishStop(ctx, tx, k)
}

// end ends a response whose row is locked and that no runner will finish. failure is the
// error in its object, or nil. Its attempt counts on, so that a runner which comes back
// does not take it for its own end.
func (s *Store) end(ctx context.Context, tx *store.Tx, r *row, state State, failure json.RawMessage) error {
	k, now := key{r.Account, r.ID}, s.o.Now()
	if !may(r.State, state) {
		return fmt.Errorf("response %s: %s can't become %s", r.ID, r.State, state)
	}
	r.State, r.Ended = state, store.Time(store.Micros(now))
	r.Body = json.RawMessage(withState(string(r.Body), state, failure))
	var last []Event
	if state == Failed {
		last = []Event{failedEvent(r.sequence+1, r.Body)}
	}
	_, err := tx.Exec(ctx, `update response set state = $3, body = $4, request = '', attempt = attempt + 1, ended_at = $5, `+count(6)+`
		where account = $1 and id = $2`, k.account, k.id, state, string(r.Body), store.Micros(now), reached(last, -1))
	if err != nil {
		return fmt.Errorf("end response: %w", err)
	}
	return s.put(ctx, tx, k, nil, last)
}
