package app

import (
	"context"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"skytower/internal/blob"
	"skytower/internal/httpx"
	"skytower/internal/limit"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

const (
	beatEvery = 15 * time.Second
	// aliveWithin is how long ago a process may have shown life to count as alive: three
	// beats may be late.
	aliveWithin = time.Minute
	// beatPatience bounds the writing of one sign of life.
	beatPatience = 5 * time.Second
)

// presence is this process in the eyes of the others.
type presence struct {
	self store.Replica
	stop context.CancelFunc
	done sync.WaitGroup
}

// appear begins to show life. On SQLite there are no others to show it to.
func (a *App) appear(ctx context.Context) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	now := time.Now()
	a.presence.self = store.Replica{
		ID: httpx.NewID("rep_", now), Host: host, Role: a.cfg.Predictions.Role, Version: a.opts.Version, Config: a.cfg.Hash(), Started: now, MasterKeys: a.ring.IDs(),
	}
	if a.db.Dialect() == store.SQLite {
		return
	}
	a.showLife(ctx) // at once, so that who starts beside it sees it
	ctx, a.presence.stop = context.WithCancel(context.WithoutCancel(ctx))
	a.presence.done.Go(func() { a.keepAppearing(ctx) })
}

func (a *App) keepAppearing(ctx context.Context) {
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			a.showLife(ctx)
		}
	}
}

func (a *App) showLife(ctx context.Context) {
	self := a.presence.self
	self.Jobs = a.jobs.ID()
	ctx, cancel := context.WithTimeout(ctx, beatPatience)
	defer cancel()
	if err := a.db.Beat(ctx, self); err != nil {
		a.log.Debug("this process could not show that it lives", "error", err)
	}
}

// disappear ends it.
func (a *App) disappear(ctx context.Context) {
	if a.presence.stop == nil {
		return
	}
	a.presence.stop()
	a.presence.done.Wait()
	a.presence.stop = nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), beatPatience)
	defer cancel()
	if err := a.db.Leave(ctx, a.presence.self.ID); err != nil {
		a.log.Debug("this process could not say that it stops", "error", err)
	}
}

// System is what this server says of itself.
func (a *App) System(ctx context.Context) (skytells.System, error) {
	self := a.presence.self
	s := skytells.System{
		Version: a.opts.Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Replica: self.ID, Role: self.Role, StartedAt: self.Started.UTC(), Listen: a.cfg.Listen, PublicURL: textOf(a.cfg.PublicURL),
		Storage: a.storage(), Spool: a.spoolState(), RequestsLost: int64(a.metrics.Value("skytower_request_log_dropped_total")),
		Warnings: slices.Concat([]string{}, a.cfg.Warnings), ConfigHash: a.cfg.Hash(), Config: a.settings(),
	}
	if a.apiAddr != nil {
		s.Listen = a.apiAddr.String()
	}
	var err error
	if s.Database, err = a.database(ctx); err != nil {
		return s, err
	}
	sealed, err := sealedStatus(ctx, a.db, a.ring)
	if err != nil {
		return s, err
	}
	s.MasterKey = sealed.SystemMasterKey
	if s.Replicas, err = a.replicas(ctx); err != nil {
		return s, err
	}
	if s.Queues, err = a.queues(ctx); err != nil {
		return s, err
	}
	s.Redis = a.redisState(ctx)
	return s, nil
}

func (a *App) database(ctx context.Context) (skytells.SystemDatabase, error) {
	f, err := a.db.Facts(ctx)
	if err != nil {
		return skytells.SystemDatabase{}, err
	}
	free, _ := freeBytes(nearest(a.cfg.Data))
	return skytells.SystemDatabase{
		Engine: a.db.Dialect().String(), Version: f.Version, Bytes: f.Bytes, FreeBytes: free, Schema: f.Schema, Newest: f.Newest,
		PingMS: milliseconds(f.Ping),
	}, nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (a *App) redisState(ctx context.Context) skytells.SystemRedis {
	if a.cfg.Money.Redis == "" {
		return skytells.SystemRedis{State: "off"}
	}
	const patience = 3 * time.Second // of the limits' own client
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	pong, err := limit.Ping(ctx, a.cfg.Money.Redis.Reveal())
	if err != nil || a.limits.Degraded() {
		return skytells.SystemRedis{State: "away"}
	}
	return skytells.SystemRedis{State: "ok", Version: pong.Version, PingMS: milliseconds(pong.Took)}
}

func (a *App) storage() skytells.SystemStorage {
	kind, place := blob.Place(a.cfg.Predictions.Blob)
	if kind == "file" {
		kind = "folder"
	}
	return skytells.SystemStorage{Kind: kind, Place: place}
}

func (a *App) spoolState() skytells.SystemSpool {
	_, bytes := a.spooled()
	return skytells.SystemSpool{
		Batches: int64(a.ledger.Spooled().Batches), Bytes: bytes, Queued: int64(a.ledger.Waiting()),
	}
}

// replicas are the processes that live, this one first even where it could not say so.
func (a *App) replicas(ctx context.Context) ([]skytells.Replica, error) {
	self := a.presence.self
	self.Seen, self.Jobs = time.Now(), a.jobs.ID()
	list := []store.Replica{self}
	if a.db.Dialect() == store.Postgres {
		others, err := a.db.Replicas(ctx, aliveWithin)
		if err != nil {
			return nil, err
		}
		list = append(list, slices.DeleteFunc(others, func(r store.Replica) bool { return r.ID == self.ID })...)
	}
	leader, err := a.jobs.Leader(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]skytells.Replica, len(list))
	for i, r := range list {
		out[i] = skytells.Replica{
			ID: r.ID, Host: r.Host, Role: r.Role, Version: r.Version, Config: r.Config, StartedAt: r.Started.UTC(), SeenAt: r.Seen.UTC(),
			MasterKeys: slices.Concat([]string{}, r.MasterKeys),
			Leads:      leader != "" && r.Jobs == leader, This: r.ID == self.ID,
		}
	}
	return out, nil
}

// queues are the job queues, and before them the predictions that wait for a place.
func (a *App) queues(ctx context.Context) ([]skytells.SystemQueue, error) {
	waiting, oldest, err := a.predictions.Waiting(ctx)
	if err != nil {
		return nil, err
	}
	out := []skytells.SystemQueue{{Name: "places", Waiting: waiting, Oldest: momentOf(oldest)}}
	depths, err := a.jobs.Depths(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range depths {
		out = append(out, skytells.SystemQueue{
			Name: string(d.Queue), Waiting: d.Waiting, Running: d.Running, Later: d.Later, Failed: d.Failed, Oldest: momentOf(d.Oldest), Workers: d.Workers,
		})
	}
	return out, nil
}

func momentOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// settings is the process file as it may be shown.
func (a *App) settings() []skytells.SystemSetting {
	shown := a.cfg.Shown()
	out := make([]skytells.SystemSetting, len(shown))
	for i, s := range shown {
		out[i] = skytells.SystemSetting{
			Key: s.Key, Value: s.Value, Origin: s.Origin.String(), Default: !a.cfg.IsSet(s.Key), Secret: s.Secret, Doc: s.Doc,
		}
	}
	return out
}
