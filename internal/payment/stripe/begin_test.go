package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/fault"
	"skytower/internal/money"
)

// TestStripeMock has Stripe's own mock look at the request.
func TestStripeMock(t *testing.T) {
	t.Parallel()
	at := stripeMock(t)
	session, err := processor(t, at, idle(t)).Begin(t.Context(), order())
	if err != nil || !strings.HasPrefix(session.ID, "cs_") || !strings.HasPrefix(session.URL, "https://") {
		t.Errorf("%+v, %v", session, err)
	}
	// The mock would tell: it refuses a key of another form, and fields that are none.
	other, err := New(Options{Key: "nonsense", WebhookSecret: testSecret, Client: idle(t), URL: at})
	must(t, err)
	if _, err := other.Begin(t.Context(), order()); !fault.Is(err, fault.InternalError) || strings.Contains(err.Error(), "nonsense") {
		t.Errorf("with a wrong key: %v", err)
	}
	wrong, err := idle(t).Do(mockRequest(t, at, url.Values{"mode": {"payment"}, "line_items[0][price_data][unit_cents]": {"1"}}))
	must(t, err)
	defer wrong.Body.Close() //nolint:errcheck // only read
	if wrong.StatusCode != http.StatusBadRequest {
		t.Errorf("the mock takes everything: %d", wrong.StatusCode)
	}
}

func mockRequest(t *testing.T, at string, form url.Values) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at+"/v1/checkout/sessions", strings.NewReader(form.Encode()))
	must(t, err)
	r.Header.Set("Authorization", "Bearer "+testKey)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// TestRequest looks at what goes out, and at what does not.
func TestRequest(t *testing.T) {
	t.Parallel()
	var form url.Values
	var header http.Header
	at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // an empty form fails below
		form, header = r.PostForm, r.Header
		if r.URL.Path != "/v1/checkout/sessions" {
			t.Errorf("path %s", r.URL.Path)
		}
		fmt.Fprint(w, `{"id":"cs_test_1","object":"checkout.session","url":"https://checkout.stripe.com/c/pay/cs_test_1"}`)
	}))
	defer at.Close()
	session, err := processor(t, at.URL, at.Client()).Begin(t.Context(), order())
	if err != nil || session.ID != "cs_test_1" || session.URL != "https://checkout.stripe.com/c/pay/cs_test_1" {
		t.Errorf("%+v, %v", session, err)
	}
	want := url.Values{
		"mode": {"payment"}, "client_reference_id": {"chk_1"}, "metadata[checkout]": {"chk_1"}, "metadata[account]": {"acct_1"},
		"payment_intent_data[metadata][checkout]": {"chk_1"}, "payment_intent_data[metadata][account]": {"acct_1"},
		"line_items[0][quantity]": {"1"}, "line_items[0][price_data][currency]": {"usd"}, "line_items[0][price_data][unit_amount]": {"2550"},
		"line_items[0][price_data][product_data][name]": {"Credit"}, "adaptive_pricing[enabled]": {"false"},
		"success_url": {"https://app.example.com/paid?a=1&b={CHECKOUT_SESSION_ID}"}, "cancel_url": {"https://app.example.com/"},
	}
	if diff := cmp.Diff(want, form); diff != "" {
		t.Error(diff)
	}
	if header.Get("Idempotency-Key") != "chk_1" || header.Get("Authorization") != "Bearer "+testKey {
		t.Errorf("header %v", header)
	}
	if header.Get("X-Stripe-Client-User-Agent") != clientInfo || header.Get("X-Stripe-Client-Telemetry") != "" {
		t.Errorf("it tells of this machine: %v", header)
	}
}

