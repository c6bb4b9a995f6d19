package prediction

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"skytower/internal/fault"
	"skytower/internal/jobs"
	"skytower/internal/provider"
	"skytower/internal/store"
	"skytower/internal/webhook"
)

// TestTransitions tries every step between two states on the row itself.
func TestTransitions(t *testing.T) {
	t.Parallel()
	allowed := map[Status][]Status{
		Pending: {Failed, Cancelled}, Starting: {Succeeded, Failed, Cancelled}, Processing: {Succeeded, Failed, Cancelled},
	}
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		rec := p.create(ask("acct", "m"))
		for _, from := range []Status{Pending, Starting, Processing, Succeeded, Failed, Cancelled} {
			for _, to := range []Status{Succeeded, Failed, Cancelled} {
				r.exec(`update prediction set status = $1, handed = true`, string(from))
				rec.Handed = true
				want := false
				for _, s := range allowed[from] {
					want = want || s == to
				}
				ended, err := p.endNow(t.Context(), rec, ending{status: to, output: "null"})
				if want && (err != nil || ended.Status != to) || !want && !errors.Is(err, errLost) {
					t.Errorf("%s to %s: %v", from, to, err)
				}
			}
		}
		if Processing.Terminal() || !Cancelled.Terminal() {
			t.Error("ends are not told from others")
		}
	})
}

func TestFinishTwice(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		rec := p.create(ask("acct", "m"))
		claimed, _, err := p.claim(t.Context(), args(rec).Args)
		r.must(err)
		for _, status := range []Status{Succeeded, Failed} {
			run, leave := p.begin(t.Context(), claimed, args(rec))
			r.must(run.finish(ending{status: status, output: `"first"`}))
			leave()
		}
		if now := p.get(rec); now.Status != Succeeded {
			t.Errorf("ended as %s", now.Status)
		}
		if r.noted("settle", rec.ID) != 1 || r.noted("void", rec.ID) != 0 || r.lane("account", "acct") != 0 {
			t.Errorf("meter %v, %d places", r.meter, r.lane("account", "acct"))
		}
		if n := r.number(`select cast(sum(n) as bigint) from prediction_count`); n != 1 {
			t.Errorf("counted %d times", n)
		}
	})
}

// TestWebhooksAreToldOnce: each event once, signed with the key that created the
// prediction, with the status that the contract asks for; the key goes with the last.
func TestWebhooksAreToldOnce(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		r.actor.plays(func(_ context.Context, run *provider.Run) (*provider.Result, error) {
			run.Watch.Progress(provider.Progress{Logs: []string{"half"}, Percent: 50})
			return nil, &provider.Error{Class: provider.Failed, Message: "no"}
		})
		request := ask("acct", "m")
		request.Webhook, request.APIKey = webhook.Subscription{URL: "http://hooks.example/x"}, "sk-raw"
		rec := p.create(request)
		if sealed := p.get(rec).WebhookKey; sealed == "" || strings.Contains(sealed, "sk-raw") {
			t.Errorf("kept key %q", sealed)
		}
		r.must(p.work(rec))
		r.must(p.work(rec)) // a second run of the job
		var told []string
		r.must(r.db.Read(t.Context(), func(tx *store.Tx) error {
			told = nil
			return tx.Each(t.Context(), `select event, body, signature from webhook_delivery order by seq`, func(row func(...any) error) error {
				var event, signature string
				var body []byte
				if err := row(&event, &body, &signature); err != nil {
					return err
				}
				if signature != webhook.Sign("sk-raw", body) {
					t.Errorf("%s is signed with another key", event)
				}
				var object struct{ Status string }
				told = append(told, event)
				return json.Unmarshal(body, &object)
			})
		}))
		if len(told) != 3 {
			t.Errorf("told %v", told)
		}
		now := p.get(rec)
		if now.WebhookKey != "" || !now.PurgeAt.IsZero() {
			t.Errorf("key %q, purged %s", now.WebhookKey, now.PurgeAt)
		}
		attempted := func(settled bool) time.Time {
			at := r.clock.now()
			r.must(r.db.Write(t.Context(), func(tx *store.Tx) error { return p.WebhookAttempted(t.Context(), tx, rec.ID, at, settled) }))
			return store.Time(store.Micros(at))
		}
		attempted(false)
		if !p.get(rec).PurgeAt.IsZero() {
			t.Error("the clock of retention runs while a webhook may follow")
		}
		if at := attempted(true); !p.get(rec).PurgeAt.Equal(at.Add(24 * time.Hour)) {
			t.Errorf("purged at %s", p.get(rec).PurgeAt)
		}
	})
}

