package telemetry_test

import (
	"fmt"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"skytower/internal/telemetry"
)

// scrape is what /metrics serves, by series.
func scrape(t *testing.T, m *telemetry.Metrics) map[string]string {
	t.Helper()
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	if answer.Code != 200 {
		t.Fatalf("/metrics says %d: %s", answer.Code, answer.Body)
	}
	series := map[string]string{}
	for line := range strings.Lines(answer.Body.String()) {
		if cut := strings.LastIndexByte(line, ' '); !strings.HasPrefix(line, "#") && cut > 0 {
			series[line[:cut]] = strings.TrimSpace(line[cut:])
		}
	}
	return series
}

func TestMetricsAreServed(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics("1.2.3")
	chat := m.Route(telemetry.SurfaceInference, "POST /v1/chat/completions")
	chat.FirstByte(30 * time.Millisecond)
	chat.Ended(200, telemetry.OK, 2*time.Second)
	chat.Ended(200, telemetry.Cancelled, time.Second)
	chat.Ended(429, telemetry.Refused, time.Millisecond)
	chat.Ended(429, telemetry.Refused, time.Millisecond)
	m.TokensIn.Add(7)
	m.TokensOut.Add(11)
	m.OpenStreams.Inc()
	m.LedgerBatchLines.Observe(3)
	m.LedgerBatchSeconds.Observe(.002)
	m.LogDropped.Add(3)
	up := m.Upstream("ollama", []string{"broken", "timeout"})
	up.Error(1)
	up.Called(true, 20*time.Millisecond)
	up.Called(false, time.Hour)
	errors := m.Errors(telemetry.SurfaceREST, []string{"NOT_FOUND"})
	errors.Inc("NOT_FOUND")
	errors.Inc("made up by a caller")
	m.Charged.Add("inference", 0.25)
	m.OnRead(func() []telemetry.Sample {
		return []telemetry.Sample{
			{Of: telemetry.LedgerQueue, Value: 4}, {Of: telemetry.FeedLag, Value: 0.5},
			{Of: telemetry.Transactions, Labels: []string{"write", "committed"}, Value: 9},
			{Of: telemetry.QueueAge, Value: 1}, // without its label
			{Of: "skytower_unknown", Value: 1}, // no reading
		}
	})

	got := scrape(t, m)
	for series, want := range map[string]string{
		`skytower_requests_total{outcome="ok",route="POST /v1/chat/completions",status="2xx",surface="inference"}`:        "1",
		`skytower_requests_total{outcome="cancelled",route="POST /v1/chat/completions",status="2xx",surface="inference"}`: "1",
		`skytower_requests_total{outcome="refused",route="POST /v1/chat/completions",status="4xx",surface="inference"}`:   "2",
		`skytower_request_duration_seconds_count{route="POST /v1/chat/completions"}`:                                      "4",
		`skytower_request_duration_seconds_bucket{route="POST /v1/chat/completions",le="1"}`:                              "3",
		`skytower_first_byte_seconds_bucket{route="POST /v1/chat/completions",le="0.05"}`:                                 "1",
		`skytower_tokens_total{direction="in"}`:                                                                           "7",
		`skytower_tokens_total{direction="out"}`:                                                                          "11",
		`skytower_open_streams`:                                                                                           "1",
		`skytower_ledger_batch_lines_sum`:                                                                                 "3",
		`skytower_ledger_batch_seconds_count`:                                                                             "1",
		`skytower_ledger_queue_lines`:                                                                                     "4",
		`skytower_request_log_dropped_total`:                                                                              "3",
		`skytower_feed_lag_seconds`:                                                                                       "0.5",
		`skytower_upstream_errors_total{class="timeout",provider="ollama"}`:                                               "1",
		`skytower_upstream_errors_total{class="broken",provider="ollama"}`:                                                "0",
		`skytower_upstream_calls_total{provider="ollama",result="ok"}`:                                                    "1",
		`skytower_upstream_calls_total{provider="ollama",result="error"}`:                                                 "1",
		`skytower_upstream_first_byte_seconds_count{provider="ollama"}`:                                                   "1",
		`skytower_errors_total{error_id="NOT_FOUND",surface="rest"}`:                                                      "1",
		`skytower_errors_total{error_id="other",surface="rest"}`:                                                          "1",
		`skytower_charged_dollars_total{for="inference"}`:                                                                 "0.25",
		`skytower_charged_dollars_total{for="prediction"}`:                                                                "0",
		`skytower_database_transactions_total{kind="write",result="committed"}`:                                           "9",
		`skytower_queue_age_seconds`:                                                                                      "",
		`skytower_unknown`:                                                                                                "",
		`skytower_build_info{version="1.2.3"}`:                                                                            "1",
	} {
		if got[series] != want {
			t.Errorf("%s is %q, want %s", series, got[series], want)
		}
	}
	for _, name := range []string{"go_goroutines", "process_open_fds"} {
		if got[name] == "" {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestLabelsAreBounded(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics("test")
	route := m.Route(telemetry.SurfaceREST, "GET /v1/models")
	for status := -1; status < 1200; status++ {
		for outcome := range telemetry.Outcome(9) {
			route.Ended(status, outcome, 0)
		}
	}
	for i := range 500 {
		m.Upstream(fmt.Sprintf("provider-%d", i), []string{"broken"}).Error(0)
	}
	m.Upstream("not\xffutf8", []string{"broken"}).Error(0)
	m.Upstream("provider-1", []string{"broken"}).Error(1)  // no such class
	m.Upstream("provider-1", []string{"broken"}).Error(-1) // nor this
	requests, upstreams := 0, 0
	got := scrape(t, m)
	for series := range got {
		if strings.HasPrefix(series, "skytower_requests_total") {
			requests++
		}
		if strings.HasPrefix(series, "skytower_upstream_errors_total") {
			upstreams++
		}
	}
	if requests != 6*4 {
		t.Errorf("%d series of requests for one route, want 24", requests)
	}
	if upstreams != 201 {
		t.Errorf("%d series of upstream errors, want 200 names and other", upstreams)
	}
	if other := got[`skytower_upstream_errors_total{class="broken",provider="other"}`]; other != "301" {
		t.Errorf("other providers counted %s, want 301", other)
	}
	if first := got[`skytower_upstream_errors_total{class="broken",provider="provider-1"}`]; first != "1" {
		t.Errorf("provider-1 counted %s, want 1", first)
	}
}

// Two processes' worth of metrics in one test binary: nothing is registered
// globally, so this neither panics nor mixes.
func TestRegistriesAreApart(t *testing.T) {
	t.Parallel()
	one, two := telemetry.NewMetrics("test"), telemetry.NewMetrics("test")
	one.TokensIn.Add(5)
	if got := scrape(t, two)[`skytower_tokens_total{direction="in"}`]; got != "0" {
		t.Errorf("the other registry counts %s", got)
	}
}

func TestCountersUnderRace(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics("test")
	route := m.Route(telemetry.SurfaceInference, "POST /x")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 1000 {
				route.Ended(200, telemetry.OK, time.Millisecond)
			}
		})
	}
	group.Wait()
	want := `skytower_requests_total{outcome="ok",route="POST /x",status="2xx",surface="inference"}`
	if got := scrape(t, m)[want]; got != "8000" {
		t.Errorf("counted %s, want 8000", got)
	}
}

