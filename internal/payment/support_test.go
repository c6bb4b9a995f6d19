package payment

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// base is the time of tests; whole microseconds, as they are kept.
var base = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

const home = "https://tower.example.com"

// till is a processor that speaks JSON of our own events.
type till struct {
	mu     sync.Mutex
	orders []Order
	begin  func(context.Context, Order) (Session, error)
}

func (*till) Name() string { return "till" }

func (p *till) Begin(ctx context.Context, o Order) (Session, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.orders = append(p.orders, o)
	if p.begin != nil {
		return p.begin(ctx, o)
	}
	return Session{ID: "cs_" + o.ID, URL: "https://pay.example.com/" + o.ID}, nil
}

func (*till) Event(body []byte, header http.Header) (e Event, err error) {
	if header.Get("Signature") != "right" {
		return e, fault.New(fault.Unauthorized, "Wrong.")
	}
	return e, json.Unmarshal(body, &e)
}

// book writes movements where the ledger writes its own.
type book struct {
	mu   sync.Mutex
	fail error
}

func (b *book) failWith(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = err
}

func (b *book) Deposit(ctx context.Context, tx *store.Tx, d Deposit) error {
	if d.Name == "" || d.Amount == 0 || d.Place != "payment:till" || d.Reason == "" || d.Ref == "" || d.At.IsZero() {
		return errors.New("a deposit is incomplete")
	}
	_, err := tx.Exec(ctx, `insert into transfer (id, kind, account, amount, at, actor, reason, ref, digest) values ($1, $2, $3, $4, $5, '', $6, $7, $8)
		on conflict (id) do nothing`, d.Name, d.Kind, d.Account, int64(d.Amount), store.Micros(d.At), d.Reason, d.Ref, []byte{})
	b.mu.Lock()
	defer b.mu.Unlock()
	return errors.Join(err, b.fail) // after the write: that it is rolled back, too, is tested
}

// room is the room over a real database.
type room struct {
	*Service
	t    testing.TB
	till *till
	book *book
	log  *bytes.Buffer
}

func newRoom(t testing.TB, db *store.DB, edit ...func(*Options)) *room {
	r := &room{t: t, till: &till{}, book: &book{}, log: &bytes.Buffer{}}
	o := Options{DB: db, Processor: r.till, Book: r.book, Log: slog.New(slog.NewTextHandler(&locked{to: r.log}, nil)), Now: func() time.Time { return base }}
	for _, e := range edit {
		e(&o)
	}
	r.Service = New(o)
	return r
}

type locked struct {
	mu sync.Mutex
	to *bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}

// sqlite opens a database of the test's own.
func sqlite(t *testing.T) *store.DB {
	t.Helper()
	return storetest.Open(t, storetest.SQLite(t))
}

// eachDB runs fn on both engines.
func eachDB(t *testing.T, fn func(t *testing.T, db *store.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); fn(t, sqlite(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); fn(t, storetest.Open(t, storetest.Postgres(t))) })
}

func each(t *testing.T, fn func(t *testing.T, r *room)) {
	t.Helper()
	eachDB(t, func(t *testing.T, db *store.DB) { fn(t, newRoom(t, db)) })
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// checkout begins one of 25 dollars.
func (r *room) checkout(account string) skytells.Checkout {
	r.t.Helper()
	c, err := r.Begin(r.t.Context(), account, home, skytells.CheckoutRequest{Amount: "25"})
	must(r.t, err)
	return c
}

func (r *room) send(e Event) error {
	body, err := json.Marshal(e)
	must(r.t, err)
	return r.Handle(r.t.Context(), body, http.Header{"Signature": {"right"}})
}

func (r *room) sendAll(events ...Event) {
	r.t.Helper()
	for _, e := range events {
		must(r.t, r.send(e))
	}
}

// row reads a checkout as it is stored.
func (r *room) row(id string) (c checkout) {
	r.t.Helper()
	must(r.t, r.o.DB.Read(r.t.Context(), func(tx *store.Tx) (err error) {
		c, err = one(r.t.Context(), tx, `id = $1`, id)
		return err
	}))
	return c
}

// sum is what the account was given, less what was taken back.
func (r *room) sum(account string) (n money.Nanos) {
	r.t.Helper()
	must(r.t, r.o.DB.Read(r.t.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(r.t.Context(), `select cast(coalesce(sum(amount), 0) as bigint) from transfer where account = $1`, account).Scan(&n)
	}))
	return n
}

// transfers are the account's movements, as "kind name amount", in the order of names.
func (r *room) transfers(account string) (all []string) {
	r.t.Helper()
	must(r.t, r.o.DB.Read(r.t.Context(), func(tx *store.Tx) error {
		all = nil
		return tx.Each(r.t.Context(), `select kind, id, amount from transfer where account = $1 order by id`, func(scan func(...any) error) error {
			var kind, id string
			var amount money.Nanos
			err := scan(&kind, &id, &amount)
			all = append(all, strings.Join([]string{kind, id, amount.String()}, " "))
			return err
		}, account)
	}))
	return all
}

// outcome is what was recorded of an event; "" for nothing.
func (r *room) outcome(event string) (text string) {
	r.t.Helper()
	must(r.t, r.o.DB.Read(r.t.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(r.t.Context(), `select coalesce(max(outcome), '') from payment_event where processor = 'till' and id = $1`, event).Scan(&text)
	}))
	return text
}
