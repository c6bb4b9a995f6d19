package httpx_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"skytower/internal/fault"
	"skytower/internal/httpx"
)

func TestEventsAreFramed(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *httpx.Call) error {
		events := c.SSE(time.Minute)
		defer events.Close()
		if events.Begun() {
			t.Error("begun before the first event")
		}
		_ = events.Event("", []byte(`{"a":1}`))
		if !events.Begun() {
			t.Error("not begun after the first event")
		}
		_ = events.Event("response.created", []byte(`{}`))
		return events.Flush()
	})
	res, body := s.get(t)
	if body != "data: {\"a\":1}\n\nevent: response.created\ndata: {}\n\n" {
		t.Errorf("got %q", body)
	}
	want := map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
	for name, value := range want {
		if res.Header.Get(name) != value {
			t.Errorf("%s is %q", name, res.Header.Get(name))
		}
	}
	if r := s.record(t); !r.Streamed || r.BytesOut != int64(len(body)) || r.Status != 200 || r.FirstByte <= 0 {
		t.Errorf("got record %+v", r)
	}
}

// Each flushed event must reach the client while the handler still waits.
func TestFlushedEventsArriveAtOnce(t *testing.T) {
	t.Parallel()
	next := make(chan struct{})
	s := serve(t, func(c *httpx.Call) error {
		events := c.SSE(time.Minute)
		defer events.Close()
		for range 20 {
			_ = events.Event("", []byte("x"))
			if err := events.Flush(); err != nil {
				return err
			}
			select {
			case <-next:
			case <-c.Request.Context().Done():
				return c.Request.Context().Err()
			}
		}
		return nil
	})
	_, in := s.raw(t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	event := make([]byte, len("data: x\n\n"))
	for range 20 {
		if _, err := io.ReadFull(res.Body, event); err != nil {
			t.Fatal(err)
		}
		next <- struct{}{}
	}
}

// A keep-alive comment opens the stream, so an error after it belongs in band.
func TestSilenceIsFilledWithComments(t *testing.T) {
	t.Parallel()
	heard := make(chan struct{})
	s := serve(t, func(c *httpx.Call) error {
		events := c.SSE(time.Millisecond)
		defer events.Close()
		select {
		case <-heard:
		case <-c.Request.Context().Done():
		}
		if !events.Begun() {
			t.Error("a comment is out and the stream has not begun")
		}
		_ = events.Event("", []byte("late"))
		_ = events.Flush()
		events.InBand()
		return fault.New(fault.InferenceError, "told in band")
	})
	_, in := s.raw(t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("got %d %v", res.StatusCode, res.Header)
	}
	const comment = ": keep-alive\n\n"
	two := make([]byte, 2*len(comment))
	if _, err := io.ReadFull(res.Body, two); err != nil || string(two) != comment+comment {
		t.Fatalf("got %q, %v", two, err)
	}
	close(heard)
	rest, err := io.ReadAll(res.Body)
	if err != nil {
		t.Errorf("a stream that ended in band was cut: %v", err)
	}
	if got := strings.ReplaceAll(string(rest), comment, ""); got != "data: late\n\n" {
		t.Errorf("got %q", rest)
	}
	if r := s.record(t); r.Status != 200 || r.ErrorID != "INFERENCE_ERROR" || r.Outcome != "error" {
		t.Errorf("got record %+v", r)
	}
}

func TestNoCommentBeforeTheInterval(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *httpx.Call) error {
		events := c.SSE(time.Hour)
		defer events.Close()
		return fault.New(fault.ModelNotFound, "an ordinary answer")
	})
	if res, body := s.get(t); res.StatusCode != 404 || !strings.Contains(body, "an ordinary answer") || res.Header.Get("Content-Type") != "application/json" {
		t.Errorf("got %d %s", res.StatusCode, body)
	}
}

// A caller that takes nothing must not hold an upstream and its memory for ever.
func TestSlowReaderIsCut(t *testing.T) {
	t.Parallel()
	failed := make(chan error, 1)
	s := serve(t, func(c *httpx.Call) error {
		events := c.SSE(20 * time.Millisecond)
		defer events.Close()
		event := bytes.Repeat([]byte("x"), 1<<20)
		for {
			err := events.Event("", event)
			if err == nil {
				err = events.Flush()
			}
			if err != nil {
				failed <- err
				return err
			}
		}
	})
	s.raw(t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") // and never reads
	select {
	case err := <-failed:
		if !strings.Contains(err.Error(), "send event") {
			t.Errorf("got %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the handler still writes to a caller that does not read")
	}
	if r := s.record(t); r.Outcome == "ok" || r.Outcome == "" {
		t.Errorf("got record %+v", r)
	}
}

func TestStreamEndsWhenItsCallerLeaves(t *testing.T) {
	t.Parallel()
	s := serve(t, func(c *httpx.Call) error {
		events := c.SSE(time.Minute)
		defer events.Close()
		_ = events.Event("", []byte("x"))
		_ = events.Flush()
		<-c.Request.Context().Done()
		return c.Request.Context().Err()
	})
	ctx, leave := context.WithCancel(background())
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	leave()
	_ = res.Body.Close()
	if r := s.record(t); r.Outcome != "hang_up" || r.Status != 200 || r.FirstByte == 0 {
		t.Errorf("got record %+v", r)
	}
}

func TestLargeAnswerToACallerThatLeft(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	s := serve(t, func(c *httpx.Call) error {
		<-gone
		<-c.Request.Context().Done()
		return c.Raw(200, "application/json", bytes.Repeat([]byte(" "), 8<<20))
	})
	conn, _ := s.raw(t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	_ = conn.Close()
	close(gone)
	if r := s.record(t); r.Outcome != "hang_up" || r.Err == nil {
		t.Errorf("got record %+v", r)
	}
	s.noMore(t)
}
