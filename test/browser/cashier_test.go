package browser

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

const cashierSecret = "whsec_of_the_test"

// cashier is a payment processor as far as a top-up meets it: it makes a checkout
// session, has a page to pay at, and tells the server of the payment with a signature.
type cashier struct {
	t       *testing.T
	url     string
	deliver string // where events go; set before the first payment
	mu      sync.Mutex
	order   map[string]string // of the last session
}

func newCashier(t *testing.T) *cashier {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cashier{t: t, url: "http://" + l.Addr().String()}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/checkout/sessions", c.begin)
	mux.HandleFunc("GET /pay", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Pay</title><form method="post" action="/pay"><button id="pay">Pay</button></form></html>`)
	})
	mux.HandleFunc("POST /pay", c.pay)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: patience}
	go server.Serve(l) //nolint:errcheck // until it is closed
	t.Cleanup(func() { _ = server.Close() })
	return c
}

func (c *cashier) begin(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	c.order = map[string]string{"cents": r.Form.Get("line_items[0][price_data][unit_amount]"), "checkout": r.Form.Get("metadata[checkout]"),
		"account": r.Form.Get("metadata[account]"), "back": r.Form.Get("success_url")}
	c.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"id":"cs_1","object":"checkout.session","url":%q}`, c.url+"/pay")
}

// pay tells the server first, as processors mostly do, and then leads back.
func (c *cashier) pay(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	order := c.order
	c.mu.Unlock()
	body, err := json.Marshal(map[string]any{"id": "evt_1", "object": "event", "type": "checkout.session.completed", "created": time.Now().Unix(),
		"data": map[string]any{"object": map[string]any{"id": "cs_1", "object": "checkout.session", "payment_intent": "pi_1", "payment_status": "paid",
			"amount_total": json.Number(order["cents"]), "currency": "usd", "metadata": map[string]string{"checkout": order["checkout"], "account": order["account"]}}}})
	if err != nil {
		c.t.Error(err)
	}
	at := fmt.Sprint(time.Now().Unix())
	mac := hmac.New(sha256.New, []byte(cashierSecret))
	mac.Write([]byte(at + "." + string(body)))
	event, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.deliver, strings.NewReader(string(body)))
	if err != nil {
		c.t.Error(err)
		return
	}
	event.Header.Set("Stripe-Signature", "t="+at+",v1="+hex.EncodeToString(mac.Sum(nil)))
	reply, err := http.DefaultClient.Do(event)
	if err != nil || reply.StatusCode != http.StatusOK {
		c.t.Errorf("the server did not take the payment: %v %v", reply, err)
		return
	}
	_ = reply.Body.Close()
	http.Redirect(w, r, order["back"], http.StatusSeeOther)
}
