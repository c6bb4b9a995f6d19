package app

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"sync"
	"time"

	"skytower/internal/limit"
	"skytower/internal/prediction"
	"skytower/internal/route"
	"skytower/internal/store"
	"skytower/internal/telemetry"
)

const (
	// askEvery is how old the answers of other services may be that metrics show: many
	// who read them cost no more questions than one.
	askEvery = 15 * time.Second
	// askPatience bounds the questions: a database that is away must not keep metrics
	// from being read.
	askPatience = 3 * time.Second
	// maxTargets bounds the targets that become labels.
	maxTargets = 500
)

// answers are what other services said when they were last asked.
type answers struct {
	mu      sync.Mutex
	at      time.Time
	samples []telemetry.Sample
}

// readings are what metrics show of the moment.
func (a *App) readings() []telemetry.Sample {
	return append(a.ownReadings(), a.askedReadings()...)
}

func sample(of telemetry.Reading, value float64, labels ...string) telemetry.Sample {
	return telemetry.Sample{Of: of, Labels: labels, Value: value}
}

func yesNo(of telemetry.Reading, on bool) telemetry.Sample {
	if on {
		return sample(of, 1)
	}
	return sample(of, 0)
}

// ownReadings are what this process knows by itself.
func (a *App) ownReadings() []telemetry.Sample {
	confirmed := a.feed.Confirmed()
	leased, spooled := a.ledger.Leased(), a.ledger.Spooled()
	out := []telemetry.Sample{
		yesNo(telemetry.Ready, a.notReady() == ""), yesNo(telemetry.Draining, a.draining.Load()),
		sample(telemetry.LedgerQueue, float64(a.ledger.Waiting())),
		sample(telemetry.LeasedCredit, dollars(leased.Free), "free"), sample(telemetry.LeasedCredit, dollars(leased.Promised), "promised"),
		sample(telemetry.SpoolBytes, float64(spooled.Bytes)), sample(telemetry.SpoolAge, age(spooled.Since).Seconds()),
	}
	if !confirmed.IsZero() {
		out = append(out, sample(telemetry.FeedLag, time.Since(confirmed).Seconds()))
	}
	if free, ok := freeBytes(nearest(a.cfg.Data)); ok {
		out = append(out, sample(telemetry.DataFree, float64(free)))
	}
	out = append(out, a.targetReadings()...)
	return append(out, databaseReadings(a.db.Stats())...)
}

// age is how long ago something was; 0 where it never was.
func age(t time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	return max(time.Since(t), 0)
}

// targetReadings are the targets that get no calls. The others have no series: there may
// be very many of them.
func (a *App) targetReadings() (out []telemetry.Sample) {
	for _, h := range a.routes.Known() {
		if h.State != route.Closed && len(out) < maxTargets {
			out = append(out, sample(telemetry.TargetOpen, 1, h.Target, string(h.State)))
		}
	}
	return out
}

func databaseReadings(s store.Stats) []telemetry.Sample {
	out := append(poolReadings("writer", s.Writer),
		sample(telemetry.Transactions, float64(s.Writes.Committed), "write", "committed"),
		sample(telemetry.Transactions, float64(s.Writes.RolledBack), "write", "rolled_back"),
		sample(telemetry.Transactions, float64(s.Reads.Committed), "read", "committed"),
		sample(telemetry.Transactions, float64(s.Reads.RolledBack), "read", "rolled_back"))
	if s.Reader != nil {
		out = append(out, poolReadings("reader", *s.Reader)...)
	}
	return out
}

func poolReadings(name string, s sql.DBStats) []telemetry.Sample {
	return []telemetry.Sample{
		sample(telemetry.DatabaseConns, float64(s.InUse), name, "in_use"), sample(telemetry.DatabaseConns, float64(s.Idle), name, "idle"),
		sample(telemetry.DatabaseMost, float64(s.MaxOpenConnections), name),
		sample(telemetry.DatabaseWaits, float64(s.WaitCount), name), sample(telemetry.DatabaseWaited, s.WaitDuration.Seconds(), name),
	}
}

// askedReadings are what others know. Whoever reads metrics while they are being asked
// waits for the same answers.
func (a *App) askedReadings() []telemetry.Sample {
	a.answers.mu.Lock()
	defer a.answers.mu.Unlock()
	if time.Since(a.answers.at) < askEvery {
		return a.answers.samples
	}
	a.answers.samples, a.answers.at = a.ask(), time.Now()
	return a.answers.samples
}

