package prediction

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"skytower/internal/catalog"
	"skytower/internal/provider"
)

func TestRunSucceeds(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.start(2)
		rec := p.awaitEnd(p.create(ask("acct", "m")))
		if rec.Status != Succeeded || rec.Output != `"done"` || rec.Handed || rec.Attempt != 1 || rec.PredictTime < 0 ||
			rec.Started.IsZero() || rec.Completed.Before(rec.Started) || !rec.PurgeAt.Equal(rec.Completed.Add(24*time.Hour)) {
			t.Errorf("ended as %+v", rec)
		}
		run := r.actor.asked()[0]
		if run.ID != rec.ID || run.Model != "upstream-m" || run.Show != "m" || run.Unsure || run.Upstream != "" {
			t.Errorf("asked for %+v", run)
		}
		if r.awaitHold(rec.ID) != 1 || r.noted("settle", rec.ID) != 1 {
			t.Errorf("meter %v", r.meter)
		}
		if n := r.number(`select n from prediction_count where account = 'acct' and model = 'm' and status = 'succeeded'`); n != 1 {
			t.Errorf("counted %d", n)
		}
		if n := r.lane("account", "acct"); n != 0 {
			t.Errorf("%d places are still given out", n)
		}
	})
}

// TestRunFails is what callers read of each failure, and where it is tried again.
func TestRunFails(t *testing.T) {
	t.Parallel()
	upstream := func(class provider.Class, message string) error {
		return &provider.Error{Class: class, Message: message, Err: errors.New("secret cause")}
	}
	cases := map[string]struct {
		err         error
		submit      bool // before it failed
		id, message string
		asked       int
	}{
		"failed":      {upstream(provider.Failed, "no cats in upstream-m\x00"), true, "PREDICTION_FAILED", "no cats in m\uFFFD", 1},
		"mute":        {upstream(provider.Failed, ""), false, "PREDICTION_FAILED", "The model 'm' failed.", 1},
		"rejected":    {upstream(provider.Rejected, "prompt is bad"), false, "INVALID_INPUT", "prompt is bad", 1},
		"busy":        {upstream(provider.Busy, "x"), false, "SERVICE_UNAVAILABLE", "The model 'm' is busy; try again later.", 4},
		"unreachable": {upstream(provider.Unreachable, "x"), true, "SERVICE_UNAVAILABLE", "The model 'm' cannot be reached at the moment.", 4},
		"broken":      {upstream(provider.Broken, "x"), false, "INFERENCE_ERROR", "The model 'm' failed.", 3},
		"denied":      {upstream(provider.Denied, "x"), false, "INFERENCE_ERROR", "The model 'm' is not set up correctly; its operator has to look at it.", 1},
		"gone":        {upstream(provider.Gone, "x"), false, "INFERENCE_ERROR", "The model 'm' lost the work: create a new prediction.", 1},
		"untyped":     {errors.New("secret cause"), false, "INFERENCE_ERROR", "The model 'm' failed.", 3},
		"ambiguous": {upstream(provider.Ambiguous, "x"), true, "INFERENCE_ERROR", "The server was interrupted while it gave the work to the model 'm'. " +
			"Whether the model took it cannot be told, so it was not sent again: create a new prediction.", 1},
	}
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		for name, c := range cases {
			asked := 0
			r.actor.plays(func(ctx context.Context, run *provider.Run) (*provider.Result, error) {
				asked++
				if run.Unsure || run.Upstream != "" {
					t.Errorf("%s: asked as if there were work", name)
				}
				if c.submit {
					if err := run.Watch.Submitting(ctx); err != nil {
						return nil, err
					}
				}
				return nil, c.err
			})
			rec := p.create(ask("acct", "m"))
			r.must(p.work(rec))
			rec = p.get(rec)
			if rec.Status != Failed || rec.ErrorID != c.id || rec.Error != c.message || rec.Output != "null" {
				t.Errorf("%s: %s %s %q", name, rec.Status, rec.ErrorID, rec.Error)
			}
			if asked != c.asked {
				t.Errorf("%s: asked %d times", name, asked)
			}
			if r.noted("void", rec.ID) != 1 {
				t.Errorf("%s: meter %v", name, r.meter)
			}
		}
		if n := r.lane("account", "acct"); n != 0 {
			t.Errorf("%d places are still given out", n)
		}
	})
}

