package prediction

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/jobs/jobstest"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/money"
	"skytower/internal/price"
	"skytower/internal/provider"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

const cent = money.Dollar / 100

// books puts the real ledger in the place of the meter, with credit for the account
// acct, before processes are made. At the test's end it must be clean.
func (r *rig) books(credit money.Nanos) *ledger.Ledger {
	r.t.Helper()
	l := ledger.New(r.db, ledger.Options{Now: r.clock.now})
	r.must(l.Start(r.t.Context()))
	r.keeper = l
	r.t.Cleanup(func() {
		ctx := context.WithoutCancel(r.t.Context())
		report, err := l.Verify(ctx)
		if err != nil || !report.Clean() {
			r.t.Errorf("the ledger is not clean: %v %v", report.Problems, err)
		}
		_ = l.Stop(ctx)
	})
	if credit > 0 {
		r.give(l, "acct", credit)
	}
	return l
}

func (r *rig) give(l *ledger.Ledger, account string, credit money.Nanos) {
	r.t.Helper()
	r.must(r.db.Write(r.t.Context(), func(tx *store.Tx) error {
		_, err := l.Credit(r.t.Context(), tx, ledger.Credit{
			ID: "grant/" + account, Account: account, Kind: "grant", Bucket: ledger.Deposited, Amount: credit, Actor: "test", Reason: "test", At: r.clock.now(),
		})
		return err
	}))
}

func (r *rig) available(l *ledger.Ledger) money.Nanos {
	r.t.Helper()
	b, err := l.Balance(r.t.Context(), "acct")
	r.must(err)
	if b.Reserved+b.Available != b.Balance {
		r.t.Errorf("balance %s is not what is reserved, %s, and available, %s", b.Balance, b.Reserved, b.Available)
	}
	return b.Available
}

// charged is what a prediction's charge line says; -1: it has none.
func (r *rig) charged(rec Record) money.Nanos {
	r.t.Helper()
	return money.Nanos(r.number(`select coalesce(max(amount), -1) from charge_line where request = $1 and kind = 'prediction'`, rec.ID))
}

// sampleFile is an output from package media's samples.
func sampleFile(t *testing.T, name string) provider.Output {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "media", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return provider.Output{Data: content, Name: name}
}

// TestWhatAPredictionOwes is contract 12's table of units, for predictions that succeed.
func TestWhatAPredictionOwes(t *testing.T) {
	t.Parallel()
	unit := func(word string) price.Price { return price.Price{Unit: word, Rate: 100 * cent} }
	images := []string{"shot.png", "shot.webp"} // 64 × 48 each
	for name, c := range map[string]struct {
		price price.Price
		input string
		files []string
		want  money.Nanos
	}{
		"image":           {unit(price.Image), `{}`, images, 200 * cent},
		"prediction":      {unit(price.Prediction), `{}`, images, 100 * cent},
		"text":            {unit(price.Audio), `{}`, nil, 100 * cent},
		"computing":       {unit(price.ComputingSecond), `{}`, nil, 250 * cent},
		"gpu":             {unit(price.GPU), `{}`, images, 250 * cent},
		"second":          {unit(price.Second), `{}`, []string{"tone.wav", "tone.flac", "shot.png"}, 300 * cent},
		"audio second":    {unit(price.AudioSecond), `{}`, []string{"tone.wav", "film.mp4"}, 150 * cent},
		"video second":    {unit(price.VideoSecond), `{}`, []string{"tone.wav", "film.mp4"}, 160 * cent},
		"blocks":          {unit(price.FiveSeconds), `{}`, []string{"film.mp4"}, 100 * cent},
		"minute":          {unit(price.Minute), `{}`, []string{"tone.wav", "tone.wav"}, 5 * cent},
		"unknown length":  {unit(price.VideoSecond), `{"duration": 7}`, []string{"live.webm"}, 700 * cent},
		"megapixel":       {unit(price.Megapixel), `{}`, images, 614_400_0},
		"image megapixel": {unit(price.ImageMegapixel), `{}`, images[:1], 307_200_0},
		"criterion": {price.Price{Unit: price.Image, Rate: cent, Criteria: []price.Criterion{{Field: "size", Value: `"4k"`, Rate: 9 * cent, Unit: price.Image}}},
			`{"size": "4k"}`, images, 18 * cent},
		"request too": {price.Price{Unit: price.Image, Rate: cent, Request: 5 * cent}, `{}`, images, 7 * cent},
		"tokens":      {price.Price{Unit: price.MillionTokens, Output: 1_000_000 * money.Dollar}, `{}`, nil, 2 * money.Dollar}, // "done" with its quotes
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, onSQLite(t))
			l := r.books(10_000_000 * money.Dollar)
			p := r.process(0)
			c.price.Version = 3
			m := model("m", 0)
			m.Price = &c.price
			r.models["m"] = m
			r.actor.plays(func(context.Context, *provider.Run) (*provider.Result, error) {
				result := &provider.Result{Took: 2500 * time.Millisecond}
				for _, file := range c.files {
					result.Files = append(result.Files, sampleFile(t, file))
				}
				if result.Files == nil {
					result.Text = text("done").Text
				}
				return result, nil
			})
			request := ask("acct", "m")
			request.Input = json.RawMessage(c.input)
			rec := p.create(request)
			if held := 10_000_000*money.Dollar - r.available(l); held <= 0 {
				t.Errorf("%s was held", held)
			}
			r.must(p.work(rec))
			now := p.get(rec)
			if now.Status != Succeeded || now.Amount != c.want || r.charged(rec) != c.want || now.PriceVersion != 3 {
				t.Errorf("%s: owes %s (line: %s, version %d), not %s", now.Status, now.Amount, r.charged(rec), now.PriceVersion, c.want)
			}
			if left := r.available(l); left != 10_000_000*money.Dollar-c.want {
				t.Errorf("%s are left", left)
			}
		})
	}
}

