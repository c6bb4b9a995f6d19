package httpx_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"skytower/internal/fault"
	"skytower/internal/httpx"
)

func TestOneRecordAfterSuccess(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *httpx.Call) error {
		c.Record.Account = "acct"
		return c.JSON(http.StatusCreated, map[string]int{"n": 1})
	})
	res, body := s.get(t)
	r := s.record(t)
	if res.StatusCode != 201 || body != `{"n":1}` || res.Header.Get("Content-Type") != "application/json" || res.ContentLength != 7 {
		t.Errorf("got %d %q %v", res.StatusCode, body, res.Header)
	}
	if r.ID != res.Header.Get("X-Request-Id") || !regexp.MustCompile(`^req_[0-9a-z]{26}$`).MatchString(r.ID) {
		t.Errorf("request id %q, header %q", r.ID, res.Header.Get("X-Request-Id"))
	}
	want := httpx.Record{
		ID: r.ID, Method: "GET", Route: "/route", Path: "/some/path", Client: "127.0.0.1", Start: r.Start,
		Status: 201, Duration: r.Duration, FirstByte: r.FirstByte, BytesOut: 7, Account: "acct", Outcome: "ok",
	}
	if r != want {
		t.Errorf("got record\n%+v\nwant\n%+v", r, want)
	}
	if r.FirstByte <= 0 || r.Duration < r.FirstByte {
		t.Errorf("first byte after %v of %v", r.FirstByte, r.Duration)
	}
	s.noMore(t)
}

func TestOneRecordAfterError(t *testing.T) {
	t.Parallel()
	cause := errors.New("no room on disk")
	for name, c := range map[string]struct {
		err    error
		status int
		body   string
	}{
		"ours":       {fault.New(fault.Forbidden, "Not you."), 403, `{"error_id":"FORBIDDEN","message":"Not you."}`},
		"a stranger": {cause, 500, `{"error_id":"INTERNAL_ERROR","message":"The server met an unexpected condition."}`},
	} {
		s := serve(t, func(*httpx.Call) error { return c.err })
		res, body := s.get(t)
		r := s.record(t)
		if res.StatusCode != c.status || body != c.body {
			t.Errorf("%s: got %d %s", name, res.StatusCode, body)
		}
		if r.Status != c.status || r.Outcome != "error" || !errors.Is(r.Err, c.err) || r.ErrorID != string(fault.From(c.err).ID) {
			t.Errorf("%s: got record %+v", name, r)
		}
		s.noMore(t)
	}
}

func TestPanicBecomesAnInternalError(t *testing.T) {
	t.Parallel()
	s := serve(t, func(*httpx.Call) error { panic("the reason") })
	res, body := s.get(t)
	r := s.record(t)
	if res.StatusCode != 500 || strings.Contains(body, "the reason") {
		t.Errorf("got %d %s", res.StatusCode, body)
	}
	if r.Status != 500 || r.ErrorID != "INTERNAL_ERROR" || r.Err == nil {
		t.Errorf("got record %+v", r)
	}
	s.noMore(t)
	if log := s.log.String(); !strings.Contains(log, "the reason") || !strings.Contains(log, "httpx_test.go") || !strings.Contains(log, r.ID) {
		t.Errorf("the log lacks reason, stack or request id: %s", log)
	}
}

// Half an answer followed by an error must not look like a whole one.
func TestErrorAfterTheHeadCutsTheConnection(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]httpx.Handler{
		"error": func(c *httpx.Call) error {
			events := c.SSE(time.Minute)
			defer events.Close()
			_ = events.Event("", []byte("1"))
			_ = events.Flush()
			return errors.New("half-way")
		},
		"panic": func(c *httpx.Call) error {
			events := c.SSE(time.Minute)
			defer events.Close()
			_ = events.Event("", []byte("1"))
			_ = events.Flush()
			panic("half-way")
		},
		"abort": func(c *httpx.Call) error {
			w, _ := c.Sub()
			_, _ = w.Write([]byte("data: 1\n\n"))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
	} {
		s := serve(t, h)
		_, in := s.raw(t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		line := make([]byte, 64)
		n, _ := res.Body.Read(line)
		if got := string(line[:n]); got != "data: 1\n\n" {
			t.Errorf("%s: got %q", name, got)
		}
		if _, err := res.Body.Read(line); err == nil || err.Error() != "unexpected EOF" {
			t.Errorf("%s: the answer seems whole: %v", name, err)
		}
		if r := s.record(t); r.Status != 200 || r.Outcome == "" || r.Outcome == "ok" {
			t.Errorf("%s: got record %+v", name, r)
		}
		s.noMore(t)
	}
}

func TestHangUpIsRecordedAs499(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{})
	s := serve(t, func(c *httpx.Call) error {
		close(entered)
		<-c.Request.Context().Done()
		return fmt.Errorf("call the upstream: %w", c.Request.Context().Err())
	})
	ctx, leave := context.WithCancel(background())
	go func() {
		<-entered
		leave()
	}()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if res, err := s.Client().Do(req); err == nil {
		_ = res.Body.Close()
		t.Error("an answer came")
	}
	if r := s.record(t); r.Status != httpx.StatusHangUp || r.Outcome != "hang_up" || r.FirstByte != 0 || r.BytesOut != 0 {
		t.Errorf("got record %+v", r)
	}
	s.noMore(t)
}

