package app

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"skytower/internal/blob"
	"skytower/internal/egress"
	"skytower/internal/jobs"
	"skytower/internal/limit"
	"skytower/internal/prediction"
	"skytower/internal/secret"
	"skytower/internal/store"
	"skytower/internal/webhook"
)

// Workers of the queues that only keep house or wait for receivers.
const (
	webhookWorkers = 32
	upkeepWorkers  = 4
)

// webhookTimeout bounds one call of a receiver (contract 11).
const webhookTimeout = 10 * time.Second

func (a *App) makeJobs(ctx context.Context) (err error) {
	if err := jobs.Migrate(ctx, a.db); err != nil {
		return fmt.Errorf("bring the job queue's tables up to date: %w", err)
	}
	workers := map[jobs.Queue]int{}
	if a.cfg.Works() {
		workers = map[jobs.Queue]int{
			jobs.Remote: a.cfg.Predictions.WorkersRemote, jobs.Local: a.cfg.Predictions.WorkersLocal,
			jobs.Responses: a.cfg.Inference.ResponsesWorkers, jobs.Webhooks: webhookWorkers, jobs.Upkeep: upkeepWorkers,
		}
	}
	if a.jobs, err = jobs.New(a.db, jobs.Options{Log: a.log, Workers: workers, Now: a.clock.Now, Steady: a.clock.Steady}); err != nil {
		return fmt.Errorf("make the job queue: %w", err)
	}
	a.jobs.EverySteadily("sweep people", peopleInterval, a.accounts.Sweep)
	a.jobs.Every("expire credit", expireInterval, a.ledger.Expire)
	a.jobs.Every("look for alerts", alertInterval, a.watchStandings)
	if !a.tiers.Off() {
		tiers := &limit.Tiers{DB: a.db, Table: a.tiers, Spending: a.credits, Now: a.clock.Now}
		a.jobs.Every("review tiers", tierInterval, tiers.Review)
	}
	return nil
}

// sweepInterval is how often files that may go are looked for.
const sweepInterval = time.Minute

func (a *App) makeFiles(ctx context.Context) (err error) {
	if a.files, err = blob.Open(ctx, blob.Options{DB: a.db, Log: a.log, Now: a.clock.Now, URL: a.cfg.Predictions.Blob, Links: a.ring, OnError: a.metrics.StorageErrors.Inc}); err != nil {
		return fmt.Errorf("open the storage of files: %w", err)
	}
	a.jobs.EverySteadily("sweep files", sweepInterval, a.files.Sweep)
	return nil
}

// makePredictions makes the two rooms that need each other: a prediction tells its
// webhooks, and a webhook's last try starts the prediction's retention.
func (a *App) makePredictions(context.Context) error {
	sealer, err := a.sealer(secret.WebhookKeys)
	if err != nil {
		return err
	}
	if a.scratch, err = a.freshScratch(); err != nil {
		return err
	}
	a.webhooks = webhook.New(a.webhookOptions())
	a.predictions = prediction.New(prediction.Options{
		DB: a.db, Jobs: a.jobs, Files: a.files, Webhooks: a.webhooks, Catalog: a.catalog, Accounts: a.accounts, Adapters: a.adapters,
		Limits: a.limits, Meter: a.ledger, Fetch: a.foreign(), Sealer: sealer, Log: a.log, Now: a.clock.Now, Public: textOf(a.cfg.PublicURL),
		FilesURL:    textOf(a.cfg.Predictions.FilesURL),
		Concurrency: a.cfg.Predictions.Concurrency, Retention: a.cfg.Predictions.Retention,
		MaxFile: a.cfg.Predictions.MaxFile, MaxFiles: a.cfg.Predictions.MaxFiles, Scratch: a.scratch,
		Observer: predicting{a}, Trace: a.tracer, Guard: a.guardInput, Screen: a.screen,
	})
	return nil
}

func (a *App) webhookOptions() webhook.Options {
	policy := egress.Foreign(a.foreignRules())
	return webhook.Options{
		DB: a.db, Jobs: a.jobs, Log: a.log, Now: a.clock.Now, Addresses: policy,
		Client: egress.New(policy, egress.Options{
			DialTimeout: a.cfg.DialTimeout, FirstByte: webhookTimeout, Idle: webhookTimeout, UserAgent: "skytower-webhook",
		}),
		OnAttempt: a.delivered, Trace: a.tracer,
		PlainHTTP: a.cfg.Predictions.WebhookHTTP, PlainPrivate: len(a.cfg.EgressAllow) > 0,
		Attempted: func(ctx context.Context, tx *store.Tx, id string, at time.Time, settled bool) error {
			return a.predictions.WebhookAttempted(ctx, tx, id, at, settled)
		},
		Lock: func(ctx context.Context, tx *store.Tx, id string) error {
			return a.predictions.WebhookLock(ctx, tx, id)
		},
	}
}

// textOf is an address without a slash at its end, or "".
func textOf(u *url.URL) string {
	if u == nil {
		return ""
	}
	return strings.TrimRight(u.String(), "/")
}

// freshScratch makes an empty folder for the files of runs. It is not in the data
// folder, which only the server's user may enter: commands run as another. Its name is
// the same at each start, so that what a process that died left behind goes.
func (a *App) freshScratch() (string, error) {
	data, err := filepath.Abs(a.cfg.Data)
	if err != nil {
		return "", fmt.Errorf("find the data folder: %w", err)
	}
	sum := sha256.Sum256([]byte(data))
	path := filepath.Join(os.TempDir(), fmt.Sprintf("skytower-%d-%x", os.Getuid(), sum[:6]))
	if err := os.RemoveAll(path); err != nil {
		return "", fmt.Errorf("empty the folder of temporary files: %w", err)
	}
	// Not MkdirAll: a folder that is there now is somebody else's.
	if err := os.Mkdir(path, 0o711); err != nil {
		return "", fmt.Errorf("make the folder of temporary files: %w", err)
	}
	return path, nil
}
