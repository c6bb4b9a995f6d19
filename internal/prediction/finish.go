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

// settleTries is how often an end is written that fails for another cause than a
// database that is away.
const settleTries = 4

// ending is how a prediction ends.
type ending struct {
	status  Status
	output  string   // JSON
	files   []string // to keep
	message string
	id      fault.ID
	took    time.Duration // negative: nothing ran
	made    made          // for the bill
	held    bool          // guards let nothing of the output pass: what was told of it goes
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
	case isWithheld(cause):
		return r.finish(r.withheld(cause))
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
	e.made.target, e.made.pixels, e.made.heard = r.served, r.pixels, r.heard.Load()
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
		e.made.text = r.put
	}
	if err == nil && !json.Valid([]byte(e.output)) {
		err = &provider.Error{Class: provider.Broken, Err: errors.New("the output is not JSON")}
	}
	if err == nil {
		r.news.batch.counts = result.Counts
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
	case isWithheld(err):
		return r.finish(r.withheld(err))
	}
	r.s.o.Log.Warn("the outputs of a prediction could not be saved", "prediction", r.rec.ID, "model", r.rec.Model, "error", err)
	id, message := r.explain(err)
	return r.finish(failed(id, message))
}

// saveResult copies the outputs, again where the cause may pass. The work is done: from
// now on its deadline says nothing.
func (r *run) saveResult(result *provider.Result) (files []blob.File, output string, err error) {
	r.made.Store(true)
	r.deadline.Stop()
	ctx := r.ctx
	if ctx.Err() != nil { // the work came in the last moment
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), saveGrace)
		defer cancel()
	}
	until := time.Now().Add(r.s.saveFor)
	for try := 0; ; try++ {
		files, output, err = r.saveScreened(ctx, result)
		var file *fileError
		if err == nil || !errors.As(err, &file) || !file.Retry || ctx.Err() != nil {
			return files, output, err
		}
		if !file.Storage && try >= sourceTries || time.Now().After(until) {
			return files, output, err
		}
		if try > 0 && r.s.said.may() {
			r.s.o.Log.Warn("outputs of predictions wait to be stored", "prediction", r.rec.ID, "error", err)
		}
		select {
		case <-ctx.Done():
			return nil, "", err
		case <-time.After(waitOf(r.s.saveWaits, try)):
		}
	}
}

// sourceTries is how often an output is fetched again from where the upstream put it.
const sourceTries = 5

// finish writes the run's end. Where the row turns out to be somebody else's, what the
// run made goes.
func (r *run) finish(e ending) error {
	ctx := context.WithoutCancel(r.ctx)
	r.takeLast(e) // what no flush wrote; partial files come too late
	if e.status == Cancelled {
		e.made.text, e.made.files = len(r.news.batch.text), r.news.batch.files
	}
	r.made.Store(true)
	tries := 0
	err := r.persist(r.queue, "an end", func() error {
		for {
			err := r.tryFinish(ctx, e)
			if tries++; err == nil || errors.Is(err, errLost) || r.s.unavailable(err) || tries >= settleTries {
				return err
			}
			r.s.o.Log.Warn("the end of a prediction could not be written", "prediction", r.rec.ID, "error", err)
			select {
			case <-r.queue.Done():
			case <-time.After(waitOf(r.s.awayWaits, tries)):
			}
		}
	})
	if errors.Is(err, errLost) {
		return r.s.drop(ctx, r.rec.Account, e.files)
	}
	return err // where it is not nil, the beat ends, and the run is taken up again
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
	r.outcome = e.status
	return r.left(ctx, x)
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
	_, _ = r.take(r.ctx, false) // what is held back comes again to whoever takes the run up
	err := r.s.o.DB.Write(ctx, func(tx *store.Tx) error {
		if !r.news.batch.empty() {
			if _, err := r.write(ctx, tx); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `update prediction set beat = $3, deadline = case when deadline < $4 then $4 else deadline end
			where id = $1 and attempt = $2 and `+live, r.rec.ID, r.rec.Attempt, noBeat, store.Micros(r.overtime()))
		return err
	})
	if err != nil && !errors.Is(err, errLost) {
		return fmt.Errorf("hand prediction %s back: %w", r.rec.ID, err)
	}
	return jobs.Snooze(0)
}

// overtime is until when another process may still bring what was made already; zero:
// the work goes on, and its deadline stands.
func (r *run) overtime() time.Time {
	if !r.made.Load() {
		return time.Time{}
	}
	return r.s.o.Now().Add(r.s.saveFor)
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
