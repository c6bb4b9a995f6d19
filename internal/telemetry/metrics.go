package telemetry

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// maxProviders bounds the provider names that become labels; the rest share
// "other".
const maxProviders = 200

// Surface is the part of the server that a route belongs to (design, first table).
type Surface string

// The surfaces.
const (
	SurfaceInference Surface = "inference"
	SurfaceREST      Surface = "rest"
	SurfaceAdmin     Surface = "admin"
	SurfaceDocs      Surface = "docs"
	SurfaceConsole   Surface = "console"
)

// Outcome is how a request ended.
type Outcome uint8

// The outcomes.
const (
	OK        Outcome = iota // answered whole
	Refused                  // our answer was a 4xx
	Failed                   // our answer was a 5xx, or a stream ended in an error
	Cancelled                // the client left before the end
	outcomes                 // how many there are
)

// String is the outcome as the label has it.
func (o Outcome) String() string {
	if o >= outcomes {
		return "other"
	}
	return [...]string{"ok", "refused", "failed", "cancelled"}[o]
}

// Metrics is every metric of the process in a registry of its own. Its fields
// may be used from any goroutine.
type Metrics struct {
	TokensIn    prometheus.Counter // tokens of prompts and embedded texts
	TokensOut   prometheus.Counter // tokens generated
	OpenStreams prometheus.Gauge   // streams being relayed now

	LedgerBatchLines   prometheus.Observer // charge lines in one commit
	LedgerBatchSeconds prometheus.Observer // time that one commit took
	LedgerErrors       *Counts             // batches that did not reach the database
	LimitsDegraded     prometheus.Gauge    // 1: Redis is away
	LogDropped         prometheus.Counter  // request-log entries that were lost

	Charged, Cost   *Counts // dollars, for inference and predictions
	Failovers       prometheus.Counter
	StorageErrors   *Counts
	OpenConnections prometheus.Gauge // of callers
	SpansLost       prometheus.Counter
	Bodies          *Counts // requests whose bodies were to be kept

	PredictionsStarted            prometheus.Counter
	PredictionsEnded              *Counts
	PredictionWait, PredictionRun prometheus.Observer // seconds
	Webhooks                      *Counts
	WebhookSeconds                prometheus.Observer

	Cache          *Counts // requests that asked the answer cache
	Guards         *Counts // texts that guards looked at
	BatchLines     *Counts
	EngineRestarts prometheus.Counter

	SealedBefore prometheus.Gauge // values in the database that an earlier master key sealed
	SealedLost   prometheus.Gauge // values that no master key of this process opens

	registry  *prometheus.Registry
	asked     *prometheus.Registry // of the readings
	requests  *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	firstByte *prometheus.HistogramVec
	upstream  *prometheus.CounterVec
	calls     *prometheus.CounterVec
	answers   *prometheus.HistogramVec
	errors    *prometheus.CounterVec
	breakers  *prometheus.CounterVec

	mu        sync.Mutex
	providers []string // names that have become labels
}

// NewMetrics returns fresh metrics. Version is the program's, for the series
// skytower_build_info.
func NewMetrics(version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), asked: prometheus.NewRegistry()}
	m.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m.addRequests()
	m.addLedger()
	m.addBreakers()
	m.addOutcomes()
	m.addWork()
	m.addAnswers()
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "skytower_build_info", Help: "Always 1; the version is its label.",
	}, []string{"version"})
	m.registry.MustRegister(build)
	build.WithLabelValues(version).Set(1)
	return m
}

func (m *Metrics) addRequests() {
	m.requests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "skytower_requests_total", Help: "Requests that ended.",
	}, []string{"surface", "route", "status", "outcome"})
	m.duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "skytower_request_duration_seconds", Help: "Time from a request's head to the end of its answer.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300},
	}, []string{"route"})
	m.firstByte = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "skytower_first_byte_seconds", Help: "Time from a request's head to the first byte of the upstream's answer.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120},
	}, []string{"route"})
	m.upstream = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "skytower_upstream_errors_total", Help: "Failed calls to upstreams, by kind of failure.",
	}, []string{"provider", "class"})
	tokens := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "skytower_tokens_total", Help: "Tokens that were metered.",
	}, []string{"direction"})
	m.registry.MustRegister(m.requests, m.duration, m.firstByte, m.upstream, tokens)
	m.TokensIn, m.TokensOut = tokens.WithLabelValues("in"), tokens.WithLabelValues("out")
	m.OpenStreams = m.gauge("skytower_open_streams", "Streams that are being relayed now.")
}