func TestProgressIsKept(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		rec := p.create(ask("acct", "m"))
		job := args(rec)
		claimed, _, err := p.claim(t.Context(), job.Args)
		r.must(err)
		run, leave := p.begin(t.Context(), claimed, job)
		defer leave()
		changed, stop := p.Watch(rec.ID)
		defer stop()

		run.flush() // the first time says that it is processing
		receive(t, "the change", changed)
		if now := p.get(rec); now.Status != Processing || now.Progress != -1 {
			t.Errorf("%s at %v", now.Status, now.Progress)
		}
		version := p.get(rec).Version
		run.flush()
		if p.get(rec).Version != version {
			t.Error("no news were written")
		}
		w := watcher{run, r.models["m"].Targets[0]}
		w.Progress(provider.Progress{Percent: 40, Logs: []string{"one\n", "two\x00"}, Text: "Hel"})
		w.Progress(provider.Progress{Percent: 20, Text: "lo"})
		run.flush()
		now := p.get(rec)
		if now.Progress != 40 || now.Logs != "one\ntwo\uFFFD\n" || now.EventCount != 2 || now.Version != version+1 {
			t.Errorf("%v %q %d events, version %d after %d", now.Progress, now.Logs, now.EventCount, now.Version, version)
		}
		r.exec(`update prediction set progress = 70000`) // by an earlier attempt
		w.Progress(provider.Progress{Percent: 50})
		run.flush()
		if now = p.get(rec); now.Progress != 70 {
			t.Errorf("progress went back to %v", now.Progress)
		}
		long := strings.Repeat("x", 2*maxLine)
		for range 3 * maxLines {
			w.Progress(provider.Progress{Logs: []string{long}})
		}
		w.Progress(provider.Progress{Percent: 99})
		r.must(run.finish(ending{status: Succeeded, output: `"Hello"`, took: time.Second})) // writes what waits
		now = p.get(rec)
		if now.Progress != 99 || len(now.Logs) > maxLogs || now.EventCount != 3 || now.PredictTime != time.Second {
			t.Errorf("%v, %d bytes of logs, %d events, %s", now.Progress, len(now.Logs), now.EventCount, now.PredictTime)
		}
		var stored []string
		r.must(r.db.Read(t.Context(), func(tx *store.Tx) error {
			stored = nil
			return tx.Each(t.Context(), `select seq, kind, data from prediction_event where prediction = $1 order by seq limit 2`, func(row func(...any) error) error {
				var seq int64
				var kind, data string
				err := row(&seq, &kind, &data)
				stored = append(stored, fmt.Sprint(seq, " ", kind, " ", data))
				return err
			}, rec.ID)
		}))
		if got := strings.Join(stored, " "); got != `1 logs {"lines":["one","two`+"\uFFFD"+`"]} 2 output {"text":"Hello"}` {
			t.Errorf("events %s", got)
		}
	})
}

func TestCancelWaiting(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		r.settings.Concurrency = 1
		p := r.process(0)
		queued, waiting := p.create(ask("acct", "m")), p.create(ask("acct", "m"))
		for _, rec := range []Record{queued, waiting} {
			now, changed, err := p.Cancel(t.Context(), "acct", rec.ID)
			if err != nil || !changed || now.Status != Cancelled || now.Completed.IsZero() {
				t.Errorf("%v, changed %t, %s", err, changed, now.Status)
			}
			if now, changed, err = p.Cancel(t.Context(), "acct", rec.ID); err != nil || changed || now.Status != Cancelled {
				t.Errorf("again: %v, changed %t, %s", err, changed, now.Status)
			}
			r.must(p.work(rec)) // its job ends quietly
		}
		if n := r.lane("account", "acct"); n != 0 || len(r.actor.asked()) != 0 {
			t.Errorf("%d places, asked %d times", n, len(r.actor.asked()))
		}
		if _, _, err := p.Cancel(t.Context(), "other", queued.ID); !fault.Is(err, fault.PredictionFailed) {
			t.Errorf("another account's: %v", err)
		}
	})
}

// TestCancelRunning: in the same process, and in another one.
func TestCancelRunning(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		begun := make(chan struct{}, 1)
		r.actor.plays(func(ctx context.Context, run *provider.Run) (*provider.Result, error) {
			begun <- struct{}{}
			<-ctx.Done()
			if err := run.Watch.Submitting(context.WithoutCancel(ctx)); err == nil {
				t.Error("work was begun for a cancelled prediction")
			}
			return nil, &provider.Error{Class: provider.Cancelled}
		})
		worker, other := r.start(1), r.process(0)
		for _, p := range []*process{worker, other} {
			rec := worker.create(ask("acct", "m"))
			receive(t, "the run began", begun)
			if now, changed, err := p.Cancel(t.Context(), "acct", rec.ID); err != nil || !changed || now.Status.Terminal() {
				t.Errorf("%v, changed %t, %s", err, changed, now.Status)
			}
			if now := worker.awaitEnd(rec); now.Status != Cancelled || now.Error != "" {
				t.Errorf("ended as %s %q", now.Status, now.Error)
			}
		}
	})
}

