package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// slowBuckets are of what may take from a moment to an hour, in seconds.
func slowBuckets() []float64 {
	return []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600}
}

// Counts counts by a word of a list that was known when it was made; any other word
// counts as "other".
type Counts struct {
	by    map[string]prometheus.Counter
	other prometheus.Counter
}

// Inc counts one.
func (c *Counts) Inc(word string) { c.Add(word, 1) }

// Add counts several.
func (c *Counts) Add(word string, n float64) {
	one, ok := c.by[word]
	if !ok {
		one = c.other
	}
	one.Add(n)
}

// counts makes a metric of one label. Every word has its series from the start, so that
// the first event already shows as an increase.
func (m *Metrics) counts(name, help, label string, words ...string) *Counts {
	vec := m.counters(name, help, label)
	c := &Counts{by: map[string]prometheus.Counter{}, other: vec.WithLabelValues("other")}
	for _, word := range words {
		c.by[word] = vec.WithLabelValues(word)
	}
	return c
}

func (m *Metrics) counters(name, help string, labels ...string) *prometheus.CounterVec {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.registry.MustRegister(vec)
	return vec
}

func (m *Metrics) counter(name, help string) prometheus.Counter {
	one := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	m.registry.MustRegister(one)
	return one
}

// addOutcomes adds what became of calls, work and money.
func (m *Metrics) addOutcomes() {
	m.errors = m.counters("skytower_errors_total", "Requests that were refused or failed, by surface and error_id.", "surface", "error_id")
	m.calls = m.counters("skytower_upstream_calls_total", "Calls to upstreams that ended.", "provider", "result")
	m.answers = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "skytower_upstream_first_byte_seconds", Help: "Time from a call to an upstream to the first event of its answer, or to a whole one.",
		Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120},
	}, []string{"provider"})
	m.registry.MustRegister(m.answers)
	m.Failovers = m.counter("skytower_failovers_total", "Calls that were tried at another target after one had failed.")
	money := []string{"inference", "prediction"}
	m.Charged = m.counts("skytower_charged_dollars_total", "What accounts were charged.", "for", money...)
	m.Cost = m.counts("skytower_cost_dollars_total", "What upstreams take for it, where their price is known.", "for", money...)
	m.LedgerErrors = m.counts("skytower_ledger_batch_errors_total", "Batches of charges that could not be written to the database: they went to the spool, or failed.",
		"result", "spooled", "failed")
	m.StorageErrors = m.counts("skytower_storage_errors_total", "Failed operations of the storage of files.", "operation", "write", "read", "delete", "list")
	m.OpenConnections = m.gauge("skytower_open_connections", "Connections of callers that are open.")
	m.Bodies = m.counts("skytower_kept_bodies_total", "Requests whose bodies an account wants kept, by what came of it.", "result", "kept", "lost")
	m.SpansLost = m.counter("skytower_spans_lost_total", "Spans that could not be sent to the collector of traces.")
}

// addWork adds predictions and webhooks.
func (m *Metrics) addWork() {
	m.PredictionsStarted = m.counter("skytower_predictions_started_total", "Predictions whose first run began in this process.")
	m.PredictionsEnded = m.counts("skytower_predictions_ended_total", "Predictions that this process ended, by how.", "status", "succeeded", "failed", "cancelled")
	m.PredictionWait = m.histogram("skytower_prediction_wait_seconds", "Time from a prediction's creation to its first run.", slowBuckets())
	m.PredictionRun = m.histogram("skytower_prediction_run_seconds", "Time that a run took that ended its prediction.", slowBuckets())
	m.Webhooks = m.counts("skytower_webhook_attempts_total", "Calls of webhook receivers, by what came of them.", "result", "delivered", "failed", "given_up")
	m.WebhookSeconds = m.histogram("skytower_webhook_seconds", "Time that a call of a webhook receiver took.",
		[]float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10})
}

// addAnswers adds kept answers, guards, batches and engines.
func (m *Metrics) addAnswers() {
	m.Cache = m.counts("skytower_cache_answers_total", "Requests that asked the answer cache, by what came of it.", "result", "hit", "miss")
	m.Guards = m.counts("skytower_guard_verdicts_total", "Texts that guards looked at, by verdict.", "verdict", "passed", "marked", "redacted", "blocked", "unsure")
	m.BatchLines = m.counts("skytower_batch_lines_total", "Lines of batches that this process answered, by outcome.", "result", "ok", "error")
	m.EngineRestarts = m.counter("skytower_engine_restarts_total", "Processes of engines that ended by themselves and were started again.")
}

// Errors returns the counters of a surface's errors, by the ids that there are.
func (m *Metrics) Errors(surface Surface, ids []string) *Counts {
	c := &Counts{by: map[string]prometheus.Counter{}, other: m.errors.WithLabelValues(string(surface), "other")}
	for _, id := range ids {
		c.by[id] = m.errors.WithLabelValues(string(surface), id)
	}
	return c
}

// Called counts a call that ended, and how long its answer let wait; first is 0 where
// there was none.
func (u *Upstream) Called(ok bool, first time.Duration) {
	if !ok {
		u.failed.Inc()
		return
	}
	u.ok.Inc()
	u.first.Observe(first.Seconds())
}
