package webhook

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"skytower/internal/egress"
	"skytower/internal/jobs"
	"skytower/internal/jobs/jobstest"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// base is the time of tests; whole microseconds, as they are kept.
var base = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// sqlite opens a database of the test's own.
func sqlite(t *testing.T) *store.DB {
	t.Helper()
	return storetest.Open(t, jobstest.SQLite(t))
}

// each runs fn on both engines.
func each(t *testing.T, fn func(t *testing.T, db *store.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); fn(t, sqlite(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); fn(t, storetest.Open(t, storetest.Postgres(t))) })
}

// clock stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// heard is one call of Attempted.
type heard struct {
	prediction string
	at         time.Time
	settled    bool
}

// room is the room over a real database, queue and network.
type room struct {
	*Service
	t     *testing.T
	db    *store.DB
	jobs  *jobs.Jobs
	clock *clock
	tries chan heard // after each commit
}

// newRoom returns a room whose queue is not started: deliver runs the jobs one by one,
// at a clock that stands still.
func newRoom(t *testing.T, db *store.DB, edit ...func(*Options)) *room {
	t.Helper()
	must(t, jobs.Migrate(t.Context(), db))
	q, err := jobs.New(db, jobs.Options{Workers: map[jobs.Queue]int{jobs.Webhooks: 4, jobs.Upkeep: 1}})
	must(t, err)
	r := &room{t: t, db: db, jobs: q, clock: &clock{at: base}, tries: make(chan heard, 1000)}
	loopback := egress.Foreign(egress.Rules{AllowPrefixes: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Log: slog.New(slog.DiscardHandler)})
	client := egress.New(loopback, egress.Options{})
	t.Cleanup(client.CloseIdle)
	o := Options{DB: db, Jobs: q, Client: client, PlainHTTP: true, Now: r.clock.now, Attempted: r.attempted}
	for _, e := range edit {
		e(&o)
	}
	r.Service = New(o)
	return r
}

// live makes a room of real time: its queue works.
func live(o *Options) { o.Now = time.Now }

// atOnce lets three further tries follow without a wait.
func atOnce(o *Options) { o.Waits = []time.Duration{0, 0, 0} }

func (r *room) start() {
	r.t.Helper()
	must(r.t, r.jobs.Start(r.t.Context()))
	r.t.Cleanup(func() { must(r.t, r.jobs.Stop(context.WithoutCancel(r.t.Context()))) })
}

func (r *room) attempted(_ context.Context, tx *store.Tx, prediction string, at time.Time, settled bool) error {
	tx.AfterCommit(func() { r.tries <- heard{prediction, at, settled} })
	return nil
}

// next is what Attempted heard of a job that run or try has run.
func (r *room) next() heard {
	r.t.Helper()
	select {
	case h := <-r.tries:
		return h
	default:
		r.t.Fatal("Attempted heard of nothing")
		return heard{}
	}
}

// settled waits until nothing is left to be delivered for the prediction.
func (r *room) settled(prediction string) {
	r.t.Helper()
	for h := range r.tries {
		if h.prediction == prediction && h.settled {
			return
		}
	}
}

func (r *room) write(fn func(tx *store.Tx) error) {
	r.t.Helper()
	must(r.t, r.db.Write(r.t.Context(), fn))
}

func (r *room) tell(sub Subscription, prediction string, kind Kind, object string) {
	r.t.Helper()
	r.write(func(tx *store.Tx) error {
		return r.Tell(r.t.Context(), tx, sub, Event{Prediction: prediction, Account: "acct_1", Kind: kind,
			Object: []byte(object), Key: "sk-test-key", At: r.o.Now()})
	})
}

func (r *room) list(prediction string) []skytells.WebhookDelivery {
	r.t.Helper()
	list, err := r.List(r.t.Context(), "acct_1", prediction)
	must(r.t, err)
	return list
}

// run runs a job of the delivery, as the queue would, and reports whether it was completed.
func (r *room) run(id string) (completed bool, err error) {
	return r.runIn(r.t.Context(), id)
}

func (r *room) runIn(ctx context.Context, id string) (completed bool, err error) {
	err = r.Service.deliver(ctx, jobs.Job[DeliverArgs]{Args: DeliverArgs{ID: id}, Attempt: 1,
		Complete: func(context.Context, *store.Tx) error { completed = true; return nil }})
	return completed, err
}

// try runs a job that must do a try.
func (r *room) try(id string) {
	r.t.Helper()
	if completed, err := r.run(id); err != nil || !completed {
		r.t.Errorf("the job of %s: completed %v, %v", id, completed, err)
	}
}

// states are the prediction's events and what became of them.
func (r *room) states(prediction string) []string {
	r.t.Helper()
	var out []string
	for _, d := range r.list(prediction) {
		out = append(out, d.Event+" "+d.State)
	}
	return out
}

func (r *room) want(prediction string, states ...string) {
	r.t.Helper()
	if got := r.states(prediction); !slices.Equal(got, states) {
		r.t.Errorf("deliveries are %q, want %q", got, states)
	}
}

// call is one that a receiver got.
type call struct {
	header http.Header
	body   string
	path   string
}

// receiver is a server for webhooks. It answers with answer, or 204.
type receiver struct {
	sub    Subscription
	calls  chan call
	answer http.HandlerFunc
}

func newReceiver(t *testing.T, answer http.HandlerFunc, events ...string) *receiver {
	t.Helper()
	r := &receiver{calls: make(chan call, 1000), answer: answer}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.sub = Subscription{URL: server.URL + "/hook?token=abc", Events: events}
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.calls <- call{req.Header, string(body), req.URL.String()}
	if r.answer == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	r.answer(w, req)
}

// got takes the calls that came so far.
func (r *receiver) got() []call {
	var all []call
	for len(r.calls) > 0 {
		all = append(all, <-r.calls)
	}
	return all
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
