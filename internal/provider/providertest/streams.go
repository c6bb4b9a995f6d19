package providertest

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"skytower/internal/egress"
	"skytower/internal/provider"
)

func texts() []string { return []string{"Hel", "lo ", "there!"} }

func (c capability) streams(t *testing.T, wire Wire) {
	t.Run("stream", func(t *testing.T) { t.Parallel(); c.streamWhole(t, wire) })
	t.Run("each event comes before the next is written", func(t *testing.T) { t.Parallel(); c.lockStep(t, wire) })
	t.Run("cancelled within the stream", func(t *testing.T) { t.Parallel(); c.cancelled(t, wire) })
	t.Run("closed within the stream", func(t *testing.T) { t.Parallel(); c.closed(t, wire) })
	t.Run("cut at any piece", func(t *testing.T) { t.Parallel(); c.cuts(t, wire) })
	t.Run("the connection serves again", func(t *testing.T) { t.Parallel(); c.reused(t, wire) })
	t.Run("closed while the upstream lingers", func(t *testing.T) { t.Parallel(); c.lingers(t, wire) })
	if wire == HTTP1 {
		t.Run("silence", func(t *testing.T) { t.Parallel(); c.silent(t) })
	}
	t.Run("page for a stream", func(t *testing.T) {
		t.Parallel()
		up, adapter := c.start(t, wire)
		up.On(c.path, Page(200))
		s, err := c.stream(t.Context(), adapter, Call(t, c.body))
		if err == nil {
			defer s.Close()
			_, err = collect(s)
		}
		checkClass(t, err, provider.Broken)
	})
	t.Run("garbage within the stream", func(t *testing.T) {
		t.Parallel()
		up, adapter := c.start(t, wire)
		up.On(c.path, Events(c.pieces(texts(), usage())[0], "data: {\"model\":\n\n", "data: {}\n\n"))
		s, err := c.stream(t.Context(), adapter, Call(t, c.body))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if _, err = collect(s); err == nil {
			t.Fatal("garbage was taken for the end")
		}
		checkClass(t, err, provider.Broken)
	})
	t.Run("cancelled before the stream", func(t *testing.T) {
		t.Parallel()
		up, adapter := c.start(t, wire)
		left := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		up.On(c.path, func(x *Exchange) { cancel(); x.Left(); close(left) })
		_, err := c.stream(ctx, adapter, Call(t, c.body))
		checkClass(t, err, provider.Cancelled)
		<-left
	})
}

