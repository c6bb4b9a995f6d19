package payment

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// story makes events about one checkout of 25 dollars, each with an id of its own.
type story struct {
	checkout string
	n        int
}

func (s *story) event(k Kind, amount money.Nanos) Event {
	s.n++
	e := Event{ID: fmt.Sprintf("evt_%s_%d", s.checkout, s.n), Type: "test." + string(k), Kind: k, Payment: "pi_" + s.checkout, Amount: amount}
	if !k.afterwards() && k != DisputeUpdated {
		e.Order, e.Session = s.checkout, "cs_"+s.checkout
	}
	if k == Expired {
		e.Payment = ""
	}
	return e
}

func (s *story) dispute(k Kind, id string, amount money.Nanos) Event {
	e := s.event(k, amount)
	e.Dispute = id + "_" + s.checkout
	return e
}

const dollar = money.Dollar

func TestEachKind(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *room) {
		for name, c := range map[string]struct {
			events func(*story) []Event
			state  state
			want   []string // as transfers gives them, CHK for the checkout's id
		}{
			"paid":    {func(s *story) []Event { return []Event{s.event(Paid, 25*dollar)} }, statePaid, []string{"deposit till/checkout/CHK 25.00"}},
			"pending": {func(s *story) []Event { return []Event{s.event(Pending, 25*dollar)} }, stateOpen, nil},
			"pending, paid": {func(s *story) []Event { return []Event{s.event(Pending, 25*dollar), s.event(Paid, 25*dollar)} }, statePaid,
				[]string{"deposit till/checkout/CHK 25.00"}},
			"pending, failed": {func(s *story) []Event { return []Event{s.event(Pending, 25*dollar), s.event(Failed, 25*dollar)} }, stateFailed, nil},
			"expired":         {func(s *story) []Event { return []Event{s.event(Expired, 25*dollar)} }, stateExpired, nil},
			"refunds": {func(s *story) []Event {
				return []Event{s.event(Paid, 25*dollar), s.event(Refunded, 5*dollar), s.event(Refunded, 25*dollar)}
			}, statePaid, []string{"deposit till/checkout/CHK 25.00", "refund till/refund/pi_CHK/25.00 -20.00", "refund till/refund/pi_CHK/5.00 -5.00"}},
			"dispute lost": {func(s *story) []Event {
				return []Event{s.event(Paid, 25*dollar), s.dispute(Disputed, "dp", 25*dollar), s.dispute(DisputeUpdated, "dp", 25*dollar), s.dispute(Disputed, "dp", 25*dollar)}
			}, statePaid, []string{"deposit till/checkout/CHK 25.00", "dispute till/dispute/dp_CHK/25.00 -25.00"}},
			"dispute won": {func(s *story) []Event {
				return []Event{s.event(Paid, 25*dollar), s.dispute(Disputed, "dp", 10*dollar), s.dispute(DisputeWon, "dp", 10*dollar), s.dispute(DisputeWon, "dp", 10*dollar)}
			}, statePaid, []string{"deposit till/checkout/CHK 25.00", "dispute till/dispute/dp_CHK/10.00 -10.00", "dispute till/dispute/dp_CHK/won 10.00"}},
			"dispute of the whole": {func(s *story) []Event { return []Event{s.event(Paid, 25*dollar), s.dispute(Disputed, "dp", 0)} }, statePaid,
				[]string{"deposit till/checkout/CHK 25.00", "dispute till/dispute/dp_CHK/25.00 -25.00"}},
			"a question only": {func(s *story) []Event {
				return []Event{s.event(Paid, 25*dollar), s.dispute(DisputeUpdated, "dp", 25*dollar)}
			}, statePaid,
				[]string{"deposit till/checkout/CHK 25.00"}},
			"refunded before": {func(s *story) []Event { return []Event{s.event(Refunded, 5*dollar), s.event(Paid, 25*dollar)} }, statePaid,
				[]string{"deposit till/checkout/CHK 25.00", "refund till/refund/pi_CHK/5.00 -5.00"}},
			"refunded more than was paid": {func(s *story) []Event { return []Event{s.event(Paid, 25*dollar), s.event(Refunded, 26*dollar)} }, statePaid,
				[]string{"deposit till/checkout/CHK 25.00", "refund till/refund/pi_CHK/25.00 -25.00"}},
		} {
			account := "acct " + name
			s := &story{checkout: r.checkout(account).ID}
			events := c.events(s)
			r.sendAll(events...)
			r.sendAll(events...)
			for i, w := range c.want {
				c.want[i] = strings.ReplaceAll(w, "CHK", s.checkout)
			}
			slices.Sort(c.want)
			got := r.transfers(account)
			slices.Sort(got)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			row := r.row(s.checkout)
			if row.state != c.state {
				t.Errorf("%s: the checkout is %s, want %s", name, row.state, c.state)
			}
			if left := row.amount - row.refunded - row.disputed; row.state == statePaid && left != r.sum(account) {
				t.Errorf("%s: the row says %s, the ledger %s", name, left, r.sum(account))
			}
		}
	})
}

