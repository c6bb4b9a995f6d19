package prediction

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"skytower/internal/account"
	"skytower/internal/blob"
	"skytower/internal/catalog"
	"skytower/internal/egress"
	"skytower/internal/fault"
	"skytower/internal/jobs"
	"skytower/internal/jobs/jobstest"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/money"
	"skytower/internal/price"
	"skytower/internal/provider"
	"skytower/internal/secret"
	"skytower/internal/store"
	"skytower/internal/webhook"
)

// patience is how long a test waits for an event before it says that it never came.
const patience = 2 * time.Minute

// rig is one database with the rooms around predictions. Those that are not about
// predictions are played by hand: catalogue, adapters, settings, meter and receivers.
type rig struct {
	t     *testing.T
	db    *store.DB
	files *blob.Store
	clock *clock
	actor *actor
	calls receiver
	// keeper is the meter: one that takes notes, or the real ledger.
	keeper Meter

	mu       sync.Mutex
	models   map[string]*catalog.Model
	settings account.PredictionSettings
	meter    []string      // what happened to holds
	noting   chan struct{} // closed by the next note; nil: nobody waits
	decision limit.Decision
	settled  int // tickets of the limits
}

// clock is the real time, moved on by tests.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time            { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) pass(d time.Duration)      { c.ahead.Add(int64(d)) }
func quiet() *slog.Logger                  { return slog.New(slog.DiscardHandler) }
func principal(a string) account.Principal { return account.Principal{Account: a, Key: "key_" + a} }

// eachRig runs fn on both engines.
func eachRig(t *testing.T, fn func(t *testing.T, r *rig)) {
	t.Helper()
	jobstest.Each(t, func(t *testing.T, db *store.DB) { fn(t, newRig(t, db)) })
}

func newRig(t *testing.T, db *store.DB) *rig {
	t.Helper()
	if err := jobs.Migrate(t.Context(), db); err != nil { // quick where eachRig made it
		t.Fatal(err)
	}
	r := &rig{t: t, db: db, clock: &clock{}, actor: &actor{}, settings: account.PredictionSettings{Retention: -1}, decision: limit.Decision{Allowed: true}}
	r.keeper = meter{r}
	r.models = map[string]*catalog.Model{"m": model("m", 0), "bounded": model("bounded", 2)}
	var err error
	r.files, err = blob.Open(t.Context(), blob.Options{DB: db, URL: "file://" + t.TempDir() + "/files", Links: secret.NewRing(masterKey(t)), Now: r.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.files.Close() })
	return r
}

func model(slug string, concurrency int) *catalog.Model {
	return &catalog.Model{
		Slug: slug, API: catalog.Prediction, Concurrency: concurrency, Deadline: time.Hour,
		Price:   &price.Price{Version: 1, Unit: price.Prediction, Rate: money.Dollar},
		Targets: []catalog.Target{{Provider: "actor", Model: "upstream-" + slug, FetchInputs: catalog.FetchProxy}},
	}
}

