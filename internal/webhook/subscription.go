package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"skytower/internal/egress"
	"skytower/internal/fault"
)

// Bounds of a subscription.
const (
	maxURL    = 2048 // bytes
	maxEvents = 32   // words, as written
	maxShown  = 40   // characters of a wrong word in an error
	// maxLookup bounds the look-up of a receiver's name at the create.
	maxLookup = 3 * time.Second
)

// Subscription is what a caller asked for, with its own words for the events.
type Subscription struct {
	URL    string
	Events []string // as written; empty: every event
}

// ParseSubscription reads a create's `webhook` (an address, or {url, events}) and
// `webhook_events_filter`. No address is a zero Subscription. Errors are
// INVALID_PARAMETER about the field. It looks at the form alone; Check asks the policy.
func ParseSubscription(webhook json.RawMessage, filter []string) (Subscription, error) {
	address, events, field, err := readWebhook(webhook)
	if err != nil {
		return Subscription{}, err
	}
	if err := checkWords("webhook.events", events); err != nil {
		return Subscription{}, err
	}
	if err := checkWords("webhook_events_filter", filter); err != nil {
		return Subscription{}, err
	}
	if address == "" {
		return Subscription{}, nil
	}
	if err := checkAddress(field, address); err != nil {
		return Subscription{}, err
	}
	return Subscription{URL: address, Events: distinct(append(slices.Clone(events), filterWords(filter)...))}, nil
}

// readWebhook reads the field's three forms. field names the address in errors.
func readWebhook(raw json.RawMessage) (address string, events []string, field string, err error) {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return "", nil, "", nil
	case raw[0] == '"':
		if err := json.Unmarshal(raw, &address); err != nil {
			return "", nil, "", fault.Invalid("webhook", "'webhook' is not a valid JSON text.")
		}
		return address, nil, "webhook", nil
	case raw[0] != '{':
		return "", nil, "", fault.Invalid("webhook", "'webhook' must be an address, or an object with 'url' and 'events'.")
	}
	var object struct{ URL, Events json.RawMessage }
	if err := json.Unmarshal(raw, &object); err != nil {
		return "", nil, "", fault.Invalid("webhook", "'webhook' is not a valid JSON object.")
	}
	if object.URL != nil && json.Unmarshal(object.URL, &address) != nil {
		return "", nil, "", fault.Invalid("webhook.url", "'webhook.url' must be a text, or null for no webhook.")
	}
	if object.Events != nil && json.Unmarshal(object.Events, &events) != nil {
		return "", nil, "", fault.Invalid("webhook.events", "'webhook.events' must be a list of texts.")
	}
	return address, events, "webhook.url", nil
}

// checkAddress checks the form. Errors do not repeat the address: it may hold a secret.
func checkAddress(field, address string) error {
	if len(address) > maxURL {
		return fault.Invalid(field, "'%s' has more than %d bytes.", field, maxURL)
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Opaque != "" || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		return fault.Invalid(field, "'%s' must be an absolute address that begins with https://.", field)
	case u.User != nil:
		return fault.Invalid(field, "'%s' must not hold a user name or password.", field)
	}
	return nil
}

// Check asks whether this process calls the subscription's address at all: plain http
// only where it is allowed, and no address that the policy refuses whatever it resolves
// to. The policy is asked again at each delivery.
func (s *Service) Check(ctx context.Context, sub Subscription) error {
	if sub.URL == "" {
		return nil
	}
	u, err := url.Parse(sub.URL)
	if err != nil {
		return fault.Invalid("webhook.url", "'webhook.url' is not an address.")
	}
	if s.o.Addresses != nil {
		if err := s.o.Addresses.CheckURL(u); err != nil {
			return &fault.Error{ID: fault.SecurityViolation, Param: "webhook.url", Err: err,
				Message: "The webhook's address is one that this server must not call.",
				Details: "Use a public address."}
		}
	}
	if u.Scheme == "http" && !s.mayGoPlain(ctx, u) {
		return fault.Invalid("webhook.url", "The webhook's address must begin with https://: plain http is switched off on this server.")
	}
	return nil
}