func (m *Metrics) addLedger() {
	m.LedgerBatchLines = m.histogram("skytower_ledger_batch_lines", "Charge lines in one commit.",
		[]float64{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024})
	m.LedgerBatchSeconds = m.histogram("skytower_ledger_batch_seconds", "Time that one commit of charge lines took.",
		[]float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5})
	m.LimitsDegraded = m.gauge("skytower_limits_degraded", "1 while Redis is away and this process counts its part of the limits by itself.")
	m.SealedBefore = m.gauge("skytower_sealed_before_values", "Values in the database that an earlier master key sealed.")
	m.SealedLost = m.gauge("skytower_sealed_lost_values", "Values in the database that none of this process's master keys opens.")
	m.LogDropped = m.counter("skytower_request_log_dropped_total", "Request-log entries that were lost: too many waited, or the database was away.")
}

func (m *Metrics) gauge(name, help string) prometheus.Gauge {
	gauge := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	m.registry.MustRegister(gauge)
	return gauge
}

func (m *Metrics) histogram(name, help string, buckets []float64) prometheus.Histogram {
	histogram := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
	m.registry.MustRegister(histogram)
	return histogram
}

// Names are those of all metrics of ours, whether they have a series yet or not: what the
// manual, the dashboard and the alerts are compared with.
func (m *Metrics) Names() []string {
	descs := make(chan *prometheus.Desc)
	go func() { // ends when all are read
		defer close(descs)
		m.registry.Describe(descs)
		m.asked.Describe(descs)
	}()
	var names []string
	for desc := range descs {
		_, name, _ := strings.Cut(desc.String(), `fqName: "`)
		if name, _, _ = strings.Cut(name, `"`); strings.HasPrefix(name, "skytower_") && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Handler serves /metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(prometheus.Gatherers{m.registry, m.asked}, promhttp.HandlerOpts{
		Registry: m.registry, MaxRequestsInFlight: 4, ErrorHandling: promhttp.ContinueOnError,
	})
}

// Route is the metrics of one route, resolved once when routes are wired: a
// request then costs a few atomic additions and no look-up by label.
type Route struct {
	surface   Surface
	route     string
	requests  *prometheus.CounterVec
	duration  prometheus.Observer
	firstByte prometheus.Observer
	// Filled as pairs first appear, so that not every route exports every pair.
	counters [6][outcomes]atomic.Pointer[prometheus.Counter]
}

// Route returns the metrics of one route. The name is the pattern in the route
// table ("POST /v1/chat/completions"), never a request's path.
func (m *Metrics) Route(surface Surface, pattern string) *Route {
	return &Route{
		surface: surface, route: pattern, requests: m.requests,
		duration:  m.duration.WithLabelValues(pattern),
		firstByte: m.firstByte.WithLabelValues(pattern),
	}
}

// Ended counts a request that ended with this HTTP status, after this time.
func (r *Route) Ended(status int, outcome Outcome, took time.Duration) {
	r.counter(status, outcome).Inc()
	r.duration.Observe(took.Seconds())
}

// FirstByte records how long the upstream's first byte took.
func (r *Route) FirstByte(took time.Duration) { r.firstByte.Observe(took.Seconds()) }

func (r *Route) counter(status int, outcome Outcome) prometheus.Counter {
	class := status / 100
	if class < 1 || class > 5 {
		class = 0
	}
	if outcome >= outcomes {
		outcome = Failed
	}
	cell := &r.counters[class][outcome]
	if counter := cell.Load(); counter != nil {
		return *counter
	}
	// Two requests may both come here; the vector gives them the same counter.
	name := [...]string{"other", "1xx", "2xx", "3xx", "4xx", "5xx"}[class]
	counter := r.requests.WithLabelValues(string(r.surface), r.route, name, outcome.String())
	cell.Store(&counter)
	return counter
}

// Upstream counts the calls and the failures of one provider.
type Upstream struct {
	counters   []prometheus.Counter // failures by class
	ok, failed prometheus.Counter
	first      prometheus.Observer
}

// Upstream returns the counters of a provider, resolved once when the
// provider is set up. The classes are the names of its kinds of failure, in the
// order of the numbers that Error gets. After 200 names in the life of the
// process, further providers are counted together as "other".
func (m *Metrics) Upstream(provider string, classes []string) *Upstream {
	provider = m.bounded(strings.ToValidUTF8(provider, "?")) // a label that is not UTF-8 panics
	u := &Upstream{
		counters: make([]prometheus.Counter, len(classes)),
		ok:       m.calls.WithLabelValues(provider, "ok"), failed: m.calls.WithLabelValues(provider, "error"), first: m.answers.WithLabelValues(provider),
	}
	for i, class := range classes {
		u.counters[i] = m.upstream.WithLabelValues(provider, class)
	}
	return u
}

func (m *Metrics) bounded(provider string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.Contains(m.providers, provider) {
		return provider
	}
	if len(m.providers) >= maxProviders {
		return "other"
	}
	m.providers = append(m.providers, provider)
	return provider
}

// Error counts a failure of the class with this number. A number that no class
// has is not counted: it is a mistake of the caller, and never worth a panic.
func (u *Upstream) Error(class int) {
	if class >= 0 && class < len(u.counters) {
		u.counters[class].Inc()
	}
}
