package http1

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const ok2 = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

func TestOneConnectionServesManyRequests(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ int, p *peer) { p.answerAll(ok2) })
	c := client(t, nil)
	for range 20 {
		mustCall(t, c, s.post("{}"), 200, "ok")
	}
	if n := s.accepted.Load(); n != 1 {
		t.Errorf("%d connections were opened, want 1", n)
	}
}

func TestRequestOnTheWire(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	s := serve(t, func(_ int, p *peer) {
		b := make([]byte, 64<<10)
		n, _ := p.Read(b) // one read: head and body came in one write
		got <- string(b[:n])
		p.say(ok2)
	})
	c := client(t, func(o *Options) { o.UserAgent = "skytower" })
	u := *s.URL
	u.RawQuery = "a=b"
	r := &Request{Method: "POST", URL: &u, Header: Header{{"X-A", "1"}, {"X-A", "2"}}, Body: []byte(`{"x":1}`)}
	mustCall(t, c, r, 200, "ok")
	want := "POST /v1/chat?a=b HTTP/1.1\r\nHost: " + s.URL.Host +
		"\r\nContent-Length: 7\r\nUser-Agent: skytower\r\nX-A: 1\r\nX-A: 2\r\n\r\n{\"x\":1}"
	if text := <-got; text != want {
		t.Errorf("sent %q, want %q", text, want)
	}
}

func TestRefusesRequestsThatChangeTheMessage(t *testing.T) {
	t.Parallel()
	plain := &url.URL{Scheme: "http", Host: "127.0.0.1:1", Path: "/"}
	for name, r := range map[string]*Request{
		"line break in value": {Method: "GET", URL: plain, Header: Header{{"X", "a\r\nHost: b"}}},
		"NUL in value":        {Method: "GET", URL: plain, Header: Header{{"X", "a\x00"}}},
		"name with space":     {Method: "GET", URL: plain, Header: Header{{"X Y", "a"}}},
		"own length":          {Method: "GET", URL: plain, Header: Header{{"content-length", "1"}}},
		"own coding":          {Method: "GET", URL: plain, Header: Header{{"Transfer-Encoding", "chunked"}}},
		"own host":            {Method: "GET", URL: plain, Header: Header{{"HOST", "b"}}},
		"method":              {Method: "GET / HTTP/1.1\r\nX:", URL: plain},
		"no method":           {URL: plain},
		"query":               {Method: "GET", URL: &url.URL{Scheme: "http", Host: "a", RawQuery: "a b\r\nX: y"}},
		"host":                {Method: "GET", URL: &url.URL{Scheme: "http", Host: "a\r\nX: y"}},
		"credentials":         {Method: "GET", URL: &url.URL{Scheme: "http", Host: "a", User: url.User("u")}},
		"scheme":              {Method: "GET", URL: &url.URL{Scheme: "https", Host: "a"}},
		"no URL":              {Method: "GET"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := client(t, func(o *Options) {
				o.Dial = func(context.Context, string, string) (net.Conn, error) {
					t.Error("it dialled")
					return nil, errors.New("no")
				}
			})
			_, err := c.Do(t.Context(), r)
			if !errors.Is(err, ErrRequest) {
				t.Errorf("error %v, want %v", err, ErrRequest)
			}
		})
	}
}

// Pitfall 1: nothing of one answer may show on the next one that has the same
// connection.
func TestPitfall1OldBodyDoesNotTouchTheNextAnswer(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ int, p *peer) { p.answerAll("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello") })
	c := client(t, nil)
	first, err := c.Do(t.Context(), s.post("1"))
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(first.Body); err != nil || string(b) != "hello" {
		t.Fatalf("first answer %q, %v", b, err)
	}
	second, err := c.Do(t.Context(), s.post("2"))
	if err != nil {
		t.Fatal(err)
	}
	if s.accepted.Load() != 1 {
		t.Fatal("the connection was not reused")
	}
	if n := first.Body.Buffered(); n != 0 {
		t.Errorf("the old body has %d bytes buffered", n)
	}
	if n, err := first.Body.Read(make([]byte, 9)); n != 0 || err != io.EOF {
		t.Errorf("the old body gave %d bytes, %v", n, err)
	}
	first.Body.Close()
	if b, err := io.ReadAll(second.Body); err != nil || string(b) != "hello" {
		t.Errorf("second answer %q, %v", b, err)
	}
}

