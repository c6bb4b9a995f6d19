package prediction

import (
	"context"
	"io"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"skytower/internal/blob"
	"skytower/internal/provider"
	"skytower/internal/secret"
	"skytower/internal/store/storetest"
)

// A result waits for the storage, beyond the model's deadline; the model runs once and is
// charged once.
func TestResultWaitsForTheStorage(t *testing.T) {
	t.Parallel()
	r := newRig(t, storetest.Open(t, storetest.SQLite(t)))
	folder := t.TempDir() + "/files"
	var err error
	r.files, err = blob.Open(t.Context(), blob.Options{DB: r.db, URL: "file://" + folder, Links: secret.NewRing(masterKey(t)), Now: r.clock.now})
	r.must(err)
	r.must(os.RemoveAll(folder))
	r.must(os.WriteFile(folder, nil, 0o600)) // nothing can be made in it
	const tries = 10                         // more than a source gets
	var opened atomic.Int64
	enough := make(chan struct{})
	r.actor.plays(func(context.Context, *provider.Run) (*provider.Result, error) {
		return &provider.Result{Files: []provider.Output{{Open: openCounted(&opened, tries, enough)}}}, nil
	})
	p := r.process(1)
	p.saveWaits = []time.Duration{time.Millisecond}
	p.start()
	rec := p.create(ask("acct", "m"))
	receive(t, "the result is tried often", enough)
	if now := p.get(rec); now.Status.Terminal() {
		t.Errorf("it ended as %s", now.Status)
	}
	r.must(os.Remove(folder))
	if now := p.awaitEnd(rec); now.Status != Succeeded {
		t.Errorf("it ended as %s: %s", now.Status, now.Error)
	}
	if n := len(r.actor.asked()); n != 1 {
		t.Errorf("the model ran %d times", n)
	}
	if r.awaitHold(rec.ID) != 1 || r.noted("settle", rec.ID) != 1 {
		t.Errorf("meter %v", r.meter)
	}
}

func openCounted(opened *atomic.Int64, tries int64, enough chan struct{}) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) {
		if opened.Add(1) == tries {
			close(enough)
		}
		return io.NopCloser(strings.NewReader(pngBytes)), nil
	}
}

// Leaving hands back what an upstream has, at once, and lets the rest end.
func TestLeaveHandsBackWhatCanGoOn(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		sent := make(chan struct{}, 2)
		goOn := make(chan struct{})
		r.actor.plays(func(ctx context.Context, run *provider.Run) (*provider.Result, error) {
			if run.Upstream != "" {
				return text("from the other"), nil
			}
			r.must(run.Watch.Submitting(ctx))
			if run.Model == "upstream-m" {
				r.must(run.Watch.Submitted(ctx, "up-1"))
			}
			sent <- struct{}{}
			select {
			case <-ctx.Done():
				return nil, &provider.Error{Class: provider.Cancelled, Err: context.Cause(ctx)}
			case <-goOn:
				return text("from here"), nil
			}
		})
		first := r.start(2)
		far, near := first.create(ask("acct", "m")), first.create(ask("acct", "bounded"))
		<-sent
		<-sent
		first.Leave()
		close(goOn)
		r.must(first.jobs.Stop(context.WithoutCancel(t.Context())))
		first.Service.Stop()
		if now := first.get(near); now.Output != `"from here"` {
			t.Errorf("what only this process had: %s %s", now.Status, now.Output)
		}
		if now := first.get(far); now.Status.Terminal() {
			t.Errorf("what the upstream has: %s", now.Status)
		}
		second := r.start(2)
		if now := second.awaitEnd(far); now.Output != `"from the other"` || now.Attempt != 2 {
			t.Errorf("what the upstream has: %s %s in attempt %d", now.Status, now.Output, now.Attempt)
		}
	})
}

// After the database was away nobody's silence counts at once, but what was handed back
// is taken up.
func TestNobodyIsRescuedRightAfterAnOutage(t *testing.T) {
	t.Parallel()
	r := newRig(t, storetest.Open(t, storetest.SQLite(t)))
	p := r.process(1)
	silent, back := p.create(ask("acct", "m")), p.create(ask("acct", "m"))
	r.exec(`update prediction set attempt = 1, status = 'processing' where id in ($1, $2)`, silent.ID, back.ID)
	r.exec(`update prediction set beat = 1 where id = $1`, back.ID)
	r.clock.pass(time.Hour)
	p.noteBlind(context.DeadlineExceeded)
	found, err := p.abandoned(t.Context(), r.clock.now())
	r.must(err)
	if len(found) != 1 || found[0].id != back.ID {
		t.Errorf("right after it: %+v", found)
	}
	r.clock.pass(p.stale())
	if found, err = p.abandoned(t.Context(), r.clock.now()); err != nil || len(found) != 2 {
		t.Errorf("later: %+v, %v", found, err)
	}
}
