package httpx_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"skytower/internal/httpx"
)

func TestEventsCarryIDs(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *httpx.Call) error {
		events := c.SSE(time.Minute)
		defer events.Close()
		_ = events.EventID("status", 12, []byte(`{}`))
		_ = events.EventID("status", 0, []byte(`1`))
		return events.EventID("", 9223372036854775807, []byte(`2`))
	})
	if _, body := s.get(t); body != "event: status\nid: 12\ndata: {}\n\nevent: status\ndata: 1\n\nid: 9223372036854775807\ndata: 2\n\n" {
		t.Errorf("got %q", body)
	}
}

func TestDecodeOpenIgnoresWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{`{"name":"a","other":[1]}`: 200, `{"name":1}`: 400, `{"name":"a"} 1`: 400, ``: 400, `{`: 400} {
		s := serve(t, func(c *httpx.Call) error {
			var v struct{ Name string }
			if err := c.DecodeOpen(1000, &v); err != nil {
				return err
			}
			return c.JSON(200, v)
		})
		if res, text := s.send(t, http.MethodPost, strings.NewReader(body)); res.StatusCode != want {
			t.Errorf("%q: got %d %s", body, res.StatusCode, text)
		}
	}
}

func TestUploadIsStreamedAndBounded(t *testing.T) {
	t.Parallel()
	const most = 100_000
	for name, c := range map[string]struct {
		body   io.Reader
		status int
		in     int64 // recorded at least
	}{
		"whole":       {strings.NewReader(strings.Repeat("x", most)), 200, most},
		"in chunks":   {unsized{strings.NewReader(strings.Repeat("x", most))}, 200, most},
		"one more":    {strings.NewReader(strings.Repeat("x", most+1)), 413, 0},
		"much more":   {unsized{strings.NewReader(strings.Repeat("x", 3*most))}, 413, most},
		"nothing":     {nil, 200, 0},
		"empty chunk": {unsized{strings.NewReader("")}, 200, 0},
	} {
		s := serve(t, func(c *httpx.Call) error {
			body, err := c.Upload(most)
			if err != nil {
				return err
			}
			n, err := io.Copy(io.Discard, body)
			if err != nil {
				return err
			}
			return c.JSON(200, n)
		})
		res, text := s.send(t, http.MethodPost, c.body)
		if res.StatusCode != c.status {
			t.Errorf("%s: got %d %s", name, res.StatusCode, text)
		}
		if r := s.record(t); r.Status != c.status || c.status == 200 && r.BytesIn != c.in {
			t.Errorf("%s: got record %+v", name, r)
		}
	}
}

func TestContentInRanges(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *httpx.Call) error {
		c.Header().Set("Content-Type", "image/png")
		return c.Content("a.png", time.Time{}, strings.NewReader("0123456789"))
	})
	for _, c := range []struct {
		method, wanted string
		status         int
		body           string
		length         int64
	}{
		{http.MethodGet, "", 200, "0123456789", 10},
		{http.MethodHead, "", 200, "", 10},
		{http.MethodGet, "bytes=2-4", 206, "234", 3},
		{http.MethodGet, "bytes=-1", 206, "9", 1},
	} {
		req, _ := http.NewRequestWithContext(t.Context(), c.method, s.URL, nil)
		if c.wanted != "" {
			req.Header.Set("Range", c.wanted)
		}
		res, err := s.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != c.status || string(body) != c.body || res.ContentLength != c.length || res.Header.Get("Content-Type") != "image/png" {
			t.Errorf("%s %s: got %d %q %v", c.method, c.wanted, res.StatusCode, body, res.Header)
		}
		if r := s.record(t); r.Status != c.status || r.BytesOut != int64(len(c.body)) || r.Outcome != "ok" {
			t.Errorf("%s %s: got record %+v", c.method, c.wanted, r)
		}
	}
}

// half has ten bytes and can read five.
type half struct{ *strings.Reader }

func (h half) Read(p []byte) (int, error) {
	if h.Len() <= 5 {
		return 0, errors.New("the disk is gone")
	}
	return h.Reader.Read(p[:min(len(p), 5)])
}

// A file that can't be read to its end must not look whole, nor be recorded so.
func TestContentThatBreaksOffCutsTheConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *httpx.Call) error {
		c.Header().Set("Content-Type", "image/png")
		return c.Content("a.png", time.Time{}, half{strings.NewReader("0123456789")})
	})
	_, in := s.raw(t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if data, err := io.ReadAll(in); err == nil && strings.HasSuffix(string(data), "56789") {
		t.Errorf("got %q", data)
	}
	if r := s.record(t); r.Status != 200 || r.Err == nil || r.Outcome == "ok" {
		t.Errorf("got record %+v", r)
	}
}