// TestWhoPays is contract 12's table of unfinished work, with the real ledger on both
// engines.
func TestWhoPays(t *testing.T) {
	t.Parallel()
	const second = money.Dollar
	compute := func(on price.OnCancel) price.Price {
		return price.Price{Unit: price.ComputingSecond, Rate: second, OnCancel: on}
	}
	image := func(on price.OnCancel) price.Price { return price.Price{Unit: price.Image, Rate: cent, OnCancel: on} }
	const timed = -1 // by the time that it ran
	eachRig(t, func(t *testing.T, r *rig) {
		l := r.books(1000 * money.Dollar)
		p := r.process(0)
		for name, c := range map[string]struct {
			price price.Price
			input string
			shows string // before it is cancelled: text, file
			how   string // cancelled, or failed; waiting: cancelled before it started
			want  money.Nanos
		}{
			"failed":                  {image(""), `{}`, "", "failed", 0},
			"failed after output":     {image(price.Full), `{}`, "text", "failed", 0},
			"waiting":                 {image(price.Full), `{}`, "", "waiting", 0},
			"none":                    {compute(price.None), `{}`, "text", "cancelled", 0},
			"used time":               {compute(price.Used), `{}`, "", "cancelled", timed},
			"used time, by default":   {compute(""), `{}`, "", "cancelled", timed},
			"used time, text shown":   {compute(""), `{}`, "text", "cancelled", timed},
			"used, nothing shown":     {image(price.Used), `{"n": 2}`, "", "cancelled", 0},
			"used, text shown":        {image(price.Used), `{"n": 2}`, "text", "cancelled", cent},
			"used, files shown":       {image(price.Used), `{"n": 2}`, "file", "cancelled", 2 * cent},
			"used, steps shown":       {image(price.Used), `{}`, "file", "cancelled", cent},
			"full, nothing shown":     {image(price.Full), `{"n": 2}`, "", "cancelled", 2 * cent},
			"full, of computing time": {compute(price.Full), `{}`, "", "cancelled", 60 * second},
		} {
			c.price.Version = 1
			m := model("m", 0)
			m.Price = &c.price
			r.mu.Lock()
			r.models["m"] = m
			r.mu.Unlock()
			request := ask("acct", "m")
			request.Input = json.RawMessage(c.input)
			before := r.available(l)
			rec := p.create(request)
			if c.how != "waiting" {
				r.runUntilStopped(p, rec, c.shows, c.how == "failed")
			} else if _, _, err := p.Cancel(t.Context(), "acct", rec.ID); err != nil {
				t.Fatal(err)
			}
			now, want := p.get(rec), c.want
			if want == timed {
				want = money.Nanos(now.PredictTime.Microseconds()) * second / 1_000_000
				if now.PredictTime < 10*time.Second || now.PredictTime > time.Minute {
					t.Errorf("%s: ran for %s", name, now.PredictTime)
				}
			}
			line, how := want, "settled"
			if want == 0 {
				line, how = -1, "void"
			}
			if now.Amount != want || r.charged(rec) != line || before-r.available(l) != want {
				t.Errorf("%s: owes %s, line %s, and %s are gone, not %s", name, now.Amount, r.charged(rec), before-r.available(l), want)
			}
			if n := r.number(`select count(*) from hold_end where hold = $1 and how = $2`, rec.ID, how); n != 1 {
				t.Errorf("%s: the hold is not %s", name, how)
			}
		}
	})
}