// Pitfall 2: a connection whose context's end has closed it, or that holds bytes
// nobody asked for, is not reused.
func TestPitfall2ConnectionIsDroppedWhenCancelledOrLeftOver(t *testing.T) {
	t.Parallel()
	t.Run("cancelled before the end is read", func(t *testing.T) {
		t.Parallel()
		s := serve(t, func(_ int, p *peer) { p.answerAll(ok2) })
		c := client(t, nil)
		ctx, cancel := cancelled(t)
		resp, err := c.Do(ctx, s.post(""))
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		io.ReadAll(resp.Body) // the content is here, or the connection is closed: both are right
		if n := c.idle.count(); n != 0 {
			t.Fatalf("%d connections are kept", n)
		}
		mustCall(t, c, s.post(""), 200, "ok")
	})
	t.Run("cancelled after the end", func(t *testing.T) {
		t.Parallel()
		s := serve(t, func(_ int, p *peer) { p.answerAll(ok2) })
		c := client(t, nil)
		for range 5 {
			ctx, cancel := cancelled(t)
			resp, err := c.Do(ctx, s.post(""))
			if err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(resp.Body); err != nil || string(b) != "ok" {
				t.Fatalf("%q, %v", b, err)
			}
			cancel()
		}
		if n := s.accepted.Load(); n != 1 {
			t.Errorf("%d connections, want 1", n)
		}
	})
	t.Run("bytes after the answer", func(t *testing.T) {
		t.Parallel()
		s := serve(t, func(_ int, p *peer) { p.answerAll(ok2 + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil") })
		c := client(t, nil)
		mustCall(t, c, s.post(""), 200, "ok")
		mustCall(t, c, s.post(""), 200, "ok")
		if n := s.accepted.Load(); n != 2 {
			t.Errorf("%d connections, want 2", n)
		}
	})
	t.Run("bytes while idle", func(t *testing.T) {
		t.Parallel()
		say := make(chan struct{})
		s := serve(t, func(n int, p *peer) {
			p.request()
			p.say(ok2)
			if n == 1 {
				<-say
				p.say("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
			}
			p.request()
		})
		c := client(t, nil)
		mustCall(t, c, s.post(""), 200, "ok")
		close(say)
		c.idle.awaitReadable(t)
		mustCall(t, c, s.post(""), 200, "ok")
	})
}

// Pitfall 3: a stale connection costs nothing, and work is never sent twice.
func TestPitfall3StaleConnectionIsNoticedBeforeSending(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen := map[string]int{}
	s := serve(t, func(_ int, p *peer) {
		_, body, ok := p.request()
		if !ok {
			return
		}
		mu.Lock()
		seen[body]++
		mu.Unlock()
		p.say(ok2) // and closes, though it promised to stay
	})
	c := client(t, nil)
	for i := range 30 {
		mustCall(t, c, s.post(fmt.Sprint(i)), 200, "ok")
		c.idle.awaitReadable(t)
	}
	mu.Lock()
	defer mu.Unlock()
	for body, n := range seen {
		if n != 1 {
			t.Errorf("request %s was seen %d times", body, n)
		}
	}
	if len(seen) != 30 {
		t.Errorf("%d requests were seen, want 30", len(seen))
	}
}

func TestPitfall3EndWithoutAnswerIsAmbiguousAndNotRepeated(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"small", strings.Repeat("x", 300<<10)} {
		t.Run(fmt.Sprint(len(body)), func(t *testing.T) {
			t.Parallel()
			var requests sync.Map
			s := serve(t, func(n int, p *peer) {
				for i := 0; ; i++ {
					if _, _, ok := p.request(); !ok {
						return
					}
					requests.Store([2]int{n, i}, true)
					if i == 1 {
						return // the second request on a connection gets no answer
					}
					p.say(ok2)
				}
			})
			c := client(t, nil)
			mustCall(t, c, s.post("first"), 200, "ok")
			_, _, err := call(t, c, s.post(body))
			var e *Error
			if !errors.As(err, &e) || e.Kind != ErrAmbiguous || !e.Sent {
				t.Fatalf("error %#v, want ambiguous and sent", err)
			}
			if n := s.accepted.Load(); n != 1 {
				t.Errorf("%d connections: it was tried again", n)
			}
		})
	}
}

// brokenConn is a connection whose writes fail without taking a byte.
type brokenConn struct{ *net.TCPConn }

func (brokenConn) Write([]byte) (int, error) { return 0, errors.New("write: broken pipe") }

func TestPitfall3UnsentRequestGoesOutOnAFreshConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ int, p *peer) { p.answerAll(ok2) })
	c := client(t, nil)
	mustCall(t, c, s.post(""), 200, "ok")
	cn := c.idle.get(s.URL.Host, time.Now())
	cn.nc = brokenConn{cn.nc.(*net.TCPConn)}
	c.idle.put(cn, time.Minute)
	mustCall(t, c, s.post(""), 200, "ok")
	if n := s.accepted.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

func TestUnsentOnAFreshConnectionIsADialError(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ int, p *peer) {})
	c := client(t, func(o *Options) {
		o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := new(net.Dialer).DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return brokenConn{nc.(*net.TCPConn)}, nil
		}
	})
	_, _, err := call(t, c, s.post(""))
	var e *Error
	if !errors.As(err, &e) || e.Kind != ErrDial || e.Sent {
		t.Errorf("error %#v, want a dial error, unsent", err)
	}
}

