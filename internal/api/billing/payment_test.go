package billing_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/api/billing"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/payment"
	"skytower/internal/skytells"
)

// payers knows one key that may pay, and one that may look.
type payers struct{}

func (payers) Authenticate(_ context.Context, key string, _ netip.Addr) (account.Principal, error) {
	scopes := map[string]account.Scopes{"sk-pay": account.BillingWrite, "sk-look": account.BillingRead, "sk-other": account.Everything &^ (account.BillingRead | account.BillingWrite)}[key]
	if scopes == 0 {
		return account.Principal{}, fault.New(fault.Unauthorized, "Invalid or missing API key")
	}
	return account.Principal{Account: "acct_1", Key: "key_1", Scopes: scopes}, nil
}

func (payers) AuthenticateOperator(context.Context, string) (account.Operator, error) {
	return account.Operator{}, fault.New(fault.Unauthorized, "Invalid or missing API key")
}

// till notes what it was asked.
type till struct {
	asked []any
	err   error
}

func (p *till) Begin(_ context.Context, account, base string, r skytells.CheckoutRequest) (skytells.Checkout, error) {
	p.asked = append(p.asked, account, base, r)
	return shown(), p.err
}

func (p *till) Get(_ context.Context, account, id string) (skytells.Checkout, error) {
	p.asked = append(p.asked, account, id)
	return shown(), p.err
}

func (p *till) List(_ context.Context, account string, page payment.Page) ([]skytells.Checkout, error) {
	p.asked = append(p.asked, account, page)
	return []skytells.Checkout{shown()}, p.err
}

func (p *till) Handle(_ context.Context, body []byte, header http.Header) error {
	p.asked = append(p.asked, string(body), header.Get("Stripe-Signature"))
	return p.err
}

func shown() skytells.Checkout {
	return skytells.Checkout{ID: "chk_1", Account: "acct_1", Amount: "25.00", State: "open", CreatedAt: time.Unix(1793534400, 0).UTC()}
}

func paying(t *testing.T, p billing.Payments) http.Handler {
	t.Helper()
	public, err := url.Parse("https://tower.example.com")
	if err != nil {
		t.Fatal(err)
	}
	server := &httpx.Server{Done: func(*httpx.Record) {}, Log: slog.New(slog.DiscardHandler)}
	return api.NewRouter(server, payers{}, (&billing.PaymentHandlers{Payments: p, Public: public}).Rows(), nil)
}

// call asks with the key, or as Stripe does where it begins with t=.
func call(h http.Handler, method, path, key, body string) (int, string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if strings.HasPrefix(key, "t=") {
		r.Header.Set("Stripe-Signature", key)
	} else if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	answer, _ := io.ReadAll(w.Body) // from memory
	return w.Code, string(answer)
}

const one = `{"id":"chk_1","account":"acct_1","amount":25.00,"state":"open","created_at":"2026-11-01T12:00:00Z"}`

