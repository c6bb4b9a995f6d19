package http1

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// serveTLS is serve over TLS; the client's options trust it.
func serveTLS(t testing.TB, change func(*tls.Config), fn func(n int, c *peer)) (*script, func(*Options)) {
	t.Helper()
	given := httptest.NewUnstartedServer(nil)
	given.StartTLS()
	config := given.TLS.Clone()
	roots := x509.NewCertPool()
	roots.AddCert(given.Certificate())
	given.Close()
	config.NextProtos = []string{"http/1.1"}
	if change != nil {
		change(config)
	}
	s := serve(t, func(n int, c *peer) {
		server := tls.Server(c.Conn, config)
		fn(n, &peer{Conn: server, r: bufio.NewReaderSize(server, 64<<10)})
	})
	s.URL.Scheme = "https"
	return s, func(o *Options) { o.TLS = &tls.Config{RootCAs: roots} }
}

func TestTLSOneConnectionServesManyRequests(t *testing.T) {
	t.Parallel()
	for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, trust := serveTLS(t, func(c *tls.Config) { c.MaxVersion = version }, func(_ int, p *peer) { p.answerAll(ok2) })
			c := client(t, trust)
			for range 20 {
				mustCall(t, c, s.post("{}"), 200, "ok")
			}
			if n := s.accepted.Load(); n != 1 {
				t.Errorf("%d connections were opened, want 1", n)
			}
		})
	}
}

// A second connection takes the first one's session up again.
func TestTLSSessionsAreResumed(t *testing.T) {
	t.Parallel()
	resumed := make(chan bool, 2)
	s, trust := serveTLS(t, nil, func(_ int, p *peer) {
		p.request()
		resumed <- p.Conn.(*tls.Conn).ConnectionState().DidResume
		p.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
	})
	c := client(t, trust)
	for _, want := range []bool{false, true} {
		mustCall(t, c, s.post(""), 200, "ok")
		if got := <-resumed; got != want {
			t.Errorf("resumed %v, want %v", got, want)
		}
	}
}

// What TLS says for itself while a connection is idle does not spoil it; content that
// nobody asked for, and an end, do. Pitfalls 2 and 3 over TLS.
func TestTLSIdleConnectionIsChecked(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		idle  func(p *peer)
		conns int32
	}{
		"nothing":         {func(*peer) {}, 1},
		"content":         {func(p *peer) { p.say("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n") }, 2},
		"an end in order": {func(p *peer) { p.Conn.(*tls.Conn).CloseWrite() }, 2},
		"a cut":           {func(p *peer) { p.Conn.(*tls.Conn).NetConn().Close() }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answered, proceed, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
			s, trust := serveTLS(t, nil, func(n int, p *peer) {
				p.request()
				p.say(ok2)
				if n == 1 {
					close(answered)
					<-proceed
					tc.idle(p)
					close(done)
				}
				p.request()
				p.say(ok2)
			})
			c := client(t, trust)
			mustCall(t, c, s.post(""), 200, "ok")
			<-answered
			close(proceed)
			<-done
			if tc.conns == 2 {
				c.idle.awaitReadable(t)
			}
			mustCall(t, c, s.post(""), 200, "ok")
			if n := s.accepted.Load(); n != tc.conns {
				t.Errorf("%d connections, want %d", n, tc.conns)
			}
		})
	}
}

// Bytes behind the answer that TLS has taken in already don't show in the socket.
func TestTLSBytesAfterTheAnswerAreSeen(t *testing.T) {
	t.Parallel()
	s, trust := serveTLS(t, nil, func(_ int, p *peer) {
		for {
			if _, _, ok := p.request(); !ok {
				return
			}
			p.say(ok2 + strings.Repeat("evil", 4<<10)) // more than the client's buffer, in one record
		}
	})
	c := client(t, trust)
	for range 3 {
		mustCall(t, c, s.post(""), 200, "ok")
	}
	if n := s.accepted.Load(); n != 3 {
		t.Errorf("%d connections, want 3", n)
	}
}

// Only an end that TLS announces is an end: without a length a cut would look the same.
func TestTLSContentUntilTheEnd(t *testing.T) {
	t.Parallel()
	s, trust := serveTLS(t, nil, func(n int, p *peer) {
		p.request()
		p.say("HTTP/1.1 200 OK\r\n\r\nhello")
		if n == 1 {
			p.Conn.Close()
		} else {
			p.Conn.(*tls.Conn).NetConn().Close()
		}
	})
	c := client(t, trust)
	mustCall(t, c, s.post(""), 200, "hello")
	if _, text, err := call(t, c, s.post("")); !errors.Is(err, ErrCut) || text != "hello" {
		t.Errorf("%q, %v", text, err)
	}
}

