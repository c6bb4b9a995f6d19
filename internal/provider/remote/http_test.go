package remote

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start makes an upstream, and a client that takes answers of at most 1,000 bytes.
func start(t *testing.T) (*providertest.Upstream, *Client) {
	t.Helper()
	up := providertest.NewUpstream(t, providertest.HTTP1)
	return up, New(Options{
		BaseURL: up.URL, Credential: "token", Header: egress.Header{{Name: "X-Token", Value: "token"}},
		Upstream: up.Client, MaxAnswer: 1000, Wait: providertest.NoWait,
	})
}

func get(c *Client, bare bool) *Request {
	return &Request{Method: http.MethodGet, URL: c.URL("x"), Bare: bare, Header: egress.Header{{Name: "Accept", Value: "a/b"}}}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	up, c := start(t)
	up.On("/x", providertest.JSON(200, "{}"))
	for bare, token := range map[bool]string{true: "", false: "token"} {
		if _, err := c.Do(t.Context(), get(c, bare)); err != nil {
			t.Fatal(err)
		}
		if h := up.Last().Header; h.Get("X-Token") != token || h.Get("Accept") != "a/b" {
			t.Errorf("bare %v: headers %v", bare, h)
		}
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]providertest.Script{
		"long": providertest.JSON(200, strings.Repeat(" ", 1001)),
		"long without a length": func(x *providertest.Exchange) {
			x.Head(200)
			x.Say(strings.Repeat(" ", 1001))
		},
		"coded": func(x *providertest.Exchange) { x.Head(200, "Content-Encoding", "gzip"); x.Say("{}") },
		"cut":   func(x *providertest.Exchange) { x.Head(200); x.Say("{"); x.Cut() },
		"moved": func(x *providertest.Exchange) { x.Head(302, "Location", "/y") },
	} {
		up, c := start(t)
		up.On("/x", script)
		_, err := c.Do(t.Context(), get(c, false))
		want := provider.Broken
		if name == "moved" {
			want = provider.Denied
		}
		if err == nil || provider.ClassOf(err) != want || WasCut(err) != (name == "cut") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		class  provider.Class
		code   string
	}{
		"Skytells":    {451, `{"error":{"message":"no","error_id":"SOME_ID","code":"some_code"}}`, provider.Rejected, "SOME_ID"},
		"OpenAI":      {400, `{"error":{"message":"no","code":"some_code"}}`, provider.Rejected, "some_code"},
		"conflict":    {409, `{"detail":"no"}`, provider.Rejected, ""},
		"silent":      {409, ``, provider.Denied, ""},
		"no method":   {405, `{"detail":"no"}`, provider.Denied, ""},
		"page":        {400, `<html>`, provider.Broken, ""},
		"credential":  {400, `{"error":{"message":"no","code":"the token is bad"}}`, provider.Rejected, "the [upstream] is bad"},
		"unavailable": {503, `{}`, provider.Busy, ""},
	} {
		up, client := start(t)
		up.On("/x", providertest.JSON(c.status, c.body))
		_, err := client.Do(t.Context(), get(client, false))
		var e *provider.Error
		if !errors.As(err, &e) || e.Class != c.class || e.Code != c.code || e.Status != c.status {
			t.Errorf("%s: %+v", name, err)
		}
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	up, c := start(t)
	up.On("/x", providertest.Events(": keep-alive\n\n", "event: a\r\nid: 7\r\ndata: one\r\ndata:two\r\n\r\n", "event: none\n\n", "data\n\ndata: {}\n\n", "data: unended\n"))
	events := open(t, c)
	for i, want := range []Event{{"a", "7", []byte("one\ntwo")}, {"", "", []byte("")}, {"", "", []byte("{}")}} {
		ev, err := events.Next()
		if err != nil || ev.Name != want.Name || ev.ID != want.ID || string(ev.Data) != string(want.Data) {
			t.Errorf("event %d: %+v, error %v", i, ev, err)
		}
	}
	if ev, err := events.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end %+v, error %v", ev, err)
	}
}

func open(t *testing.T, c *Client) *Events {
	t.Helper()
	resp, err := c.Open(t.Context(), get(c, false))
	if err != nil {
		t.Fatal(err)
	}
	events := c.Events(resp)
	t.Cleanup(events.Close)
	return events
}

func TestEventsAreBounded(t *testing.T) {
	t.Parallel()
	for name, piece := range map[string]string{
		"a line": "data: " + strings.Repeat("x", 10<<10), "many lines": strings.Repeat("data: "+strings.Repeat("x", 100)+"\n", 20),
	} {
		up, c := start(t)
		up.On("/x", providertest.Events(piece))
		if _, err := open(t, c).Next(); provider.ClassOf(err) != provider.Broken || errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEventsAreCut(t *testing.T) {
	t.Parallel()
	up, c := start(t)
	up.On("/x", func(x *providertest.Exchange) { providertest.Events("data: {}\n")(x); x.Cut() })
	if _, err := open(t, c).Next(); !WasCut(err) {
		t.Errorf("error %v", err)
	}
}