func TestPaymentRoutes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, path, key, body string
		status                  int
		answer                  string // a part of it
		asked                   []any
	}{
		"begin": {"POST", "/v1/checkouts", "sk-pay", `{"amount":25,"success_url":"https://app.example.com/"}`, 200, one,
			[]any{"acct_1", "https://tower.example.com", skytells.CheckoutRequest{Amount: "25", SuccessURL: "https://app.example.com/"}}},
		"begin with a text":     {"POST", "/v1/checkouts", "sk-pay", `{"amount":"9.50"}`, 200, one, []any{"acct_1", "https://tower.example.com", skytells.CheckoutRequest{Amount: "9.50"}}},
		"begin for another":     {"POST", "/v1/checkouts", "sk-pay", `{"amount":25,"account":"acct_2"}`, 400, "INVALID_REQUEST", nil},
		"begin with an exp":     {"POST", "/v1/checkouts", "sk-pay", `{"amount":1e3}`, 400, "INVALID_REQUEST", nil},
		"begin with much":       {"POST", "/v1/checkouts", "sk-pay", `{"success_url":"` + strings.Repeat("a", 17<<10) + `"}`, 413, "INVALID_REQUEST", nil},
		"begin without a key":   {"POST", "/v1/checkouts", "", `{"amount":25}`, 401, "UNAUTHORIZED", nil},
		"begin with a reader":   {"POST", "/v1/checkouts", "sk-look", `{"amount":25}`, 403, "billing:write", nil},
		"list":                  {"GET", "/v1/checkouts?after=chk_0&limit=3", "sk-look", "", 200, `{"data":[` + one + `]}`, []any{"acct_1", payment.Page{After: "chk_0", Limit: 3}}},
		"list too little":       {"GET", "/v1/checkouts?limit=0", "sk-look", "", 400, "INVALID_PARAMETER", nil},
		"list without scope":    {"GET", "/v1/checkouts", "sk-other", "", 403, "billing:read", nil},
		"get":                   {"GET", "/v1/checkouts/chk_1", "sk-look", "", 200, one, []any{"acct_1", "chk_1"}},
		"get as a payer":        {"GET", "/v1/checkouts/chk_1", "sk-pay", "", 403, "billing:read", nil},
		"an event":              {"POST", "/payments/stripe", "t=1,v1=aa", `{"id":"evt_1"}`, 200, `{"success":true}`, []any{`{"id":"evt_1"}`, "t=1,v1=aa"}},
		"an endless event":      {"POST", "/payments/stripe", "t=1,v1=aa", strings.Repeat("x", 1<<20+1), 413, "INVALID_REQUEST", nil},
		"events are not listed": {"GET", "/payments/stripe", "sk-look", "", 405, "ENDPOINT_NOT_FOUND", nil},
	} {
		p := &till{}
		status, answer := call(paying(t, p), c.method, c.path, c.key, c.body)
		if status != c.status || !strings.Contains(answer, c.answer) || !cmp.Equal(p.asked, c.asked) {
			t.Errorf("%s: %d %s, asked %v", name, status, answer, p.asked)
		}
	}
}

// What a sender of events is told holds nothing of what it sent, nor of the cause.
func TestEventErrors(t *testing.T) {
	t.Parallel()
	const body = `{"id":"evt_secret"}`
	for want, err := range map[int]error{
		401: fault.Wrap(errors.New("evt_secret"), fault.Unauthorized, "The event's signature is missing, wrong, or too old."),
		400: fault.Wrap(errors.New("evt_secret"), fault.InvalidRequest, "The body is not an event that can be read."),
		500: errors.New("ledger of evt_secret"),
		503: fault.Wrap(errors.New("evt_secret"), fault.ServiceUnavailable, "Away."),
	} {
		status, answer := call(paying(t, &till{err: err}), "POST", "/payments/stripe", "t=1,v1=aa", body)
		if status != want || strings.Contains(answer, "evt_") {
			t.Errorf("%d: %d %s", want, status, answer)
		}
	}
}

func TestPaymentsAreNotSetUp(t *testing.T) {
	t.Parallel()
	h := paying(t, nil)
	for _, c := range [][4]string{
		{"POST", "/v1/checkouts", "sk-pay", `{"amount":25}`}, {"GET", "/v1/checkouts", "sk-look", ""},
		{"GET", "/v1/checkouts/chk_1", "sk-look", ""}, {"POST", "/payments/stripe", "t=1,v1=aa", `{}`},
	} {
		status, answer := call(h, c[0], c[1], c[2], c[3])
		if status != 404 || !strings.Contains(answer, "ENDPOINT_NOT_FOUND") || !strings.Contains(answer, "Payments are not set up on this server.") {
			t.Errorf("%v: %d %s", c, status, answer)
		}
	}
	if status, _ := call(h, "POST", "/v1/checkouts", "", `{"amount":25}`); status != 401 {
		t.Errorf("without a key: %d", status)
	}
}
