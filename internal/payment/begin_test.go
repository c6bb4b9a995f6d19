package payment

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

func TestBegin(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *room) {
		r.till.begin = func(_ context.Context, o Order) (Session, error) {
			if c := r.row(o.ID); c.account != "acct_1" || c.state != stateOpen || c.amount != 9_500_000_000 || c.session != "" {
				t.Errorf("at the processor's turn the row is %+v", c)
			}
			return Session{ID: "cs_1", URL: "https://pay.example.com/1"}, nil
		}
		got, err := r.Begin(t.Context(), "acct_1", home, skytells.CheckoutRequest{Amount: "9.50", CancelURL: "https://app.example.com/no?x=1"})
		must(t, err)
		want := skytells.Checkout{ID: got.ID, Account: "acct_1", Amount: "9.50", State: "open", URL: "https://pay.example.com/1", CreatedAt: base}
		if diff := cmp.Diff(want, got); diff != "" || !strings.HasPrefix(got.ID, "chk_") {
			t.Errorf("%s\n%s", got.ID, diff)
		}
		order := Order{ID: got.ID, Account: "acct_1", Amount: 9_500_000_000, SuccessURL: home + "/", CancelURL: "https://app.example.com/no?x=1"}
		if diff := cmp.Diff([]Order{order}, r.till.orders); diff != "" {
			t.Error(diff)
		}
		if c := r.row(got.ID); c.session != "cs_1" || c.payment != "" {
			t.Errorf("the row is %+v", c)
		}
		want.URL = "" // told once
		again, err := r.Get(t.Context(), "acct_1", got.ID)
		if diff := cmp.Diff(want, again); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
		for _, other := range [][2]string{{"acct_2", got.ID}, {"acct_1", "chk_no"}} {
			if _, err := r.Get(t.Context(), other[0], other[1]); !fault.Is(err, fault.EndpointNotFound) {
				t.Errorf("%v: %v", other, err)
			}
		}
	})
}

func TestBeginRefuses(t *testing.T) {
	t.Parallel()
	r := newRoom(t, sqlite(t), func(o *Options) { o.Most = 500 * money.Dollar })
	for _, amount := range []skytells.Amount{"", "0", "-5", "0.99", "500.01", "1.001", "1e3", "0x10", "9223372036854775807", "1.0000000001", " 5"} {
		_, err := r.Begin(t.Context(), "acct_1", home, skytells.CheckoutRequest{Amount: amount})
		if f := fault.From(err); f.ID != fault.InvalidParameter || f.Param != "amount" {
			t.Errorf("amount %q: %v", amount, err)
		}
	}
	for _, address := range []string{
		"http://app.example.com/", "javascript:alert(1)", "//app.example.com", "/paid", "https://", "https:app", "https://me:secret@app.example.com/",
		"http://tower.example.com/", "https://x.example.com/" + strings.Repeat("a", maxURL), "https://x.example.com/\x00", "ftp://x.example.com/",
	} {
		for field, q := range map[string]skytells.CheckoutRequest{
			"success_url": {Amount: "5", SuccessURL: address}, "cancel_url": {Amount: "5", CancelURL: address},
		} {
			_, err := r.Begin(t.Context(), "acct_1", home, q)
			if f := fault.From(err); f.ID != fault.InvalidParameter || f.Param != field || strings.Contains(f.Message, "secret") {
				t.Errorf("%s %q: %v", field, address, err)
			}
		}
	}
	if list, err := r.List(t.Context(), "acct_1", Page{}); err != nil || len(list) != 0 || len(r.till.orders) != 0 {
		t.Errorf("left behind: %v %v %v", list, err, r.till.orders)
	}
}

func TestBoundsOfAmountsAreIncluded(t *testing.T) {
	t.Parallel()
	r := newRoom(t, sqlite(t))
	for _, amount := range []skytells.Amount{"1", "10000", "1.00", "9999.990000000"} {
		if _, err := r.Begin(t.Context(), "acct_1", home, skytells.CheckoutRequest{Amount: amount}); err != nil {
			t.Errorf("%s: %v", amount, err)
		}
	}
}

