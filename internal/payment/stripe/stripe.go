// Package stripe takes payments by Stripe Checkout.
//
// It speaks Stripe's API through Stripe's own library, over a client that is handed in,
// and verifies the signature of each event. It refuses to know what becomes of an event.
// Its one invariant: without a signing secret no event is accepted.
package stripe

import (
	"errors"
	"io"
	"net/http"

	api "github.com/stripe/stripe-go/v84"

	"skytower/internal/payment"
)

// Options are what a Processor is made of. Key, WebhookSecret and Client are required.
type Options struct {
	Key           string // Stripe's secret key
	WebhookSecret string // the signing secret of the webhook
	// Client reaches Stripe. Its answers are bounded and its redirects are not followed.
	Client *http.Client
	URL    string // of Stripe's API; "": Stripe's own
}

// Bounds.
const (
	// MaxEvent bounds the body of an event, in bytes.
	MaxEvent = 1 << 20
	// maxAnswer bounds an answer of the API, in bytes.
	maxAnswer = 1 << 20
	// retries after a failure of the network; the library waits about half a second
	// before each.
	retries = 1
	// maxCents is the largest amount that Stripe takes.
	maxCents = 99_999_999
	// product is what the payer sees on the page and on the receipt.
	product = "Credit"
	// clientInfo goes out in place of what the library tells of the machine.
	clientInfo = `{"lang":"go","publisher":"stripe"}`
)

// Processor is safe for concurrent use.
type Processor struct {
	client *api.Client
	secret string
}

var _ payment.Processor = (*Processor)(nil)

var (
	errNoKey    = errors.New("stripe: a secret key is needed (stripe_key)")
	errNoSecret = errors.New("stripe: a signing secret is needed (stripe_webhook_secret): without one anybody could make events")
	errNoClient = errors.New("stripe: a client is needed")
)

// New refuses to work without a key, or without a signing secret.
func New(o Options) (*Processor, error) {
	switch {
	case o.Key == "":
		return nil, errNoKey
	case o.WebhookSecret == "":
		return nil, errNoSecret
	case o.Client == nil:
		return nil, errNoClient
	}
	config := &api.BackendConfig{
		HTTPClient: bounded(o.Client), MaxNetworkRetries: api.Int64(retries), EnableTelemetry: api.Bool(false),
		// Errors are returned; the library would write them, and debug lines, to the
		// standard outputs.
		LeveledLogger: &api.LeveledLogger{Level: api.LevelNull},
	}
	if o.URL != "" {
		config.URL = api.String(o.URL)
	}
	return &Processor{client: api.NewClient(o.Key, api.WithBackends(api.NewBackendsWithConfig(config))), secret: o.WebhookSecret}, nil
}

// Name is stripe.
func (*Processor) Name() string { return "stripe" }

// bounded is the client with bounded answers and without redirects: they would be
// followed with the secret key in hand.
func bounded(c *http.Client) *http.Client {
	out := *c
	next := c.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	out.Transport = boundedTransport{next}
	out.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &out
}

type boundedTransport struct{ next http.RoundTripper }

// RoundTrip cuts the answer after maxAnswer bytes, which leaves no valid JSON.
func (t boundedTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = &boundedBody{Reader: io.LimitReader(resp.Body, maxAnswer), Closer: resp.Body}
	return resp, nil
}

type boundedBody struct {
	io.Reader
	io.Closer
}
