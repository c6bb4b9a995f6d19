package stripe

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/payment"
)

var one = purchase{checkout: "chk_1", session: "cs_1", payment: "pi_1"}

func TestKinds(t *testing.T) {
	t.Parallel()
	const dollar = money.Dollar
	p := processor(t, "", unused())
	session := payment.Event{Order: "chk_1", Session: "cs_1", Payment: "pi_1", Amount: 25 * dollar}
	as := func(e payment.Event, k payment.Kind) payment.Event { e.Kind = k; return e }
	disputed := func(k payment.Kind, amount money.Nanos) payment.Event {
		return payment.Event{Kind: k, Payment: "pi_1", Dispute: "dp_1", Amount: amount}
	}
	expired := as(session, payment.Expired)
	expired.Payment = ""
	ignored := payment.Event{Kind: payment.Ignored}
	foreign := func(object string) string { return strings.Replace(object, `"usd"`, `"eur"`, 1) }
	for name, c := range map[string]struct {
		kind, object string
		want         payment.Event
	}{
		"paid":               {"checkout.session.completed", one.completed("paid"), as(session, payment.Paid)},
		"paid later":         {"checkout.session.completed", one.completed("unpaid"), as(session, payment.Pending)},
		"paid at last":       {"checkout.session.async_payment_succeeded", one.completed("paid"), as(session, payment.Paid)},
		"failed":             {"checkout.session.async_payment_failed", one.completed("unpaid"), as(session, payment.Failed)},
		"expired":            {"checkout.session.expired", one.expired(), expired},
		"of a later version": {"checkout.session.completed", strings.Replace(one.completed("paid"), `"pi_1"`, `{"id":"pi_1","object":"payment_intent","amount":{"x":1}}`, 1), as(session, payment.Paid)},
		"paid in euros":      {"checkout.session.completed", foreign(one.completed("paid")), ignored},
		"nothing to pay":     {"checkout.session.completed", one.completed("no_payment_required"), as(session, payment.Pending)},
		"refunded":           {"charge.refunded", one.refunded(700), payment.Event{Kind: payment.Refunded, Payment: "pi_1", Amount: 7 * dollar}},
		"refunded in euros":  {"charge.refunded", foreign(one.refunded(700)), ignored},
		"dispute":            {"charge.dispute.created", one.dispute("dp_1", "needs_response", 2500), disputed(payment.Disputed, 25*dollar)},
		"question":           {"charge.dispute.created", one.dispute("dp_1", "warning_needs_response", 2500), disputed(payment.DisputeUpdated, 25*dollar)},
		"prevented":          {"charge.dispute.created", one.dispute("dp_1", "prevented", 2500), disputed(payment.DisputeUpdated, 25*dollar)},
		"withdrawn":          {"charge.dispute.funds_withdrawn", one.dispute("dp_1", "needs_response", 2500), disputed(payment.Disputed, 25*dollar)},
		"withdrawn, euros":   {"charge.dispute.funds_withdrawn", foreign(one.dispute("dp_1", "needs_response", 2500)), disputed(payment.Disputed, 0)},
		"reinstated":         {"charge.dispute.funds_reinstated", one.dispute("dp_1", "won", 2500), disputed(payment.DisputeWon, 25*dollar)},
		"won":                {"charge.dispute.closed", one.dispute("dp_1", "won", 2500), disputed(payment.DisputeWon, 25*dollar)},
		"lost":               {"charge.dispute.closed", one.dispute("dp_1", "lost", 2500), disputed(payment.Disputed, 25*dollar)},
		"question closed":    {"charge.dispute.closed", one.dispute("dp_1", "warning_closed", 2500), disputed(payment.DisputeUpdated, 25*dollar)},
		"dispute changed":    {"charge.dispute.updated", one.dispute("dp_1", "under_review", 2500), disputed(payment.DisputeUpdated, 25*dollar)},
		"another type":       {"customer.created", `{"id":"cus_1"}`, ignored},
		"another session":    {"checkout.session.something_new", one.completed("paid"), ignored},
	} {
		body := event("evt_1", c.kind, c.object)
		got, err := p.Event([]byte(body), signed(body, testSecret, time.Now()))
		c.want.ID, c.want.Type, c.want.At = "evt_1", c.kind, time.Unix(1793534400, 0).UTC()
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
}

// A payment link of the operator's lets its payer choose the reference: that names no
// checkout.
func TestReferenceIsNoProof(t *testing.T) {
	t.Parallel()
	body := event("evt_1", "checkout.session.completed", strings.Replace(one.completed("paid"), `"metadata":{"checkout":"chk_1","account":"acct_1"}`, `"metadata":{}`, 1))
	got, err := processor(t, "", unused()).Event([]byte(body), signed(body, testSecret, time.Now()))
	if err != nil || got.Kind != payment.Paid || got.Order != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	p := processor(t, "", unused())
	body := event("evt_1", "checkout.session.completed", one.completed("paid"))
	now := time.Now()
	right := signed(body, testSecret, now).Get("Stripe-Signature")
	other := signed(body, "whsec_other", now).Get("Stripe-Signature")
	_, digest, _ := strings.Cut(right, "v1=")
	stamp := strconv.FormatInt(now.Unix(), 10)
	for name, c := range map[string]struct {
		body, header string
		ok           bool
	}{
		"right":                  {body, right, true},
		"almost too old":         {body, signed(body, testSecret, now.Add(-4*time.Minute)).Get("Stripe-Signature"), true},
		"of two secrets":         {body, other + ",v1=" + digest, true}, // while Stripe rolls them
		"too old":                {body, signed(body, testSecret, now.Add(-6*time.Minute)).Get("Stripe-Signature"), false},
		"of another secret":      {body, other, false},
		"of the empty secret":    {body, signed(body, "", now).Get("Stripe-Signature"), false},
		"none":                   {body, "", false},
		"without a time":         {body, "v1=" + digest, false},
		"of another time":        {body, "t=" + strconv.FormatInt(now.Unix()+1, 10) + ",v1=" + digest, false},
		"of an old scheme":       {body, "t=" + stamp + ",v0=" + digest, false},
		"cut":                    {body, right[:len(right)-2], false},
		"nonsense":               {body, "t=" + stamp + ",v1=zz", false},
		"a tampered body":        {strings.Replace(body, "2500", "9900", 1), right, false},
		"a body with more":       {body + " ", right, false},
		"an empty body":          {"", right, false},
		"a time that is no time": {body, "t=now,v1=" + digest, false},
	} {
		header := http.Header{}
		if c.header != "" {
			header.Set("Stripe-Signature", c.header)
		}
		e, err := p.Event([]byte(c.body), header)
		if c.ok && (err != nil || e.Kind != payment.Paid) {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
		if !c.ok && (!fault.Is(err, fault.Unauthorized) || e != payment.Event{}) {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

// Without a secret anybody could sign with it.
func TestEmptySecret(t *testing.T) {
	t.Parallel()
	body := event("evt_1", "checkout.session.completed", one.completed("paid"))
	e, err := (&Processor{}).Event([]byte(body), signed(body, "", time.Now()))
	if !fault.Is(err, fault.Unauthorized) || (e != payment.Event{}) {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestUnreadableBodies(t *testing.T) {
	t.Parallel()
	p := processor(t, "", unused())
	for name, body := range map[string]string{
		"no JSON":          `{"id":`,
		"no event":         `{"id":"evt_1","object":"v2.core.event"}`,
		"another object":   event("evt_1", "checkout.session.completed", `[1]`),
		"a text amount":    event("evt_1", "charge.refunded", `{"amount_refunded":"5"}`),
		"a broken amount":  event("evt_1", "charge.refunded", `{"amount_refunded":1.5,"currency":"usd"}`),
		"below zero":       event("evt_1", "charge.refunded", `{"amount_refunded":-5,"currency":"usd"}`),
		"beyond int64":     event("evt_1", "charge.refunded", `{"amount_refunded":9223372036854775808,"currency":"usd"}`),
		"beyond nanos":     event("evt_1", "charge.dispute.created", `{"amount":9223372036854775807,"currency":"usd"}`),
		"a number as a id": event("evt_1", "charge.refunded", `{"amount_refunded":5,"currency":"usd","payment_intent":7}`),
		"too long":         event("evt_1", "customer.created", `"`+strings.Repeat("x", MaxEvent)+`"`),
	} {
		e, err := p.Event([]byte(body), signed(body, testSecret, time.Now()))
		if !fault.Is(err, fault.InvalidRequest) || (e != payment.Event{}) {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
	body := `{"id":"evt_1","object":"event","type":"ping","created":1}`
	if e, err := p.Event([]byte(body), signed(body, testSecret, time.Now())); err != nil || e.Kind != payment.Ignored {
		t.Errorf("without an object: %+v, %v", e, err)
	}
}