// A machine for trying things out has no TLS: its own address is good all the same.
func TestBeginFromLoopback(t *testing.T) {
	t.Parallel()
	r := newRoom(t, sqlite(t))
	const local = "http://localhost:8080"
	for address, ok := range map[string]bool{"": true, local + "/paid": true, "http://localhost:8081/": false, "https://localhost/": true} {
		_, err := r.Begin(t.Context(), "acct_1", local, skytells.CheckoutRequest{Amount: "5", SuccessURL: address})
		if (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
	if o := r.till.orders[0]; len(r.till.orders) != 3 || o.CancelURL != local+"/" {
		t.Errorf("orders %+v", r.till.orders)
	}
}

func TestProcessorFails(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *room) {
		for name, begin := range map[string]func(context.Context, Order) (Session, error){
			"refused": func(context.Context, Order) (Session, error) {
				return Session{}, fault.New(fault.ServiceUnavailable, "Away.")
			},
			"no id": func(context.Context, Order) (Session, error) { return Session{URL: "https://pay.example.com/"}, nil },
			"long id": func(context.Context, Order) (Session, error) {
				return Session{ID: strings.Repeat("x", maxID+1), URL: "https://p/"}, nil
			},
			"no answer": func(context.Context, Order) (Session, error) { return Session{ID: "cs_1"}, nil },
		} {
			r.till.begin = begin
			if _, err := r.Begin(t.Context(), "acct_1", home, skytells.CheckoutRequest{Amount: "5"}); !fault.Is(err, fault.ServiceUnavailable) {
				t.Errorf("%s: %v", name, err)
			}
		}
		list, err := r.List(t.Context(), "acct_1", Page{})
		if err != nil || len(list) != 4 {
			t.Fatalf("%v, %v", list, err)
		}
		for _, c := range list {
			if c.State != "failed" {
				t.Errorf("left as %+v", c)
			}
		}
	})
}

// TestCallerLeaves has the caller go while the processor thinks: the end is noted.
func TestCallerLeaves(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, r *room) {
		for _, answered := range []bool{false, true} {
			ctx, leave := context.WithCancel(t.Context())
			r.till.begin = func(ctx context.Context, o Order) (Session, error) {
				leave()
				<-ctx.Done()
				if answered {
					return Session{ID: "cs_late", URL: "https://pay.example.com/"}, nil
				}
				return Session{}, ctx.Err()
			}
			_, err := r.Begin(ctx, "acct_1", home, skytells.CheckoutRequest{Amount: "5"})
			c := r.row(r.till.orders[len(r.till.orders)-1].ID)
			if answered && (err != nil || c.session != "cs_late" || c.state != stateOpen) {
				t.Errorf("answered: %+v, %v", c, err)
			}
			if !answered && (!errors.Is(err, context.Canceled) || c.state != stateFailed) {
				t.Errorf("not answered: %+v, %v", c, err)
			}
		}
	})
}

func TestTooManyWait(t *testing.T) {
	t.Parallel()
	eachDB(t, func(t *testing.T, db *store.DB) {
		now := base
		r := newRoom(t, db, func(o *Options) { o.MaxOpen, o.Now = 2, func() time.Time { return now } })
		one := r.checkout("acct_1")
		r.checkout("acct_1")
		_, err := r.Begin(t.Context(), "acct_1", home, skytells.CheckoutRequest{Amount: "5"})
		if f := fault.From(err); f.ID != fault.RateLimitExceeded || f.RetryAfter <= 0 {
			t.Errorf("the third: %v", err)
		}
		r.checkout("acct_2")
		must(t, r.send(Event{ID: "evt_1", Kind: Expired, Order: one.ID, Session: "cs_" + one.ID}))
		r.checkout("acct_1")
		now = now.Add(sessionLife)
		r.checkout("acct_1")
	})
}

func TestList(t *testing.T) {
	t.Parallel()
	eachDB(t, func(t *testing.T, db *store.DB) {
		now := base
		r := newRoom(t, db, func(o *Options) { o.Now = func() time.Time { return now } })
		var want []string
		for i := range 7 {
			want = append([]string{r.checkout("acct_1").ID}, want...)
			if i == 2 || i == 3 { // some at the same moment
				now = now.Add(time.Second)
			}
		}
		other := r.checkout("acct_2").ID
		all, err := r.List(t.Context(), "acct_1", Page{Limit: 1000})
		must(t, err)
		var pages []string
		for after := ""; ; {
			page, err := r.List(t.Context(), "acct_1", Page{After: after, Limit: 3})
			must(t, err)
			if len(page) == 0 {
				break
			}
			for _, c := range page {
				pages = append(pages, c.ID)
			}
			after = pages[len(pages)-1]
		}
		for i, c := range all {
			if c.ID != pages[i] || i > 0 && c.CreatedAt.After(all[i-1].CreatedAt) {
				t.Errorf("place %d: %+v, in pages %s", i, c, pages[i])
			}
		}
		if len(all) != 7 || len(pages) != 7 || all[6].CreatedAt != base {
			t.Errorf("all %v, pages %v of %v", all, pages, want)
		}
		for _, after := range []string{other, "chk_no"} {
			if _, err := r.List(t.Context(), "acct_1", Page{After: after}); !fault.Is(err, fault.InvalidParameter) {
				t.Errorf("after %s: %v", after, err)
			}
		}
		if list, err := r.List(t.Context(), "acct_3", Page{}); list == nil || len(list) != 0 || err != nil {
			t.Errorf("%v, %v", list, err)
		}
	})
}
