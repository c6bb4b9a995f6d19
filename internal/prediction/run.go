package prediction

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"skytower/internal/catalog"
	"skytower/internal/jobs"
	"skytower/internal/provider"
)

const (
	// defaultDeadline is of a model that names none.
	defaultDeadline = time.Hour
	// maxAttempts bounds how many workers take a run: one that ends its process each
	// time must not end all of them.
	maxAttempts = 20
	// adapterPatience is how long an adapter may take to end once its context has; after
	// it the run ends without it.
	adapterPatience = 10 * time.Second
	// leavingWait is how long a job waits that came to a process which stops: by then it
	// looks for none.
	leavingWait = time.Second
	// maxRetryAfter bounds the wait that a busy upstream may ask for.
	maxRetryAfter = time.Minute
)

// roundWaits are the waits between rounds over all targets. Work that an upstream has
// taken is asked for until the deadline, with the last of them.
func roundWaits() []time.Duration {
	return []time.Duration{250 * time.Millisecond, time.Second, 4 * time.Second, 15 * time.Second}
}

// brokenRounds bounds the rounds after answers that make no sense.
const brokenRounds = 2

// RunArgs is a run in the queue. Attempt is the row's when it was queued: a job whose
// number is old finds the run taken.
type RunArgs struct {
	ID      string `json:"id"`
	Model   string `json:"model"`
	Attempt int64  `json:"attempt"`
}

// Kind names the job.
func (RunArgs) Kind() string { return "prediction_run" }

// Why a run's context ends, besides provider.ErrHandBack and errLost.
var (
	errCancelled = errors.New("the prediction was cancelled")
	errDeadline  = errors.New("the prediction did not finish in time")
)

// run is one attempt at a prediction.
type run struct {
	s     *Service
	rec   Record // as it was claimed
	model *catalog.Model
	job   jobs.Job[RunArgs]
	began time.Time

	ctx      context.Context // the adapter's
	cancel   context.CancelCauseFunc
	queue    context.Context // the queue's: over when this process has no more time
	deadline *time.Timer
	made     atomic.Bool // the work is done, and what is left is ours
	heard    atomic.Bool // a caller got some of the sound that it makes

	news   notes
	screen Screen // nil: no guard looks at what it puts out

	// Of the goroutine that does the work, for the bill:
	served  string // the target that was asked last
	outcome Status // how the run ended its prediction; "": it did not
	pixels  int64  // of the pictures in its input, where its price asks
	put     int    // bytes of an output that is no file, before guards looked at it

	mu        sync.Mutex
	mark      mark
	beaten    time.Time // the last write that showed life
	scratches []string
	over      bool // an adapter that was given up may still call
}

// run is the queue's worker.
func (s *Service) run(ctx context.Context, job jobs.Job[RunArgs]) (err error) {
	if s.leaving.Load() {
		return jobs.Snooze(leavingWait)
	}
	rec, ok, err := s.claim(ctx, job.Args)
	if err != nil || !ok {
		return err // a lost race ends quietly
	}
	s.began(rec)
	ctx, span := s.traceRun(ctx, rec)
	r, leave := s.begin(ctx, rec, job)
	defer leave()
	defer func() { r.overRun(span, err) }()
	stopNews := r.tellNews()
	result, err := r.work()
	stopNews()
	return r.conclude(result, err)
}

// begin makes the run's context, which ends with the deadline, with a cancellation, with
// the loss of the row, and, to hand the run back, with the queue's.
func (s *Service) begin(ctx context.Context, rec Record, job jobs.Job[RunArgs]) (r *run, leave func()) {
	now := s.o.Now()
	r = &run{
		s: s, rec: rec, model: s.model(rec.Model), job: job, began: now, beaten: now,
		mark: mark{rec.Target, rec.Submission, rec.Upstream}, news: notes{percent: -1, status: rec.Status},
	}
	r.queue, r.screen = ctx, s.screen(r.model)
	r.ctx, r.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	r.deadline = time.AfterFunc(rec.Deadline.Sub(now), func() { r.cancel(errDeadline) })
	unhook := context.AfterFunc(ctx, func() { r.cancel(provider.ErrHandBack) })
	if rec.Cancel {
		r.cancel(errCancelled)
	}
	s.runs.add(r)
	r.leave()
	return r, func() {
		s.runs.remove(r)
		unhook()
		r.deadline.Stop()
		r.cancel(nil)
		r.clean()
	}
}

// work does the work, and returns when there is nothing more to do about it here.
func (r *run) work() (*provider.Result, error) {
	if r.rec.Attempt > maxAttempts {
		return nil, &provider.Error{Class: provider.Failed, Message: "The prediction was given up: every worker that took it died."}
	}
	if r.model == nil && r.mark.target == "" {
		return nil, goneModel(r.rec.Shown)
	}
	for round := 0; ; round++ {
		result, err := r.round()
		if err == nil || r.ctx.Err() != nil {
			return result, err
		}
		wait, ok := r.pause(round, err)
		if !ok {
			return nil, err
		}
		select {
		case <-r.ctx.Done():
			return nil, err
		case <-time.After(wait):
		}
	}
}

// round tries the targets in order. Another one is tried only where this one has not
// been given work that it may be doing.
func (r *run) round() (*provider.Result, error) {
	var last error = &provider.Error{Class: provider.Unreachable, Err: errors.New("the model has no target")}
	for _, target := range r.targets() {
		result, err := r.try(target)
		if err == nil || r.ctx.Err() != nil {
			return result, err
		}
		last = err
		if r.marked().submission != "" || !mayMoveOn(err) {
			break
		}
	}
	return nil, last
}