// runUntilStopped runs a prediction that shows something, and then, ten seconds later,
// fails or is cancelled.
func (r *rig) runUntilStopped(p *process, rec Record, shows string, fails bool) {
	r.t.Helper()
	begun := make(chan struct{})
	r.actor.plays(func(ctx context.Context, run *provider.Run) (*provider.Result, error) {
		switch shows {
		case "text":
			run.Watch.Progress(provider.Progress{Text: "once"})
		case "file":
			run.Watch.Progress(provider.Progress{Output: []provider.Output{{Data: []byte(pngBytes)}, {Data: []byte(pngBytes)}, {Data: []byte(pngBytes)}}})
		}
		close(begun)
		if fails {
			return nil, &provider.Error{Class: provider.Failed, Message: "no"}
		}
		<-ctx.Done()
		return nil, &provider.Error{Class: provider.Cancelled, Err: ctx.Err()}
	})
	over := make(chan error, 1)
	go func() { over <- p.work(rec) }()
	receive(r.t, "the run", begun)
	if !fails {
		if shows == "file" {
			r.awaitOutput(p, rec)
		}
		r.clock.pass(10 * time.Second)
		_, _, err := p.Cancel(r.t.Context(), rec.Account, rec.ID)
		r.must(err)
	}
	r.must(receive(r.t, "the end", over))
}

// awaitOutput waits until partial outputs are stored.
func (r *rig) awaitOutput(p *process, rec Record) {
	r.t.Helper()
	changed, stop := p.Watch(rec.ID)
	defer stop()
	for p.get(rec).EventCount == 0 {
		receive(r.t, "a partial output", changed)
	}
}

// A prediction that nobody has in his hands is cancelled over the head of its run: the
// time counts to its last sign of life.
func TestCancelOverTheHead(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		r.books(1000 * money.Dollar)
		p := r.process(0)
		r.models["m"].Price = &price.Price{Version: 1, Unit: price.GPU, Rate: money.Dollar}
		for beat, want := range map[time.Duration]money.Nanos{0: 0, 40 * time.Second: 40 * money.Dollar, -time.Hour: 0} {
			rec := p.create(ask("acct", "m"))
			claimed, _, err := p.claim(t.Context(), args(rec).Args)
			r.must(err)
			r.exec(`update prediction set beat = $2 where id = $1`, rec.ID, store.Micros(claimed.Started.Add(beat)))
			ended, err := p.endNow(t.Context(), p.get(rec), cancelled())
			if err != nil || ended.Amount != want || ended.PredictTime != max(beat, 0) {
				t.Errorf("%s: %s after %s: %v", beat, ended.Amount, ended.PredictTime, err)
			}
		}
	})
}

// TestCreditForOne: of two creates at the same time, one finds that the credit is held.
func TestCreditForOne(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		l := r.books(money.Dollar)
		p := r.process(0)
		var made []Record
		var refused []error
		var mu sync.Mutex
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				rec, _, err := p.Create(t.Context(), ask("acct", "m"))
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					refused = append(refused, err)
				} else {
					made = append(made, rec)
				}
			})
		}
		both.Wait()
		var f *fault.Error
		if len(made) != 1 || !errors.As(refused[0], &f) || f.ID != fault.InsufficientCredits || f.HTTPStatus() != 402 {
			t.Fatalf("%d were made, refused %v", len(made), refused)
		}
		if n := r.number(`select (select count(*) from prediction) + (select count(*) from hold) + (select count(*) from river_job)`); n != 3 {
			t.Errorf("%d rows of one prediction", n)
		}
		if r.lane("account", "acct") != 1 {
			t.Error("the refused one has a place")
		}
		r.must(p.work(made[0]))
		if left := r.available(l); left != 0 {
			t.Errorf("%s left", left)
		}
		r.models["free"] = model("free", 0)
		r.models["free"].Price = nil
		r.must(p.work(p.create(ask("acct", "free")))) // whoever has nothing may have what costs nothing
	})
}