// model says what a set of events leads to, in other words than the product's.
func model(events []Event) (state, money.Nanos) {
	has := map[Kind]bool{}
	refunded, taken, won := money.Nanos(0), map[string]money.Nanos{}, map[string]bool{}
	for _, e := range events {
		has[e.Kind] = true
		switch e.Kind {
		case Refunded:
			refunded = max(refunded, e.Amount)
		case Disputed:
			taken[e.Dispute] = max(taken[e.Dispute], e.Amount)
		case DisputeWon:
			won[e.Dispute] = true
		}
	}
	switch {
	case has[Paid]:
		sum := 25*dollar - refunded
		for id, amount := range taken {
			if !won[id] {
				sum -= amount
			}
		}
		return statePaid, sum
	case has[Failed]:
		return stateFailed, 0
	case has[Expired]:
		return stateExpired, 0
	}
	return stateOpen, 0
}

// permute calls fn with each order of the events.
func permute(events []Event, fn func([]Event)) {
	if len(events) == 0 {
		fn(nil)
		return
	}
	for i := range events {
		rest := slices.Delete(slices.Clone(events), i, i+1)
		permute(rest, func(tail []Event) { fn(append([]Event{events[i]}, tail...)) })
	}
}

// TestEveryOrder tells sets of events in every order; after some orders all of it again.
func TestEveryOrder(t *testing.T) {
	t.Parallel()
	sets := map[string]func(*story) []Event{
		"states": func(s *story) []Event {
			return []Event{s.event(Pending, 25*dollar), s.event(Paid, 25*dollar), s.event(Failed, 0), s.event(Expired, 0)}
		},
		"unpaid": func(s *story) []Event {
			return []Event{s.event(Pending, 25*dollar), s.event(Failed, 0), s.event(Expired, 0), s.event(Refunded, dollar)}
		},
		"refunds": func(s *story) []Event {
			return []Event{s.event(Paid, 25*dollar), s.event(Refunded, 5*dollar), s.event(Refunded, 12*dollar), s.event(Paid, 25*dollar)}
		},
		"dispute": func(s *story) []Event {
			return []Event{s.event(Paid, 25*dollar), s.dispute(Disputed, "dp", 10*dollar), s.dispute(Disputed, "dp", 12*dollar), s.dispute(DisputeWon, "dp", 12*dollar)}
		},
		"both": func(s *story) []Event {
			return []Event{s.event(Paid, 25*dollar), s.event(Refunded, 5*dollar), s.dispute(Disputed, "da", 20*dollar), s.dispute(DisputeWon, "db", dollar), s.dispute(Disputed, "db", dollar)}
		},
	}
	each(t, func(t *testing.T, r *room) {
		r.o.MaxOpen = 1000
		n := 0
		for name, set := range sets {
			if name == "both" && r.o.DB.Dialect() == store.Postgres {
				continue // 120 orders on one engine are enough
			}
			orders := 0
			permute(set(&story{}), func(order []Event) { orders++ })
			for i := range orders {
				n++
				account := fmt.Sprintf("acct_%d", n)
				s := &story{checkout: r.checkout(account).ID}
				var all []Event
				at := 0
				permute(set(s), func(order []Event) {
					if at == i {
						all = order
					}
					at++
				})
				r.sendAll(all...)
				if i%8 == 0 {
					r.sendAll(all...)
				}
				state, sum := model(all)
				if got := r.row(s.checkout); got.state != state || r.sum(account) != sum {
					t.Errorf("%s: %v lead to %s and %s, want %s and %s", name, all, got.state, r.sum(account), state, sum)
				}
			}
		}
	})
}

