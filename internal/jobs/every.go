package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"
)

// maxPeriodTimeout bounds one run of what is periodic, however rare it is.
const maxPeriodTimeout = time.Hour

// period is something that the leader does from time to time. River only gives the
// beat: a run is no row of River's, since one that a killed process left as running
// would hold up those after it until it is rescued, and since rows for a sweep every
// few seconds are most of what an idle server would write.
type period struct {
	name     string
	interval time.Duration
	fn       func(context.Context) error
	due      chan struct{} // holds one: what comes due during a run follows it once
}

// Every runs fn on the leader of all processes, first when it comes to lead and then at
// the interval. A process that works no queue never leads. A run that takes longer than
// the interval is not joined by another; while the lead passes on, two processes may
// run fn at once for a moment, so that must be safe. An error is logged, and the next
// run comes as usual. A run has an interval's time, but at least a minute and at most
// an hour. Stop waits for it as for a job.
func (j *Jobs) Every(name string, interval time.Duration, fn func(context.Context) error) {
	j.periods = append(j.periods, &period{name: name, interval: interval, fn: fn, due: make(chan struct{}, 1)})
}

// EverySteadily is Every for what deletes because of age: while the time cannot be
// trusted (Options.Steady), it does not run.
func (j *Jobs) EverySteadily(name string, interval time.Duration, fn func(context.Context) error) {
	j.Every(name, interval, func(ctx context.Context) error {
		if !j.o.Steady() {
			return nil
		}
		return fn(ctx)
	})
}

// startPeriods gives each period a goroutine, and its beat to River's client.
func (j *Jobs) startPeriods(ctx context.Context, r *run) {
	// Under one root each: Stop first ends the waiting, and only later the runs.
	stay, leave := context.WithCancel(context.WithoutCancel(ctx))
	work, cutOff := context.WithCancel(context.WithoutCancel(ctx))
	r.leave, r.cutOff = leave, cutOff
	for _, p := range j.periods {
		r.periods.Go(func() { j.beat(stay, work, p) })
		r.client.PeriodicJobs().Add(river.NewPeriodicJob(river.PeriodicInterval(p.interval),
			p.ring, &river.PeriodicJobOpts{RunOnStart: true}))
	}
}

// ring is called by the leader's clock. It has no job to insert.
func (p *period) ring() (river.JobArgs, *river.InsertOpts) {
	select {
	case p.due <- struct{}{}:
	default:
	}
	return nil, nil
}

func (j *Jobs) beat(stay, work context.Context, p *period) {
	for stay.Err() == nil {
		select {
		case <-stay.Done():
		case <-p.due:
			j.once(work, p)
		}
	}
}

func (j *Jobs) once(ctx context.Context, p *period) {
	bounded, cancel := context.WithTimeout(ctx, min(max(p.interval, DefaultTimeout), maxPeriodTimeout))
	defer cancel()
	err := guard(func() error { return p.fn(bounded) })
	if err == nil || ctx.Err() != nil { // what Stop has cut, the next leader does
		return
	}
	attrs := []any{"name", p.name, "error", err}
	if panicked, ok := errors.AsType[*panicked](err); ok {
		attrs = append(attrs, "stack", string(panicked.stack))
	}
	j.log.WarnContext(ctx, "upkeep failed", attrs...)
}