// ask asks all at once. What does not answer in time has no value then, rather than an
// old one.
func (a *App) ask() []telemetry.Sample {
	ctx, cancel := context.WithTimeout(context.Background(), askPatience)
	defer cancel()
	questions := []func(context.Context) []telemetry.Sample{
		a.askDatabase, a.askRedis, a.askSpool, a.askQueues, a.askPredictions, a.askWebhooks, a.askReplicas,
	}
	said := make([][]telemetry.Sample, len(questions))
	var busy sync.WaitGroup
	for i, question := range questions {
		busy.Go(func() { said[i] = question(ctx) })
	}
	busy.Wait()
	var out []telemetry.Sample
	for _, some := range said {
		out = append(out, some...)
	}
	return out
}

func (a *App) askDatabase(ctx context.Context) []telemetry.Sample {
	ping, offset, err := a.db.Ping(ctx)
	if err != nil {
		return []telemetry.Sample{yesNo(telemetry.DatabaseUp, false)}
	}
	return []telemetry.Sample{
		yesNo(telemetry.DatabaseUp, true), sample(telemetry.DatabasePing, ping.Seconds()), sample(telemetry.ClockOffset, offset.Seconds()),
	}
}

func (a *App) askRedis(ctx context.Context) []telemetry.Sample {
	if a.cfg.Money.Redis == "" {
		return nil
	}
	pong, err := limit.Ping(ctx, a.cfg.Money.Redis.Reveal())
	if err != nil {
		return []telemetry.Sample{yesNo(telemetry.RedisUp, false)}
	}
	return []telemetry.Sample{yesNo(telemetry.RedisUp, true), sample(telemetry.RedisPing, pong.Took.Seconds())}
}

// askSpool writes a file where charges would go. A disk that is full or broken is better
// known before the database is away.
func (a *App) askSpool(context.Context) []telemetry.Sample {
	return []telemetry.Sample{yesNo(telemetry.SpoolWritable, writable(a.path("spool")) == nil)}
}

// writable reports why nothing can be written to a folder; where it is missing, to the
// one that it would be made in.
func writable(folder string) error {
	file, err := os.CreateTemp(nearest(folder), ".writable-*")
	if err != nil {
		return err
	}
	defer os.Remove(filepath.Clean(file.Name())) //nolint:errcheck // nobody reads it
	defer file.Close()                           //nolint:errcheck // Sync told
	if _, err := file.WriteString("skytower looks whether it can write here\n"); err != nil {
		return err
	}
	return file.Sync()
}

func (a *App) askQueues(ctx context.Context) []telemetry.Sample {
	depths, err := a.jobs.Depths(ctx)
	if err != nil {
		return nil
	}
	var out []telemetry.Sample
	for _, d := range depths {
		queue := string(d.Queue)
		out = append(out,
			sample(telemetry.QueueJobs, float64(d.Waiting), queue, "waiting"), sample(telemetry.QueueJobs, float64(d.Running), queue, "running"),
			sample(telemetry.QueueJobs, float64(d.Later), queue, "later"), sample(telemetry.QueueJobs, float64(d.Failed), queue, "given_up"),
			sample(telemetry.QueueAge, age(d.Oldest).Seconds(), queue), sample(telemetry.QueueWorkers, float64(d.Workers), queue))
	}
	return out
}

func (a *App) askPredictions(ctx context.Context) []telemetry.Sample {
	c, err := a.predictions.Count(ctx)
	if err != nil {
		return nil
	}
	return predictionReadings(c)
}

func predictionReadings(c prediction.Counts) []telemetry.Sample {
	return []telemetry.Sample{
		sample(telemetry.Predictions, float64(c.Waiting), "waiting"), sample(telemetry.Predictions, float64(c.Queued), "queued"),
		sample(telemetry.Predictions, float64(c.Starting), "starting"), sample(telemetry.Predictions, float64(c.Running), "processing"),
		sample(telemetry.PredictionsWait, age(c.Oldest).Seconds()),
	}
}

func (a *App) askWebhooks(ctx context.Context) []telemetry.Sample {
	n, oldest, err := a.webhooks.Open(ctx)
	if err != nil {
		return nil
	}
	return []telemetry.Sample{sample(telemetry.WebhooksOpen, float64(n)), sample(telemetry.WebhooksAge, age(oldest).Seconds())}
}

// askReplicas tells who else lives, and whether this process leads.
func (a *App) askReplicas(ctx context.Context) []telemetry.Sample {
	replicas, err := a.replicas(ctx)
	if err != nil {
		return nil
	}
	roles := map[string]float64{}
	leads := false
	for _, r := range replicas {
		roles[r.Role]++
		leads = leads || r.This && r.Leads
	}
	out := []telemetry.Sample{yesNo(telemetry.Leading, leads)}
	for role, n := range roles {
		out = append(out, sample(telemetry.Replicas, n, role))
	}
	return out
}