// TestAnySet draws sets of events, some of them told again under other ids, in any order.
func TestAnySet(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *room) {
		n := 0
		rapid.Check(t, func(rt *rapid.T) {
			n++
			account := fmt.Sprintf("acct_%d", n)
			s := &story{checkout: r.checkout(account).ID}
			kinds := []Kind{Paid, Paid, Pending, Failed, Expired, Refunded, Refunded, Disputed, Disputed, DisputeWon, DisputeUpdated}
			told := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) Event {
				switch k := rapid.SampledFrom(kinds).Draw(rt, "kind"); k {
				case Refunded:
					return s.event(k, money.Nanos(rapid.IntRange(1, 2500).Draw(rt, "cents"))*cent)
				case Disputed, DisputeWon, DisputeUpdated:
					return s.dispute(k, rapid.SampledFrom([]string{"da", "db"}).Draw(rt, "dispute"), money.Nanos(rapid.IntRange(1, 2500).Draw(rt, "cents"))*cent)
				default:
					return s.event(k, 25*dollar)
				}
			}), 1, 6).Draw(rt, "events")
			twice := rapid.SliceOfN(rapid.SampledFrom(told), 0, 2).Draw(rt, "again")
			for _, e := range append(told, twice...) {
				if err := r.send(e); err != nil {
					rt.Fatal(err)
				}
			}
			state, sum := model(told)
			if got := r.row(s.checkout); got.state != state || r.sum(account) != sum {
				rt.Fatalf("%s and %s, want %s and %s", got.state, r.sum(account), state, sum)
			}
		})
	})
}

// TestAtTheSameMoment has all events of a payment come at once, each twice.
func TestAtTheSameMoment(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *room) {
		for n := range 8 {
			account := fmt.Sprintf("acct_%d", n)
			s := &story{checkout: r.checkout(account).ID}
			events := []Event{s.event(Paid, 25*dollar), s.event(Refunded, 5*dollar), s.dispute(Disputed, "dp", 10*dollar), s.event(Paid, 25*dollar)}
			var group sync.WaitGroup
			for _, e := range append(events, events...) {
				group.Go(func() {
					if err := r.send(e); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			if state, sum := model(events); r.row(s.checkout).state != state || r.sum(account) != sum {
				t.Errorf("round %d: %s and %s, want %s and %s", n, r.row(s.checkout).state, r.sum(account), state, sum)
			}
		}
	})
}

// TestNotOurs: what names a checkout, and is not of it, moves nothing.
func TestNotOurs(t *testing.T) {
	t.Parallel()
	eachDB(t, func(t *testing.T, db *store.DB) {
		r := newRoom(t, db)
		id := r.checkout("acct_1").ID
		s := &story{checkout: id}
		must(t, r.send(s.event(Pending, 25*dollar)))
		for name, c := range map[string]struct {
			edit func(*Event)
			log  string
		}{
			"unknown checkout": {func(e *Event) { e.Order = "chk_other" }, "WARN"},
			"no checkout":      {func(e *Event) { e.Order = "" }, "WARN"},
			"another session":  {func(e *Event) { e.Session = "cs_other" }, "ERROR"},
			"no session":       {func(e *Event) { e.Session = "" }, "ERROR"},
			"another payment":  {func(e *Event) { e.Payment = "pi_other" }, "ERROR"},
			"another amount":   {func(e *Event) { e.Amount = dollar }, "ERROR"},
			"nothing paid":     {func(e *Event) { e.Amount = 0 }, "ERROR"},
			"no payment":       {func(e *Event) { e.Kind, e.Payment = Refunded, "" }, "WARN"},
			"no dispute":       {func(e *Event) { e.Kind = Disputed }, "WARN"},
		} {
			e := s.event(Paid, 25*dollar)
			c.edit(&e)
			r.log.Reset()
			if err := r.send(e); err != nil {
				t.Errorf("%s: %v", name, err) // the processor would send it for ever
			}
			if got := r.outcome(e.ID); !strings.HasPrefix(got, "ignored: ") {
				t.Errorf("%s: recorded as %q", name, got)
			}
			if !strings.Contains(r.log.String(), "level="+c.log) {
				t.Errorf("%s: log %s", name, r.log)
			}
		}
		e := s.event(Paid, 25*dollar)
		r.till, e.ID = nil, "evt_other_processor"
		other := newRoom(t, db, func(o *Options) { o.Processor = &renamed{} })
		must(t, other.send(e))
		if got := r.row(id); got.state != stateOpen || r.sum("acct_1") != 0 {
			t.Errorf("%+v, %s", got, r.sum("acct_1"))
		}
	})
}

type renamed struct{ till }

func (*renamed) Name() string { return "other" }

func TestWhatMeansNothingIsNotKept(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *room) {
		must(t, r.send(Event{ID: "evt_1", Kind: Ignored}))
		if got := r.outcome("evt_1"); got != "" || r.log.Len() > 0 {
			t.Errorf("recorded as %q, logged %s", got, r.log)
		}
	})
}