// pause says how long to wait for another round after err, and whether there is one.
func (r *run) pause(round int, err error) (time.Duration, bool) {
	class, ok := classOf(err)
	if !ok {
		return 0, false
	}
	last := len(r.s.waits) - 1
	switch class {
	case provider.Unreachable, provider.Busy, provider.Timeout:
		if round > last && r.marked().submission != submitted {
			return 0, false
		}
	case provider.Broken:
		if round >= brokenRounds {
			return 0, false
		}
	default:
		return 0, false
	}
	wait := r.s.waits[min(round, last)]
	var up *provider.Error
	if errors.As(err, &up) {
		wait = max(wait, min(up.RetryAfter, maxRetryAfter))
	}
	return wait, true
}

// classOf is the class of an upstream's failure. ok is false for failures of our own,
// which another target does not cure.
func classOf(err error) (class provider.Class, ok bool) {
	if _, own := ownFailure(err); own {
		return 0, false
	}
	return provider.ClassOf(err), true
}

// mayMoveOn reports whether another target may be tried after err.
func mayMoveOn(err error) bool {
	class, ok := classOf(err)
	if !ok {
		return false
	}
	switch class {
	case provider.Unreachable, provider.Busy, provider.Unsupported, provider.Denied, provider.Timeout, provider.Broken:
		return true
	}
	return false
}

// didNothing reports whether err proves that the upstream took no work.
func didNothing(err error) bool {
	class, ok := classOf(err)
	if !ok {
		return false
	}
	switch class {
	case provider.Unreachable, provider.Busy, provider.Unsupported, provider.Denied:
		return true
	}
	return false
}

// targets are the model's, or the one that was given the work.
func (r *run) targets() []catalog.Target {
	m := r.marked()
	if m.target == "" {
		return r.model.Targets
	}
	if r.model != nil {
		for _, t := range r.model.Targets {
			if targetName(t) == m.target {
				return []catalog.Target{t}
			}
		}
	}
	// The model has another target now, but this one has the work.
	name, upstream, _ := strings.Cut(m.target, "/")
	return []catalog.Target{{Provider: name, Model: upstream, FetchInputs: catalog.FetchProxy}}
}

func targetName(t catalog.Target) string { return t.Provider + "/" + t.Model }

// try gives the work to one target, or asks the one that has it.
func (r *run) try(t catalog.Target) (*provider.Result, error) {
	fresh := r.marked().submission == ""
	result, err := r.call(t)
	if err == nil {
		return result, nil
	}
	r.s.o.Log.Debug("target failed", "prediction", r.rec.ID, "target", targetName(t), "error", err)
	if fresh && r.marked().submission == submitting && didNothing(err) && r.ctx.Err() == nil {
		if failed := r.save(r.ctx, mark{}, false); failed != nil {
			return nil, errors.Join(err, failed)
		}
	}
	return nil, err
}

func (r *run) call(t catalog.Target) (*provider.Result, error) {
	adapter, err := r.s.o.Adapters.Adapter(t.Provider)
	if err != nil {
		return nil, &provider.Error{Class: provider.Unreachable, Err: err}
	}
	predictor, ok := adapter.(provider.Predictor)
	if !ok {
		return nil, &provider.Error{Class: provider.Unsupported, Err: errors.New("provider makes no predictions")}
	}
	input, err := r.input(t)
	if err != nil {
		return nil, err
	}
	m := r.marked()
	r.served = targetName(t)
	return r.observed(t, predictor, &provider.Run{
		ID: r.rec.ID, Model: t.Model, Show: r.rec.Shown, Kind: r.rec.Type, Input: input,
		Upstream: m.upstream, Unsure: m.submission == submitting, Scratch: r.scratch, Watch: watcher{r, t},
	})
}

// input is the run's input as a target wants it. Where its pictures are charged by their
// size, we fetch them ourselves: the upstream gets those that were measured.
func (r *run) input(t catalog.Target) (json.RawMessage, error) {
	quote, err := r.rec.quote()
	if err != nil {
		return nil, err
	}
	policy, counted := t.FetchInputs, quote != nil && countsInput(quote, r.s.costQuote(r.rec, targetName(t)))
	if counted && policy == catalog.FetchPass {
		policy = catalog.FetchProxy
	}
	input, err := r.s.inputFor(r.ctx, r.rec, policy)
	if err == nil && counted {
		r.pixels = inputPixels(input)
	}
	return input, err
}

// predict calls the adapter, and gives it up where it does not end with its context.
// What it panics with ends the run and nothing else.
func (r *run) predict(ctx context.Context, p provider.Predictor, run *provider.Run) (*provider.Result, error) {
	type answer struct {
		result *provider.Result
		err    error
	}
	answers := make(chan answer, 1)
	go func() { // owned by this call; one that is given up ends with its adapter
		var a answer
		defer func() {
			if v := recover(); v != nil {
				a = answer{err: &provider.Error{Class: provider.Failed, Err: fmt.Errorf("adapter panicked: %v\n%s", v, debug.Stack())}}
			}
			answers <- a
		}()
		a.result, a.err = p.Predict(ctx, run)
		if a.err == nil && a.result == nil {
			a.err = &provider.Error{Class: provider.Failed, Err: errors.New("adapter returned no result")}
		}
	}()
	select {
	case a := <-answers:
		return a.result, a.err
	case <-r.ctx.Done():
	}
	select {
	case a := <-answers:
		return a.result, a.err
	case <-time.After(r.s.patience):
		return nil, &provider.Error{Class: provider.Cancelled, Err: errors.New("the adapter did not end with its context")}
	}
}