// Pitfall 4: a cut must not look like a good end. (What the relay does about it is
// the relay's matter.)
func TestPitfall4CutIsSeen(t *testing.T) {
	t.Parallel()
	reset := func(p *peer) { p.Conn.(*net.TCPConn).SetLinger(0) }
	for name, tc := range map[string]struct {
		answer string
		before func(*peer)
		kind   Kind
	}{
		"length":            {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", nil, ErrCut},
		"chunk":             {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello", nil, ErrCut},
		"after a chunk":     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", nil, ErrCut},
		"in a chunk's size": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1", nil, ErrCut},
		"in the trailer":    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", nil, ErrCut},
		"reset":             {"HTTP/1.1 200 OK\r\n\r\nhello", reset, ErrCut},
		"bad chunk":         {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloo\r\n0\r\n\r\n", nil, ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(_ int, p *peer) {
				p.request()
				p.say(tc.answer)
				if tc.before != nil {
					p.r.ReadByte() // until the client has read
					tc.before(p)
				}
			})
			c := client(t, nil)
			resp, err := c.Do(t.Context(), s.post(""))
			if err != nil {
				t.Fatal(err)
			}
			b := make([]byte, 5)
			if _, err := io.ReadFull(resp.Body, b); err != nil || string(b) != "hello" {
				t.Fatalf("got %q, %v", b, err)
			}
			if tc.before != nil {
				resp.Body.(*body).conn.nc.Write([]byte("x"))
			}
			_, err = io.ReadAll(resp.Body)
			if !errors.Is(err, tc.kind) || errors.Is(err, io.EOF) {
				t.Errorf("error %v, want %v", err, tc.kind)
			}
			if _, again := resp.Body.Read(b); again != err {
				t.Errorf("a further read gave %v", again)
			}
			if n := c.idle.count(); n != 0 {
				t.Errorf("%d connections are kept", n)
			}
		})
	}
}

func TestCutInTheHead(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ int, p *peer) { p.request(); p.say("HTTP/1.1 200 OK\r\nConte") })
	_, _, err := call(t, client(t, nil), s.post(""))
	var e *Error
	if !errors.As(err, &e) || e.Kind != ErrCut || !e.Sent {
		t.Errorf("error %#v, want cut and sent", err)
	}
}

// Pitfall 6: after an early refusal the body is the caller's again, though the
// answer's own end has not come.
func TestPitfall6BodyIsLeftAloneAfterARefusal(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	s := serve(t, func(_ int, p *peer) {
		p.r.ReadByte()
		p.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\n\r\ntoo")
		<-done
	})
	t.Cleanup(func() { close(done) })
	resp, err := client(t, nil).Do(t.Context(), s.post(strings.Repeat("x", 32<<20)))
	if err != nil || resp.Status != 413 {
		t.Fatalf("answer %v, error %v", resp, err)
	}
	// The race detector does not see into the write itself, so ask for its end.
	if !resp.Body.(*body).send.ended() {
		t.Error("the request's body is still being written")
	}
	resp.Body.Close()
}

func TestPitfall7EarlyAnswer(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 32<<20)
	t.Run("refused and closed", func(t *testing.T) {
		t.Parallel()
		s := serve(t, func(_ int, p *peer) {
			p.r.ReadByte()
			p.say("HTTP/1.1 413 Content Too Large\r\nContent-Length: 9\r\nConnection: close\r\n\r\ntoo large")
			p.Conn.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, p.Conn)
		})
		c := client(t, nil)
		mustCall(t, c, s.post(large), 413, "too large")
		mustCall(t, c, s.post("x"), 413, "too large")
	})
	t.Run("refused, open and not reading", func(t *testing.T) {
		t.Parallel()
		done := make(chan struct{})
		s := serve(t, func(_ int, p *peer) {
			p.r.ReadByte()
			p.say("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno")
			<-done
		})
		t.Cleanup(func() { close(done) })
		c := client(t, nil)
		mustCall(t, c, s.post(large), 401, "no")
		if n := c.idle.count(); n != 0 {
			t.Errorf("%d half-used connections are kept", n)
		}
	})
	t.Run("answer while still reading", func(t *testing.T) {
		t.Parallel()
		s := serve(t, func(_ int, p *peer) {
			p.r.Peek(1)
			p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
			_, body, _ := p.request()
			p.say(fmt.Sprintf("%x\r\n%d\r\n0\r\n\r\n", len(fmt.Sprint(len(body))), len(body)))
		})
		mustCall(t, client(t, nil), s.post(large), 200, "hello"+fmt.Sprint(len(large)))
	})
	t.Run("write fails, answer is there", func(t *testing.T) {
		t.Parallel()
		s := serve(t, func(_ int, p *peer) {
			p.r.ReadByte()
			p.say("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy")
			// Closing with unread bytes resets the connection.
		})
		status, _, err := call(t, client(t, nil), s.post(large))
		var e *Error
		if err == nil && status != 503 || err != nil && (!errors.As(err, &e) || !e.Sent) {
			t.Errorf("status %d, error %v", status, err)
		}
	})
}

