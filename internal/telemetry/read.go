package telemetry

import "github.com/prometheus/client_golang/prometheus"

// Value is the sum over the series of a counter or gauge, by its name; 0 where there is
// none of that name. Readings are not asked for.
func (m *Metrics) Value(name string) (sum float64) {
	families, err := m.registry.Gather()
	if err != nil {
		return 0
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, one := range f.GetMetric() {
			sum += one.GetCounter().GetValue() + one.GetGauge().GetValue()
		}
	}
	return sum
}

// Reading names a metric whose value is asked for when metrics are read.
type Reading string

// The readings. Each is what this process sees or knows at the moment.
const (
	Ready           Reading = "skytower_ready"
	Draining        Reading = "skytower_draining"
	Leading         Reading = "skytower_leading"
	Replicas        Reading = "skytower_replicas"
	FeedLag         Reading = "skytower_feed_lag_seconds"
	DataFree        Reading = "skytower_data_free_bytes"
	ClockOffset     Reading = "skytower_clock_offset_seconds"
	TargetOpen      Reading = "skytower_target_open"
	LedgerQueue     Reading = "skytower_ledger_queue_lines"
	LeasedCredit    Reading = "skytower_leased_credit_dollars"
	SpoolBytes      Reading = "skytower_ledger_spool_bytes"
	SpoolAge        Reading = "skytower_ledger_spool_age_seconds"
	SpoolWritable   Reading = "skytower_ledger_spool_writable"
	DatabaseUp      Reading = "skytower_database_up"
	DatabasePing    Reading = "skytower_database_ping_seconds"
	DatabaseConns   Reading = "skytower_database_connections"
	DatabaseMost    Reading = "skytower_database_connections_limit"
	DatabaseWaits   Reading = "skytower_database_waits_total"
	DatabaseWaited  Reading = "skytower_database_wait_seconds_total"
	Transactions    Reading = "skytower_database_transactions_total"
	RedisUp         Reading = "skytower_redis_up"
	RedisPing       Reading = "skytower_redis_ping_seconds"
	QueueJobs       Reading = "skytower_queue_jobs"
	QueueAge        Reading = "skytower_queue_age_seconds"
	QueueWorkers    Reading = "skytower_queue_workers"
	Predictions     Reading = "skytower_predictions"
	PredictionsWait Reading = "skytower_predictions_wait_seconds"
	WebhooksOpen    Reading = "skytower_webhooks_open"
	WebhooksAge     Reading = "skytower_webhooks_age_seconds"
)

type readingRow struct {
	name   Reading
	help   string
	labels []string
	counts bool // it is a counter
}

func readingRows() []readingRow {
	return []readingRow{
		{name: Ready, help: "1 where this process may get traffic, as /readyz says."},
		{name: Draining, help: "1 from the moment that this process was told to end."},
		{name: Leading, help: "1 in the process that does what one does for all."},
		{name: Replicas, help: "Processes that have shown life within a minute, by role.", labels: []string{"role"}},
		{name: FeedLag, help: "Time since the change feed last confirmed that it saw every change."},
		{name: DataFree, help: "What may still be written to the disk of the data folder."},
		{name: ClockOffset, help: "How far the clock of the database is before ours; negative: behind."},
		{name: TargetOpen, help: "1 for a target that gets no calls since it failed, or asked to be left alone.", labels: []string{"target", "state"}},
		{name: LedgerQueue, help: "Charge lines that wait for a commit."},
		{name: LeasedCredit, help: "Credit of accounts that this process has leased: free to be promised, or promised to requests.", labels: []string{"state"}},
		{name: SpoolBytes, help: "Charges on this process's disk that wait for the database."},
		{name: SpoolAge, help: "How long the oldest of them has waited."},
		{name: SpoolWritable, help: "1 where charges could be written to the spool."},
		{name: DatabaseUp, help: "1 where the database answered when it was last asked."},
		{name: DatabasePing, help: "Time that one small question to the database took."},
		{name: DatabaseConns, help: "Connections to the database.", labels: []string{"pool", "state"}},
		{name: DatabaseMost, help: "How many connections a pool may have.", labels: []string{"pool"}},
		{name: DatabaseWaits, help: "How often a connection was waited for.", labels: []string{"pool"}, counts: true},
		{name: DatabaseWaited, help: "How long connections were waited for.", labels: []string{"pool"}, counts: true},
		{name: Transactions, help: "Transactions that ended, by what they were and how.", labels: []string{"kind", "result"}, counts: true},
		{name: RedisUp, help: "1 where Redis answered when it was last asked."},
		{name: RedisPing, help: "Time that one small question to Redis took."},
		{name: QueueJobs, help: "Jobs of all processes, by queue and state.", labels: []string{"queue", "state"}},
		{name: QueueAge, help: "How long the oldest job has waited that could run.", labels: []string{"queue"}},
		{name: QueueWorkers, help: "Jobs that this process may run at a time.", labels: []string{"queue"}},
		{name: Predictions, help: "Predictions of all accounts that have not ended, by state.", labels: []string{"state"}},
		{name: PredictionsWait, help: "How long the oldest prediction has waited for a place of its account or model."},
		{name: WebhooksOpen, help: "Webhook deliveries that have not ended."},
		{name: WebhooksAge, help: "How old the oldest of them is."},
	}
}

// Sample is a reading's value. Labels are in the order of the reading's.
type Sample struct {
	Of     Reading
	Labels []string
	Value  float64
}

// readings asks for its values each time that metrics are read, so that they are all of
// one moment, and none is of a process or queue that is gone.
type readings struct {
	ask   func() []Sample
	descs map[Reading]*prometheus.Desc
	kinds map[Reading]prometheus.ValueType
}

// OnRead sets who is asked for the readings; it is called once. A sample with labels that
// its reading does not have is left out.
func (m *Metrics) OnRead(ask func() []Sample) {
	r := &readings{ask: ask, descs: map[Reading]*prometheus.Desc{}, kinds: map[Reading]prometheus.ValueType{}}
	for _, row := range readingRows() {
		r.descs[row.name] = prometheus.NewDesc(string(row.name), row.help, row.labels, nil)
		r.kinds[row.name] = prometheus.GaugeValue
		if row.counts {
			r.kinds[row.name] = prometheus.CounterValue
		}
	}
	m.asked.MustRegister(r)
}

// Describe is prometheus.Collector's.
func (r *readings) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range r.descs {
		out <- desc
	}
}

// Collect is prometheus.Collector's.
func (r *readings) Collect(out chan<- prometheus.Metric) {
	for _, s := range r.ask() {
		desc, ok := r.descs[s.Of]
		if !ok {
			continue
		}
		if metric, err := prometheus.NewConstMetric(desc, r.kinds[s.Of], s.Value, s.Labels...); err == nil {
			out <- metric
		}
	}
}
