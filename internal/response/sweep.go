package response

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"skytower/internal/store"
)

// Bounds of one sweep. What is left over goes with the next.
const (
	sweepBatch   = 100 // responses, or conversations, of one transaction
	sweepItems   = 500 // items of one transaction
	sweepBatches = 100

	queuedAgain = 10 * time.Minute // after which a response that nobody took is enqueued once more
	queuedMost  = 24 * time.Hour   // after which it fails
	eventsKept  = time.Hour        // after the end
)

// Sweep ends what runners left, enqueues again what nobody took, and deletes what is over
// its time. It is safe to run anywhere at any time, and is meant for every ten seconds.
func (s *Store) Sweep(ctx context.Context) error {
	return errors.Join(
		s.extendRunning(ctx), s.endDead(ctx), s.queueAgain(ctx),
		s.batches(ctx, "conversations", s.dropThreads),
		s.batches(ctx, "lingering items", s.dropLingering),
		s.batches(ctx, "events", s.dropEvents),
	)
}

// batches runs one step in transactions of its own until it finds nothing more.
func (s *Store) batches(ctx context.Context, what string, step func(context.Context, *store.Tx) (more bool, err error)) error {
	for range sweepBatches {
		more := false
		err := s.db.Write(ctx, func(tx *store.Tx) (err error) {
			more, err = step(ctx, tx)
			return err
		})
		if err != nil {
			return fmt.Errorf("delete old %s: %w", what, err)
		}
		if !more {
			return nil
		}
	}
	return nil
}

// extendRunning keeps conversations whose newest response is still to come.
func (s *Store) extendRunning(ctx context.Context) error {
	now := s.o.Now()
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `update response_thread set expires_at = $1 where expires_at < $2 and (account, id) in
			(select account, thread from response where state in ('queued', 'in_progress'))`,
			store.Micros(now.Add(s.o.Retention)), store.Micros(now.Add(s.o.Retention/2)))
		return err
	})
	if err != nil {
		return fmt.Errorf("keep conversations: %w", err)
	}
	return nil
}

// left is a response that shows no life.
type left struct {
	key
	state   State
	beat    int64
	created time.Time
}

const (
	deadQuery = `select account, id, state, beat_at, created_at from response
		where state = 'in_progress' and state in ('queued', 'in_progress') and beat_at < $1 order by beat_at limit $2`
	// The wait of one that is queued doubles: its beat is when it was queued last.
	waitingQuery = `select account, id, state, beat_at, created_at from response
		where state = 'queued' and state in ('queued', 'in_progress') and beat_at < $1
			and (beat_at + beat_at - created_at < $3 or created_at < $4) order by beat_at limit $2`
)

// leftBehind lists some responses whose last sign of life is older than a time.
func (s *Store) leftBehind(ctx context.Context, query string, before time.Time, more ...any) (found []left, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		found = nil
		return tx.Each(ctx, query, func(scan func(...any) error) error {
			var l left
			var created int64
			err := scan(&l.account, &l.id, &l.state, &l.beat, &created)
			l.created = store.Time(created)
			found = append(found, l)
			return err
		}, append([]any{store.Micros(before), sweepBatch}, more...)...)
	})
	if err != nil {
		return nil, fmt.Errorf("look for responses that nobody runs: %w", err)
	}
	return found, nil
}

// endDead ends what a dead process ran. It is not run again: the work may have been done.
func (s *Store) endDead(ctx context.Context) error {
	found, err := s.leftBehind(ctx, deadQuery, s.o.Now().Add(-staleAfter))
	for _, l := range found {
		err = errors.Join(err, s.giveUp(ctx, l, "The server was stopped while this response was running. Send the request again."))
	}
	return err
}

// giveUp fails a response, unless it has shown life since; one whose end was asked for is
// cancelled.
func (s *Store) giveUp(ctx context.Context, l left, why string) error {
	failure, err := json.Marshal(map[string]string{"code": "server_error", "message": why})
	if err != nil {
		return err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		r, ok, err := one(tx.QueryRow(ctx, `select `+columns+` from response where account = $1 and id = $2 and state = $3 and beat_at = $4`+
			tx.Dialect().ForUpdate(), l.account, l.id, l.state, l.beat))
		if err != nil || !ok {
			return err
		}
		if err := s.publishStop(ctx, tx, l.key); err != nil { // a runner that only lost the database
			return err
		}
		if r.CancelAsked {
			return s.end(ctx, tx, &r, Cancelled, nil)
		}
		return s.end(ctx, tx, &r, Failed, failure)
	})
	if err != nil {
		return fmt.Errorf("give up response %s: %w", l.id, err)
	}
	return nil
}