func TestPitfall7Timeouts(t *testing.T) {
	t.Parallel()
	const short = 30 * time.Millisecond
	hang := func(text string) func(int, *peer) {
		return func(_ int, p *peer) { p.request(); p.say(text); p.request() }
	}
	wait := func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
	for name, tc := range map[string]struct {
		server func(int, *peer)
		change func(*Options)
		body   string
		phase  Phase
		sent   bool
	}{
		"dial":         {hang(""), func(o *Options) { o.Dial, o.DialTimeout = wait, short }, "", PhaseDial, false},
		"no answer":    {hang(""), func(o *Options) { o.FirstByte = short }, "", PhaseFirstByte, true},
		"half a head":  {hang("HTTP/1.1 200 OK\r\nA: b\r\n"), func(o *Options) { o.FirstByte = short }, "", PhaseFirstByte, true},
		"not reading":  {func(_ int, p *peer) { p.r.Peek(1); p.request() }, func(o *Options) { o.FirstByte = short; o.Dial = stuck }, strings.Repeat("x", 1<<20), PhaseFirstByte, false},
		"length":       {hang("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"), func(o *Options) { o.Idle = short }, "", PhaseIdle, true},
		"chunk's size": {hang("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), func(o *Options) { o.Idle = short }, "", PhaseIdle, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, tc.server)
			_, _, err := call(t, client(t, tc.change), s.post(tc.body))
			var e *Error
			if !errors.As(err, &e) || e.Kind != ErrTimeout || e.Phase != tc.phase || e.Sent != tc.sent || !e.Timeout() {
				t.Errorf("error %v (%+v), want a timeout, phase %s, sent %v", err, e, tc.phase, tc.sent)
			}
		})
	}
}

// stuck dials a connection whose writes wait for their deadline or its closing.
func stuck(ctx context.Context, network, addr string) (net.Conn, error) {
	nc, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	a, b := net.Pipe()
	return &stuckConn{Conn: nc, pipe: a, other: b}, nil
}

type stuckConn struct {
	net.Conn
	pipe, other net.Conn
}

func (c *stuckConn) Write(b []byte) (int, error) { return c.pipe.Write(b) }
func (c *stuckConn) SetDeadline(t time.Time) error {
	c.pipe.SetDeadline(t)
	return c.Conn.SetDeadline(t)
}
func (c *stuckConn) Close() error { c.pipe.Close(); c.other.Close(); return c.Conn.Close() }

func TestHeadBoundDoesNotHoldForTheBody(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ int, p *peer) {
		p.request()
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
		p.r.ReadByte()
		p.say("world")
		p.r.ReadByte()
	})
	for _, idle := range []time.Duration{0, time.Hour} {
		c := client(t, func(o *Options) { o.Idle, o.FirstByte = idle, time.Second })
		resp, err := c.Do(t.Context(), s.post(""))
		if err != nil {
			t.Fatal(err)
		}
		io.ReadFull(resp.Body, make([]byte, 5))
		cn := resp.Body.(*body).conn
		// As if the head's time had run out meanwhile.
		cn.setDeadline(time.Unix(1, 0))
		cn.bodyDeadline(idle)
		cn.nc.SetWriteDeadline(time.Time{})
		cn.nc.Write([]byte("x"))
		if b, err := io.ReadAll(resp.Body); err != nil || string(b) != "world" {
			t.Errorf("idle bound %s: got %q, error %v", idle, b, err)
		}
	}
}

