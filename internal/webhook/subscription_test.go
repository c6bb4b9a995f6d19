package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"skytower/internal/egress"
	"skytower/internal/fault"
)

func TestParseSubscription(t *testing.T) {
	t.Parallel()
	const hook = "https://app.example/hook"
	for _, c := range []struct {
		webhook string
		filter  []string
		url     string
		events  []string
	}{
		{``, nil, "", nil},
		{`null`, nil, "", nil},
		{`""`, nil, "", nil},
		{`{}`, nil, "", nil},
		{`{"url":null,"events":[]}`, nil, "", nil},
		{`{"url":"","events":["completed"]}`, []string{"start"}, "", nil},
		{`"` + hook + `"`, nil, hook, nil},
		{` "http://127.0.0.1:9/x?y=z" `, nil, "http://127.0.0.1:9/x?y=z", nil},
		{`{"url":"` + hook + `"}`, nil, hook, nil},
		{`{"url":"` + hook + `","events":null,"other":1}`, nil, hook, nil},
		{`{"url":"` + hook + `","events":["completed","failed","completed"]}`, nil, hook, []string{"completed", "failed"}},
		{`{"url":"` + hook + `","events":["prediction.cancelled","prediction.canceled"]}`, nil, hook, []string{"prediction.cancelled", "prediction.canceled"}},
		{`"` + hook + `"`, []string{"start", "completed"}, hook, []string{"start", "completed"}},
		{`"` + hook + `"`, []string{"completed"}, hook, []string{"completed", "failed", "canceled"}},
		{`{"url":"` + hook + `","events":["started"]}`, []string{"logs"}, hook, []string{"started", "logs"}},
	} {
		got, err := ParseSubscription(json.RawMessage(c.webhook), c.filter)
		if err != nil || got.URL != c.url || !slices.Equal(got.Events, c.events) {
			t.Errorf("%s %q: %+v, %v", c.webhook, c.filter, got, err)
		}
	}
}

func TestWrongSubscriptions(t *testing.T) {
	t.Parallel()
	long := `"https://app.example/` + strings.Repeat("x", maxURL) + `"`
	for _, c := range []struct {
		webhook string
		filter  []string
		param   string
		says    string
	}{
		{`7`, nil, "webhook", "must be an address"},
		{`["https://app.example"]`, nil, "webhook", "must be an address"},
		{`{"url":7}`, nil, "webhook.url", "must be a text"},
		{`{"url":"https://app.example","events":"completed"}`, nil, "webhook.events", "list of texts"},
		{`{"events":["finished"]}`, nil, "webhook.events", `"finished"`},
		{`{"events":["Completed"]}`, nil, "webhook.events", "prediction.succeeded"},
		{`""`, []string{"end"}, "webhook_events_filter", "start, output, logs"},
		{`""`, slices.Repeat([]string{"logs"}, 33), "webhook_events_filter", "more than 32"},
		{`{"events":["` + strings.Repeat("é", 60) + `"]}`, nil, "webhook.events", `é…"`},
		{`"ftp://app.example"`, nil, "webhook", "https://"},
		{`"/hook"`, nil, "webhook", "absolute"},
		{`"https:///hook"`, nil, "webhook", "absolute"},
		{`"https:app.example"`, nil, "webhook", "absolute"},
		{`"https://app.example/\u0000"`, nil, "webhook", "absolute"},
		{`{"url":"https://me:hunter2@app.example"}`, nil, "webhook.url", "password"},
		{long, nil, "webhook", "2048 bytes"},
	} {
		got, err := ParseSubscription(json.RawMessage(c.webhook), c.filter)
		e := fault.From(err)
		if !fault.Is(err, fault.InvalidParameter) || e.HTTPStatus() != 400 || e.Param != c.param || !strings.Contains(e.Message, c.says) ||
			!strings.Contains(e.Message, "'"+c.param+"'") || got.URL != "" {
			t.Errorf("%.80s %q: %+v, %v", c.webhook, c.filter, got, err)
		}
		if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "xxxx")) {
			t.Errorf("the error repeats the address: %v", err)
		}
	}
}