// mayGoPlain reports whether http without TLS may go to the address. A name that turns
// private here and public at the delivery gains plain http and nothing else: what may be
// reached is the client's to say.
func (s *Service) mayGoPlain(ctx context.Context, u *url.URL) bool {
	if s.o.PlainHTTP || !s.o.PlainPrivate {
		return s.o.PlainHTTP
	}
	ctx, cancel := context.WithTimeout(ctx, maxLookup)
	defer cancel()
	private, err := egress.IsPrivateHost(ctx, s.o.Resolver, u.Hostname())
	return private && err == nil
}

// Wants reports whether the subscription asks for the kind, and under which word.
func (s Subscription) Wants(k Kind) (word string, ok bool) {
	if len(s.Events) == 0 {
		return plainWord(k), true
	}
	broad := anyEnd(s.Events)
	for _, w := range s.Events {
		if kind, _ := meaning(w); kind == k || broad && w == wordCompleted && k.terminal() {
			return w, true
		}
	}
	return "", false
}

// enveloped reports whether the subscriber speaks the vocabulary whose bodies have an
// envelope (contract 15.6).
func (s Subscription) enveloped() bool {
	return slices.ContainsFunc(s.Events, func(w string) bool { return strings.HasPrefix(w, envelopePrefix) })
}

const (
	envelopePrefix = "prediction."
	// wordCompleted is success in one vocabulary, and any end in another.
	wordCompleted = "completed"
)

// word is one word for an event, and the vocabulary (A, B, C in contract 11) that alone
// has it; 0 where several have it.
type word struct {
	text   string
	kind   Kind
	family byte
}

// vocabulary lists the words of all three families, in both spellings.
func vocabulary() []word {
	return []word{
		{"started", Started, 'A'}, {wordCompleted, Succeeded, 0}, {"failed", Failed, 'A'},
		{"canceled", Cancelled, 'A'}, {"cancelled", Cancelled, 'A'},
		{"prediction.started", Started, 'B'}, {"prediction.succeeded", Succeeded, 'B'}, {"prediction.failed", Failed, 'B'},
		{"prediction.cancelled", Cancelled, 'B'}, {"prediction.canceled", Cancelled, 'B'},
		{"start", Started, 'C'}, {"output", Output, 'C'}, {"logs", Logs, 'C'},
	}
}

// meaning gives the kind that a word stands for, and the family that alone has it.
func meaning(text string) (Kind, byte) {
	for _, w := range vocabulary() {
		if w.text == text {
			return w.kind, w.family
		}
	}
	return "", 0
}

// plainWord is the word for a kind where the subscriber named none: family A's, and C's
// for what A does not have.
func plainWord(k Kind) string {
	for _, w := range vocabulary() {
		if w.kind == k {
			return w.text
		}
	}
	return string(k)
}

// anyEnd reports whether `completed` among the words means any end, not success alone:
// so it does beside words that family C alone has, unless one of A's own stands there.
func anyEnd(words []string) bool {
	filter, own := false, false
	for _, w := range words {
		_, family := meaning(w)
		filter, own = filter || family == 'C', own || family == 'A'
	}
	return filter && !own
}

// filterWords are the words of webhook_events_filter. That is family C, whose `completed`
// means any end; where the other words don't show the family, the other ends are added in
// A's words, since words are all that is kept of a subscription.
func filterWords(filter []string) []string {
	if !slices.Contains(filter, wordCompleted) || anyEnd(filter) {
		return filter
	}
	return append(slices.Clone(filter), plainWord(Failed), plainWord(Cancelled))
}

func checkWords(field string, words []string) error {
	if len(words) > maxEvents {
		return fault.Invalid(field, "'%s' has more than %d entries.", field, maxEvents)
	}
	for _, w := range words {
		if kind, _ := meaning(w); kind == "" {
			return fault.Invalid(field, "'%s' names %q, which is no event. Known are: %s.", field, cut(w, maxShown), known())
		}
	}
	return nil
}

func known() string {
	var texts []string
	for _, w := range vocabulary() {
		texts = append(texts, w.text)
	}
	return strings.Join(texts, ", ")
}

// cut shortens a text to n characters.
func cut(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n]) + "…"
	}
	return text
}

func distinct(words []string) []string {
	var out []string
	for _, w := range words {
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}