// A deadline is moved only when less than the whole wait is left, and then by a
// quarter more: a wait is never cut short, and not much longer.
func TestDeadlinesMoveSeldom(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ int, p *peer) {
		for {
			if _, _, ok := p.request(); !ok {
				return
			}
			p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
			for range 20 {
				p.say("1\r\nx\r\n")
			}
			p.say("0\r\n\r\n")
		}
	})
	var moved []time.Time
	c := client(t, func(o *Options) {
		o.FirstByte, o.Idle = time.Hour, time.Hour
		o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			nc, err := new(net.Dialer).DialContext(ctx, network, addr)
			return timedConn{nc.(*net.TCPConn), &moved}, err
		}
	})
	for range 3 {
		mustCall(t, c, s.post(""), 200, strings.Repeat("x", 20))
	}
	if len(moved) != 1 || s.accepted.Load() != 1 {
		t.Errorf("deadlines were set %d times on %d connections, want once on one", len(moved), s.accepted.Load())
	}
	now := time.Now()
	for _, tc := range []struct {
		left time.Duration
		want bool
	}{{time.Hour, true}, {75 * time.Minute, true}, {time.Hour - 1, false}, {75*time.Minute + 1, false}, {-time.Hour, false}} {
		if got := fits(now.Add(tc.left), now, time.Hour); got != tc.want {
			t.Errorf("with %s left a deadline fits: %v", tc.left, got)
		}
	}
	if fits(time.Time{}, now, time.Hour) {
		t.Error("no deadline fits")
	}
}

// timedConn notes the deadlines that are set.
type timedConn struct {
	*net.TCPConn
	moved *[]time.Time
}

func (c timedConn) SetDeadline(by time.Time) error {
	*c.moved = append(*c.moved, by)
	return c.TCPConn.SetDeadline(by)
}

func (c timedConn) SetReadDeadline(by time.Time) error {
	*c.moved = append(*c.moved, by)
	return c.TCPConn.SetReadDeadline(by)
}

func TestPitfall7AnswersWithoutContent(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		method, answer string
		status         int
		length         int64
	}{
		"204":               {"POST", "HTTP/1.1 204 No Content\r\n\r\n", 204, -1},
		"304 with length":   {"GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, 9},
		"HEAD with length":  {"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 200, 9},
		"HEAD with chunked": {"HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, -1},
		"length 0":          {"POST", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, 0},
		"empty chunked":     {"POST", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, -1},
		"trailers":          {"POST", "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\nA: b\r\nC: d\r\n\r\n", 200, -1},
		"interim":           {"POST", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, 0},
		"long head line":    {"POST", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", 20<<10) + "\r\nContent-Length: 0\r\n\r\n", 200, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(_ int, p *peer) { p.answerAll(tc.answer) })
			c := client(t, nil)
			for range 3 {
				resp, err := c.Do(t.Context(), &Request{Method: tc.method, URL: s.URL})
				if err != nil {
					t.Fatal(err)
				}
				if resp.Status != tc.status || resp.ContentLength != tc.length {
					t.Errorf("status %d, length %d", resp.Status, resp.ContentLength)
				}
				if b, err := io.ReadAll(resp.Body); err != nil || len(b) > 0 {
					t.Errorf("content %q, error %v", b, err)
				}
			}
			if n := s.accepted.Load(); n != 1 {
				t.Errorf("%d connections, want 1", n)
			}
		})
	}
}

func TestConnectionIsClosedWhenTheAnswerSaysSo(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"close":          "HTTP/1.1 200 OK\r\nConnection: Keep-Alive, Close\r\nContent-Length: 2\r\n\r\nok",
		"two fields":     "HTTP/1.1 200 OK\r\nConnection: close\r\nConnection: x\r\nContent-Length: 2\r\n\r\nok",
		"HTTP/1.0":       "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"keeps a second": "HTTP/1.1 200 OK\r\nKeep-Alive: max=9, timeout=1\r\nContent-Length: 2\r\n\r\nok",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(_ int, p *peer) { p.answerAll(answer) })
			c := client(t, nil)
			mustCall(t, c, s.post(""), 200, "ok")
			if n := c.idle.count(); n != 0 {
				t.Errorf("%d connections are kept", n)
			}
		})
	}
}

func TestContentUntilTheConnectionEnds(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ int, p *peer) { p.request(); p.say("HTTP/1.1 200 OK\r\n\r\nhello") })
	c := client(t, nil)
	mustCall(t, c, s.post(""), 200, "hello")
	if n := c.idle.count(); n != 0 {
		t.Errorf("%d connections are kept", n)
	}
}