// queueAgain makes new jobs for responses that nobody took: a process may die between
// taking a job and taking its response. The latter may just have to wait, so it is done
// after 10, 20, 40 minutes and so on; after a day they fail.
func (s *Store) queueAgain(ctx context.Context) error {
	now := s.o.Now()
	late := now.Add(-queuedMost)
	found, err := s.leftBehind(ctx, waitingQuery, now.Add(-queuedAgain), store.Micros(now), store.Micros(late))
	for _, l := range found {
		if l.created.Before(late) {
			err = errors.Join(err, s.giveUp(ctx, l, "The server did not come to run this response in a day. Send the request again later."))
		} else {
			err = errors.Join(err, s.requeue(ctx, l, now))
		}
	}
	return err
}

func (s *Store) requeue(ctx context.Context, l left, now time.Time) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		n, err := affected(tx.Exec(ctx, `update response set beat_at = $4 where account = $1 and id = $2 and state = 'queued' and beat_at = $3`,
			l.account, l.id, l.beat, store.Micros(now)))
		if err != nil || n == 0 {
			return err
		}
		return s.enqueue(ctx, tx, l.key, againPriority)
	})
	if err != nil {
		return fmt.Errorf("queue response %s again: %w", l.id, err)
	}
	return nil
}

// dropThreads deletes conversations whose time is over. Their rows are locked first, so
// that one that is being continued is extended before, or begins anew behind it.
func (s *Store) dropThreads(ctx context.Context, tx *store.Tx) (more bool, err error) {
	d := tx.Dialect()
	if err := byIndex(ctx, tx); err != nil {
		return false, err
	}
	threads, err := keys(ctx, tx, `select account, id from response_thread where expires_at <= $1 order by expires_at limit $2`+
		d.Pick("", " for update skip locked"), store.Micros(s.o.Now()), sweepBatch)
	if err != nil || len(threads) == 0 {
		return false, err
	}
	members, err := keys(ctx, tx, `select account, id from response, `+these(d, 1)+` where account = e_account and thread = e_id limit $2`,
		rowsOf(threads), sweepBatch)
	if err != nil {
		return false, err
	}
	from := []string{`response where (account, id)`, `response_item where (account, response)`, `response_event where (account, response)`}
	if err := dropThese(ctx, tx, members, from...); err != nil {
		return false, err
	}
	if len(members) == sweepBatch {
		return true, nil
	}
	return len(threads) == sweepBatch, dropThese(ctx, tx, threads, `response_thread where (account, id)`)
}

// dropThese deletes the rows of the keys from each table.
func dropThese(ctx context.Context, tx *store.Tx, all []named, from ...string) error {
	for _, table := range from {
		_, err := tx.Exec(ctx, `delete from `+table+` in (select e_account, e_id from `+these(tx.Dialect(), 1)+`)`, rowsOf(all))
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) dropLingering(ctx context.Context, tx *store.Tx) (more bool, err error) {
	n, err := affected(tx.Exec(ctx, `delete from response_item where (account, response, place) in (select account, response, place
		from response_item where expires_at > 0 and expires_at <= $1 order by expires_at limit $2)`, store.Micros(s.o.Now()), sweepItems))
	return n == sweepItems, err
}

// dropEvents deletes the events of responses that ended a while ago. Whoever listens from
// then on sees how they ended.
func (s *Store) dropEvents(ctx context.Context, tx *store.Tx) (more bool, err error) {
	d := tx.Dialect()
	if err := byIndex(ctx, tx); err != nil {
		return false, err
	}
	all, err := keys(ctx, tx, `select account, id from response where sequence >= 0 and ended_at > 0 and ended_at <= $1
		order by ended_at limit $2`+d.Pick("", " for update skip locked"), store.Micros(s.o.Now().Add(-eventsKept)), sweepBatch)
	if err != nil || len(all) == 0 {
		return false, err
	}
	if err := dropThese(ctx, tx, all, `response_event where (account, response)`); err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, `update response set sequence = -1 where (account, id) in (select e_account, e_id from `+these(d, 1)+`)`, rowsOf(all))
	return len(all) == sweepBatch, err
}
