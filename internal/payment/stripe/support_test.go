package stripe

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"skytower/internal/money"
	"skytower/internal/payment"
)

const (
	testKey    = "sk_test_4eC39HqLyjWDarjtT1zdp7dc"
	testSecret = "whsec_0123456789abcdef0123456789abcdef"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func processor(t *testing.T, url string, c *http.Client) *Processor {
	t.Helper()
	p, err := New(Options{Key: testKey, WebhookSecret: testSecret, Client: c, URL: url})
	must(t, err)
	return p
}

// mockFolder is a module of its own, which only names stripe-mock.
const mockFolder = "../../../test/stripemock"

// buildMock builds stripe-mock once for the tests of this process.
var buildMock = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "stripe-mock-")
	if err != nil {
		return "", err
	}
	program := filepath.Join(folder, "stripe-mock")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", program, "github.com/stripe/stripe-mock")
	build.Dir = mockFolder
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build stripe-mock: %w\n%s", err, out)
	}
	return program, nil
})

// supervise runs program $1 until the standard input ends, which it does however the test
// process ends, and removes the program's folder.
const supervise = `
exec 3<&0 </dev/null
"$1" -http-addr 127.0.0.1:0 -https-addr 127.0.0.1:0 3<&- &
server=$!
cat <&3 >/dev/null
kill $server
wait $server
rm -rf "$(dirname "$1")"
`

// stripeMock starts Stripe's own mock of its API, which refuses what the API's description
// does not allow, and gives its address. It is for one test.
func stripeMock(t *testing.T) string {
	t.Helper()
	program, err := buildMock()
	must(t, err)
	cmd := exec.Command("/bin/sh", "-c", supervise, "sh", program)
	held, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		must(t, held.Close())
		_ = cmd.Wait() // it ends by a signal
	})
	const listening = "Listening for HTTP at address: "
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, address, ok := strings.Cut(lines.Text(), listening); ok {
			return "http://" + address
		}
	}
	t.Fatal("stripe-mock did not start")
	return ""
}

// signed is the header of a body that was signed at a time.
func signed(body, secret string, at time.Time) http.Header {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.%s", at.Unix(), body)
	return http.Header{"Stripe-Signature": {fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))}}
}

// event is an event as Stripe writes it.
func event(id, kind, object string) string {
	return fmt.Sprintf(`{"id":%q,"object":"event","api_version":"2020-08-27","created":1793534400,"type":%q,"livemode":false,"pending_webhooks":1,"data":{"object":%s}}`, id, kind, object)
}

// purchase is one checkout in Stripe's words.
type purchase struct{ checkout, session, payment string }

func (p purchase) completed(status string) string {
	return fmt.Sprintf(`{"id":%q,"object":"checkout.session","amount_total":2500,"currency":"usd","client_reference_id":%q,"mode":"payment",
		"metadata":{"checkout":%q,"account":"acct_1"},"payment_intent":%q,"payment_status":%q,"status":"complete"}`, p.session, p.checkout, p.checkout, p.payment, status)
}

func (p purchase) expired() string {
	return fmt.Sprintf(`{"id":%q,"object":"checkout.session","amount_total":2500,"currency":"usd","metadata":{"checkout":%q},"payment_intent":null,"payment_status":"unpaid","status":"expired"}`,
		p.session, p.checkout)
}

func (p purchase) refunded(cents int) string {
	return fmt.Sprintf(`{"id":"ch_1","object":"charge","amount":2500,"amount_refunded":%d,"currency":"usd","metadata":{"checkout":%q},"payment_intent":%q,"refunded":%v}`,
		cents, p.checkout, p.payment, cents == 2500)
}

func (p purchase) dispute(id, status string, cents int) string {
	return fmt.Sprintf(`{"id":%q,"object":"dispute","amount":%d,"charge":"ch_1","currency":"usd","metadata":{},"payment_intent":%q,"status":%q}`, id, cents, p.payment, status)
}

func order() payment.Order {
	return payment.Order{ID: "chk_1", Account: "acct_1", Amount: 25*money.Dollar + 50*cent, SuccessURL: "https://app.example.com/paid?a=1&b={CHECKOUT_SESSION_ID}",
		CancelURL: "https://app.example.com/"}
}

// unused is a client that must not be needed.
func unused() *http.Client {
	return &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("no network here") })}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// idle closes what a client keeps open.
func idle(t *testing.T) *http.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
