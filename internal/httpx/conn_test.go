package httpx_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"skytower/internal/fault"
	"skytower/internal/httpx"
)

// own serves a handler on connections of httpx's own.
func own(t *testing.T, h httpx.Handler) string {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &httpx.Server{Done: func(*httpx.Record) {}, Log: slog.New(slog.DiscardHandler)}
	server := &http.Server{
		Handler:     s.Handle("/", h, func(c *httpx.Call, f *fault.Error) { _ = c.JSON(f.HTTPStatus(), f.Message) }),
		ConnContext: httpx.ConnContext, IdleTimeout: time.Minute, ReadHeaderTimeout: time.Minute,
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(httpx.Connections(inner))
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return inner.Addr().String()
}

// Answers of every size come whole, one after another on one connection.
func TestAnswersOnOwnConnections(t *testing.T) {
	t.Parallel()
	sizes := []int{0, 1, 3 << 10, 4000, 4 << 10, 17 << 10, 64 << 10, 64<<10 + 1, 1 << 20}
	addr := own(t, func(c *httpx.Call) error {
		body, err := c.Body(4 << 20)
		if err != nil {
			return err
		}
		return c.Raw(http.StatusOK, "text/plain", body)
	})
	var client http.Client
	defer client.CloseIdleConnections()
	for _, size := range append(sizes, sizes...) {
		want := bytes.Repeat([]byte("0123456789"), size/10+1)[:size]
		resp, err := client.Post("http://"+addr, "text/plain", bytes.NewReader(want))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes of %d, %v", len(got), size, err)
		}
	}
}

// The head of an answer whose body is not to be sent leaves, too.
func TestHeadOnOwnConnections(t *testing.T) {
	t.Parallel()
	addr := own(t, func(c *httpx.Call) error { return c.Raw(http.StatusOK, "text/plain", make([]byte, 17<<10)) })
	resp, err := http.Head("http://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.ContentLength != 17<<10 {
		t.Errorf("length %d", resp.ContentLength)
	}
}

// A caller's leaving is seen while its call is at work.
func TestHangUpOnOwnConnections(t *testing.T) {
	t.Parallel()
	working, gone := make(chan struct{}), make(chan struct{})
	addr := own(t, func(c *httpx.Call) error {
		if _, err := c.Body(1 << 10); err != nil {
			return err
		}
		close(working)
		<-c.Request.Context().Done()
		close(gone)
		return nil
	})
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}")
	<-working
	_ = conn.Close()
	<-gone
}

// A deadline holds for a read under way, and for the next one; so does its removal.
func TestDeadlinesOfOwnConnections(t *testing.T) {
	t.Parallel()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := httpx.Connections(inner)
	t.Cleanup(func() { _ = listener.Close() })
	peer, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = peer.Close() })
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	past := time.Unix(1, 0)
	var ended atomic.Bool
	done := make(chan error, 1)
	go func() {
		_, err := conn.Read(make([]byte, 1))
		ended.Store(true)
		done <- err
	}()
	for !ended.Load() { // before the read begins, or while it waits
		_ = conn.SetReadDeadline(past)
	}
	timedOut := func(err error) bool { return err != nil && strings.Contains(err.Error(), "timeout") }
	if err := <-done; !timedOut(err) {
		t.Errorf("a read ended with %v", err)
	}
	_ = conn.SetDeadline(past)
	if _, err := conn.Read(make([]byte, 1)); !timedOut(err) {
		t.Errorf("a read after its deadline: %v", err)
	}
	if _, err := conn.Write([]byte("x")); !timedOut(err) {
		t.Errorf("a write after its deadline: %v", err)
	}
	_ = conn.SetDeadline(time.Time{})
	if _, err := conn.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	_, _ = peer.Write([]byte("y"))
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		t.Error(err)
	}
}
