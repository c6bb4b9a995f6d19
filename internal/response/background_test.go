package response

import (
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"skytower/internal/fault"
)

func TestATaskFromQueueToEnd(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		r.save("a", "")
		r.queue("b", "a")
		r.queue("b", "a") // again: nothing
		r.wantRows("river_job", 1)
		if r.state("b") != Queued {
			t.Error("it is not queued")
		}
		task := r.claim("b")
		if string(task.Request) != `{"ask":"b"}` || task.Previous != "a" || task.Key != "key_1" || idsOf(task.Input) != "b-in" || task.State != InProgress {
			t.Errorf("the task is %+v", task)
		}
		if r.state("b") != InProgress {
			t.Error("it does not run")
		}
		r.must(r.Tell(r.ctx(), task, events(0, 2), json.RawMessage(`{"status":"in_progress","new":true}`)))
		r.must(r.Tell(r.ctx(), task, events(3, 3), nil))
		if rec, err := r.Get(r.ctx(), us, "b"); err != nil || string(rec.Body) != `{"status":"in_progress","new":true}` {
			t.Errorf("shown: %s, %v", rec.Body, err)
		}
		r.clock.pass(time.Second)
		r.finish(task, events(4, 4)...)
		r.finish(task, events(4, 4)...)
		rec, err := r.Get(r.ctx(), us, "b")
		r.must(err)
		if rec.State != Completed || rec.Model != "m" || !rec.Ended.Equal(r.clock.now()) || !rec.Background {
			t.Errorf("it ended as %+v", rec)
		}
		r.context("b", "a-in a-out b-in b-out")
		if n := r.rows(`response where request <> ''`); n != 0 {
			t.Error("the request is still there")
		}
		if len(r.runs.all) != 0 {
			t.Error("its heart still beats")
		}
		other := record("b", "other")
		if err := r.Queue(r.ctx(), other, nil); err == nil {
			t.Error("another response was queued under the same id")
		}
	})
}

func TestOneOfManyClaimsWins(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		r.queue("a", "")
		rooms := []*room{r.room, r.another()}
		var won atomic.Int64
		var group sync.WaitGroup
		for n := range 8 {
			group.Go(func() {
				_, ok, err := rooms[n%2].Claim(r.ctx(), us, "a")
				if err != nil {
					t.Error(err)
				}
				if ok {
					won.Add(1)
				}
			})
		}
		group.Wait()
		if won.Load() != 1 || len(rooms[0].runs.all)+len(rooms[1].runs.all) != 1 {
			t.Errorf("%d have taken it, and %d hearts beat", won.Load(), len(rooms[0].runs.all)+len(rooms[1].runs.all))
		}
	})
}

func TestOnlyEndsCanBeFinishedIn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		task := r.run("a")
		for _, state := range []State{Queued, InProgress, "other"} {
			if err := r.Finish(r.ctx(), task, state, "", nil, nil, nil); err == nil {
				t.Errorf("finished as %s", state)
			}
		}
		for _, state := range []State{Incomplete, Failed, Cancelled} {
			task := r.run(string(state))
			r.must(r.Finish(r.ctx(), task, state, "", json.RawMessage(`{"status":"`+string(state)+`"}`), nil, nil))
			if err := r.Finish(r.ctx(), task, Completed, "", nil, nil, nil); !errors.Is(err, ErrLost) {
				t.Errorf("finished once more: %v", err)
			}
			if err := r.Tell(r.ctx(), task, events(0, 0), nil); !errors.Is(err, ErrLost) {
				t.Errorf("told after the end: %v", err)
			}
			if r.state(string(state)) != state {
				t.Error("the end has changed")
			}
		}
	})
}