func TestEachChunkArrivesBeforeTheNextIsWritten(t *testing.T) {
	t.Parallel()
	next := make(chan struct{})
	s := serve(t, func(_ int, p *peer) {
		p.request()
		p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		for range 50 {
			<-next
			p.say("5\r\nhello\r\n")
		}
		p.say("0\r\n\r\n")
		p.request()
	})
	resp, err := client(t, nil).Do(t.Context(), s.post(""))
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 64)
	for range 50 {
		next <- struct{}{}
		n, err := resp.Body.Read(b)
		if err != nil || string(b[:n]) != "hello" {
			t.Fatalf("got %q, %v", b[:n], err)
		}
		if n := resp.Body.Buffered(); n != 0 {
			t.Fatalf("%d bytes are said to be here", n)
		}
	}
	if _, err := resp.Body.Read(b); err != io.EOF {
		t.Errorf("error %v at the end", err)
	}
}

func TestBufferedIsExact(t *testing.T) {
	t.Parallel()
	// Three chunks and the framing of a fourth come in one write.
	s := serve(t, func(_ int, p *peer) {
		p.request()
		p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n3\r\nghi\r\n3")
		p.request()
		p.say("\r\njkl\r\n0\r\n\r\n")
	})
	resp, err := client(t, nil).Do(t.Context(), s.post(""))
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 2)
	for _, step := range []struct{ buffered int }{{3}, {1}, {2}, {3}, {1}} {
		if n := resp.Body.Buffered(); n != step.buffered {
			t.Errorf("buffered %d, want %d", n, step.buffered)
		}
		if n, err := resp.Body.Read(b); n == 0 || err != nil {
			t.Fatalf("read %d, %v", n, err)
		}
	}
	if n := resp.Body.Buffered(); n != 0 {
		t.Errorf("buffered %d, but a read would wait", n)
	}
	resp.Body.Close()
}

func TestCancelEndsTheCall(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]string{"before the head": "", "mid-stream": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked, gone := make(chan struct{}), make(chan struct{})
			s := serve(t, func(_ int, p *peer) {
				p.request()
				p.say(head)
				close(asked)
				p.r.ReadByte() // returns when the client hangs up
				close(gone)
			})
			ctx, cancel := cancelled(t)
			go func() { <-asked; cancel() }()
			resp, err := client(t, nil).Do(ctx, s.post(""))
			if err == nil {
				_, err = io.ReadAll(resp.Body)
			}
			var e *Error
			if !errors.As(err, &e) || e.Kind != ErrCancelled || !e.Sent || !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
			<-gone
		})
	}
	t.Run("before it began", func(t *testing.T) {
		t.Parallel()
		s := serve(t, func(_ int, p *peer) { t.Error("it dialled") })
		ctx, cancel := cancelled(t)
		cancel()
		_, err := client(t, nil).Do(ctx, s.post(""))
		var e *Error
		if !errors.As(err, &e) || e.Kind != ErrCancelled || e.Sent {
			t.Errorf("error %v", err)
		}
	})
	t.Run("while a large body is sent", func(t *testing.T) {
		t.Parallel()
		asked, gone := make(chan struct{}), make(chan struct{})
		s := serve(t, func(_ int, p *peer) { p.r.ReadByte(); close(asked); <-gone })
		ctx, cancel := cancelled(t)
		go func() { <-asked; cancel() }()
		_, err := client(t, nil).Do(ctx, s.post(strings.Repeat("x", 32<<20)))
		close(gone)
		if !errors.Is(err, ErrCancelled) {
			t.Errorf("error %v", err)
		}
	})
}

func TestCloseMidStreamHangsUp(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	s := serve(t, func(_ int, p *peer) {
		p.request()
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")
		p.r.ReadByte()
		close(gone)
	})
	resp, err := client(t, nil).Do(t.Context(), s.post(""))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	resp.Body.Close()
	<-gone
	if _, err := resp.Body.Read(make([]byte, 1)); !errors.Is(err, ErrClosed) {
		t.Errorf("error %v after Close", err)
	}
}