// A refused create leaves no file of its input behind.
func TestRefusedInputGoes(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		r.books(0)
		p := r.process(0)
		request := ask("acct", "m")
		request.Input = json.RawMessage(fmt.Sprintf(`{"image": %q}`, dataOf("image/png", pngBytes+string(make([]byte, inlineInput)))))
		if _, _, err := p.Create(t.Context(), request); !fault.Is(err, fault.InsufficientCredits) {
			t.Errorf("created: %v", err)
		}
		if n := r.number(`select count(*) from file where state <> 'doomed'`); n != 0 {
			t.Errorf("%d files are left", n)
		}
	})
}

// A request that comes again, one after the other or at the same time, holds once.
func TestReplayHoldsOnce(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		l := r.books(10 * money.Dollar)
		p := r.process(0)
		keyed, named := ask("acct", "m"), ask("acct", "m")
		keyed.IdempotencyKey, named.ID = "once", uuid.NewString()
		for _, request := range []Create{keyed, named} {
			before := r.available(l)
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					if _, _, err := p.Create(t.Context(), request); err != nil {
						t.Errorf("create: %v", err)
					}
				})
			}
			all.Wait()
			_, replayed, err := p.Create(t.Context(), request)
			if held := before - r.available(l); err != nil || !replayed || held != money.Dollar {
				t.Errorf("held %s, replayed %v: %v", held, replayed, err)
			}
		}
	})
}

// A run whose worker was thought dead ends together with the one that took it up: one of
// them charges.
func TestTwinEndChargesOnce(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		l := r.books(10 * money.Dollar)
		p := r.process(0)
		rec := p.create(ask("acct", "m"))
		first, _, err := p.claim(t.Context(), args(rec).Args)
		r.must(err)
		r.exec(`update prediction set beat = $1`, noBeat)
		second, ok, err := p.claim(t.Context(), RunArgs{ID: rec.ID, Model: rec.Model, Attempt: first.Attempt})
		if err != nil || !ok {
			t.Fatalf("not taken up: %v", err)
		}
		var both sync.WaitGroup
		for _, claimed := range []Record{first, second, second} {
			both.Go(func() {
				run, leave := p.begin(t.Context(), claimed, args(rec))
				defer leave()
				if err := run.finish(ending{status: Succeeded, output: `"x"`, made: made{text: 1}}); err != nil {
					t.Errorf("finish: %v", err)
				}
			})
		}
		both.Wait()
		if now := p.get(rec); now.Status != Succeeded || now.Amount != money.Dollar || r.available(l) != 9*money.Dollar {
			t.Errorf("%s for %s, %s left", now.Status, now.Amount, r.available(l))
		}
	})
}

// The ends of many accounts are settled together, and all of them are paid.
func TestEndsSettleTogether(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		l := r.books(0)
		p := r.process(0)
		var all []Record
		for i := range 12 {
			account := fmt.Sprint("acct_", i%3)
			if i < 3 {
				r.give(l, account, 10*money.Dollar)
			}
			rec := p.create(ask(account, "m"))
			claimed, _, err := p.claim(t.Context(), args(rec).Args)
			r.must(err)
			all = append(all, claimed)
		}
		var ends sync.WaitGroup
		for i, claimed := range all {
			ends.Go(func() {
				run, leave := p.begin(t.Context(), claimed, args(claimed))
				defer leave()
				e := ending{status: Succeeded, output: `"x"`, made: made{text: 1}}
				if i%4 == 3 {
					e = failed(fault.InferenceError, "no")
				}
				if err := run.finish(e); err != nil {
					t.Errorf("finish: %v", err)
				}
			})
		}
		ends.Wait()
		if n := r.number(`select cast(sum(balance) as bigint) from bucket`); n != int64(21*money.Dollar) {
			t.Errorf("%d nano-dollars are left", n)
		}
	})
}