func masterKey(t *testing.T) secret.MasterKey {
	t.Helper()
	key, err := secret.NewMasterKey(bytes.Repeat([]byte{3}, secret.Size))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// process is one process with its queue and its Service.
type process struct {
	*Service
	rig  *rig
	jobs *jobs.Jobs
}

// process makes one that runs n predictions at once, and has not started.
func (r *rig) process(n int) *process {
	r.t.Helper()
	workers := map[jobs.Queue]int{}
	if n > 0 {
		workers = map[jobs.Queue]int{jobs.Remote: n, jobs.Webhooks: 2, jobs.Upkeep: 2}
	}
	queue, err := jobs.New(r.db, jobs.Options{Log: quiet(), Workers: workers})
	if err != nil {
		r.t.Fatal(err)
	}
	sealer, err := secret.NewRing(masterKey(r.t)).Sealer(secret.WebhookKeys)
	if err != nil {
		r.t.Fatal(err)
	}
	p := &process{rig: r, jobs: queue}
	hooks := webhook.New(webhook.Options{
		DB: r.db, Jobs: queue, Client: &r.calls, PlainHTTP: true, Log: quiet(), Now: r.clock.now,
		Attempted: func(ctx context.Context, tx *store.Tx, id string, at time.Time, settled bool) error {
			return p.WebhookAttempted(ctx, tx, id, at, settled)
		},
		Lock: func(ctx context.Context, tx *store.Tx, id string) error { return p.WebhookLock(ctx, tx, id) },
	})
	p.Service = New(Options{
		DB: r.db, Jobs: queue, Files: r.files, Webhooks: hooks, Catalog: r, Accounts: r, Adapters: r, Limits: r, Meter: r.keeper, Fetch: r,
		Sealer: sealer, Log: quiet(), Now: r.clock.now, Retention: 24 * time.Hour, MaxFile: 1 << 20, MaxFiles: 8, Scratch: r.t.TempDir(),
	})
	p.waits = []time.Duration{0, 0, 0}
	return p
}

// start starts the process; it stops when the test ends.
func (r *rig) start(n int) *process {
	r.t.Helper()
	p := r.process(n)
	p.start()
	return p
}

func (p *process) start() {
	p.rig.t.Helper()
	if err := p.Start(p.rig.t.Context()); err != nil {
		p.rig.t.Fatal(err)
	}
	if err := p.jobs.Start(p.rig.t.Context()); err != nil {
		p.rig.t.Fatal(err)
	}
	p.rig.t.Cleanup(p.end)
}

// end stops the process at once: what runs is handed back.
func (p *process) end() {
	over, cancel := context.WithCancel(context.Background())
	cancel()
	_ = p.jobs.Stop(over)
	p.Stop()
}

func (r *rig) Resolve(name string, _ catalog.Viewer, _ string) (catalog.Resolved, error) {
	m, err := r.BySlug(name)
	return catalog.Resolved{Model: m, Asked: name, Show: name}, err
}

func (r *rig) BySlug(name string) (*catalog.Model, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m := r.models[name]; m != nil {
		return m, nil
	}
	return nil, fault.New(fault.ModelNotFound, "none")
}

func (r *rig) Adapter(name string) (any, error) {
	if name == "actor" || name == "second" {
		return r.actor, nil
	}
	return nil, errors.New("no such provider")
}

func (r *rig) PredictionSettings(context.Context, *store.Tx, string) (account.PredictionSettings, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.settings, nil
}

func (r *rig) PredictionSettingsOf(_ context.Context, _ *store.Tx, accounts []string) (map[string]account.PredictionSettings, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := map[string]account.PredictionSettings{}
	for _, name := range accounts {
		all[name] = r.settings
	}
	return all, nil
}

func (r *rig) Take(context.Context, limit.Request) (limit.Ticket, limit.Decision, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return limit.Ticket{}, r.decision, nil
}

func (r *rig) note(what, id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.meter = append(r.meter, what+" "+id)
	if r.noting != nil {
		close(r.noting)
		r.noting = nil
	}
}

// awaitHold waits until a hold has ended: the note comes after the commit that shows the
// prediction's end. It returns how often it has.
func (r *rig) awaitHold(id string) int {
	r.t.Helper()
	for {
		r.mu.Lock()
		if r.noting == nil {
			r.noting = make(chan struct{})
		}
		next := r.noting
		r.mu.Unlock()
		if n := r.noted("settle", id) + r.noted("void", id); n > 0 {
			return n
		}
		receive(r.t, "a hold ended", next)
	}
}

func (r *rig) noted(what, id string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.meter {
		if line == what+" "+id {
			n++
		}
	}
	return n
}

// The limits' settling and the meter's share a name and not their arguments.
type meter struct{ *rig }

func (r *rig) Settle(context.Context, limit.Ticket, limit.Use) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.settled++
	return nil
}

func (r meter) Hold(_ context.Context, tx *store.Tx, w ledger.Work) error {
	tx.AfterCommit(func() { r.note("hold", w.Prediction) })
	return nil
}

func (r meter) Gather(context.Context, ledger.Work) error { return nil }

func (r meter) Settle(_ context.Context, tx *store.Tx, w ledger.Work) error {
	tx.AfterCommit(func() { r.note("settle", w.Prediction) })
	return nil
}

