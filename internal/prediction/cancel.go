package prediction

import (
	"context"
	"errors"
	"fmt"
	"time"

	"skytower/internal/store"
)

const (
	// changesMet bounds how often an act is tried anew because the prediction changed
	// between reading and writing.
	changesMet = 8
	// deleteWait is how long Delete waits for a run to end by itself.
	deleteWait = 5 * time.Second
)

// Cancel asks for the end of a prediction; one that waits ends at once. changed is
// false where it had ended before.
func (s *Service) Cancel(ctx context.Context, account, id string) (rec Record, changed bool, err error) {
	for range changesMet {
		rec, err = s.Get(ctx, account, id)
		if err != nil || rec.Status.Terminal() {
			return rec, false, err
		}
		if rec.Status == Pending {
			rec, err = s.endNow(ctx, rec, cancelled())
		} else {
			rec, err = s.flag(ctx, rec)
		}
		if err == nil {
			return rec, true, nil
		}
		if !errors.Is(err, errLost) {
			return Record{}, false, fmt.Errorf("cancel prediction %s: %w", id, err)
		}
	}
	return Record{}, false, fmt.Errorf("cancel prediction %s: it changed %d times meanwhile", id, changesMet)
}

// flag asks the run to end, wherever it is. The error is errLost where it has ended.
func (s *Service) flag(ctx context.Context, rec Record) (flagged Record, err error) {
	err = s.o.DB.Write(ctx, func(tx *store.Tx) error {
		var ok bool
		var err error
		flagged, ok, err = one(tx.QueryRow(ctx, `update prediction set cancel = true, version = version + 1, updated_at = $2
			where id = $1 and `+live+` returning `+columns, rec.ID, store.Micros(s.o.Now())))
		if err == nil && !ok {
			err = errLost
		}
		return err
	})
	if err != nil {
		return Record{}, err
	}
	s.runs.cancel(rec.ID, errCancelled)
	s.wake(rec.ID)
	return flagged, nil
}

// Delete removes a prediction and its files for good, after cancelling it if it runs,
// and returns what it was, without its data.
func (s *Service) Delete(ctx context.Context, account, id string) (Record, error) {
	rec, err := s.endForDelete(ctx, account, id)
	if err != nil {
		return Record{}, err
	}
	gone := false
	err = s.o.DB.Write(ctx, func(tx *store.Tx) error {
		var err error
		gone, err = s.remove(ctx, tx, rec)
		return err
	})
	if err != nil {
		return Record{}, fmt.Errorf("delete prediction %s: %w", id, err)
	}
	if !gone {
		return Record{}, notFound() // somebody else deleted it
	}
	s.wake(id)
	rec.Removed, rec.Input, rec.Output, rec.Logs = true, "{}", "null", ""
	return rec, nil
}

// endForDelete returns the prediction once it has ended. A run gets a moment to stop its
// upstream; then the prediction ends over its head, and it finds its row lost.
func (s *Service) endForDelete(ctx context.Context, account, id string) (Record, error) {
	rec, _, err := s.Cancel(ctx, account, id)
	if err != nil || rec.Status.Terminal() {
		return rec, err
	}
	waited, cancel := context.WithTimeout(ctx, deleteWait)
	defer cancel()
	rec, err = s.Wait(waited, account, id)
	for range changesMet {
		if err != nil || rec.Status.Terminal() {
			return rec, err
		}
		if rec, err = s.endNow(ctx, rec, cancelled()); errors.Is(err, errLost) {
			rec, err = s.Get(ctx, account, id)
		}
	}
	return Record{}, fmt.Errorf("end prediction %s: it changed %d times meanwhile", id, changesMet)
}

// remove deletes the row of an ended prediction, and what belongs to it.
func (s *Service) remove(ctx context.Context, tx *store.Tx, rec Record) (gone bool, err error) {
	n, err := affected(tx.Exec(ctx, `delete from prediction where id = $1`, rec.ID))
	if err != nil || n == 0 {
		return false, err
	}
	if _, err := tx.Exec(ctx, `delete from prediction_event where prediction = $1`, rec.ID); err != nil {
		return false, err
	}
	if err := addTotals(ctx, tx, map[tally]int64{tallyOf(rec): -1}); err != nil {
		return false, err
	}
	if err := s.o.Files.DropOf(ctx, tx, rec.ID, 0); err != nil {
		return false, err
	}
	return true, s.o.Webhooks.Forget(ctx, tx, rec.ID)
}