// TestRunSurvivesAdapters: what an adapter does wrong ends its run and nothing else.
func TestRunSurvivesAdapters(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	plays := map[string]func(context.Context, *provider.Run) (*provider.Result, error){
		"panics":  func(context.Context, *provider.Run) (*provider.Result, error) { panic("oops") },
		"nothing": func(context.Context, *provider.Run) (*provider.Result, error) { return nil, nil },
		"hangs": func(_ context.Context, run *provider.Run) (*provider.Result, error) {
			<-release
			return text("late"), nil
		},
		"nonsense": func(context.Context, *provider.Run) (*provider.Result, error) {
			return &provider.Result{JSON: []byte("<html>")}, nil
		},
	}
	eachRig(t, func(t *testing.T, r *rig) {
		r.models["hasty"] = model("hasty", 0)
		r.models["hasty"].Deadline = 50 * time.Millisecond
		p := r.process(0)
		p.patience = time.Millisecond
		for name, play := range plays {
			r.actor.plays(play)
			which := "m"
			if name == "hangs" {
				which = "hasty"
			}
			rec := p.create(ask("acct", which))
			r.must(p.work(rec))
			if rec = p.get(rec); rec.Status != Failed {
				t.Errorf("%s: %s", name, rec.Status)
			}
			if name == "hangs" && rec.Error != "The model 'hasty' did not finish within 50ms." {
				t.Errorf("%s: %q", name, rec.Error)
			}
		}
	})
}

func TestRunFailsOver(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		m := model("two", 0)
		m.Targets = append([]catalog.Target{{Provider: "none", Model: "x"}}, m.Targets...)
		m.Targets = append(m.Targets, catalog.Target{Provider: "second", Model: "other"})
		r.models["two"] = m
		r.actor.plays(func(ctx context.Context, run *provider.Run) (*provider.Result, error) {
			if err := run.Watch.Submitting(ctx); err != nil {
				return nil, err
			}
			if run.Model == "upstream-two" {
				return nil, &provider.Error{Class: provider.Busy}
			}
			return text(run.Model), run.Watch.Submitted(ctx, "up-1")
		})
		p := r.process(0)
		rec := p.create(ask("acct", "two"))
		r.must(p.work(rec))
		if rec = p.get(rec); rec.Output != `"other"` || rec.Target != "second/other" || rec.Upstream != "up-1" {
			t.Errorf("%s by %q as %q: %s", rec.Status, rec.Target, rec.Upstream, rec.Output)
		}
	})
}

// TestRunNeverSubmitsTwice: after a mark that work may be under way, no other target
// gets it, and the same one is told.
func TestRunNeverSubmitsTwice(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		m := model("two", 0)
		m.Targets = append(m.Targets, catalog.Target{Provider: "second", Model: "other"})
		r.models["two"] = m
		r.actor.plays(func(ctx context.Context, run *provider.Run) (*provider.Result, error) {
			switch {
			case run.Model != "upstream-two":
				t.Error("another target was given the work")
			case run.Unsure:
				return nil, &provider.Error{Class: provider.Ambiguous}
			}
			if err := run.Watch.Submitting(ctx); err != nil {
				return nil, err
			}
			return nil, &provider.Error{Class: provider.Timeout}
		})
		p := r.process(0)
		rec := p.create(ask("acct", "two"))
		r.must(p.work(rec))
		rec = p.get(rec)
		if rec.Status != Failed || len(r.actor.asked()) != 2 {
			t.Errorf("%s after %d tries", rec.Status, len(r.actor.asked()))
		}
		contains(t, rec.Error, "not sent again")
	})
}

func TestRunIsTakenOnce(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		a, b := r.process(0), r.process(0)
		for range 10 {
			rec := a.create(ask("acct", "m"))
			var both sync.WaitGroup
			var mu sync.Mutex
			won := 0
			for _, p := range []*process{a, b, a, b} {
				both.Go(func() {
					_, ok, err := p.claim(t.Context(), args(rec).Args)
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						t.Errorf("claim: %v", err)
					}
					if ok {
						won++
					}
				})
			}
			both.Wait()
			if won != 1 {
				t.Fatalf("%d workers took it", won)
			}
		}
	})
}

