package app_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"skytower/internal/provider/providertest"
)

// operations asks the second listener.
func (s *server) operations(path string) reply {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://"+s.app.OperationsAddr().String()+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.do(req)
}

func TestHealthAndReadiness(t *testing.T) {
	t.Parallel()
	s := start(t, options{flags: map[string]string{"operations-listen": "127.0.0.1:0"}})
	if r := s.operations("/healthz"); r.status != 200 || strings.TrimSpace(r.body) != `{"status":"ok"}` || r.header.Get("Content-Type") != "application/json" {
		t.Errorf("health: %+v", r)
	}
	var ready struct{ Status, Reason, Version, Config string }
	r := s.operations("/readyz")
	decode(t, r.body, &ready)
	if r.status != 200 || ready.Status != "ready" || ready.Reason != "" || ready.Version != "test" || ready.Config == "" {
		t.Errorf("readiness: %d %s", r.status, r.body)
	}
	if r := s.operations("/debug/pprof/"); r.status != 200 || !strings.Contains(r.body, "goroutine") {
		t.Errorf("profiles: %d", r.status)
	}
	// The API's listener has none of it, and the other one has no API.
	for _, path := range []string{"/metrics", "/readyz", "/debug/pprof/"} {
		if r := s.call(http.MethodGet, path, ""); r.status != 404 {
			t.Errorf("the API serves %s: %d", path, r.status)
		}
	}
	if r := s.operations("/v1/models"); r.status != 404 {
		t.Errorf("the API is on the operations listener: %d", r.status)
	}
}

// A balancer must learn of the end before the calls in progress are over.
func TestNotReadyWhileStopping(t *testing.T) {
	t.Parallel()
	s := start(t, options{flags: map[string]string{"operations-listen": "127.0.0.1:0"}})
	up := s.withUpstream()
	arrived, release := make(chan struct{}), make(chan struct{})
	up.On(chatPath, func(x *providertest.Exchange) {
		close(arrived)
		<-release
		jsonScript(chatAnswer)(x)
	})
	answered, stopped := make(chan int, 1), make(chan error, 1)
	go func() {
		res, err := http.DefaultClient.Do(s.request(http.MethodPost, chatPath, chatBody, "X-Api-Key", s.key))
		if err != nil {
			t.Error(err)
			answered <- 0
			return
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		answered <- res.StatusCode
	}()
	await(t, "the call reaches the upstream", arrived)
	s.stopped = true
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		stopped <- s.app.Stop(ctx)
	}()
	var r reply
	for end := time.Now().Add(patience); r.status != 503 && time.Now().Before(end); {
		r = s.operations("/readyz")
	}
	if r.status != 503 || !strings.Contains(r.body, `"reason":"stopping"`) {
		t.Errorf("while stopping: %d %s", r.status, r.body)
	}
	if r := s.operations("/healthz"); r.status != 200 {
		t.Errorf("health while stopping: %d", r.status)
	}
	close(release)
	if code, err := <-answered, <-stopped; code != 200 || err != nil {
		t.Errorf("the call in progress got %d, the stop %v", code, err)
	}
}

// A server that ends while the database is away ends well: what it owes is in the spool, and
// when keys were used last is nothing that somebody is owed.
func TestStopWithoutDatabase(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	if r := s.do(s.request(http.MethodGet, "/v1/models", "", "X-Api-Key", s.key)); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if err := s.app.LoseDatabase(); err != nil {
		t.Fatal(err)
	}
	s.stop() // which looks at the error
	if !strings.Contains(s.log.String(), "the last uses of some keys could not be written") {
		t.Errorf("the log does not tell of it: %s", s.log)
	}
}

func TestMetricsOfAServer(t *testing.T) {
	t.Parallel()
	s := start(t, options{flags: map[string]string{"operations-listen": "127.0.0.1:0"}})
	up := s.withUpstream()
	up.On(chatPath, jsonScript(chatAnswer))
	if r := s.post(chatPath, chatBody); r.status != 200 {
		t.Fatal(r.body)
	}
	up.On(chatPath, providertest.JSON(500, `{}`))
	if r := s.post(chatPath, chatBody); r.status != 500 {
		t.Fatal(r.body)
	}
	s.call(http.MethodGet, "/docs", "")
	// A record is written after its answer is out: ask until the last one is there.
	var r reply
	for end := time.Now().Add(patience); time.Now().Before(end) && !strings.Contains(r.body, `surface="console"`); {
		r = s.operations("/metrics")
	}
	for _, line := range []string{
		`skytower_requests_total{outcome="ok",route="/v1/chat/completions",status="2xx",surface="inference"} 1`,
		`skytower_requests_total{outcome="failed",route="/v1/chat/completions",status="5xx",surface="inference"} 1`,
		`skytower_request_duration_seconds_count{route="/v1/chat/completions"} 2`,
		`skytower_upstream_errors_total{class="broken",provider="mock"} 1`,
		`skytower_tokens_total{direction="in"} 11`, `skytower_tokens_total{direction="out"} 4`,
		`skytower_open_streams 0`, `skytower_ledger_batch_lines_sum 1`, `skytower_ledger_queue_lines 0`, `skytower_request_log_dropped_total 0`,
		`skytower_build_info{version="test"} 1`,
	} {
		if !strings.Contains(r.body, "\n"+line+"\n") {
			t.Errorf("missing: %s", line)
		}
	}
	// The lag is that of the moment: a value that nobody set would be 0.
	m := regexp.MustCompile(`(?m)^skytower_feed_lag_seconds (\S+)$`).FindStringSubmatch(r.body)
	if m == nil {
		t.Fatalf("no lag in %s", r.body)
	}
	if lag, err := strconv.ParseFloat(m[1], 64); err != nil || lag <= 0 || lag > patience.Seconds() {
		t.Errorf("lag %s, %v", m[1], err)
	}
	if strings.Contains(r.body, s.key) || strings.Contains(r.body, "acct_") {
		t.Error("a caller's key or account became a label")
	}
}

// Two servers on one machine, to try something, must both start.
func TestBusyOperationsAddress(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	taken, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close() //nolint:errcheck // nobody connects
	s := start(t, options{flags: map[string]string{"operations-listen": taken.Addr().String()}})
	if s.app.OperationsAddr() != nil || !strings.Contains(s.log.String(), "health and metrics are not served") || !strings.Contains(s.log.String(), taken.Addr().String()) {
		t.Errorf("address %v, log:\n%s", s.app.OperationsAddr(), s.log)
	}
	if r := s.call(http.MethodGet, "/v1/models", ""); r.status != 200 {
		t.Errorf("the API: %d %s", r.status, r.body)
	}
}
