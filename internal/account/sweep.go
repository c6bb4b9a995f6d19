package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"skytower/internal/store"
)

// hiddenRest is how long the row of an ended hidden key stays, so that every index has
// heard of its end before the row is gone.
const hiddenRest = time.Hour

// Sweep removes sessions, links and hidden keys that are over, in transactions of a few
// milliseconds, and finishes the closing of accounts that was cut off. It is to run now and
// then, in one process or in several.
func (s *Service) Sweep(ctx context.Context) error {
	errs := []error{}
	for _, step := range []func(context.Context, *store.Tx) (int, error){s.sweepSessions, s.sweepLinks, s.endDueKeys, s.sweepKeys} {
		errs = append(errs, s.inSteps(ctx, func(tx *store.Tx) (int, error) { return step(ctx, tx) }))
	}
	errs = append(errs, s.sweepClosings(ctx))
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("sweep sessions, links and hidden keys: %w", err)
	}
	return nil
}

func (s *Service) sweepSessions(ctx context.Context, tx *store.Tx) (int, error) {
	ids, err := column(ctx, tx, `select id from person_session where expires_at <= $1 order by expires_at limit $2`, s.micros(), closingStep)
	if err != nil {
		return 0, err
	}
	for _, id := range ids { // their hidden keys are over as well
		if _, err := tx.Exec(ctx, `delete from person_session where id = $1`, id); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

func (s *Service) sweepLinks(ctx context.Context, tx *store.Tx) (int, error) {
	return affected(tx.Exec(ctx, `delete from person_link where digest in (
		select digest from person_link where expires_at <= $1 order by expires_at limit $2)`, s.micros(), closingStep))
}

// endDueKeys tells the indexes to forget hidden keys that are over.
func (s *Service) endDueKeys(ctx context.Context, tx *store.Tx) (int, error) {
	ids, err := column(ctx, tx, `select id from api_key where session <> '' and expires_at <= $1 and revoked_at is null order by expires_at limit $2`,
		s.micros(), closingStep)
	if err != nil {
		return 0, err
	}
	return len(ids), s.endKeys(ctx, tx, ids)
}

func (s *Service) sweepKeys(ctx context.Context, tx *store.Tx) (int, error) {
	before := store.Micros(s.now().Add(-hiddenRest))
	return affected(tx.Exec(ctx, `delete from api_key where id in (select id from api_key
		where session <> '' and expires_at < $1 and revoked_at < $1 order by expires_at limit $2)`, before, closingStep))
}

func (s *Service) sweepClosings(ctx context.Context) error {
	var ids []string
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		ids, err = column(ctx, tx, `select id from account where closed_at > 0 and cleared_at = 0 order by id limit $1`, closingStep)
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range ids {
		errs = append(errs, s.finishClosing(ctx, id))
	}
	return errors.Join(errs...)
}

func affected(res sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}