func TestUnusableEvents(t *testing.T) {
	t.Parallel()
	r := newRoom(t, sqlite(t))
	id := r.checkout("acct_1").ID
	s := &story{checkout: id}
	for name, edit := range map[string]func(*Event){
		"no id":      func(e *Event) { e.ID = "" },
		"long id":    func(e *Event) { e.ID = strings.Repeat("x", maxID+1) },
		"below zero": func(e *Event) { e.Amount = -1 },
	} {
		e := s.event(Paid, 25*dollar)
		edit(&e)
		if err := r.send(e); !fault.Is(err, fault.InvalidRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
	err := r.Handle(t.Context(), []byte(`{}`), http.Header{"Signature": {"wrong"}})
	if !fault.Is(err, fault.Unauthorized) {
		t.Errorf("wrong signature: %v", err)
	}
	if r.sum("acct_1") != 0 {
		t.Error("money moved")
	}
}

// TestLedgerFails: what can't be booked is not recorded either, and is done when the
// processor tries again.
func TestLedgerFails(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *room) {
		id := r.checkout("acct_1").ID
		s := &story{checkout: id}
		paid, refund := s.event(Paid, 25*dollar), s.event(Refunded, 5*dollar)
		for _, e := range []Event{paid, refund} {
			before := r.row(id)
			for cause, want := range map[error]int{
				errors.New("no"):                                  500,
				fault.Invalid("amount", "no"):                     500,
				fault.New(fault.ServiceUnavailable, "away"):       503,
				fault.New(fault.Unauthorized, "not a processor"):  500,
				&fault.Error{ID: fault.InvalidRequest, Status: 1}: 500,
			} {
				r.book.failWith(cause)
				if err := r.send(e); fault.From(err).HTTPStatus() != want || !errors.Is(err, cause) {
					t.Errorf("%v: %v", cause, err)
				}
			}
			if diff := cmp.Diff(before, r.row(id), cmp.AllowUnexported(checkout{})); diff != "" || r.outcome(e.ID) != "" {
				t.Errorf("left behind: %q %s", r.outcome(e.ID), diff)
			}
			r.book.failWith(nil)
			must(t, r.send(e))
		}
		if r.sum("acct_1") != 20*dollar {
			t.Errorf("%s", r.sum("acct_1"))
		}
	})
}

func TestDatabaseFails(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		db, err := store.Open(t.Context(), url, store.Options{})
		must(t, err)
		r := newRoom(t, db)
		id := r.checkout("acct_1").ID
		must(t, db.Close())
		s := &story{checkout: id}
		if err := r.send(s.event(Paid, 25*dollar)); fault.From(err).HTTPStatus() < 500 {
			t.Errorf("event: %v", err)
		}
		r.till.orders = nil
		if _, err := r.Begin(t.Context(), "acct_1", home, skytells.CheckoutRequest{Amount: "5"}); err == nil || len(r.till.orders) > 0 {
			t.Errorf("begin: %v, orders %v", err, r.till.orders)
		}
	})
}

// TestEarlyEvent has an event name the session before Begin has stored it.
func TestEarlyEvent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *room) {
		r.till.begin = func(_ context.Context, o Order) (Session, error) {
			s := &story{checkout: o.ID}
			must(t, r.send(s.event(Paid, 25*dollar)))
			return Session{ID: "cs_" + o.ID, URL: "https://pay.example.com/"}, nil
		}
		id := r.checkout("acct_1").ID
		if row := r.row(id); row.state != statePaid || row.session != "cs_"+id || r.sum("acct_1") != 25*dollar {
			t.Errorf("%+v, %s", row, r.sum("acct_1"))
		}
	})
}
