package stripe

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/payment"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// book writes movements where the ledger writes its own; the same name twice is a mistake
// that the test is to see.
type book struct{}

func (book) Deposit(ctx context.Context, tx *store.Tx, d payment.Deposit) error {
	_, err := tx.Exec(ctx, `insert into transfer (id, kind, account, amount, at, actor, reason, ref, digest) values ($1, $2, $3, $4, $5, '', $6, $7, $8)`,
		d.Name, d.Kind, d.Account, int64(d.Amount), store.Micros(d.At), d.Reason, d.Ref, []byte{})
	return err
}

// counter is a server's payments with Stripe's part played by the test.
type counter struct {
	*payment.Service
	t  *testing.T
	db *store.DB
	n  int
}

func newCounter(t *testing.T, db *store.DB) *counter {
	t.Helper()
	c := &counter{t: t, db: db}
	at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.PostFormValue("client_reference_id")
		fmt.Fprintf(w, `{"id":"cs_%s","url":"https://checkout.stripe.com/%s"}`, id, id)
	}))
	t.Cleanup(at.Close)
	c.Service = payment.New(payment.Options{DB: db, Processor: processor(t, at.URL, at.Client()), Book: book{}, Log: slog.New(slog.DiscardHandler)})
	return c
}

// buy begins a checkout of 25 dollars of an account of its own.
func (c *counter) buy() (account string, p purchase) {
	c.t.Helper()
	c.n++
	account = fmt.Sprintf("acct_%d", c.n)
	out, err := c.Begin(c.t.Context(), account, "https://tower.example.com", skytells.CheckoutRequest{Amount: "25"})
	must(c.t, err)
	return account, purchase{checkout: out.ID, session: "cs_" + out.ID, payment: "pi_" + out.ID}
}

func (c *counter) tell(body string) {
	c.t.Helper()
	must(c.t, c.Handle(c.t.Context(), []byte(body), signed(body, testSecret, time.Now())))
}

func (c *counter) want(what, account string, p purchase, state string, sum money.Nanos) {
	c.t.Helper()
	out, err := c.Get(c.t.Context(), account, p.checkout)
	must(c.t, err)
	var got money.Nanos
	must(c.t, c.db.Read(c.t.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(c.t.Context(), `select cast(coalesce(sum(amount), 0) as bigint) from transfer where account = $1`, account).Scan(&got)
	}))
	if out.State != state || got != sum {
		c.t.Errorf("%s: %s and %s, want %s and %s", what, out.State, got, state, sum)
	}
}

// told is an event of a story: how Stripe writes it for a purchase.
type told struct {
	kind   string
	object func(purchase) string
}

// TestStories tells signed events: in their order, twice, twice under other ids, backwards
// and in random orders. The end is the same.
func TestStories(t *testing.T) {
	t.Parallel()
	paid := told{"checkout.session.completed", func(p purchase) string { return p.completed("paid") }}
	unpaid := told{"checkout.session.completed", func(p purchase) string { return p.completed("unpaid") }}
	later := told{"checkout.session.async_payment_succeeded", paid.object}
	failed := told{"checkout.session.async_payment_failed", unpaid.object}
	expired := told{"checkout.session.expired", purchase.expired}
	refund := func(cents int) told {
		return told{"charge.refunded", func(p purchase) string { return p.refunded(cents) }}
	}
	dispute := func(kind, status string, cents int) told {
		return told{"charge.dispute." + kind, func(p purchase) string { return p.dispute("dp_"+p.payment, status, cents) }}
	}
	stories := map[string]struct {
		events []told
		state  string
		cents  money.Nanos
	}{
		"paid":             {[]told{paid}, "paid", 2500},
		"paid later":       {[]told{unpaid, later}, "paid", 2500},
		"not paid later":   {[]told{unpaid, failed}, "failed", 0},
		"expired":          {[]told{expired}, "expired", 0},
		"paid and expired": {[]told{paid, expired, failed}, "paid", 2500},
		"refunds":          {[]told{paid, refund(500), refund(1200)}, "paid", 1300},
		"refunded wholly":  {[]told{unpaid, later, refund(2500)}, "paid", 0},
		"dispute lost":     {[]told{paid, dispute("created", "needs_response", 2500), dispute("funds_withdrawn", "needs_response", 2500), dispute("closed", "lost", 2500)}, "paid", 0},
		"dispute won": {[]told{paid, dispute("created", "needs_response", 2500), dispute("funds_withdrawn", "needs_response", 2500),
			dispute("updated", "under_review", 2500), dispute("closed", "won", 2500), dispute("funds_reinstated", "won", 2500)}, "paid", 2500},
		"question":                 {[]told{paid, dispute("created", "warning_needs_response", 2500), dispute("closed", "warning_closed", 2500)}, "paid", 2500},
		"refund and dispute":       {[]told{paid, refund(500), dispute("created", "needs_response", 2000)}, "paid", 0},
		"refund of nothing we saw": {[]told{refund(500)}, "open", 0},
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCounter(t, db)
		random := rand.New(rand.NewPCG(1, 2))
		for name, story := range stories {
			for round := range 6 {
				account, p := c.buy()
				c.story(story.events, p, round, random)
				c.want(fmt.Sprintf("%s, round %d", name, round), account, p, story.state, story.cents*cent)
			}
		}
	})
}

