package http1

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// script is a raw server: fn gets each accepted connection and its number, from 1.
type script struct {
	URL      *url.URL
	accepted atomic.Int32
}

func serve(t testing.TB, fn func(n int, c *peer)) *script {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &script{URL: &url.URL{Scheme: "http", Host: ln.Addr().String(), Path: "/v1/chat"}}
	var mu sync.Mutex
	var open []net.Conn
	var running sync.WaitGroup
	running.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, nc)
			mu.Unlock()
			n := int(s.accepted.Add(1))
			running.Go(func() {
				defer nc.Close()
				fn(n, &peer{Conn: nc, r: bufio.NewReaderSize(nc, 64<<10)})
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		mu.Lock()
		for _, nc := range open {
			nc.Close()
		}
		mu.Unlock()
		running.Wait()
	})
	return s
}

// peer is the server's end of a connection.
type peer struct {
	net.Conn
	r *bufio.Reader
}

// request reads one request whole; ok is false at the connection's end.
func (p *peer) request() (method, body string, ok bool) {
	r, err := http.ReadRequest(p.r)
	if err != nil {
		return "", "", false
	}
	b, err := io.ReadAll(r.Body)
	return r.Method, string(b), err == nil
}

func (p *peer) say(s string) { io.WriteString(p.Conn, s) }

// answerAll answers each request on the connection with text.
func (p *peer) answerAll(text string) {
	for {
		if _, _, ok := p.request(); !ok {
			return
		}
		p.say(text)
	}
}

func client(t testing.TB, change func(*Options)) *Client {
	t.Helper()
	var d net.Dialer
	o := Options{Dial: d.DialContext, DialTimeout: 10 * time.Second, FirstByte: 20 * time.Second, Idle: 20 * time.Second, IdleTime: time.Minute}
	if change != nil {
		change(&o)
	}
	c := New(o)
	t.Cleanup(c.CloseIdle)
	return c
}

func (s *script) post(body string) *Request {
	return &Request{Method: "POST", URL: s.URL, Body: []byte(body), Header: Header{{"Content-Type", "application/json"}}}
}

// call does one request and reads the answer to its end.
func call(t testing.TB, c *Client, r *Request) (int, string, error) {
	t.Helper()
	resp, err := c.Do(t.Context(), r)
	if err != nil {
		return 0, "", err
	}
	b, err := io.ReadAll(resp.Body)
	return resp.Status, string(b), err
}

func mustCall(t testing.TB, c *Client, r *Request, status int, body string) {
	t.Helper()
	got, text, err := call(t, c, r)
	if err != nil || got != status || text != body {
		t.Fatalf("got %d %.80q, error %v; want %d %.80q", got, text, err, status, body)
	}
}

func (p *pool) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, list := range p.hosts {
		n += len(list)
	}
	return n
}

// awaitReadable blocks until the only idle connection has something to read, its
// end included.
func (p *pool) awaitReadable(t testing.TB) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, list := range p.hosts {
		for _, c := range list {
			c.nc.SetDeadline(time.Now().Add(20 * time.Second))
			waitReadable(t, c)
		}
	}
}

func cancelled(t testing.TB) (context.Context, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	return ctx, cancel
}