func (r meter) Void(_ context.Context, tx *store.Tx, w ledger.Work) error {
	tx.AfterCommit(func() { r.note("void", w.Prediction) })
	return nil
}

func (r *rig) Open(context.Context, string, int64) (io.ReadCloser, error) {
	return nil, errors.New("no network here")
}

// actor is an upstream: play says what it does, and runs is what it was asked.
type actor struct {
	mu   sync.Mutex
	play func(context.Context, *provider.Run) (*provider.Result, error)
	runs []provider.Run
}

func (a *actor) Predict(ctx context.Context, run *provider.Run) (*provider.Result, error) {
	a.mu.Lock()
	play := a.play
	a.runs = append(a.runs, *run)
	a.mu.Unlock()
	if play == nil {
		return text("done"), nil
	}
	return play(ctx, run)
}

func (a *actor) plays(play func(context.Context, *provider.Run) (*provider.Result, error)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.play = play
}

func (a *actor) asked() []provider.Run {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]provider.Run(nil), a.runs...)
}

func text(s string) *provider.Result { return &provider.Result{Text: &s} }

// receiver takes webhooks.
type receiver struct {
	mu     sync.Mutex
	bodies []string
	heads  []egress.Header
	came   chan struct{}
}

func (c *receiver) Do(_ context.Context, req *egress.Request) (*egress.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bodies = append(c.bodies, string(req.Body))
	c.heads = append(c.heads, req.Header)
	if c.came != nil {
		c.came <- struct{}{}
	}
	return nil, errors.New("nobody answers")
}

// ask is a create with what tests leave alone filled in.
func ask(account, modelName string) Create {
	return Create{
		Who: principal(account), Model: modelName, Input: json.RawMessage(`{"prompt": "a cat"}`),
		Source: "api", Spelling: "canceled", Base: "http://here",
	}
}

func (p *process) create(c Create) Record {
	p.rig.t.Helper()
	rec, _, err := p.Create(p.rig.t.Context(), c)
	if err != nil {
		p.rig.t.Fatalf("create: %v", err)
	}
	return rec
}

// ended waits for a prediction's end.
func (p *process) awaitEnd(rec Record) Record {
	p.rig.t.Helper()
	ctx, cancel := context.WithTimeout(p.rig.t.Context(), patience)
	defer cancel()
	now, err := p.Wait(ctx, rec.Account, rec.ID)
	if err != nil || !now.Status.Terminal() {
		p.rig.t.Fatalf("prediction %s is %s after %s (%v)", rec.ID, now.Status, patience, err)
	}
	return now
}

func (p *process) get(rec Record) Record {
	p.rig.t.Helper()
	now, err := p.Get(p.rig.t.Context(), rec.Account, rec.ID)
	if err != nil {
		p.rig.t.Fatalf("get: %v", err)
	}
	return now
}

// args are those of a job that was just queued for the prediction.
func args(rec Record) jobs.Job[RunArgs] {
	return jobs.Job[RunArgs]{Args: RunArgs{ID: rec.ID, Model: rec.Model, Attempt: rec.Attempt}}
}

// work runs a prediction as the queue would, in the test's own goroutine.
func (p *process) work(rec Record) error { return p.run(p.rig.t.Context(), args(rec)) }

// must fails the test on an error.
func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// number reads one number.
func (r *rig) number(query string, args ...any) (n int64) {
	r.t.Helper()
	r.must(r.db.Read(r.t.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(r.t.Context(), query, args...).Scan(&n)
	}))
	return n
}

func (r *rig) exec(query string, args ...any) {
	r.t.Helper()
	r.must(r.db.Write(r.t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(r.t.Context(), query, args...)
		return err
	}))
}

// lane is how many places are given out.
func (r *rig) lane(kind, name string) int64 {
	r.t.Helper()
	return r.number(`select coalesce(max(handed), 0) from prediction_lane where kind = $1 and name = $2`, kind, name)
}

// receive waits for a value.
func receive[T any](t *testing.T, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatalf("never happened: %s", what)
	}
	return v
}

func contains(t *testing.T, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Errorf("%q does not hold %q", text, part)
	}
}
