package prediction

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"skytower/internal/blob"
	"skytower/internal/fault"
	"skytower/internal/jobs"
	"skytower/internal/provider"
	"skytower/internal/store"
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
	made    made          // for the bill
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
		return r.finish(r.stopped())
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

// stopped is the end of a run that was cancelled, which owes for what it did.
func (r *run) stopped() ending {
	e := cancelled()
	e.took = r.sofar()
	e.made.target, e.made.pixels = r.served, r.pixels
	return e
}

// sofar is how long the run has run.
func (r *run) sofar() time.Duration { return max(r.s.o.Now().Sub(r.began), 0) }

// succeed saves what the run made, and ends it.
func (r *run) succeed(result *provider.Result) error {
	e := ending{status: Succeeded, took: result.Took}
	if e.took <= 0 {
		e.took = r.sofar()
	}
	files, output, err := r.saveResult(result)
	e.files, e.output = fileIDs(files), output
	e.made = made{target: r.served, files: files, pixels: r.pixels}
	if len(files) == 0 {
		e.made.text = len(output)
	}
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
		return r.finish(r.stopped())
	case errors.Is(cause, provider.ErrHandBack):
		return r.handBack()
	}
	r.s.o.Log.Warn("the outputs of a prediction could not be saved", "prediction", r.rec.ID, "model", r.rec.Model, "error", err)
	id, message := r.explain(err)
	return r.finish(failed(id, message))
}

// saveResult copies the outputs, again where the cause may pass.
func (r *run) saveResult(result *provider.Result) (files []blob.File, output string, err error) {
	ctx := r.ctx
	if ctx.Err() != nil { // the work came in the last moment
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), saveGrace)
		defer cancel()
	}
	for _, wait := range saveWaits() {
		files, output, err = r.s.saveOutputs(ctx, r.rec, result)
		var file *fileError
		if err == nil || !errors.As(err, &file) || !file.Retry || ctx.Err() != nil {
			return files, output, err
		}
		select {
		case <-ctx.Done():
			return nil, "", err
		case <-time.After(wait):
		}
	}
	return files, output, err
}

// finish writes the run's end. Where the row turns out to be somebody else's, what the
// run made goes.
func (r *run) finish(e ending) error {
	ctx := context.WithoutCancel(r.ctx)
	r.news.take() // what no flush wrote; partial files come too late
	if e.status == Cancelled {
		e.made.text, e.made.files = len(r.news.batch.text), r.news.batch.files
	}
	var err error
	for _, wait := range settleWaits() {
		if err = r.tryFinish(ctx, e); err == nil {
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

// tryFinish writes the end once. The job itself the queue marks as done, many at a time:
// where the process dies before, it runs once more and finds the row ended.
func (r *run) tryFinish(ctx context.Context, e ending) error {
	x := &exit{rec: r.rec, end: e}
	if !r.news.batch.empty() {
		x.news = func(ctx context.Context, tx *store.Tx) error {
			_, err := r.write(ctx, tx)
			return err
		}
	}
	return r.s.leave(ctx, x)
}

// tally is a kind of ended predictions.
type tally struct {
	account string
	day     int64
	model   string
	status  Status
}

const microsADay = 24 * 60 * 60 * 1_000_000

func tallyOf(rec Record) tally {
	return tally{rec.Account, store.Micros(rec.Created) / microsADay, rec.Model, rec.Status}
}

// addTotals adds to the totals of ended predictions, in the order of their keys, which
// is the order of their locks.
func addTotals(ctx context.Context, tx *store.Tx, totals map[tally]int64) error {
	type row struct {
		Account string `json:"e_account"`
		Day     int64  `json:"e_day"`
		Model   string `json:"e_model"`
		Status  Status `json:"e_status"`
		N       int64  `json:"e_n"`
	}
	if len(totals) == 0 {
		return nil
	}
	var rows []row
	for t, n := range totals {
		rows = append(rows, row{t.account, t.day, t.model, t.status, n})
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Day, b.Day), cmp.Compare(a.Model, b.Model), cmp.Compare(a.Status, b.Status))
	})
	e, arg := rowsOf(tx.Dialect(), 1, rows, "e_account text", "e_day bigint", "e_model text", "e_status text", "e_n bigint")
	_, err := tx.Exec(ctx, `insert into prediction_count (account, day, model, status, n)
		select e_account, e_day, e_model, e_status, e_n from `+e+` where true
		on conflict (account, day, model, status) do update set n = prediction_count.n + excluded.n`, arg)
	if err != nil {
		return fmt.Errorf("count predictions: %w", err)
	}
	return nil
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
	x := &exit{rec: rec, end: e}
	if err := s.leave(ctx, x); err != nil {
		return Record{}, err
	}
	return x.ended, nil
}
