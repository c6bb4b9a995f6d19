package prediction

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"skytower/internal/fault"
	"skytower/internal/jobs"
	"skytower/internal/provider"
	"skytower/internal/store"
	"skytower/internal/webhook"
)

const (
	// settleTimeout bounds a write that must be made whatever became of the run.
	settleTimeout = 20 * time.Second
	// saveGrace is how long a result may still be saved after its run's time was over.
	saveGrace = 5 * time.Second
)

// settleWaits are the waits between tries to write an end: a database that is away
// for a moment must not cost a result.
func settleWaits() []time.Duration {
	return []time.Duration{100 * time.Millisecond, time.Second, 5 * time.Second, 0}
}

// saveWaits are the waits between tries to save a result's files: a disk may be made
// room on.
func saveWaits() []time.Duration {
	return []time.Duration{500 * time.Millisecond, 2 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 0}
}

// ending is how a prediction ends.
type ending struct {
	status  Status
	output  string   // JSON
	files   []string // to keep
	message string
	id      fault.ID
	took    time.Duration // negative: nothing ran
}

func cancelled() ending { return ending{status: Cancelled, output: "null", took: -1} }

func failed(id fault.ID, message string) ending {
	return ending{status: Failed, output: "null", message: message, id: id, took: -1}
}

// conclude ends the run with what became of its work, or hands it back.
func (r *run) conclude(result *provider.Result, err error) error {
	cause := context.Cause(r.ctx)
	switch {
	case errors.Is(cause, errLost):
		return nil
	case errors.Is(cause, errCancelled):
		return r.finish(cancelled())
	case err == nil:
		return r.succeed(result)
	case errors.Is(cause, provider.ErrHandBack):
		return r.handBack()
	}
	r.s.o.Log.Warn("prediction failed", "prediction", r.rec.ID, "model", r.rec.Model, "target", r.marked().target, "attempt", r.rec.Attempt,
		"error", errors.Join(cause, err))
	if errors.Is(cause, errDeadline) {
		return r.finish(failed(fault.InferenceTimeout, r.late()))
	}
	id, message := r.explain(err)
	return r.finish(failed(id, message))
}

// succeed saves what the run made, and ends it.
func (r *run) succeed(result *provider.Result) error {
	e := ending{status: Succeeded, took: result.Took}
	if e.took <= 0 {
		e.took = max(r.s.o.Now().Sub(r.began), 0)
	}
	var err error
	e.files, e.output, err = r.saveResult(result)
	if err == nil && !json.Valid([]byte(e.output)) {
		err = &provider.Error{Class: provider.Broken, Err: errors.New("the output is not JSON")}
	}
	if err == nil {
		return r.finish(e)
	}
	cause := context.Cause(r.ctx)
	switch {
	case errors.Is(cause, errLost):
		return nil
	case errors.Is(cause, errCancelled):
		return r.finish(cancelled())
	case errors.Is(cause, provider.ErrHandBack):
		return r.handBack()
	}
	r.s.o.Log.Warn("the outputs of a prediction could not be saved", "prediction", r.rec.ID, "model", r.rec.Model, "error", err)
	id, message := r.explain(err)
	return r.finish(failed(id, message))
}

// saveResult copies the outputs, again where the cause may pass.
func (r *run) saveResult(result *provider.Result) (ids []string, output string, err error) {
	ctx := r.ctx
	if ctx.Err() != nil { // the work came in the last moment
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), saveGrace)
		defer cancel()
	}
	for _, wait := range saveWaits() {
		ids, output, err = r.s.saveOutputs(ctx, r.rec, result)
		var file *fileError
		if err == nil || !errors.As(err, &file) || !file.Retry || ctx.Err() != nil {
			return ids, output, err
		}
		select {
		case <-ctx.Done():
			return nil, "", err
		case <-time.After(wait):
		}
	}
	return ids, output, err
}

// finish writes the run's end. Where the row turns out to be somebody else's, what the
// run made goes.
func (r *run) finish(e ending) error {
	ctx := context.WithoutCancel(r.ctx)
	r.news.take() // what no flush wrote; partial files come too late
	var err error
	for i, wait := range settleWaits() {
		if err = r.tryFinish(ctx, e, i == 0); err == nil {
			return nil
		}
		if errors.Is(err, errLost) {
			return r.s.drop(ctx, r.rec.Account, e.files)
		}
		r.s.o.Log.Warn("the end of a prediction could not be written", "prediction", r.rec.ID, "error", err)
		time.Sleep(wait)
	}
	return err // the beat ends, and the run is taken up again
}

