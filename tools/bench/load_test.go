package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// startMock serves a mock on loopback until the test ends.
func startMock(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- newMock().serve(listener) }()
	t.Cleanup(func() {
		_ = listener.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// startReference serves the reference proxy in front of a mock.
func startReference(t *testing.T, mock string) string {
	t.Helper()
	proxy := newReference(&url.URL{Scheme: "http", Host: mock}, 100)
	server := httptest.NewServer(proxy)
	t.Cleanup(func() {
		server.Close()
		proxy.transport.CloseIdleConnections()
	})
	return server.Listener.Addr().String()
}

func testJob(s scenario, address, mock string) job {
	j := job{
		Address: address, Path: s.path, Body: s.body(upstreamNames), Stream: s.stream(), Chunks: s.chunks,
		Connections: min(s.connections, 40), WarmUp: time.Millisecond, Measure: 20 * time.Millisecond, Watch: []int{os.Getpid()},
	}
	if s.slow {
		j.Release = mock
	}
	return j
}

func TestEveryScenarioWorksDirectlyAndThroughTheReference(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios(40) {
		if s.base != nil || s.tls {
			continue // only Skytower serves it; the load generator itself speaks no TLS
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			mock := startMock(t)
			for _, address := range []string{mock, startReference(t, mock)} {
				o, err := testJob(s, address, mock).run()
				if err != nil {
					t.Fatal(err)
				}
				checkOutcome(t, s, o)
			}
		})
	}
}

func checkOutcome(t *testing.T, s scenario, o outcome) {
	t.Helper()
	if o.Errors > 0 || o.Requests == 0 || o.P50 <= 0 || o.P99 < o.P50 {
		t.Errorf("outcome %+v", o)
	}
	if len(o.CPU) != 1 || o.CPU[0] <= 0 || o.ResidentKiB <= 0 || o.Elapsed <= 0 {
		t.Errorf("nothing was measured: %+v", o)
	}
	if (s.chunks > 0) != (o.First > 0) || o.First > o.P50 {
		t.Errorf("first byte after %v, the whole after %v", o.First, o.P50)
	}
	if s.chunks > 0 && o.Chunks != o.Requests*s.chunks {
		t.Errorf("%d chunks in %d streams", o.Chunks, o.Requests)
	}
}

// A measurement must not count what is broken. Each of these servers breaks its answers in one way.
func TestBrokenAnswersAreErrors(t *testing.T) {
	t.Parallel()
	all := scenarios(4)
	chat, stream, slow := all[0], all[1], all[len(all)-1]
	cases := []struct {
		name     string
		scenario scenario
		serve    http.HandlerFunc
		want     string
	}{
		{"status", chat, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "slow down", http.StatusTooManyRequests) }, "slow down"},
		{"no usage", chat, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"choices":[]}`)) }, "usage"},
		{"other length later", chat, growingAnswer(), "bytes instead of"},
		{"a chunk is missing", stream, sendChunks(streamChunks-1, true), "99 chunks instead of 100"},
		{"no end", stream, sendChunks(streamChunks, false), "without [DONE]"},
		{"cut", stream, cutStream, "unexpected EOF"},
		{"slow stream ends early", slow, sendChunks(3, true), "the mock sent"},
		{"slow stream refused", slow, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "full", http.StatusServiceUnavailable) }, "full"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(c.serve)
			defer server.Close()
			j := testJob(c.scenario, server.Listener.Addr().String(), startMock(t))
			j.Connections = 2
			o, err := j.run()
			if err != nil {
				t.Fatal(err)
			}
			if o.Errors == 0 || !strings.Contains(o.FirstError, c.want) {
				t.Errorf("%d errors, the first %q; want one with %q", o.Errors, o.FirstError, c.want)
			}
		})
	}
}

func growingAnswer() http.HandlerFunc {
	lengths := make(chan int, 1)
	lengths <- 0
	return func(w http.ResponseWriter, _ *http.Request) {
		n := <-lengths
		lengths <- n + 1
		_, _ = w.Write([]byte(chatAnswer() + strings.Repeat(" ", n)))
	}
}

func sendChunks(n int, done bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for range n {
			_, _ = w.Write([]byte("data: " + deltaChunk("m", `{}`, "null") + "\n\n"))
		}
		if done {
			_, _ = w.Write([]byte("data: [DONE]\n\n"))
		}
	}
}

func cutStream(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte("data: " + deltaChunk("m", `{}`, "null") + "\n\n"))
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// The mock over TLS and the reference in front of it, as processes.
func TestReferenceOverTLS(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	certificate := filepath.Join(t.TempDir(), "mock.pem")
	mock := secureMockTarget(certificate)
	if err := mock.up(); err != nil {
		t.Fatal(err)
	}
	defer mock.down()
	proxy := secureReferenceTarget(mock, certificate, busy)
	if err := proxy.up(); err != nil {
		t.Fatal(err)
	}
	defer proxy.down()
	for _, s := range scenarios(1) {
		if s.tls {
			o, err := testJob(s, proxy.address, "").run()
			if err != nil {
				t.Fatal(err)
			}
			checkOutcome(t, s, o)
		}
	}
}

func TestMockSpeaksToNetHTTP(t *testing.T) {
	t.Parallel()
	mock := startMock(t)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://" + mock + "/v1/models")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("models: %s", response.Status)
	}
	response, err = client.Get("http://" + mock + "/nothing")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusNotFound {
		t.Errorf("unknown route: %s", response.Status)
	}
}

func TestUsageChunkOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	mock := startMock(t)
	j := testJob(scenarios(1)[1], mock, mock)
	j.Connections = 1
	j.Body = strings.Replace(j.Body, `"stream":true`, `"stream":true,"stream_options":{"include_usage":true}`, 1)
	w := newWorker(j)
	defer w.close()
	h, err := w.begin()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.readBody(w.r, &w.events); err != nil {
		t.Fatal(err)
	}
	if err := w.events.complete(streamChunks + 1); err != nil {
		t.Error(err)
	}
}
