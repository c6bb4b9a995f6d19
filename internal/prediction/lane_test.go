package prediction

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"skytower/internal/provider"
	"skytower/internal/store"
)

// backlog creates many predictions: the first ones as Create does, and the rest, which
// wait like the last of those, as its copies.
func (p *process) backlog(account, modelName string, n int) {
	p.rig.t.Helper()
	const made = 20
	var last Record
	for range min(n, made) {
		last = p.create(ask(account, modelName))
	}
	if n <= made {
		return
	}
	others := strings.Replace(strings.TrimPrefix(columns, "id, "), "coalesce(idempotency_key, '')", "idempotency_key", 1)
	p.rig.exec(`insert into prediction (id, `+others+`)
		with recursive seq (n) as (select 1 union all select n + 1 from seq where n < $2)
		select substr(id, 1, 26) || cast(1000000000 + seq.n as text), `+others+` from prediction, seq where id = $1`, last.ID, n-made)
}

// TestBacklogStandsBeforeNobody: one account has queued 10,000 predictions, and another
// one's first starts before they are through.
func TestBacklogStandsBeforeNobody(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		const total = 10_000
		p := r.process(2)
		p.backlog("crowd", "m", total)
		if n := r.lane("account", "crowd"); n != defaultConcurrency {
			t.Fatalf("%d of the backlog were handed out", n)
		}
		// The queue works the backlog one step at a time, and knows of the other account
		// only once it is at it.
		other := make(chan int64, 1)
		step := make(chan struct{})
		done := make(chan struct{})
		defer close(done)
		r.actor.plays(func(ctx context.Context, run *provider.Run) (*provider.Result, error) {
			if run.Show == "bounded" {
				other <- r.number(`select count(*) from prediction where account = 'crowd' and status = 'pending'`)
				return text("first"), nil
			}
			select {
			case <-step:
			case <-done:
			case <-ctx.Done():
			}
			return text("crowd"), nil
		})
		p.start()
		for range 20 {
			receive(t, "the backlog is worked", sent(step))
		}
		rec := p.create(ask("single", "bounded"))
		go func() { // the backlog goes on
			for {
				select {
				case step <- struct{}{}:
				case <-done:
					return
				}
			}
		}()
		if waiting := receive(t, "the other account's first run", other); waiting < total-100 {
			t.Errorf("only %d were still waiting", waiting)
		}
		if rec = p.awaitEnd(rec); rec.Status != Succeeded {
			t.Errorf("it %s", rec.Status)
		}
	})
}

// sent gives one value to c, and then closes what it returns.
func sent(c chan<- struct{}) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case c <- struct{}{}:
		case <-done:
		}
	}()
	return done
}

func TestBoundOfAModel(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		var mu sync.Mutex
		running, most := 0, 0
		r.actor.plays(func(context.Context, *provider.Run) (*provider.Result, error) {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			defer func() {
				mu.Lock()
				running--
				mu.Unlock()
			}()
			return text("x"), nil
		})
		p := r.process(8)
		var all []Record
		for i := range 12 {
			all = append(all, p.create(ask(fmt.Sprintf("acct%d", i%3), "bounded")))
		}
		if n := r.lane("model", "bounded"); n != 2 {
			t.Fatalf("%d places of the model were given out", n)
		}
		p.start()
		for _, rec := range all {
			p.awaitEnd(rec)
		}
		if most > 2 {
			t.Errorf("%d ran at the same time", most)
		}
	})
}

// TestModelsPlacesGoRound: a model's free place goes to the account that waits longest
// for one, not to the one that asked most.
func TestModelsPlacesGoRound(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		r.models["single"] = model("single", 1)
		p := r.process(0)
		var order []string
		r.actor.plays(func(_ context.Context, run *provider.Run) (*provider.Result, error) {
			rec, err := p.Get(context.Background(), "a", run.ID)
			if err != nil {
				rec.Account = "b"
			}
			order = append(order, rec.Account)
			return text("x"), nil
		})
		var all []Record
		for _, account := range []string{"a", "a", "a", "b", "b"} {
			all = append(all, p.create(ask(account, "single")))
		}
		for range all {
			var id string
			r.must(r.db.Read(t.Context(), func(tx *store.Tx) error {
				return tx.QueryRow(t.Context(), `select id from prediction where handed`).Scan(&id)
			}))
			for _, rec := range all {
				if rec.ID == id {
					r.must(p.work(rec))
				}
			}
		}
		if got := fmt.Sprint(order); got != "[a b a b a]" {
			t.Errorf("order %s", got)
		}
		if n := r.lane("model", "single") + r.lane("account", "a") + r.lane("account", "b"); n != 0 {
			t.Errorf("%d places are still given out", n)
		}
	})
}

// TestFrontOfTheQueue: each account has one prediction that overtakes the later ones of
// others, also after its first has ended.
func TestFrontOfTheQueue(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		var all []Record
		for range 4 {
			all = append(all, p.create(ask("acct", "m")))
		}
		priorities := func() (out []int64) {
			r.must(r.db.Read(t.Context(), func(tx *store.Tx) error {
				out = nil
				return tx.Each(t.Context(), `select priority from river_job order by id`, func(row func(...any) error) error {
					var n int64
					err := row(&n)
					out = append(out, n)
					return err
				})
			}))
			return out
		}
		if got := fmt.Sprint(priorities()); got != "[1 2 2 2]" {
			t.Errorf("priorities %s", got)
		}
		r.must(p.work(all[0]))
		if got := fmt.Sprint(priorities()); got != "[1 2 2 2 1]" {
			t.Errorf("priorities after the first ended: %s", got)
		}
		for _, rec := range all[1:] {
			r.must(p.work(rec))
		}
		if n := r.number(`select count(*) from prediction_lane where front <> '' or handed <> 0`); n != 0 {
			t.Error("the lane is not empty")
		}
		for n := range int64(defaultConcurrency) {
			if got := priority(false, n+1, defaultConcurrency); got < 2 || got > lastPriority {
				t.Errorf("place %d has priority %d", n+1, got)
			}
		}
	})
}

// TestSweepRepairs: counts that drifted are put right, and whoever waits without a
// reason is handed out.
func TestSweepRepairs(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		r.settings.Concurrency = 2
		p.backlog("acct", "m", 5)
		p.backlog("other", "bounded", 3)
		r.exec(`update prediction_lane set handed = 7, front = 'nobody'`)
		r.must(p.sweep(t.Context()))
		if a, m := r.lane("account", "acct"), r.lane("model", "bounded"); a != 2 || m != 2 {
			t.Errorf("%d and %d places", a, m)
		}
		r.settings.Concurrency = 4
		r.must(p.sweep(t.Context()))
		if a, o := r.lane("account", "acct"), r.lane("account", "other"); a != 4 || o != 2 {
			t.Errorf("%d and %d places", a, o)
		}
		if n := r.number(`select count(*) from prediction where handed`); n != 6 {
			t.Errorf("%d handed out", n)
		}
		if n := r.number(`select count(*) from river_job`); n != 6 {
			t.Errorf("%d jobs", n)
		}
	})
}

// TestFullModelDoesNotBlockOthers: what waits for a full model lets later ones by.
func TestFullModelDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		r.settings.Concurrency = 3
		p := r.process(0)
		p.backlog("acct", "bounded", 4) // two wait for the model
		first := p.create(ask("acct", "m"))
		later := p.create(ask("acct", "m")) // waits for the account
		r.must(p.work(first))
		if !p.get(later).Handed {
			t.Error("it waits behind those of a full model")
		}
	})
}
