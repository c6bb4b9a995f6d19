package prediction

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"skytower/internal/provider"
	"skytower/internal/store"
)

// claimed creates and claims n predictions, for ends that come at the same time.
func (p *process) claimed(n int) (all []*exit) {
	p.rig.t.Helper()
	for range n {
		rec := p.create(ask("acct", "m"))
		taken, ok, err := p.claim(p.rig.t.Context(), args(rec).Args)
		if err != nil || !ok {
			p.rig.t.Fatalf("claimed %t, %v", ok, err)
		}
		all = append(all, &exit{rec: taken, end: ending{status: Succeeded, output: `"x"`}})
	}
	return all
}

// wantEnds wants all but one of a batch to have ended.
func (p *process) wantEnds(all []*exit, but int) {
	p.rig.t.Helper()
	for i, x := range all {
		now := p.get(x.rec)
		if i == but {
			if x.err == nil || now.Status.Terminal() || !now.Handed || p.rig.noted("settle", x.rec.ID) != 0 {
				p.rig.t.Errorf("the one that fails is %s, %v", now.Status, x.err)
			}
		} else if x.err != nil || now.Status != Succeeded || p.rig.noted("settle", x.rec.ID) != 1 {
			p.rig.t.Errorf("number %d is %s, %v", i, now.Status, x.err)
		}
	}
	p.rig.wantExactLanes()
	if n := p.rig.number(`select cast(coalesce(sum(n), 0) as bigint) from prediction_count`); int(n) != len(all)-1 {
		p.rig.t.Errorf("counted %d", n)
	}
}

// wantExactLanes compares the lanes with the rows.
func (r *rig) wantExactLanes() {
	r.t.Helper()
	for _, kind := range []string{accountLane, modelLane} {
		wrong := r.number(`select count(*) from prediction_lane where kind = '` + kind + `' and
			handed <> (select count(*) from prediction p where p.` + kind + ` = prediction_lane.name and p.handed)`)
		if wrong != 0 {
			r.t.Errorf("%d lanes of %ss are not what the rows say", wrong, kind)
		}
	}
	if n := r.number(`select count(*) from prediction_lane l where front <> '' and
		not exists (select 1 from prediction where id = l.front and handed)`); n != 0 {
		r.t.Errorf("%d lanes have a first that holds no place", n)
	}
}

func TestOneOfABatchIsLost(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		r.settings.Concurrency = 3
		p := r.process(0)
		all := p.claimed(3)
		waiting := []Record{p.create(ask("acct", "m")), p.create(ask("acct", "m")), p.create(ask("acct", "m"))}
		r.exec(`update prediction set attempt = attempt + 1 where id = $1`, all[1].rec.ID)
		p.writeEnds(t.Context(), all)
		if !errors.Is(all[1].err, errLost) {
			t.Errorf("lost: %v", all[1].err)
		}
		p.wantEnds(all, 1)
		for i, rec := range waiting {
			if got := p.get(rec).Handed; got != (i < 2) {
				t.Errorf("waiting number %d: handed %t", i, got)
			}
		}
		if n := r.number(`select count(*) from river_job`); n != 5 {
			t.Errorf("%d jobs", n)
		}
	})
}

func TestOneOfABatchFails(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		all := p.claimed(3)
		all[0].end.files = []string{"file-gone"}
		p.writeEnds(t.Context(), all)
		if errors.Is(all[0].err, errLost) {
			t.Errorf("fails as %v", all[0].err)
		}
		p.wantEnds(all, 0)
	})
}

// TestStopWaitsForEnds: what is on its way to its end when the queue stops gets there.
func TestStopWaitsForEnds(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		const n = 6
		begun, finish := make(chan struct{}, n), make(chan struct{})
		r.actor.plays(func(context.Context, *provider.Run) (*provider.Result, error) {
			begun <- struct{}{}
			<-finish
			return text("x"), nil
		})
		p := r.start(n)
		var all []Record
		for range n {
			all = append(all, p.create(ask("acct", "m")))
		}
		for range all {
			receive(t, "a run began", begun)
		}
		entered, release := make(chan struct{}), make(chan struct{})
		go p.exits.do(&exit{}, func([]*exit) { // all ends come behind it
			close(entered)
			<-release
		})
		<-entered
		close(finish)
		stopped := make(chan error, 1)
		go func() { stopped <- p.jobs.Stop(context.Background()) }()
		select {
		case <-stopped:
			t.Error("stopped before the ends were written")
		default:
		}
		close(release)
		r.must(receive(t, "the queue stops", stopped))
		for _, rec := range all {
			if now := p.get(rec); now.Status != Succeeded {
				t.Errorf("it is %s", now.Status)
			}
		}
		if left := r.number(`select count(*) from river_job where state <> 'completed'`); left != 0 {
			t.Errorf("%d jobs are not completed", left)
		}
	})
}

// TestStorm: creates, ends and cancels of several accounts and processes at once leave
// lanes, totals and holds exact.
func TestStorm(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		const callers, each = 4, 12
		r.settings.Concurrency = 4
		r.models["stuck"] = model("stuck", 0)
		release := make(chan struct{})
		r.actor.plays(func(_ context.Context, run *provider.Run) (*provider.Result, error) {
			if run.Show == "stuck" {
				<-release
			}
			return text("x"), nil
		})
		here := r.start(8)
		there := r.process(0)
		if r.db.Dialect() == store.Postgres { // SQLite has one process
			there = r.start(8)
		}
		var stuck []Record
		for _, account := range []string{"a", "b"} {
			stuck = append(stuck, here.create(ask(account, "stuck")))
		}
		var mu sync.Mutex
		var all []Record
		var storm sync.WaitGroup
		for i := range callers {
			storm.Go(func() {
				for k := range each {
					p, other := here, there
					if k%2 == 0 {
						p, other = there, here
					}
					request := ask(string("abc"[(i+k)%3]), []string{"m", "m", "bounded"}[k%3])
					rec, _, err := p.Create(t.Context(), request)
					if err != nil {
						t.Errorf("create: %v", err)
						return
					}
					mu.Lock()
					all = append(all, rec)
					mu.Unlock()
					if k%4 == 0 {
						if _, _, err := other.Cancel(t.Context(), rec.Account, rec.ID); err != nil {
							t.Errorf("cancel: %v", err)
						}
					}
				}
			})
		}
		storm.Wait()
		var ended []string
		for _, rec := range all {
			now := here.awaitEnd(rec)
			ended = append(ended, fmt.Sprint(now.Status))
			if n := r.awaitHold(rec.ID); n != 1 {
				t.Errorf("a hold ended %d times", n)
			}
		}
		r.wantExactLanes()
		if a, b, c := r.lane("account", "a"), r.lane("account", "b"), r.lane("account", "c"); a != 1 || b != 1 || c != 0 {
			t.Errorf("%d, %d and %d places are held", a, b, c)
		}
		close(release)
		for _, rec := range stuck {
			here.awaitEnd(rec)
		}
		r.wantExactLanes()
		if n := r.number(`select cast(sum(n) as bigint) from prediction_count`); n != callers*each+2 {
			t.Errorf("%d of %s are counted", n, strings.Join(ended, " "))
		}
	})
}