// Which word each vocabulary has for each kind; "" where the subscriber does not want it.
func TestWants(t *testing.T) {
	t.Parallel()
	kinds := []Kind{Started, Output, Logs, Succeeded, Failed, Cancelled}
	for _, c := range []struct {
		events string
		words  [6]string
	}{
		{"", [6]string{"started", "output", "logs", "completed", "failed", "canceled"}},
		{"started completed failed canceled", [6]string{"started", "", "", "completed", "failed", "canceled"}},
		{"completed", [6]string{3: "completed"}},
		{"cancelled", [6]string{5: "cancelled"}},
		{"prediction.started prediction.succeeded prediction.failed prediction.cancelled",
			[6]string{"prediction.started", "", "", "prediction.succeeded", "prediction.failed", "prediction.cancelled"}},
		{"prediction.canceled", [6]string{5: "prediction.canceled"}},
		{"start output logs completed", [6]string{"start", "output", "logs", "completed", "completed", "completed"}},
		{"output completed", [6]string{1: "output", 3: "completed", 4: "completed", 5: "completed"}},
		{"output completed failed", [6]string{1: "output", 3: "completed", 4: "failed"}},
		{"failed prediction.failed", [6]string{4: "failed"}},
		{"logs", [6]string{2: "logs"}},
	} {
		sub := Subscription{URL: "https://app.example", Events: strings.Fields(c.events)}
		for i, kind := range kinds {
			word, ok := sub.Wants(kind)
			if word != c.words[i] || ok != (word != "") {
				t.Errorf("%q wants %s as %q, %v; should be %q", c.events, kind, word, ok, c.words[i])
			}
		}
	}
}

// names resolves a name to what it says, as a name server does.
type names map[string]string

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if text, ok := n[host]; ok {
		return []netip.Addr{netip.MustParseAddr(text)}, nil
	}
	return nil, errors.New("no such host")
}

func TestCheck(t *testing.T) {
	t.Parallel()
	policy := egress.Foreign(egress.Rules{AllowPrefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Log: slog.New(slog.DiscardHandler)})
	dns := names{"public.example": "93.184.216.34", "inside.example": "10.1.2.3"}
	const violation, parameter = fault.SecurityViolation, fault.InvalidParameter
	for _, c := range []struct {
		url                  string
		off, private, always fault.ID // plain http: switched off, to private hosts, to all
	}{
		{"", "", "", ""},
		{"https://public.example/hook", "", "", ""},
		{"https://unknown.example/hook", "", "", ""},
		{"https://127.0.0.1/hook", violation, violation, violation},
		{"http://169.254.169.254/latest", violation, violation, violation},
		{"https://10.1.2.3/hook", "", "", ""},
		{"http://10.1.2.3/hook", parameter, "", ""},
		{"http://inside.example/hook", parameter, "", ""},
		{"http://public.example/hook", parameter, parameter, ""},
		{"http://93.184.216.34/hook", parameter, parameter, ""},
		{"http://unknown.example/hook", parameter, parameter, ""},
	} {
		for i, want := range []fault.ID{c.off, c.private, c.always} {
			s := &Service{o: Options{Addresses: policy, Resolver: dns, PlainPrivate: i == 1, PlainHTTP: i == 2}}
			err := s.Check(t.Context(), Subscription{URL: c.url})
			if want == "" && err != nil || want != "" && !fault.Is(err, want) {
				t.Errorf("%s, %d: %v, want %q", c.url, i, err, want)
			}
		}
	}
}

// A subscription's address is asked about again at the delivery.
func TestPlainHTTPIsRefusedAtTheDelivery(t *testing.T) {
	t.Parallel()
	r := newRoom(t, sqlite(t), func(o *Options) { o.PlainHTTP = false })
	to := newReceiver(t, nil)
	r.tell(to.sub, "p1", Succeeded, `{}`)
	r.try(r.list("p1")[0].ID)
	got := r.list("p1")[0]
	if len(to.got()) != 0 || len(got.Attempts) != 1 || !strings.Contains(got.Attempts[0].Error, "plain http is switched off") {
		t.Errorf("delivery is %+v", got)
	}
}
