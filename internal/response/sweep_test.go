package response

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestADeadRunnerIsSweptAndRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		other := r.another()
		dead, stopped, alive := r.run("dead"), r.run("stopped"), r.run("alive")
		r.must(r.Tell(r.ctx(), dead, events(0, 1), nil))
		_, err := r.Cancel(r.ctx(), us, "stopped")
		r.must(err)
		r.clock.pass(staleAfter)
		r.must(other.Sweep(r.ctx()))
		if r.state("dead") != InProgress {
			t.Error("given up too early")
		}
		gone, release := r.Cancelled(us, "dead")
		defer release()
		r.must(r.Tell(r.ctx(), alive, events(0, 0), nil)) // a sign of life
		r.clock.pass(time.Second)
		r.must(other.Sweep(r.ctx()))
		r.must(other.Sweep(r.ctx()))
		if r.state("dead") != Failed || r.state("stopped") != Cancelled || r.state("alive") != InProgress {
			t.Errorf("dead is %s, stopped %s, alive %s", r.state("dead"), r.state("stopped"), r.state("alive"))
		}
		rec, err := r.Get(r.ctx(), us, "dead")
		r.must(err)
		var object struct {
			Error struct{ Code, Message string }
		}
		r.must(json.Unmarshal(rec.Body, &object))
		if object.Error.Code != "server_error" || object.Error.Message == "" || rec.Ended.IsZero() {
			t.Errorf("it shows %s", rec.Body)
		}
		list, ended, err := other.Events(r.ctx(), us, "dead", 1, 0)
		r.must(err)
		if len(list) != 1 || list[0].Sequence != 2 || list[0].Name != "response.failed" || !json.Valid(list[0].Data) || !ended {
			t.Errorf("its last event is %+v, ended %v", list, ended)
		}
		r.must(r.Beat(r.ctx()))
		if !isClosed(gone) {
			t.Error("the lost runner was not told")
		}
		for _, late := range []*Task{dead, stopped} {
			for _, state := range []State{Completed, Failed, Cancelled} {
				if err := r.Finish(r.ctx(), late, state, "m", json.RawMessage(`{}`), messages("x"), nil); !errors.Is(err, ErrLost) {
					t.Errorf("a late end as %s: %v", state, err)
				}
			}
		}
		r.finds("x", "")
		if _, ok, err := r.Claim(r.ctx(), us, "dead"); ok || err != nil {
			t.Errorf("it was taken again: %v", err)
		}
	})
}

func TestABeatKeepsRunsAndTellsLostOnes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		r.must(r.Beat(r.ctx()))
		r.run("a")
		r.run("b")
		left := r.run("c")
		_, release := r.Cancelled(us, left.ID)
		release() // its runner went without an end
		for range 3 {
			r.clock.pass(20 * time.Second)
			r.must(r.Beat(r.ctx()))
			r.sweep()
		}
		if r.state("a") != InProgress || r.state("b") != InProgress || r.state("c") != Failed {
			t.Errorf("a is %s, b %s, c %s", r.state("a"), r.state("b"), r.state("c"))
		}
		gone, release := r.Cancelled(us, "a")
		defer release()
		kept, releaseKept := r.Cancelled(us, "b")
		defer releaseKept()
		r.clock.pass(time.Minute)
		r.must(r.another().giveUp(r.ctx(), left0(r, "a"), "why"))
		if isClosed(gone) {
			t.Error("heard before anybody told")
		}
		r.must(r.Beat(r.ctx()))
		if !isClosed(gone) || isClosed(kept) {
			t.Errorf("the lost one was told %v, the other %v", isClosed(gone), isClosed(kept))
		}
	})
}

// left0 is a response as a sweep sees it.
func left0(r *rig, name string) left {
	r.t.Helper()
	l := left{key: key{us, name}, state: InProgress}
	r.must(r.db.Reader().QueryRowContext(r.ctx(), `select beat_at from response where id = $1`, name).Scan(&l.beat))
	return l
}

func TestASweepSparesWhatHasShownLifeSince(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		task := r.run("a")
		seen := left0(r, "a")
		r.clock.pass(time.Second)
		r.must(r.Tell(r.ctx(), task, nil, nil))
		r.must(r.giveUp(r.ctx(), seen, "why"))
		if r.state("a") != InProgress {
			t.Error("it was given up")
		}
	})
}

func TestWhatNobodyTakesIsQueuedAgainAndFailsAfterADay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		r.queue("a", "")
		jobs := 1
		for minute := 1; minute <= 45; minute++ {
			r.clock.pass(time.Minute)
			r.sweep()
			if minute == 11 || minute == 23 { // 10 minutes, and twice as many after that
				jobs++
			}
			if got := r.rows("river_job"); got != jobs {
				t.Errorf("after %d minutes: %d jobs, want %d", minute, got, jobs)
				return
			}
		}
		r.clock.pass(queuedMost)
		r.sweep()
		if r.state("a") != Failed {
			t.Errorf("after a day it is %s", r.state("a"))
		}
		r.hears("a", -1, 0, []int64{0}, true)
		r.wantRows("river_job", jobs)
	})
}

func TestAConversationIsKeptWhileItsNewestResponseRuns(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		r.save("a", "")
		r.queue("b", "a")
		task := r.claim("b")
		for range 5 {
			r.clock.pass(retention / 2)
			r.must(r.Beat(r.ctx()))
			r.sweep()
		}
		r.finish(task)
		r.context("b", "a-in a-out b-in b-out")
	})
}

func TestASweepWorksInBatches(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		r.chainOf(2*sweepBatch + 7) // one conversation
		for n := range sweepBatch + 3 {
			r.save(fmt.Sprintf("single%d", n), "")
		}
		for n := range sweepItems + 9 {
			r.Linger(us, fmt.Sprintf("passing%d", n), messages(fmt.Sprintf("p%d", n)))
		}
		r.must(r.flush(r.ctx()))
		r.clock.pass(retention - time.Second)
		r.save("young", "")
		task := r.run("told")
		r.finish(task, events(0, 3)...)
		r.clock.pass(time.Second)
		r.sweep()
		r.wantRows("response", 2)
		r.wantRows("response_thread", 2)
		r.wantRows("response_item", 4)
		r.wantRows("response_event", 1)
		r.finds("young-in told-out", "told-out young-in")
		r.clock.pass(retention)
		r.sweep()
		for _, table := range []string{"response", "response_thread", "response_item", "response_event"} {
			r.wantRows(table, 0)
		}
	})
}

func TestOnSQLiteAStartGivesUpWhatADeadProcessLeft(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		r.run("a")
		next := r.another()
		r.must(next.Start(r.ctx()))
		r.must(next.Stop(r.ctx()))
		r.sweep()
		want := State(r.db.Dialect().Pick(string(Failed), string(InProgress))) // elsewhere it may be another's
		if r.state("a") != want {
			t.Errorf("it is %s, want %s", r.state("a"), want)
		}
	})
}