// tryFinish writes the end once. complete marks the job in the same commit; without it,
// the queue does so by itself.
func (r *run) tryFinish(ctx context.Context, e ending, complete bool) error {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	rec := r.rec
	news := func(tx *store.Tx) error {
		if r.news.batch.empty() {
			return nil
		}
		_, err := r.write(ctx, tx)
		return err
	}
	err := r.s.o.DB.Write(ctx, func(tx *store.Tx) error {
		if _, err := r.s.end(ctx, tx, rec, e, news); err != nil {
			return err
		}
		if complete && r.job.Complete != nil {
			return r.job.Complete(ctx, tx)
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.s.ended(ctx, rec)
	return nil
}

// end is the one exit of a prediction, in tx: the transition by compare-and-set, and all
// that belongs to it. The error is errLost, and the transaction to be rolled back, where
// the row is not as rec says, or has ended. before runs under the lanes' locks, right
// before the transition.
func (s *Service) end(ctx context.Context, tx *store.Tx, rec Record, e ending, before func(*store.Tx) error) (Record, error) {
	settings, err := s.o.Accounts.PredictionSettings(ctx, tx, rec.Account)
	if err != nil {
		return Record{}, fmt.Errorf("read settings of account %s: %w", rec.Account, err)
	}
	if err := s.giveBack(ctx, tx, rec, s.places(settings.Concurrency), s.model(rec.Model)); err != nil {
		return Record{}, err
	}
	if before != nil {
		if err := before(tx); err != nil {
			return Record{}, err
		}
	}
	now := s.o.Now()
	until := s.keptUntil(now, settings)
	kind := webhook.Kind(e.status)
	if wants(rec, kind) {
		until = time.Time{} // the attempts to deliver it start the clock
	}
	ended, err := s.transition(ctx, tx, rec, e, now, until)
	if err != nil {
		return Record{}, err
	}
	if err := s.settle(ctx, tx, ended, e); err != nil {
		return Record{}, err
	}
	if err := s.keep(ctx, tx, ended, e.files, until); err != nil {
		return Record{}, err
	}
	if !wants(rec, kind) {
		return ended, nil
	}
	ended.WebhookKey = rec.WebhookKey // gone from the row with this, its last event
	return ended, s.tellWith(ctx, tx, ended, kind, settings)
}

// transition moves the row to its end.
func (s *Service) transition(ctx context.Context, tx *store.Tx, rec Record, e ending, now, until time.Time) (Record, error) {
	before := make([]string, 0, 3)
	for _, status := range e.status.from() {
		before = append(before, "'"+string(status)+"'")
	}
	ended, ok, err := one(tx.QueryRow(ctx, `update prediction set status = $4, output = $5, error = $6, error_id = $7, completed_at = $8,
			updated_at = $8, predict_time = $9, purge_at = $10, handed = false, webhook_key = '', version = version + 1
		where id = $1 and attempt = $2 and handed = $3 and status in (`+strings.Join(before, ", ")+`) returning `+columns,
		rec.ID, rec.Attempt, rec.Handed, string(e.status), e.output, e.message, string(e.id), store.Micros(now), toMicros(e.took),
		store.Micros(until)))
	if err != nil {
		return Record{}, fmt.Errorf("end prediction %s: %w", rec.ID, err)
	}
	if !ok {
		return Record{}, errLost
	}
	return ended, nil
}

// settle counts the end, and charges or gives back what was held.
func (s *Service) settle(ctx context.Context, tx *store.Tx, ended Record, e ending) error {
	if err := count(ctx, tx, ended, 1); err != nil {
		return err
	}
	if e.status == Succeeded {
		_, err := s.o.Meter.Settle(ctx, tx, work(ended))
		return err
	}
	return s.o.Meter.Void(ctx, tx, work(ended))
}

const microsADay = 24 * 60 * 60 * 1_000_000

// count adds to the totals of ended predictions.
func count(ctx context.Context, tx *store.Tx, rec Record, n int) error {
	_, err := tx.Exec(ctx, `insert into prediction_count (account, day, model, status, n) values ($1, $2, $3, $4, $5)
		on conflict (account, day, model, status) do update set n = prediction_count.n + excluded.n`,
		rec.Account, store.Micros(rec.Created)/microsADay, rec.Model, string(rec.Status), n)
	if err != nil {
		return fmt.Errorf("count prediction %s: %w", rec.ID, err)
	}
	return nil
}

// keep makes the outputs last, and lets all files of the prediction go together.
func (s *Service) keep(ctx context.Context, tx *store.Tx, ended Record, files []string, until time.Time) error {
	if len(files) > 0 {
		if err := s.o.Files.Keep(ctx, tx, files, until); err != nil {
			return err
		}
	}
	if ended.EventCount == 0 && !strings.Contains(ended.Input, "skytower-file:") {
		return nil // neither partial outputs nor files of its input
	}
	return s.o.Files.Expire(ctx, tx, ended.ID, until)
}

// ended tells the waiters, and hands free places on, after the commit.
func (s *Service) ended(ctx context.Context, rec Record) {
	s.wake(rec.ID)
	if err := s.handOn(ctx, rec, s.model(rec.Model)); err != nil {
		s.o.Log.Warn("a free place could not be handed on; the next sweep does it", "error", err)
	}
}

// drop removes files of a run that is somebody else's.
func (s *Service) drop(ctx context.Context, account string, files []string) error {
	if len(files) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	return s.o.DB.Write(ctx, func(tx *store.Tx) error {
		for _, id := range files {
			if err := s.o.Files.Drop(ctx, tx, account, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// handBack lets another process take the run up at once.
func (r *run) handBack() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.ctx), settleTimeout)
	defer cancel()
	r.news.take()
	err := r.s.o.DB.Write(ctx, func(tx *store.Tx) error {
		if !r.news.batch.empty() {
			if _, err := r.write(ctx, tx); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `update prediction set beat = $3 where id = $1 and attempt = $2 and `+live, r.rec.ID, r.rec.Attempt, noBeat)
		return err
	})
	if err != nil && !errors.Is(err, errLost) {
		return fmt.Errorf("hand prediction %s back: %w", r.rec.ID, err)
	}
	return jobs.Snooze(0)
}

func missing(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// endNow ends a prediction that no run has in its hands, or takes it from the run that
// has. The error is errLost where it changed since rec was read.
func (s *Service) endNow(ctx context.Context, rec Record, e ending) (ended Record, err error) {
	err = s.o.DB.Write(ctx, func(tx *store.Tx) (err error) {
		ended, err = s.end(ctx, tx, rec, e, nil)
		return err
	})
	if err != nil {
		return Record{}, err
	}
	s.ended(context.WithoutCancel(ctx), rec)
	return ended, nil
}