func TestWithHandsTheCallerOn(t *testing.T) {
	t.Parallel()
	auth := func(c *httpx.Call) (string, error) {
		if c.Request.Header.Get("X-Who") == "" {
			return "", fault.New(fault.Unauthorized, "Who are you?")
		}
		return c.Request.Header.Get("X-Who"), nil
	}
	s := serve(t, httpx.With(auth, func(c *httpx.Call, who string) error { return c.JSON(200, who) }))
	if res, _ := s.get(t); res.StatusCode != 401 {
		t.Errorf("without a name: %d", res.StatusCode)
	}
	_, in := s.raw(t, "GET / HTTP/1.1\r\nHost: x\r\nX-Who: eve\r\n\r\n")
	if res, body := response(t, in); res.StatusCode != 200 || body != `"eve"` {
		t.Errorf("with a name: %d %s", res.StatusCode, body)
	}
}

func TestNewIDsDifferAndSortByTime(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	last, at := "", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for range 1000 {
		id := httpx.NewID("x_", at)
		if seen[id] || len(id) != 2+26 || id <= last {
			t.Fatalf("id %q after %q", id, last)
		}
		seen[id], last, at = true, id, at.Add(time.Millisecond)
	}
}

func TestClientAddr(t *testing.T) {
	t.Parallel()
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, c := range map[string]struct {
		remote    string
		forwarded []string
		trusted   []netip.Prefix
		want      string
	}{
		"direct":                     {"192.0.2.1:55", nil, proxies, "192.0.2.1"},
		"a stranger's header":        {"192.0.2.1:55", []string{"203.0.113.9"}, proxies, "192.0.2.1"},
		"nobody is trusted":          {"10.0.0.2:55", []string{"203.0.113.9"}, nil, "10.0.0.2"},
		"behind a proxy":             {"10.0.0.2:55", []string{"203.0.113.9"}, proxies, "203.0.113.9"},
		"behind two":                 {"10.0.0.2:55", []string{"203.0.113.9, 10.1.1.1"}, proxies, "203.0.113.9"},
		"made-up hop on the left":    {"10.0.0.2:55", []string{"1.1.1.1, 203.0.113.9, 10.1.1.1"}, proxies, "203.0.113.9"},
		"in two header lines":        {"10.0.0.2:55", []string{"1.1.1.1", "203.0.113.9"}, proxies, "203.0.113.9"},
		"rubbish":                    {"10.0.0.2:55", []string{"203.0.113.9, not an address"}, proxies, "10.0.0.2"},
		"no header":                  {"10.0.0.2:55", nil, proxies, "10.0.0.2"},
		"only proxies":               {"10.0.0.2:55", []string{"10.9.9.9"}, proxies, "10.9.9.9"},
		"IPv6 proxy":                 {"[fd00::1]:55", []string{"2001:db8::7"}, proxies, "2001:db8::7"},
		"IPv4 written as IPv6 proxy": {"[::ffff:10.0.0.2]:55", []string{"203.0.113.9"}, proxies, "203.0.113.9"},
		"no port":                    {"192.0.2.1", nil, proxies, "192.0.2.1"},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{"X-Forwarded-For": c.forwarded}}
		if got := httpx.ClientAddr(r, c.trusted); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestBase(t *testing.T) {
	t.Parallel()
	public, _ := url.Parse("https://ai.example.com/")
	for host, want := range map[string]string{
		"localhost:8080": "http://localhost:8080", "127.0.0.1:8080": "http://127.0.0.1:8080", "[::1]:80": "http://[::1]:80",
		"localhost": "http://localhost", "127.9.9.9": "http://127.9.9.9",
	} {
		if got, err := httpx.Base(nil, &http.Request{Host: host}); got != want || err != nil {
			t.Errorf("%s: got %q, %v", host, got, err)
		}
	}
	// A page in a victim's browser can name any host; our links must not follow it.
	for _, host := range []string{"evil.example", "evil.example:8080", "127.0.0.1.evil.example", "192.168.1.4", "localhost.evil.example", ""} {
		if got, err := httpx.Base(nil, &http.Request{Host: host}); !fault.Is(err, fault.InvalidRequest) {
			t.Errorf("%s: got %q, %v", host, got, err)
		}
		if got, err := httpx.Base(public, &http.Request{Host: host}); got != "https://ai.example.com" || err != nil {
			t.Errorf("%s with a public address: got %q, %v", host, got, err)
		}
	}
}