func TestAmountsOfStripe(t *testing.T) {
	t.Parallel()
	p := processor(t, "", unused())
	for _, amount := range []money.Nanos{0, -cent, cent / 2, cent + 1, (maxCents + 1) * cent} {
		o := order()
		o.Amount = amount
		if _, err := p.Begin(t.Context(), o); !fault.Is(err, fault.InvalidParameter) {
			t.Errorf("%s: %v", amount, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	const leak = "Invalid API Key provided: " + testKey
	for name, c := range map[string]struct {
		status int
		body   string
		id     fault.ID
		param  string
	}{
		"wrong key":      {401, `{"error":{"message":"` + leak + `","type":"invalid_request_error"}}`, fault.InternalError, ""},
		"no permission":  {403, `{"error":{"message":"` + leak + `","code":"secret_key_required"}}`, fault.InternalError, ""},
		"wrong request":  {400, `{"error":{"message":"` + leak + `","param":"line_items[0]"}}`, fault.InternalError, ""},
		"wrong address":  {400, `{"error":{"message":"` + leak + `","param":"success_url","code":"url_invalid"}}`, fault.InvalidParameter, "success_url"},
		"too many":       {429, `{"error":{"message":"` + leak + `","type":"rate_limit"}}`, fault.ServiceUnavailable, ""},
		"out of order":   {500, `{"error":{"message":"` + leak + `","type":"api_error"}}`, fault.ServiceUnavailable, ""},
		"no JSON":        {502, leak, fault.ServiceUnavailable, ""},
		"another answer": {400, `{"message":"` + leak + `"}`, fault.ServiceUnavailable, ""},
		"cut":            {200, `{"id":"cs_1","u`, fault.ServiceUnavailable, ""},
		"endless":        {200, `{"id":"` + strings.Repeat("x", 2*maxAnswer) + `"}`, fault.ServiceUnavailable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Stripe-Should-Retry", "false")
				w.WriteHeader(c.status)
				fmt.Fprint(w, c.body)
			}))
			defer at.Close()
			_, err := processor(t, at.URL, at.Client()).Begin(t.Context(), order())
			f := fault.From(err)
			if err == nil || f.ID != c.id || f.Param != c.param {
				t.Fatalf("%v", err)
			}
			if all := err.Error() + f.Message + f.Details; strings.Contains(all, "Invalid API") || strings.Contains(all, "sk_test") {
				t.Errorf("it shows Stripe's words: %s", all)
			}
			if f.ID == fault.ServiceUnavailable && f.RetryAfter <= 0 {
				t.Error("it does not say when to come again")
			}
		})
	}
}

// The same checkout is asked for again, under the same idempotency key.
func TestSecondTry(t *testing.T) {
	t.Parallel()
	var keys []string
	at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if keys = append(keys, r.Header.Get("Idempotency-Key")); len(keys) == 1 {
			panic(http.ErrAbortHandler) // the answer gets lost
		}
		fmt.Fprint(w, `{"id":"cs_1","url":"https://checkout.stripe.com/1"}`)
	}))
	defer at.Close()
	_, err := processor(t, at.URL, at.Client()).Begin(t.Context(), order())
	if diff := cmp.Diff([]string{"chk_1", "chk_1"}, keys); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var followed atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Store(true) }))
	defer other.Close()
	at := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer at.Close()
	session, err := processor(t, at.URL, at.Client()).Begin(t.Context(), order())
	if followed.Load() || err == nil && session.ID != "" {
		t.Errorf("followed %v: %+v, %v", followed.Load(), session, err)
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	at := httptest.NewServer(http.NotFoundHandler())
	at.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := processor(t, at.URL, idle(t)).Begin(ctx, order())
	if !fault.Is(err, fault.ServiceUnavailable) || !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), testKey) {
		t.Errorf("%v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	whole := Options{Key: testKey, WebhookSecret: testSecret, Client: unused()}
	for want, edit := range map[error]func(*Options){
		errNoKey:    func(o *Options) { o.Key = "" },
		errNoSecret: func(o *Options) { o.WebhookSecret = "" },
		errNoClient: func(o *Options) { o.Client = nil },
	} {
		o := whole
		edit(&o)
		if p, err := New(o); !errors.Is(err, want) || p != nil {
			t.Errorf("%v, %v; want %v", p, err, want)
		}
	}
}