// Records that have come are given together, and none is waited for.
func TestTLSRecordsAreGathered(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s, trust := serveTLS(t, nil, func(_ int, p *peer) {
		p.request()
		p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		for range 3 {
			p.say("5\r\nhello\r\n")
		}
		<-release
		p.say("0\r\n\r\n")
		p.request()
	})
	c := client(t, trust)
	resp, err := c.Do(t.Context(), s.post(""))
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 15)
	if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != "hellohellohello" {
		t.Fatalf("%q, %v", got, err)
	}
	close(release)
	if rest, err := io.ReadAll(resp.Body); err != nil || len(rest) != 0 {
		t.Errorf("%q, %v", rest, err)
	}
}

func TestTLSRefusals(t *testing.T) {
	t.Parallel()
	s, trust := serveTLS(t, nil, func(_ int, p *peer) { p.request() })
	for name, change := range map[string]func(*Options){
		"unknown authority": func(o *Options) { o.TLS = &tls.Config{} },
		"verification off":  func(o *Options) { o.TLS = &tls.Config{InsecureSkipVerify: true} },
		"another name":      func(o *Options) { trust(o); o.TLS.ServerName = "elsewhere.test" },
		"another version":   func(o *Options) { trust(o); o.TLS.MaxVersion = tls.VersionTLS11 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := call(t, client(t, change), s.post("x"))
			var e *Error
			if !errors.As(err, &e) || e.Kind != ErrDial || e.Sent {
				t.Errorf("error %v", err)
			}
		})
	}
	other, trustOther := serveTLS(t, func(c *tls.Config) { c.NextProtos = []string{"other"} }, func(_ int, p *peer) { p.request() })
	if _, _, err := call(t, client(t, trustOther), other.post("x")); !OtherProtocol(err) || OtherProtocol(errors.New("x")) {
		t.Errorf("a refusal of HTTP/1.1 is not known: %v", err)
	}
}

// A server that does not answer the handshake is bounded by the time to connect.
func TestTLSHandshakeIsBounded(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ int, p *peer) { p.r.ReadByte(); io.Copy(io.Discard, p.r) })
	s.URL.Scheme = "https"
	_, _, err := call(t, client(t, func(o *Options) { o.TLS, o.DialTimeout = &tls.Config{}, 30*time.Millisecond }), s.post(""))
	var e *Error
	if !errors.As(err, &e) || e.Kind != ErrTimeout || e.Phase != PhaseDial || e.Sent {
		t.Errorf("error %v", err)
	}
}

// failingConn fails its writes after the handshake, having sent some bytes or none.
type failingConn struct {
	net.Conn
	fails atomic.Bool
	some  bool
}

func (c *failingConn) Write(p []byte) (int, error) {
	if !c.fails.Load() {
		return c.Conn.Write(p)
	}
	n := 0
	if c.some {
		n, _ = c.Conn.Write(p[:1])
	}
	return n, os.ErrClosed
}

// TLS says that a failed Write wrote nothing; what counts is what the network took.
func TestTLSFailedWriteIsSentOnlyWhereBytesLeft(t *testing.T) {
	t.Parallel()
	for _, some := range []bool{false, true} {
		s, trust := serveTLS(t, nil, func(_ int, p *peer) { p.request() })
		c := client(t, trust)
		nc, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.URL.Host)
		if err != nil {
			t.Fatal(err)
		}
		failing := &failingConn{Conn: nc, some: some}
		secured, err := c.secure(t.Context(), failing, "127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		failing.fails.Store(true)
		cn := newConn(secured, s.URL.Host, c.opts.ReadBuffer, &c.reads)
		r := s.post("x")
		sent := c.send(cn, r)
		if sent.err == nil || sent.n > 0 != some {
			t.Errorf("%d bytes sent, error %v; want some: %v", sent.n, sent.err, some)
		}
		cn.close()
	}
}

// Large bodies both ways, and an early answer while a body is being sent.
func TestTLSLargeBodies(t *testing.T) {
	t.Parallel()
	s, trust := serveTLS(t, nil, func(_ int, p *peer) {
		for {
			_, body, ok := p.request()
			if !ok {
				return
			}
			p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
			for _, piece := range []string{body[:len(body)/2], body[len(body)/2:]} {
				io.WriteString(p.Conn, strconv.FormatInt(int64(len(piece)), 16)+"\r\n"+piece+"\r\n")
			}
			p.say("0\r\n\r\n")
		}
	})
	c := client(t, trust)
	text := strings.Repeat("0123456789abcdef", 16<<10)
	for range 2 {
		mustCall(t, c, s.post(text), 200, text)
	}
	if n := s.accepted.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}