func TestNamesFollowPrometheus(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^skytower_[a-z_]+(_total|_seconds|_lines|_streams|_info|_degraded|_connections|_values)(_(bucket|sum|count))?(\{.*)?$`)
	m := telemetry.NewMetrics("test")
	m.Route(telemetry.SurfaceREST, "GET /").Ended(200, telemetry.OK, 0)
	for series := range scrape(t, m) {
		if strings.HasPrefix(series, "skytower_") && !name.MatchString(series) {
			t.Errorf("%s does not end in its unit", series)
		}
	}
}

// The manual, the dashboard and the alerts are compared with these names.
func TestNamesAreWhole(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMetrics("test")
	m.OnRead(func() []telemetry.Sample { return nil })
	names := m.Names()
	for _, name := range []string{"skytower_requests_total", "skytower_errors_total", "skytower_feed_lag_seconds", "skytower_database_up"} {
		if !slices.Contains(names, name) {
			t.Errorf("%s is missing of %v", name, names)
		}
	}
	for i, name := range names {
		if !strings.HasPrefix(name, "skytower_") || i > 0 && names[i-1] >= name {
			t.Errorf("%s after %v", name, names[:i])
		}
	}
}

// The hot path: no allocation once a pair has been seen.
func TestEndedDoesNotAllocate(t *testing.T) {
	m := telemetry.NewMetrics("test") // not parallel: AllocsPerRun counts the whole process
	route := m.Route(telemetry.SurfaceInference, "POST /x")
	route.Ended(200, telemetry.OK, time.Millisecond)
	if n := testing.AllocsPerRun(100, func() { route.Ended(200, telemetry.OK, time.Millisecond) }); n != 0 {
		t.Errorf("%v allocations for one request, want 0", n)
	}
}