func TestTheTransitionsAreThoseOfTheTable(t *testing.T) {
	t.Parallel()
	all := []State{Queued, InProgress, Completed, Incomplete, Failed, Cancelled}
	allowed := map[State]string{Queued: "in_progress failed cancelled ", InProgress: "completed incomplete failed cancelled "}
	for _, from := range all {
		got := ""
		for _, to := range all {
			if may(from, to) {
				got += string(to) + " "
			}
		}
		if got != allowed[from] {
			t.Errorf("%s may become %q, want %q", from, got, allowed[from])
		}
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		other := r.another()
		feed := r.feed(t)
		r.save("plain", "")
		_, err := r.Cancel(r.ctx(), us, "plain")
		wantFault(t, err, fault.InvalidRequest, "")
		_, err = r.Cancel(r.ctx(), us, "none")
		wantMissing(t, err)

		r.queue("queued", "")
		rec, err := r.Cancel(r.ctx(), us, "queued")
		r.must(err)
		if rec.State != Cancelled || field(t, rec.Body, "status") != "cancelled" || rec.Ended.IsZero() || r.state("queued") != Cancelled {
			t.Errorf("a queued one became %+v", rec)
		}
		if _, ok, err := r.Claim(r.ctx(), us, "queued"); ok || err != nil {
			t.Errorf("it was taken: %v", err)
		}

		task, spared := r.run("running"), r.run("spared")
		gone, release := r.Cancelled(us, "running")
		defer release()
		stays, releaseSpared := r.Cancelled(us, "spared")
		defer releaseSpared()
		for range 2 {
			rec, err = other.Cancel(r.ctx(), us, "running") // in another process
			r.must(err)
			if rec.State != InProgress || !rec.CancelAsked {
				t.Errorf("a running one became %+v", rec)
			}
		}
		r.must(feed.Sync(r.ctx()))
		if !isClosed(gone) || isClosed(stays) {
			t.Errorf("told to end: %v, the other: %v", isClosed(gone), isClosed(stays))
		}
		r.must(r.Finish(r.ctx(), task, Cancelled, "m", json.RawMessage(`{"status":"cancelled"}`), nil, nil))
		r.finish(spared)
		for name, want := range map[string]State{"running": Cancelled, "spared": Completed, "queued": Cancelled} {
			rec, err = r.Cancel(r.ctx(), us, name) // ended: as it is
			r.must(err)
			if rec.State != want {
				t.Errorf("%s became %s", name, rec.State)
			}
		}
	})
}

func TestACancelWithoutAFeedIsHeardByTheBeat(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		r.run("a")
		gone, release := r.Cancelled(us, "a")
		_, err := r.another().Cancel(r.ctx(), us, "a")
		r.must(err)
		if isClosed(gone) {
			t.Error("heard before anybody told")
		}
		r.must(r.Beat(r.ctx()))
		if !isClosed(gone) {
			t.Error("not heard")
		}
		r.must(r.Beat(r.ctx()))
		release()
		if gone, _ = r.Cancelled(us, "a"); !isClosed(gone) {
			t.Error("what is not run here is not to be run")
		}
	})
}

func TestDeleteInEachState(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		other := r.another()
		feed := r.feed(t)
		r.queue("queued", "")
		r.must(r.Delete(r.ctx(), us, "queued"))
		if _, ok, err := r.Claim(r.ctx(), us, "queued"); ok || err != nil {
			t.Errorf("a deleted one was taken: %v", err)
		}
		task := r.run("running")
		r.must(r.Tell(r.ctx(), task, events(0, 1), nil))
		gone, release := r.Cancelled(us, "running")
		defer release()
		changed, stop := r.Changed(us, "running")
		defer stop()
		r.must(other.Delete(r.ctx(), us, "running"))
		r.must(feed.Sync(r.ctx()))
		if !isClosed(gone) || !isClosed(changed) {
			t.Error("the runner or a listener has not heard")
		}
		if err := r.Tell(r.ctx(), task, events(2, 2), nil); !errors.Is(err, ErrLost) {
			t.Errorf("told: %v", err)
		}
		if err := r.Finish(r.ctx(), task, Completed, "m", json.RawMessage(`{}`), messages("x"), events(2, 2)); !errors.Is(err, ErrLost) {
			t.Errorf("finished: %v", err)
		}
		task = r.run("ended")
		r.finish(task, events(0, 0)...)
		r.must(r.Delete(r.ctx(), us, "ended"))
		for _, table := range []string{"response", "response_item", "response_event"} {
			r.wantRows(table, 0)
		}
	})
}