func TestDelete(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		begun := make(chan struct{}, 1)
		p := r.start(1)
		ended := p.awaitEnd(p.create(ask("acct", "m")))
		r.actor.plays(func(ctx context.Context, _ *provider.Run) (*provider.Result, error) {
			begun <- struct{}{}
			<-ctx.Done()
			return nil, &provider.Error{Class: provider.Cancelled}
		})
		running := p.create(ask("acct", "m"))
		receive(t, "the run began", begun)
		waiting := p.create(ask("acct", "m"))
		for _, rec := range []Record{ended, waiting, running} {
			if _, err := p.Delete(t.Context(), "other", rec.ID); !fault.Is(err, fault.PredictionFailed) {
				t.Errorf("another account's: %v", err)
			}
			now, err := p.Delete(t.Context(), "acct", rec.ID)
			if err != nil || !now.Removed || now.Input != "{}" || now.Output != "null" || !now.Status.Terminal() {
				t.Errorf("%v: %+v", err, now)
			}
			if _, err := p.Get(t.Context(), "acct", rec.ID); !fault.Is(err, fault.PredictionFailed) {
				t.Errorf("get after delete: %v", err)
			}
		}
		if n := r.number(`select coalesce(cast(sum(n) as bigint), 0) from prediction_count`); n != 0 {
			t.Errorf("%d are still counted", n)
		}
	})
}

// TestDeleteOverARun: a run that nobody answers for does not keep its row.
func TestDeleteOverARun(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		dead, p := r.process(0), r.process(0)
		rec := dead.create(ask("acct", "m"))
		claimed, _, err := dead.claim(t.Context(), args(rec).Args)
		r.must(err)
		flagged, err := p.flag(t.Context(), claimed)
		r.must(err)
		if _, err := p.endNow(t.Context(), flagged, cancelled()); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Delete(t.Context(), "acct", rec.ID); err != nil {
			t.Fatal(err)
		}
		run, leave := dead.begin(t.Context(), claimed, jobs.Job[RunArgs]{})
		defer leave()
		r.must(run.finish(ending{status: Succeeded, output: `"late"`}))
		if n := r.lane("account", "acct"); n != 0 {
			t.Errorf("%d places", n)
		}
	})
}

func TestWaitAndWatch(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		here, there := r.start(0), r.process(0)
		rec := here.create(ask("acct", "m"))
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if now, err := here.Wait(over, "acct", rec.ID); err != nil || now.Status != Pending {
			t.Errorf("%s: %v", now.Status, err)
		}
		changed, stop := here.Watch(rec.ID)
		receive(t, "the first look", changed)
		if _, _, err := there.Cancel(t.Context(), "acct", rec.ID); err != nil {
			t.Fatal(err)
		}
		receive(t, "a change in another process", changed)
		if _, err := there.Delete(t.Context(), "acct", rec.ID); err != nil {
			t.Fatal(err)
		}
		receive(t, "a deletion in another process", changed)
		stop()
		if len(here.hub.ids()) != 0 {
			t.Error("somebody still watches")
		}
		if _, err := here.Wait(t.Context(), "acct", rec.ID); !fault.Is(err, fault.PredictionFailed) {
			t.Errorf("wait for a deleted one: %v", err)
		}
	})
}

// TestBeatEndsLostRuns: a run whose row is somebody else's hears of it with its next sign
// of life.
func TestBeatEndsLostRuns(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		rec := p.create(ask("acct", "m"))
		claimed, _, err := p.claim(t.Context(), args(rec).Args)
		r.must(err)
		run, leave := p.begin(t.Context(), claimed, args(rec))
		defer leave()
		was := r.number(`select beat from prediction`)
		r.clock.pass(p.o.Heartbeat)
		r.must(p.beat(t.Context()))
		if run.ctx.Err() != nil || r.number(`select beat from prediction`) <= was {
			t.Error("no sign of life was written")
		}
		r.exec(`update prediction set attempt = attempt + 1`)
		r.clock.pass(p.o.Heartbeat)
		r.must(p.beat(t.Context()))
		if !errors.Is(context.Cause(run.ctx), errLost) {
			t.Errorf("the run goes on: %v", context.Cause(run.ctx))
		}
	})
}