func (c capability) streamWhole(t *testing.T, wire Wire) {
	up, adapter := c.start(t, wire)
	up.On(c.path, Events(c.pieces(texts(), usage())...))
	s, err := c.stream(t.Context(), adapter, Call(t, c.body))
	if err != nil {
		t.Fatal(err)
	}
	events, err := collect(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Next(); err != io.EOF || !s.Ready() {
		t.Errorf("after the end: %v, ready %v", err, s.Ready())
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Errorf("close: %v", err)
	}
	size, reported := 0, provider.Usage{}
	for i, ev := range events {
		size += ev.Bytes
		if ev.Output != (ev.Bytes > 0) {
			t.Errorf("event %d: output %v with %d bytes", i, ev.Output, ev.Bytes)
		}
		if ev.Usage.Reported {
			reported = ev.Usage
		}
		if strings.Contains(string(ev.Data), upstreamModel) || strings.ContainsAny(string(ev.Data), "\r\n") {
			t.Errorf("event %d: %s", i, ev.Data)
		}
		if c.name == "chat" {
			checkModel(t, ev.Data)
		}
		if c.name != "chat" && ev.Final != (i >= len(events)-c.finals()) {
			t.Errorf("event %d of %d: final %v", i, len(events), ev.Final)
		}
	}
	if want := len(strings.Join(texts(), "")); size != want || reported != usage() {
		t.Errorf("%d bytes, want %d; usage %+v, want %+v", size, want, reported, usage())
	}
}

// finals is how many events end a stream: those of messages say why, and stop.
func (c capability) finals() int {
	if c.name == "messages" {
		return 2
	}
	return 1
}

// lockStep lets the upstream write a piece only when the one before has come out
// of the stream.
func (c capability) lockStep(t *testing.T, wire Wire) {
	up, adapter := c.start(t, wire)
	pieces := c.pieces(texts(), usage())
	next := make(chan struct{})
	up.On(c.path, func(x *Exchange) {
		x.Head(200, "Content-Type", "text/event-stream")
		for _, p := range pieces {
			if !x.Wait(next) {
				return
			}
			x.Say(p)
		}
	})
	s, err := c.stream(t.Context(), adapter, Call(t, c.body))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range pieces {
		if s.Ready() {
			t.Fatalf("ready before piece %d was written", i)
		}
		next <- struct{}{}
		if _, err := s.Next(); err != nil && (err != io.EOF || i != len(pieces)-1) {
			t.Fatalf("piece %d: %v", i, err)
		}
	}
}

func (c capability) cancelled(t *testing.T, wire Wire) {
	up, adapter := c.start(t, wire)
	left := make(chan struct{})
	up.On(c.path, func(x *Exchange) {
		Events(c.pieces(texts(), usage())[0])(x)
		x.Left()
		close(left)
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s, err := c.stream(ctx, adapter, Call(t, c.body))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Next(); err != nil {
		t.Fatal(err)
	}
	cancel()
	_, err = s.Next()
	checkClass(t, err, provider.Cancelled)
	<-left
}

func (c capability) closed(t *testing.T, wire Wire) {
	up, adapter := c.start(t, wire)
	left := make(chan struct{})
	up.On(c.path, func(x *Exchange) {
		Events(c.pieces(texts(), usage())[0])(x)
		x.Left()
		close(left)
	})
	s, err := c.stream(t.Context(), adapter, Call(t, c.body))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Next(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	<-left
	if _, err := s.Next(); err == nil || err == io.EOF {
		t.Errorf("Next after Close: %v", err)
	}
}

// cuts ends the connection after each piece but the last: none of them is a proper
// end.
func (c capability) cuts(t *testing.T, wire Wire) {
	up, adapter := c.start(t, wire)
	pieces := c.pieces(texts(), usage())
	for n := range pieces {
		up.On(c.path, func(x *Exchange) {
			Events(pieces[:n]...)(x)
			x.Cut()
		})
		s, err := c.stream(t.Context(), adapter, Call(t, c.body))
		if err != nil {
			checkClass(t, err, provider.Broken) // the head did not come through
			continue
		}
		_, err = collect(s)
		s.Close()
		if err == nil {
			t.Fatalf("cut after %d of %d pieces, and the stream ended well", n, len(pieces))
		}
		checkClass(t, err, provider.Cut)
	}
}

// reused wants the connection back whose body's end lags behind its last event.
func (c capability) reused(t *testing.T, wire Wire) {
	up, adapter := c.start(t, wire)
	c.d.Patient(adapter)
	last := make(chan struct{})
	up.On(c.path, func(x *Exchange) {
		Events(c.pieces(texts(), usage())...)(x)
		x.Wait(last)
	})
	for range 3 {
		s, err := c.stream(t.Context(), adapter, Call(t, c.body))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := collect(s); err != nil {
			t.Fatal(err)
		}
		last <- struct{}{}
		s.Close()
	}
	got := up.Requests()
	for _, r := range got {
		if r.From != got[0].From {
			t.Error("another connection was opened")
		}
	}
}

// lingers wants Close not to wait for a body that does not end.
func (c capability) lingers(t *testing.T, wire Wire) {
	up, adapter := c.start(t, wire)
	left := make(chan struct{})
	up.On(c.path, func(x *Exchange) {
		Events(c.pieces(texts(), usage())...)(x)
		x.Left()
		close(left)
	})
	s, err := c.stream(t.Context(), adapter, Call(t, c.body))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := collect(s); err != nil {
		t.Error(err)
	}
	s.Close()
	<-left
}

// silent wants a timeout where the answer or its next piece does not come in time, by the
// client's bounds and by the call's own.
func (c capability) silent(t *testing.T) {
	const soon = time.Millisecond
	for _, tc := range []struct {
		options egress.Options
		call    provider.Call // its own bounds
		head    bool
	}{
		{options: egress.Options{FirstByte: soon}}, {options: egress.Options{Idle: soon}, head: true},
		{call: provider.Call{FirstByte: soon}}, {call: provider.Call{Idle: soon}, head: true},
	} {
		up := NewUpstream(t, HTTP1)
		client := egress.New(egress.Operator(egress.Rules{}), tc.options)
		up.On(c.path, func(x *Exchange) {
			if tc.head {
				x.Head(200, "Content-Type", "text/event-stream")
			}
			x.Left()
		})
		call := Call(t, c.body)
		call.FirstByte, call.Idle = tc.call.FirstByte, tc.call.Idle
		adapter := c.d.New(t, up.URL, credential, client)
		err := c.waits(t, adapter, call)
		for tries := 100; unsent(err) && tries > 0; tries-- { // the machine was slower than the bound
			err = c.waits(t, adapter, call)
		}
		checkClass(t, err, provider.Timeout)
	}
}

// waits makes a stream's call and asks for its first piece.
func (c capability) waits(t *testing.T, adapter any, call *provider.Call) error {
	s, err := c.stream(t.Context(), adapter, call)
	if err != nil {
		return err
	}
	defer s.Close()
	_, err = s.Next()
	return err
}

// unsent reports whether a bound passed before anything of the request was written.
func unsent(err error) bool {
	var e *egress.Error
	return errors.As(err, &e) && e.Kind == egress.ErrTimeout && !e.Sent
}