func TestMalformedAnswers(t *testing.T) {
	t.Parallel()
	const ch = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	for name, answer := range map[string]string{
		"not HTTP":             "SSH-2.0-x\r\n\r\n",
		"HTTP/2":               "HTTP/2.0 200 OK\r\n\r\n",
		"empty line first":     "\r\nHTTP/1.1 200 OK\r\n\r\n",
		"status of two digits": "HTTP/1.1 20 OK\r\n\r\n",
		"status of four":       "HTTP/1.1 2000 OK\r\n\r\n",
		"status below 100":     "HTTP/1.1 099 OK\r\n\r\n",
		"switched protocols":   "HTTP/1.1 101 Switching Protocols\r\n\r\n",
		"folded line":          "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
		"space before colon":   "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
		"no colon":             "HTTP/1.1 200 OK\r\nContent-Length 2\r\n\r\nok",
		"control character":    "HTTP/1.1 200 OK\r\nA: b\x00c\r\n\r\n",
		"bare CR":              "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
		"two lengths":          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
		"list of lengths":      "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
		"signed length":        "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
		"empty length":         "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
		"huge length":          "HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n",
		"length and chunked":   "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
		"two codings":          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"unknown coding":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		"chunked in 1.0":       "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"no chunk size":        ch + "\r\nok\r\n0\r\n\r\n",
		"0x chunk size":        ch + "0x2\r\nok\r\n0\r\n\r\n",
		"spaced chunk size":    ch + "2 \r\nok\r\n0\r\n\r\n",
		"huge chunk size":      ch + "fffffffffffffffff\r\nok",
		"LF after chunk size":  ch + "2\nok\r\n0\r\n\r\n",
		"LF after chunk":       ch + "2\r\nok\n0\r\n\r\n",
		"long extension":       ch + "2;" + strings.Repeat("x", 300) + "\r\nok\r\n0\r\n\r\n",
		"bad trailer":          ch + "0\r\nA b\r\n\r\n",
		"endless trailer":      ch + "0\r\n" + strings.Repeat("A: bbbbbbbbbb\r\n", 1000) + "\r\n",
		"endless interim":      strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 20) + ok2,
		"endless head":         "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: bbbbbbbbbb\r\n", 10000) + "\r\n",
		"endless line":         "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("b", 100000) + "\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(_ int, p *peer) { p.request(); p.say(answer); p.request() })
			c := client(t, nil)
			_, _, err := call(t, c, s.post(""))
			var e *Error
			if !errors.As(err, &e) || e.Kind != ErrMalformed || !e.Sent {
				t.Errorf("error %v", err)
			}
			if c.idle.count() != 0 {
				t.Error("the connection is kept")
			}
		})
	}
}

func TestBodiesOfAllSizesAreIdentical(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 1000, 4095, 4096, 4097, directBody, directBody + 1, 1 << 20} {
		for _, chunk := range []int{0, 7, 1000, 70000} {
			if chunk == 7 && size > 5000 {
				continue
			}
			t.Run(fmt.Sprintf("%d by %d", size, chunk), func(t *testing.T) {
				t.Parallel()
				s := serve(t, func(_ int, p *peer) {
					for {
						_, body, ok := p.request()
						if !ok {
							return
						}
						p.say(encode(body, chunk))
					}
				})
				c := client(t, nil)
				var running sync.WaitGroup
				for w := range 4 {
					running.Go(func() {
						text := strings.Repeat(string(rune('a'+w))+"bcdefghijklmnopq", size/16+1)[:size]
						for range 3 {
							if _, got, err := call(t, c, s.post(text)); err != nil || got != text {
								t.Errorf("got %d bytes, error %v", len(got), err)
							}
						}
					})
				}
				running.Wait()
			})
		}
	}
}

