package httpx_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"skytower/internal/fault"
	"skytower/internal/httpx"
)

// site is a real listener with one handler; every finished record comes out of
// records.
type site struct {
	*httptest.Server
	records chan httpx.Record
	log     *strings.Builder
}

func serve(t *testing.T, h httpx.Handler) *site {
	t.Helper()
	return serveWith(t, &httpx.Server{}, h)
}

func serveWith(t *testing.T, s *httpx.Server, h httpx.Handler) *site {
	t.Helper()
	out := &site{records: make(chan httpx.Record, 16), log: &strings.Builder{}}
	s.Done = func(r *httpx.Record) { out.records <- *r }
	s.Log = slog.New(slog.NewTextHandler(out.log, nil))
	out.Server = httptest.NewServer(s.Handle("/route", h, func(c *httpx.Call, f *fault.Error) {
		c.Record.Outcome = "error"
		_ = c.JSON(f.HTTPStatus(), map[string]string{"error_id": string(f.ID), "message": f.Message})
	}))
	out.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(out.Close)
	return out
}

// record waits for the record of one request.
func (s *site) record(t *testing.T) httpx.Record {
	t.Helper()
	select {
	case r := <-s.records:
		return r
	case <-time.After(30 * time.Second):
		t.Fatal("the request left no record")
		return httpx.Record{}
	}
}

// noMore fails if another record came. Close waits for the handlers, so that none
// can come later.
func (s *site) noMore(t *testing.T) {
	t.Helper()
	s.CloseClientConnections()
	s.Close()
	if n := len(s.records); n > 0 {
		t.Errorf("%d more records than requests", n)
	}
}

func (s *site) get(t *testing.T) (*http.Response, string) {
	t.Helper()
	return s.send(t, http.MethodGet, nil)
}

func (s *site) send(t *testing.T, method string, body io.Reader) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/some/path?secret=1", body)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(text)
}

// raw opens a connection and writes text to it as it stands.
func (s *site) raw(t *testing.T, text string) (net.Conn, *bufio.Reader) {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

// response reads one response from a raw connection.
func response(t *testing.T, r *bufio.Reader) (*http.Response, string) {
	t.Helper()
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	return res, string(body)
}

// background is a context that outlives the test's, for calls that end by
// themselves.
func background() context.Context { return context.Background() }
