package response

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"skytower/internal/fault"
	"skytower/internal/jobs"
	"skytower/internal/jobs/jobstest"
	"skytower/internal/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	us          = "acct_us"
	them        = "acct_them"
	retention   = 24 * time.Hour
	lingering10 = 10 * time.Minute
)

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

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// rig is one database; its rooms are processes.
type rig struct {
	*room
	t     testing.TB
	db    *store.DB
	clock *clock
}

// room is one process, whose goroutines have not started.
type room struct {
	*Store
	rig   *rig
	waits []time.Duration // of Items, which pass at once
}

func each(t *testing.T, fn func(t *testing.T, r *rig)) {
	t.Helper()
	jobstest.Each(t, func(t *testing.T, db *store.DB) { fn(t, newRig(t, db)) })
}

func newRig(t testing.TB, db *store.DB) *rig {
	r := &rig{t: t, db: db, clock: &clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}}
	r.room = r.another()
	return r
}

// another is a second process on the database.
func (r *rig) another() *room {
	queue, err := jobs.New(r.db, jobs.Options{})
	r.must(err)
	room := &room{rig: r}
	room.Store = New(Options{DB: r.db, Jobs: queue, Now: r.clock.now, Retention: retention, Linger: lingering10})
	room.wait = func(_ context.Context, d time.Duration) error {
		room.waits = append(room.waits, d)
		return nil
	}
	return room
}

// feed starts a feed of the room's own.
func (p *room) feed(t *testing.T) *store.Feed {
	t.Helper()
	f := p.db.NewFeed(store.FeedOptions{})
	p.Watch(f)
	if err := f.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Stop)
	return f
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) ctx() context.Context { return r.t.Context() }

// message is an item with a text.
func message(id string) Item {
	return Item{ID: id, Body: json.RawMessage(`{"id":"` + id + `","type":"message"}`)}
}

func messages(ids ...string) []Item {
	var list []Item
	for _, id := range ids {
		list = append(list, message(id))
	}
	return list
}

// record is a finished response NAME of ours with items NAME-in and NAME-out.
func record(name, previous string) Record {
	return Record{
		Account: us, ID: name, Key: "key_1", Previous: previous, Model: "m", State: Completed,
		Body:  json.RawMessage(`{"id":"` + name + `","status":"completed"}`),
		Input: messages(name + "-in"), Output: messages(name + "-out"),
	}
}

func (r *rig) save(name, previous string) {
	r.t.Helper()
	r.must(r.Save(r.ctx(), record(name, previous)))
}

// queue queues a response of the background of ours.
func (r *rig) queue(name, previous string) {
	r.t.Helper()
	rec := record(name, previous)
	rec.Output, rec.Model = nil, ""
	r.must(r.Queue(r.ctx(), rec, json.RawMessage(`{"ask":"`+name+`"}`)))
}

// claim takes it in a process.
func (p *room) claim(name string) *Task {
	p.rig.t.Helper()
	t, ok, err := p.Claim(p.rig.ctx(), us, name)
	p.rig.must(err)
	if !ok {
		p.rig.t.Fatalf("%s is not ours to run", name)
	}
	return &t
}

// run queues and takes a response.
func (r *rig) run(name string) *Task {
	r.t.Helper()
	r.queue(name, "")
	return r.claim(name)
}

// events are those from one number to another.
func events(from, to int64) (list []Event) {
	for n := from; n <= to; n++ {
		list = append(list, Event{n, fmt.Sprintf("response.e%d", n), json.RawMessage(fmt.Sprintf(`{"n":%d}`, n))})
	}
	return list
}

// finish ends a task well.
func (p *room) finish(t *Task, last ...Event) {
	p.rig.t.Helper()
	p.rig.must(p.Finish(p.rig.ctx(), t, Completed, "m", json.RawMessage(`{"status":"completed"}`), messages(t.ID+"-out"), last))
}

func (r *rig) state(name string) State {
	r.t.Helper()
	rec, err := r.Get(r.ctx(), us, name)
	r.must(err)
	if got := field(r.t, rec.Body, "status"); got != string(rec.State) {
		r.t.Errorf("the object of %s says %q, but it is %s", name, got, rec.State)
	}
	return rec.State
}

func field(t testing.TB, body []byte, name string) string {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal(body, &all); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	s, _ := all[name].(string)
	return s
}

func idsOf(list []Item) string {
	var ids []string
	for _, item := range list {
		ids = append(ids, item.ID)
	}
	return strings.Join(ids, " ")
}

// context checks the conversation up to a response.
func (r *rig) context(last, want string) {
	r.t.Helper()
	list, err := r.Context(r.ctx(), us, last)
	r.must(err)
	if got := idsOf(list); got != want {
		r.t.Errorf("the conversation of %s is %q, want %q", last, got, want)
	}
}

// finds checks which of the ids are found.
func (p *room) finds(ids, want string) {
	p.rig.t.Helper()
	found, err := p.Items(p.rig.ctx(), us, strings.Fields(ids))
	p.rig.must(err)
	var got []string
	for id, body := range found {
		got = append(got, id)
		if field(p.rig.t, body, "id") != id {
			p.rig.t.Errorf("item %s is %s", id, body)
		}
	}
	slices.Sort(got)
	if strings.Join(got, " ") != want {
		p.rig.t.Errorf("found %q, want %q", got, want)
	}
}

func (r *rig) sweep() {
	r.t.Helper()
	r.must(r.Sweep(r.ctx()))
}

// rows counts the rows of a table.
func (r *rig) rows(table string) (n int) {
	r.t.Helper()
	r.must(r.db.Reader().QueryRowContext(r.ctx(), `select count(*) from `+table).Scan(&n))
	return n
}

func (r *rig) wantRows(table string, want int) {
	r.t.Helper()
	if got := r.rows(table); got != want {
		r.t.Errorf("%d rows of %s, want %d", got, table, want)
	}
}

// wantFault checks an error's id and parameter or code.
func wantFault(t testing.TB, err error, id fault.ID, detail string) {
	t.Helper()
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.ID != id || detail != "" && e.Param != detail && e.Code != detail {
		t.Errorf("the error is %v, want %s about %q", err, id, detail)
	}
}

func wantMissing(t testing.TB, err error) {
	t.Helper()
	wantFault(t, err, fault.EndpointNotFound, "response_not_found")
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