// TestCrashedRunGoesOn: a worker takes a run, submits its work, and is gone.
func TestCrashedRunGoesOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before func(*testing.T, provider.Watcher) // what the dead worker did
		check  func(provider.Run) bool
	}{
		"before it submitted": {func(*testing.T, provider.Watcher) {}, func(run provider.Run) bool { return !run.Unsure && run.Upstream == "" }},
		"while it submitted": {func(t *testing.T, w provider.Watcher) {
			if err := w.Submitting(t.Context()); err != nil {
				t.Error(err)
			}
		}, func(run provider.Run) bool { return run.Unsure && run.Upstream == "" }},
		"after it submitted": {func(t *testing.T, w provider.Watcher) {
			if err := errors.Join(w.Submitting(t.Context()), w.Submitted(t.Context(), "up-1")); err != nil {
				t.Error(err)
			}
		}, func(run provider.Run) bool { return !run.Unsure && run.Upstream == "up-1" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachRig(t, func(t *testing.T, r *rig) {
				dead, alive := r.process(0), r.process(0)
				rec := dead.create(ask("acct", "m"))
				claimed, _, err := dead.claim(t.Context(), args(rec).Args)
				r.must(err)
				run, _ := dead.begin(t.Context(), claimed, args(rec))
				c.before(t, watcher{run, r.models["m"].Targets[0]})

				r.must(alive.rescue(t.Context()))
				if n := r.number(`select count(*) from river_job`); n != 1 {
					t.Fatalf("a run that shows life was queued again: %d jobs", n)
				}
				r.clock.pass(alive.stale() + time.Second)
				r.must(alive.rescue(t.Context()))
				r.must(alive.rescue(t.Context())) // the second look finds it done
				if n := r.number(`select count(*) from river_job`); n != 2 {
					t.Fatalf("an abandoned run was not queued again, once: %d jobs", n)
				}
				r.must(alive.run(t.Context(), args(alive.get(rec))))
				if now := alive.get(rec); now.Status != Succeeded || now.Attempt != 2 {
					t.Errorf("%s after %d attempts", now.Status, now.Attempt)
				}
				if asked := r.actor.asked(); len(asked) != 1 || !c.check(asked[0]) {
					t.Errorf("asked %+v", asked)
				}
				// Should the dead one live after all, it writes nothing more.
				if err := (watcher{run, r.models["m"].Targets[0]}).Submitted(t.Context(), "up-2"); !errors.Is(err, errLost) {
					t.Errorf("a late write: %v", err)
				}
				if !errors.Is(context.Cause(run.ctx), errLost) {
					t.Errorf("a late run ends with %v", context.Cause(run.ctx))
				}
				run.cancel(nil)
			})
		})
	}
}

// TestUntakenRunIsQueuedAgain: a process dies between taking a job and taking its run.
func TestUntakenRunIsQueuedAgain(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		p.create(ask("acct", "m"))
		jobsAfter := func(d time.Duration) int64 {
			r.clock.pass(d)
			r.must(p.rescue(t.Context()))
			return r.number(`select count(*) from river_job`)
		}
		// After 20 s, and then in growing steps, since the run may just have to wait.
		for i, want := range []int64{1, 2, 2, 3, 3, 3, 3, 4} {
			wait := 21 * time.Second
			if i == 0 {
				wait = 10 * time.Second
			}
			if n := jobsAfter(wait); n != want {
				t.Errorf("look %d: %d jobs instead of %d", i, n, want)
			}
		}
	})
}

func TestRestartTakesUpAtOnce(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		if r.db.Dialect().String() != "sqlite" {
			return // there, other processes may be running them
		}
		dead := r.process(0)
		rec := dead.create(ask("acct", "m"))
		_, ok, err := dead.claim(t.Context(), args(rec).Args)
		r.must(err)
		if !ok {
			t.Fatal("not claimed")
		}
		p := r.start(1) // its queue takes the old job up, whose number is old too
		if now := p.awaitEnd(rec); now.Status != Succeeded || now.Attempt != 2 {
			t.Errorf("%s after %d attempts", now.Status, now.Attempt)
		}
	})
}