// story tells events in the order of the round.
func (c *counter) story(events []told, p purchase, round int, random *rand.Rand) {
	var bodies []string
	for i, e := range events {
		bodies = append(bodies, event(fmt.Sprintf("evt_%s_%d", p.checkout, i), e.kind, e.object(p)))
	}
	switch round {
	case 0:
	case 1:
		bodies = append(bodies, bodies...)
	case 2: // as a second endpoint of the same server would make Stripe do
		for i, e := range events {
			bodies = append(bodies, event(fmt.Sprintf("evt_%s_%d_again", p.checkout, i), e.kind, e.object(p)))
		}
	default:
		random.Shuffle(len(bodies), func(i, j int) { bodies[i], bodies[j] = bodies[j], bodies[i] })
	}
	for _, body := range bodies {
		c.tell(body)
	}
}

func TestForgedEventsMoveNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCounter(t, db)
		account, p := c.buy()
		body := event("evt_1", "checkout.session.completed", p.completed("paid"))
		for name, header := range map[string]http.Header{
			"unsigned":          {},
			"of another secret": signed(body, "whsec_other", time.Now()),
			"old":               signed(body, testSecret, time.Now().Add(-time.Hour)),
			"of another body":   signed(body+" ", testSecret, time.Now()),
		} {
			if err := c.Handle(t.Context(), []byte(body), header); !fault.Is(err, fault.Unauthorized) {
				t.Errorf("%s: %v", name, err)
			}
		}
		c.want("forged", account, p, "open", 0)
		c.tell(body) // the id was not used up
		c.want("right", account, p, "paid", 25*money.Dollar)
	})
}

// TestOthersSessions pays another session that names the checkout.
func TestOthersSessions(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newCounter(t, db)
		account, p := c.buy()
		link := purchase{checkout: p.checkout, session: "cs_of_a_link", payment: "pi_other"}
		c.tell(event("evt_1", "checkout.session.completed", link.completed("paid")))
		c.want("by a link", account, p, "open", 0)
	})
}

var errGone = errors.New("gone")

// TestUnreachableStripe leaves a checkout that has ended.
func TestUnreachableStripe(t *testing.T) {
	t.Parallel()
	p := processor(t, "", &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, errGone })})
	s := payment.New(payment.Options{DB: storetest.Open(t, storetest.SQLite(t)), Processor: p, Book: book{}, Log: slog.New(slog.DiscardHandler)})
	_, err := s.Begin(t.Context(), "acct_1", "https://tower.example.com", skytells.CheckoutRequest{Amount: "25"})
	list, listErr := s.List(t.Context(), "acct_1", payment.Page{})
	if !fault.Is(err, fault.ServiceUnavailable) || !errors.Is(err, errGone) || listErr != nil || len(list) != 1 || list[0].State != "failed" {
		t.Errorf("%v; %v %v", err, list, listErr)
	}
}
