// Package faultsite is an upstream that goes wrong in one exact way. It speaks raw TCP
// and writes its HTTP by hand, so that a fault is the very bytes, ends and silences of
// its description and not what a server library makes of them.
//
// It knows no adapter and no protocol above HTTP: what a sound answer would be is handed
// in. Its one invariant: every request that reached it is counted, whatever became of
// it, so that a test can prove that paid work was not sent twice.
package faultsite

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Answer is what a sound upstream would say.
type Answer struct {
	Whole  string   // a JSON document
	Events []string // of a stream, each with its empty line; nil where none was asked for
	First  int      // how many events it takes until the first output was delivered
}

// Request is the head of a request.
type Request struct {
	Path   string
	Stream bool   // the caller accepts events
	ID     string // of the caller's header X-Request-Id
}

// Fault is one way to go wrong.
type Fault struct {
	Name  string
	serve func(*call)
	// unread faults act before anything of the request is read.
	unread bool
	// large is a fault of a request that is still being sent: serve begins after its head.
	large bool
	// nowhere is an address where nobody listens.
	nowhere bool
	// keep says that the connection serves further requests.
	keep bool
}

// Large reports whether the fault needs a request of some megabytes.
func (f Fault) Large() bool { return f.large }

// Site is a listener with one fault. It ends with the test.
type Site struct {
	URL *url.URL // its root

	fault    Fault
	answer   func(Request) Answer
	listener net.Listener
	closing  chan struct{}
	calls    sync.WaitGroup

	mu       sync.Mutex
	ended    *sync.Cond        // a connection was closed
	conns    map[net.Conn]bool // open ones
	opened   int
	requests []Request
}

// New starts a site. answer says what a sound one would reply; it must be safe for
// concurrent use.
func New(t testing.TB, f Fault, answer func(Request) Answer) *Site {
	t.Helper()
	s := &Site{fault: f, answer: answer, closing: make(chan struct{}), conns: map[net.Conn]bool{}}
	s.ended = sync.NewCond(&s.mu)
	if f.nowhere {
		// No unprivileged process can listen there, so nobody takes it meanwhile.
		s.URL = &url.URL{Scheme: "http", Host: "127.0.0.1:1", Path: "/"}
		return s
	}
	var err error
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	s.URL = &url.URL{Scheme: "http", Host: s.listener.Addr().String(), Path: "/"}
	s.calls.Go(s.accept)
	t.Cleanup(s.close)
	return s
}

// Requests returns how many requests with the id came; "" asks for all.
func (s *Site) Requests(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.requests {
		if id == "" || r.ID == id {
			n++
		}
	}
	return n
}

// Connections returns how many were opened.
func (s *Site) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opened
}

// AwaitClosed waits until none of its connections is open.
func (s *Site) AwaitClosed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.conns) > 0 {
		s.ended.Wait()
	}
}

func (s *Site) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.opened++
		s.conns[c] = true
		s.mu.Unlock()
		s.calls.Go(func() { s.serve(c.(*net.TCPConn)) })
	}
}

func (s *Site) close() {
	close(s.closing)
	_ = s.listener.Close()
	s.mu.Lock()
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.calls.Wait()
}

func (s *Site) serve(conn *net.TCPConn) {
	defer func() {
		_ = conn.Close()
		s.mu.Lock()
		delete(s.conns, conn)
		s.ended.Broadcast()
		s.mu.Unlock()
	}()
	if s.fault.large {
		_ = conn.SetReadBuffer(4 << 10) // so that most of the request stays with its sender
	}
	c := &call{site: s, conn: conn, in: bufio.NewReader(conn)}
	if s.fault.unread {
		s.fault.serve(c)
		return
	}
	for c.n = 1; c.read(); c.n++ {
		s.fault.serve(c)
		if !s.fault.keep || c.ended {
			return
		}
	}
}

// call is one request, on its connection.
type call struct {
	Answer
	site  *Site
	conn  *net.TCPConn
	in    *bufio.Reader
	n     int // which request of the connection it is, from 1
	ended bool
}

// read takes in the next request, or its head where the fault comes before its end. It is
// false where the caller sends none.
func (c *call) read() bool {
	r, err := http.ReadRequest(c.in)
	if err != nil {
		return false
	}
	req := Request{Path: r.URL.Path, Stream: strings.Contains(r.Header.Get("Accept"), "event-stream"), ID: r.Header.Get("X-Request-Id")}
	c.site.mu.Lock()
	c.site.requests = append(c.site.requests, req)
	c.site.mu.Unlock()
	c.Answer = c.site.answer(req)
	if c.site.fault.large {
		return true
	}
	_, err = io.Copy(io.Discard, r.Body)
	return err == nil
}

// say sends text as it is, in one piece. A caller that left is of no interest.
func (c *call) say(text string) { _, _ = io.WriteString(c.conn, text) }

// hang waits until the caller ends the connection.
func (c *call) hang() {
	_, _ = io.Copy(io.Discard, c.in)
	c.ended = true
}

// stay keeps the connection open and reads nothing more, until the test ends.
func (c *call) stay() { <-c.site.closing }

// reset ends the connection with a TCP reset.
func (c *call) reset() {
	_ = c.conn.SetLinger(0)
	_ = c.conn.Close()
	c.ended = true
}

// pause is a silence that is a part of the fault; no test depends on how long it is.
func (c *call) pause(d time.Duration) {
	select {
	case <-time.After(d):
	case <-c.site.closing:
	}
}

// head is the head of an answer; fields are whole lines.
func head(status int, fields ...string) string {
	lines := append([]string{"HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusText(status)}, fields...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// The lines of a head.
const (
	typeJSON   = "Content-Type: application/json"
	typeEvents = "Content-Type: text/event-stream"
	typePage   = "Content-Type: text/html"
	typeText   = "Content-Type: text/plain; charset=utf-8"
	lastOne    = "Connection: close"
	inChunks   = "Transfer-Encoding: chunked"
	zipped     = "Content-Encoding: gzip"
)

func length(n int) string { return "Content-Length: " + strconv.Itoa(n) }

// chunk is text as one chunk of a chunked body.
func chunk(text string) string {
	return strconv.FormatInt(int64(len(text)), 16) + "\r\n" + text + "\r\n"
}

const lastChunk = "0\r\n\r\n"

// document is a whole answer with a length.
func document(status int, body string, fields ...string) string {
	return head(status, append(fields, length(len(body)), lastOne)...) + body
}

// streamed reports whether the sound answer is a stream.
func (c *call) streamed() bool { return c.Events != nil }

// sound answers properly, with further lines in the head.
func (c *call) sound(fields ...string) {
	if !c.streamed() {
		c.say(document(http.StatusOK, c.Whole, append(fields, typeJSON)...))
		return
	}
	c.events(c.Events, fields...)
	c.say(lastChunk)
}

// events sends a part of a stream, each event as a chunk; its end stays open.
func (c *call) events(events []string, fields ...string) {
	c.say(head(http.StatusOK, append(fields, typeEvents, inChunks, lastOne)...) + chunks(events))
}

func chunks(events []string) string {
	var b strings.Builder
	for _, e := range events {
		b.WriteString(chunk(e))
	}
	return b.String()
}

// half sends the first half of a whole answer, or a stream up to its first output.
func (c *call) half() {
	if c.streamed() {
		c.events(c.Events[:c.First])
		return
	}
	c.say(head(http.StatusOK, typeJSON, length(len(c.Whole)), lastOne) + c.Whole[:len(c.Whole)/2])
}