// TestStopHandsBack: a process that stops gives its runs to the next, which ask the
// upstream for the work that it has.
func TestStopHandsBack(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		begun := make(chan struct{})
		r.actor.plays(func(ctx context.Context, run *provider.Run) (*provider.Result, error) {
			if err := errors.Join(run.Watch.Submitting(ctx), run.Watch.Submitted(ctx, "up-1")); err != nil {
				return nil, err
			}
			close(begun)
			<-ctx.Done()
			if !errors.Is(context.Cause(ctx), provider.ErrHandBack) {
				t.Errorf("the context ended because of %v", context.Cause(ctx))
			}
			return nil, &provider.Error{Class: provider.Cancelled}
		})
		first := r.start(1)
		rec := first.create(ask("acct", "m"))
		receive(t, "the run began", begun)
		first.end()
		if now := first.get(rec); now.Status != Processing || !now.Handed {
			t.Errorf("handed back as %s", now.Status)
		}
		r.actor.plays(nil)
		second := r.start(1)
		if now := second.awaitEnd(rec); now.Status != Succeeded || now.Attempt != 2 {
			t.Errorf("%s after %d attempts", now.Status, now.Attempt)
		}
		if last := r.actor.asked()[1]; last.Upstream != "up-1" {
			t.Errorf("asked %+v", last)
		}
	})
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		r.models["hasty"] = model("hasty", 0)
		r.models["hasty"].Deadline = 10 * time.Millisecond
		r.actor.plays(func(ctx context.Context, run *provider.Run) (*provider.Result, error) {
			<-ctx.Done()
			return nil, &provider.Error{Class: provider.Cancelled}
		})
		p := r.process(0)
		rec := p.create(ask("acct", "hasty"))
		r.must(p.work(rec))
		if now := p.get(rec); now.Status != Failed || now.ErrorID != "INFERENCE_TIMEOUT" || now.Error != "The model 'hasty' did not finish within 10ms." {
			t.Errorf("%s %s %q", now.Status, now.ErrorID, now.Error)
		}
	})
}

func TestGivenUpAfterManyDeaths(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		rec := p.create(ask("acct", "m"))
		r.exec(`update prediction set attempt = $1`, maxAttempts)
		rec.Attempt = maxAttempts
		r.must(p.work(rec))
		if now := p.get(rec); now.Status != Failed || len(r.actor.asked()) != 0 {
			t.Errorf("%s after %d tries", now.Status, len(r.actor.asked()))
		}
	})
}

func TestModelGone(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		rec := p.create(ask("acct", "m"))
		delete(r.models, "m")
		r.must(p.work(rec))
		if now := p.get(rec); now.Status != Failed || now.Error != "The model 'm' is no longer offered." {
			t.Errorf("%s %q", now.Status, now.Error)
		}
	})
}

func TestScratchIsRemoved(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		r.actor.plays(func(_ context.Context, run *provider.Run) (*provider.Result, error) {
			dir, err := run.Scratch()
			if err != nil {
				return nil, err
			}
			return text("made"), os.WriteFile(filepath.Join(dir, "x"), []byte("x"), 0o600)
		})
		rec := p.create(ask("acct", "m"))
		r.must(p.work(rec))
		left, err := os.ReadDir(p.o.Scratch)
		if err != nil || len(left) != 0 || p.get(rec).Status != Succeeded {
			t.Errorf("%d left, %v, %s", len(left), err, p.get(rec).Status)
		}
	})
}

func TestTailAndCut(t *testing.T) {
	t.Parallel()
	if got := tail("first line\nsecond\n", 10); got != "second\n" {
		t.Errorf("tail %q", got)
	}
	if got := tail("ééé", 3); got != "é" {
		t.Errorf("tail %q", got)
	}
	if got := cut("ééé", 3); got != "é…" {
		t.Errorf("cut %q", got)
	}
	if got := clean("a\x00b\xff"); got != "a\uFFFDb\uFFFD" {
		t.Errorf("clean %q", got)
	}
}