// encode makes an answer with the body in chunks of the given size, 0 for one
// with a length.
func encode(body string, chunk int) string {
	if chunk == 0 {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	}
	var b strings.Builder
	b.WriteString("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
	for len(body) > 0 {
		n := min(chunk, len(body))
		fmt.Fprintf(&b, "%X;x=y\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	b.WriteString("0\r\n\r\n")
	return b.String()
}

func TestPoolBounds(t *testing.T) {
	t.Parallel()
	a := make([]*conn, 3)
	for i := range a {
		nc, other := net.Pipe()
		t.Cleanup(func() { nc.Close(); other.Close() })
		a[i] = newConn(nc, "h", 512, new(spares))
	}
	p := &pool{perHost: 2, hosts: map[string][]*conn{}}
	t.Cleanup(p.closeAll)
	if !p.put(a[0], time.Hour) || !p.put(a[1], time.Hour) || p.put(a[2], time.Hour) {
		t.Error("two connections are kept, and no third one")
	}
	if p.get("other", time.Now()) != nil {
		t.Error("a connection to another host came out")
	}
	if p.get("h", time.Now().Add(2*time.Hour)) != nil {
		t.Error("an expired connection came out")
	}
	if p.get("h", time.Now()) != a[1] || p.get("h", time.Now()) != a[0] || p.get("h", time.Now()) != nil {
		t.Error("the last one put in comes out first")
	}
}

func TestIdleConnectionsAreClosedInTime(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	s := serve(t, func(_ int, p *peer) { p.answerAll(ok2); close(gone) })
	c := client(t, func(o *Options) { o.IdleTime = 30 * time.Millisecond })
	mustCall(t, c, s.post(""), 200, "ok")
	<-gone // the sweep hung up
	if n := c.idle.count(); n != 0 {
		t.Errorf("%d connections are kept", n)
	}
}

func TestPassedDeadlineDoesNotSpoilReuse(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ int, p *peer) { p.answerAll(ok2) })
	c := client(t, nil)
	mustCall(t, c, s.post(""), 200, "ok")
	cn := c.idle.get(s.URL.Host, time.Now())
	cn.setDeadline(time.Unix(1, 0))
	c.idle.put(cn, time.Minute)
	mustCall(t, c, s.post(""), 200, "ok")
	if n := s.accepted.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

func TestErrorTexts(t *testing.T) {
	t.Parallel()
	e := &Error{Kind: ErrTimeout, Phase: PhaseIdle, Err: io.ErrUnexpectedEOF}
	if e.Error() != "timed out (idle): unexpected EOF" || !errors.Is(e, io.ErrUnexpectedEOF) || !errors.Is(e, ErrTimeout) {
		t.Errorf("%v", e)
	}
	if got := (&Error{Kind: ErrDial}).Error(); got != "cannot connect" {
		t.Error(got)
	}
}

// waitAndRead reads a body to its end, and never without having waited for it.
func waitAndRead(t *testing.T, b *body) (string, error) {
	t.Helper()
	var out strings.Builder
	p := make([]byte, 20<<10)
	for {
		b.Wait()
		if b.err == nil && b.Buffered() == 0 {
			t.Fatal("Wait returned although Read would wait")
		}
		n, err := b.Read(p)
		out.Write(p[:n])
		if err != nil {
			return out.String(), err
		}
	}
}

func TestBodyCanBeWaitedFor(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789abcde\n", 8<<10)
	events := []string{text[:10], text[10:200], text[200:5000], text[5000:70_000], text[70_000:]}
	chunked := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, e := range events {
		chunked += fmt.Sprintf("%x\r\n%s\r\n", len(e), e)
	}
	for name, tc := range map[string]struct {
		answer string
		want   error
		kept   int
	}{
		"chunks":     {chunked + "0\r\n\r\n", io.EOF, 1},
		"length":     {fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text), io.EOF, 1},
		"until end":  {"HTTP/1.1 200 OK\r\n\r\n" + text, io.EOF, 0},
		"cut":        {chunked, ErrCut, 0},
		"cut length": {fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text)+1, text), ErrCut, 0},
		"malformed":  {chunked + "x\r\n", ErrMalformed, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for range 20 { // however the bytes come
				s := serve(t, func(_ int, p *peer) {
					p.request()
					p.say(tc.answer)
					if tc.kept > 0 {
						p.request()
					}
				})
				c := client(t, nil)
				resp, err := c.Do(t.Context(), s.post(""))
				if err != nil {
					t.Fatal(err)
				}
				got, err := waitAndRead(t, resp.Body.(*body))
				if got != text || !errors.Is(err, tc.want) {
					t.Fatalf("%d bytes, error %v", len(got), err)
				}
				if n := c.idle.count(); n != tc.kept {
					t.Fatalf("%d connections are kept", n)
				}
			}
		})
	}
}

func TestCancelEndsWait(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ int, p *peer) {
		p.request()
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")
		p.r.ReadByte() // until the client has gone
	})
	c := client(t, nil)
	ctx, cancel := cancelled(t)
	resp, err := c.Do(ctx, s.post(""))
	if err != nil {
		t.Fatal(err)
	}
	go cancel()
	resp.Body.(*body).Wait()
	if _, err := resp.Body.Read(make([]byte, 1)); !errors.Is(err, ErrCancelled) {
		t.Errorf("error %v", err)
	}
}

func TestBuffersFitWhatComes(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("x"), 1<<20)
	src := bytes.NewReader(data)
	rd := &reader{size: 512, spare: new(spares)}
	rd.late = lateFrom{src}
	var sizes []int
	for _, limit := range []int64{100, 512, 2048, 2048, 600, 512, 100, 512} {
		rd.giveBack()
		if rd.buf != nil {
			t.Fatal("an empty buffer is kept")
		}
		rd.late = lateFrom{io.LimitReader(src, limit)}
		if err := rd.fill(); err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(rd.buf))
		rd.discard(rd.buffered())
	}
	if diff := cmp.Diff([]int{512, 512, 2048, 2048, 2048, 2048, 512, 512}, sizes); diff != "" {
		t.Error(diff)
	}
}

// lateFrom is a source that always has something.
type lateFrom struct{ io.Reader }

func (l lateFrom) readLate(b *reader) (int, error) {
	b.take()
	return l.Read(b.buf)
}