// What was charged outlives the data, and the prediction.
func TestChargesOutliveData(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		l := r.books(10 * money.Dollar)
		p := r.process(0)
		rec := p.create(ask("acct", "m"))
		r.must(p.work(rec))
		shown, err := p.Show(t.Context(), []Record{p.get(rec)}, site)
		r.must(err)
		if got := shown[0].Metadata.Billing.CreditsUsed; got != 1 {
			t.Errorf("credits used: %v", got)
		}
		r.exec(`update prediction set purge_at = 1`)
		r.must(p.purge(t.Context()))
		if now := p.get(rec); !now.Removed || now.Amount != money.Dollar || now.PriceVersion != 1 {
			t.Errorf("after the purge: %+v", now)
		}
		_, err = p.Delete(t.Context(), "acct", rec.ID)
		r.must(err)
		if r.charged(rec) != money.Dollar || r.available(l) != 9*money.Dollar {
			t.Errorf("after it was deleted: %s charged, %s left", r.charged(rec), r.available(l))
		}
	})
}

// A new price counts for new predictions only, and a model that is gone is paid all the
// same.
func TestPriceIsThatOfTheBeginning(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		r.books(100 * money.Dollar)
		p := r.process(0)
		old := p.create(ask("acct", "m"))
		m := model("m", 0)
		m.Price.Version, m.Price.Rate = 2, 5*money.Dollar
		r.models["m"] = m
		young := p.create(ask("acct", "m"))
		for rec, want := range map[string]money.Nanos{old.ID: money.Dollar, young.ID: 5 * money.Dollar} {
			r.must(p.work(p.get(Record{ID: rec, Account: "acct"})))
			if now := p.get(Record{ID: rec, Account: "acct"}); now.Amount != want {
				t.Errorf("version %d owes %s", now.PriceVersion, now.Amount)
			}
		}
	})
}

// The charge line tells what explains it, and what the target took.
func TestChargeLineExplains(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		r.books(100 * money.Dollar)
		p := r.process(0)
		m := model("m", 0)
		m.Price = &price.Price{Version: 4, Unit: price.Image, Rate: 3 * cent}
		m.Targets[0].Cost = &price.Price{Unit: price.ComputingSecond, Rate: 2 * cent}
		r.models["m"] = m
		r.actor.plays(func(context.Context, *provider.Run) (*provider.Result, error) {
			return &provider.Result{Took: 1500 * time.Millisecond, Files: []provider.Output{sampleFile(t, "shot.png"), sampleFile(t, "shot.png")}}, nil
		})
		request := ask("acct", "m")
		request.Who.Budgeted, request.Who.Budget = true, 10*cent
		rec := p.create(request)
		r.must(p.work(rec))
		const line = `select count(*) from charge_line where request = $1 and account = 'acct' and api_key = 'key_acct' and model = 'm'
			and target = 'actor/upstream-m' and price_version = 4 and quantity = 2000000 and unit = 'image' and rate = 30000000
			and amount = 60000000 and cost = 30000000 and outcome = 'succeeded'`
		if r.number(line, rec.ID) != 1 {
			t.Errorf("the line does not say what it should; it charges %s", r.charged(rec))
		}
		rec = p.create(request) // holds 3 of the 4 that the key's budget has left
		if _, _, err := p.Create(t.Context(), request); !fault.Is(err, fault.InsufficientCredits) {
			t.Errorf("more than the budget was promised: %v", err)
		}
		r.must(p.work(rec)) // and costs 6, since it makes more than was expected
		if r.charged(rec) != 6*cent {
			t.Errorf("charged %s", r.charged(rec))
		}
	})
}

// Input pictures that are charged are fetched by us, so that those that were measured are
// those that the upstream gets.
func TestInputMegapixels(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		r.books(100 * money.Dollar)
		p := r.process(0)
		m := model("m", 0)
		m.Targets[0].FetchInputs = catalog.FetchPass
		m.Price = &price.Price{Version: 1, Formula: &price.Formula{Terms: []price.Term{{Of: price.OfInput, Rate: 1000 * money.Dollar}, {Of: price.OfOutput, Rate: 2000 * money.Dollar}}}}
		r.models["m"] = m
		r.actor.plays(func(context.Context, *provider.Run) (*provider.Result, error) {
			return &provider.Result{Files: []provider.Output{sampleFile(t, "shot.png")}}, nil
		})
		r.give(r.keeper.(*ledger.Ledger), "rich", 100_000*money.Dollar)
		request := ask("rich", "m")
		shot := dataOf("image/png", string(sampleFile(t, "shot.png").Data))
		request.Input = json.RawMessage(fmt.Sprintf(`{"a": %q, "b": ["\u0064%s", "a word", "data:,x"]}`, shot, shot[1:]))
		rec := p.create(request)
		r.must(p.work(rec))
		const pixels = 64 * 48
		if now := p.get(rec); now.Amount != pixels*(2*1000+2000)*money.Dollar/1_000_000 {
			t.Errorf("%s owes %s", now.Status, now.Amount)
		}
		request.Input = json.RawMessage(`{"a": "https://pictures.example/a.png"}`)
		rec = p.create(request)
		r.must(p.work(rec))
		if now := p.get(rec); now.Status != Failed || now.Amount != 0 { // there is no network here
			t.Errorf("an address was passed on: %s", now.Status)
		}
	})
}

