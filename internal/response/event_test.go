package response

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"
)

func (r *rig) tell(task *Task, list []Event) {
	r.t.Helper()
	r.must(r.Tell(r.ctx(), task, list, nil))
}

// hears checks the numbers of a response's events after one of them.
func (p *room) hears(name string, after int64, limit int, want []int64, ended bool) {
	p.rig.t.Helper()
	list, end, err := p.Events(p.rig.ctx(), us, name, after, limit)
	p.rig.must(err)
	var got []int64
	for _, e := range list {
		got = append(got, e.Sequence)
		if e.Name == "" || !json.Valid(e.Data) {
			p.rig.t.Errorf("event %d is %s: %s", e.Sequence, e.Name, e.Data)
		}
	}
	if !slices.Equal(got, want) || end != ended {
		p.rig.t.Errorf("after %d: %v, ended %v; want %v, %v", after, got, end, want, ended)
	}
}

func TestEventsArePaged(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		task := r.run("a")
		r.hears("a", -1, 0, nil, false)
		r.tell(task, events(0, 2))
		r.tell(task, events(3, 3))
		r.tell(task, nil)
		r.hears("a", -1, 0, []int64{0, 1, 2, 3}, false)
		r.hears("a", -1, 2, []int64{0, 1}, false)
		r.hears("a", 1, 1, []int64{2}, false)
		r.hears("a", 1, 2, []int64{2, 3}, false)
		r.hears("a", 3, 0, nil, false)
		r.finish(task, events(4, 5)...)
		r.hears("a", 3, 1, []int64{4}, false) // not all of them
		r.hears("a", 3, 2, []int64{4, 5}, true)
		r.hears("a", 5, 0, nil, true)
		r.hears("a", 99, 0, nil, true)
	})
}

func TestEventsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		task := r.run("a")
		r.tell(task, []Event{{0, "response.created", json.RawMessage(`{"a": "b c\n\u0000"}`)}, {1, "x", json.RawMessage("{\n\"lines\":\r\n2}")}})
		list, _, err := r.Events(r.ctx(), us, "a", -1, 0)
		r.must(err)
		if got := fmt.Sprintf("%d %s %s|%s", list[0].Sequence, list[0].Name, list[0].Data, list[1].Data); got != `0 response.created {"a": "b c\n\u0000"}|{"lines":2}` {
			t.Error(got)
		}
		for _, bad := range [][]Event{{{1, "x", nil}, {1, "x", nil}}, {{-1, "x", nil}}, {{5, "x y", nil}}, {{5, "x", json.RawMessage("{\n")}}} {
			if err := r.Tell(r.ctx(), task, bad, nil); err == nil {
				t.Errorf("told %v", bad)
			}
		}
		r.hears("a", -1, 0, []int64{0, 1}, false)
	})
}

func TestEventsThatAreToldAgainAreThereOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		task := r.run("a")
		r.tell(task, events(0, 1))
		r.tell(task, events(0, 1)) // its commit was not heard of
		r.tell(task, events(0, 3)) // or more had come by then
		r.tell(task, events(0, 2))
		r.tell(task, events(4, 4))
		r.hears("a", -1, 0, []int64{0, 1, 2, 3, 4}, false)
		r.finish(task, events(4, 5)...)
		r.hears("a", 2, 0, []int64{3, 4, 5}, true)
	})
}

func TestAListenerInAnotherProcessIsWoken(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		other := r.another()
		feed := other.feed(t)
		r.queue("a", "")
		changed, stop := other.Changed(us, "a")
		quiet, stopQuiet := other.Changed(them, "a")
		woken := func(why string) {
			t.Helper()
			r.must(feed.Sync(r.ctx()))
			if !isClosed(changed) || isClosed(changed) {
				t.Errorf("not woken, or twice, by %s", why)
			}
		}
		task := r.claim("a")
		woken("its start")
		r.tell(task, events(0, 0))
		r.tell(task, events(1, 1))
		woken("its events")
		other.hears("a", -1, 0, []int64{0, 1}, false)
		r.finish(task)
		woken("its end")
		if isClosed(quiet) {
			t.Error("a listener to another one was woken")
		}
		stop()
		stopQuiet()
		stop()
		if len(other.hub.watchers) != 0 {
			t.Error("watchers are left")
		}
	})
}

func TestAListenerInThisProcessNeedsNoFeed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		r.queue("a", "")
		changed, stop := r.Changed(us, "a")
		defer stop()
		_, err := r.Cancel(r.ctx(), us, "a")
		r.must(err)
		if !isClosed(changed) {
			t.Error("not woken")
		}
		r.hears("a", -1, 0, nil, true)
	})
}

func TestEventsGoAnHourAfterTheEnd(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *rig) {
		task, running := r.run("a"), r.run("running")
		r.tell(running, events(0, 0))
		r.tell(task, events(0, 1))
		r.clock.pass(2 * time.Hour) // only its end counts
		r.must(r.Beat(r.ctx()))
		r.finish(task, events(2, 2)...)
		r.clock.pass(eventsKept - time.Second)
		r.must(r.Beat(r.ctx()))
		r.sweep()
		r.hears("a", -1, 0, []int64{0, 1, 2}, true)
		r.clock.pass(time.Second)
		r.sweep()
		r.hears("a", -1, 0, nil, true)
		r.hears("running", -1, 0, []int64{0}, false)
		r.wantRows("response_event", 1)
		if r.state("a") != Completed {
			t.Error("the response is gone too")
		}
	})
}