// The credit that another process has leased and does not use is called in.
func TestIdleCreditIsGathered(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		l := r.books(money.Dollar)
		p := r.process(0)
		feed := r.db.NewFeed(store.FeedOptions{Poll: 10 * time.Millisecond})
		feed.Subscribe("lease", l.Recalled)
		r.must(feed.Start(t.Context()))
		defer feed.Stop()
		chat, err := l.Reserve(t.Context(), ledger.Estimate{Request: "req", Account: "acct", Key: "key_acct", Model: "chat", Amount: cent, Least: cent})
		r.must(err)
		l.Release(chat)
		if n := r.number(`select count(*) from lease where state = 'live' and amount > used`); n == 0 {
			t.Fatal("nothing is leased")
		}
		rec := p.create(ask("acct", "m"))
		r.must(p.work(rec))
		if r.charged(rec) != money.Dollar {
			t.Errorf("charged %s", r.charged(rec))
		}
	})
}

// A free prediction asks the ledger for nothing, and a request that the limits allow
// draws one ticket and gives it back.
func TestFreeAsksForNothing(t *testing.T) {
	t.Parallel()
	eachRig(t, func(t *testing.T, r *rig) {
		p := r.process(0)
		r.models["m"].Price = nil
		var told []limit.Decision
		request := ask("acct", "m")
		request.Admit = func(d limit.Decision) { told = append(told, d) }
		rec := p.create(request)
		r.must(p.work(rec))
		waiting := p.create(request)
		_, _, err := p.Cancel(t.Context(), "acct", waiting.ID)
		r.must(err)
		if len(r.meter) != 0 || p.get(rec).Quote != "" || p.get(rec).Amount != 0 {
			t.Errorf("meter %v, quote %q", r.meter, p.get(rec).Quote)
		}
		if len(told) != 2 || r.settled != 2 {
			t.Errorf("%d decisions were told, %d tickets settled", len(told), r.settled)
		}
	})
}

// A quote stores nothing, and refuses what a create refuses.
func TestQuote(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	p := r.process(0)
	quoted, err := p.Quote(t.Context(), ask("acct", "m"))
	if err != nil || quoted.Model.Slug != "m" || quoted.Quote.Estimate != money.Dollar {
		t.Errorf("%+v: %v", quoted, err)
	}
	r.models["free"] = model("free", 0)
	r.models["free"].Price = nil
	if quoted, err := p.Quote(t.Context(), ask("acct", "free")); err != nil || quoted.Quote != nil {
		t.Errorf("%+v: %v", quoted, err)
	}
	for name, c := range map[string]struct {
		change func(*Create)
		want   fault.ID
	}{
		"model": {func(c *Create) { c.Model = "nope" }, fault.ModelNotFound},
		"input": {func(c *Create) { c.Input = json.RawMessage(`[1]`) }, fault.InvalidInput},
		"id":    {func(c *Create) { c.ID = "x" }, fault.InvalidParameter},
	} {
		request := ask("acct", "m")
		c.change(&request)
		if _, err := p.Quote(t.Context(), request); !fault.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.models["m"].Price = &price.Price{Version: 1, Unit: price.Image, Rate: 900_000_000 * money.Dollar}
	request := ask("acct", "m")
	request.Input = json.RawMessage(`{"n": 1000}`)
	if _, err := p.Quote(t.Context(), request); !fault.Is(err, fault.InvalidInput) {
		t.Errorf("beyond all money: %v", err)
	}
	if n := r.number(`select (select count(*) from prediction) + (select count(*) from river_job)`); n != 0 || r.settled != 0 {
		t.Errorf("%d rows, %d tickets", n, r.settled)
	}
}

// onSQLite opens a database for what does not depend on the engine.
func onSQLite(t *testing.T) *store.DB { return storetest.Open(t, jobstest.SQLite(t)) }
