package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"skytower/internal/account"
	"skytower/internal/blob"
	"skytower/internal/catalog"
	"skytower/internal/egress"
	"skytower/internal/jobs"
	"skytower/internal/ledger"
	"skytower/internal/limit"
	"skytower/internal/prediction"
	"skytower/internal/provider"
	"skytower/internal/secret"
	"skytower/internal/store"
	"skytower/internal/webhook"
)

// whole is Skytower's predictions with a model that answers at once.
type whole struct {
	db     *store.DB
	folder string
	files  *blob.Store
	key    secret.MasterKey

	jobs    *jobs.Jobs // of the process that creates, or works
	service *prediction.Service

	caller  atomic.Int64
	ended   atomic.Int64 // runs since the clock started
	started chan struct{}
	stuck   chan struct{} // what the other account's runs wait for
}

const (
	quick = "quick" // a model
	slow  = "slow"  // one that never ends
)

func newWhole(ctx context.Context, db *store.DB, folder string) (*whole, error) {
	if err := jobs.Migrate(ctx, db); err != nil {
		return nil, err
	}
	key, err := secret.NewMasterKey([]byte(strings.Repeat("0123456789abcdef", 2)))
	if err != nil {
		return nil, err
	}
	w := &whole{db: db, folder: folder, key: key, started: make(chan struct{}, 1), stuck: make(chan struct{})}
	w.files, err = blob.Open(ctx, blob.Options{DB: db, URL: "file://" + folder, Links: secret.NewRing(key)})
	if err != nil {
		return nil, err
	}
	if err := w.accounts(ctx); err != nil {
		return nil, err
	}
	return w, w.process(nil)
}

func (w *whole) accounts(ctx context.Context) error {
	return w.db.Write(ctx, func(tx *store.Tx) error {
		for i := range callers + 1 {
			id := fmt.Sprintf("acct_%d", i)
			if i == callers {
				id = "acct_backlog"
			}
			if _, err := tx.Exec(ctx, `insert into account (id, name, created_at) values ($1, $1, 0)`, id); err != nil {
				return fmt.Errorf("make account %s: %w", id, err)
			}
		}
		return nil
	})
}

// process makes the rooms of one process anew, with these queues.
func (w *whole) process(queues map[jobs.Queue]int) (err error) {
	log := slog.New(slog.DiscardHandler)
	if w.jobs, err = jobs.New(w.db, jobs.Options{Log: log, Workers: queues}); err != nil {
		return err
	}
	sealer, err := secret.NewRing(w.key).Sealer(secret.WebhookKeys)
	if err != nil {
		return err
	}
	policy := egress.Foreign(egress.Rules{Log: log})
	hooks := webhook.New(webhook.Options{
		DB: w.db, Jobs: w.jobs, Log: log, Client: egress.New(policy, egress.Options{}), Addresses: policy,
		Attempted: func(ctx context.Context, tx *store.Tx, id string, at time.Time, settled bool) error {
			return w.service.WebhookAttempted(ctx, tx, id, at, settled)
		},
	})
	w.service = prediction.New(prediction.Options{
		DB: w.db, Jobs: w.jobs, Files: w.files, Webhooks: hooks, Catalog: w, Accounts: account.NewService(w.db, account.ServiceOptions{Sealer: sealer}),
		Adapters: w, Limits: limit.Off{}, Meter: ledger.New(w.db, ledger.Options{}), Fetch: w, Sealer: sealer, Log: log, Now: time.Now,
		Concurrency: 10, Retention: 24 * time.Hour, MaxFile: 1 << 20, MaxFiles: 4, Scratch: w.folder,
	})
	return nil
}

// Resolve, Get, Adapter and Open play the rooms that are not measured.
func (w *whole) Resolve(name string, _ catalog.Viewer, _ string) (catalog.Resolved, error) {
	m, err := w.BySlug(name)
	return catalog.Resolved{Model: m, Asked: name, Show: name}, err
}

// Get gives a model without a schema.
func (w *whole) BySlug(name string) (*catalog.Model, error) {
	return &catalog.Model{
		Slug: name, API: catalog.Prediction, Deadline: time.Hour,
		Targets: []catalog.Target{{Provider: name, Model: name, FetchInputs: catalog.FetchPass}},
	}, nil
}

// Adapter gives the one adapter.
func (w *whole) Adapter(name string) (any, error) { return instant{w, name == slow}, nil }

// Open has nothing to fetch.
func (w *whole) Open(context.Context, string, int64) (io.ReadCloser, error) {
	return nil, errors.New("nothing is fetched here")
}

// instant answers at once, or never.
type instant struct {
	w    *whole
	slow bool
}

// Predict is provider.Predictor's.
func (i instant) Predict(ctx context.Context, _ *provider.Run) (*provider.Result, error) {
	if i.slow {
		<-ctx.Done()
		return nil, &provider.Error{Class: provider.Cancelled, Err: ctx.Err()}
	}
	select {
	case i.w.started <- struct{}{}:
	default:
	}
	i.w.ended.Add(1)
	text := "done"
	return &provider.Result{Text: &text}, nil
}

func (w *whole) one(ctx context.Context, owner, model string) error {
	_, _, err := w.service.Create(ctx, prediction.Create{
		Who: account.Principal{Account: owner, Key: "key_1"}, Model: model, Input: json.RawMessage(`{"prompt":"a lighthouse at dusk"}`),
		Source: "api", Spelling: "canceled", Surface: "standard",
	})
	return err
}

func (w *whole) create(ctx context.Context, n int) error {
	return share(n, func() error {
		return w.one(ctx, fmt.Sprintf("acct_%d", w.caller.Add(1)%callers), quick)
	})
}

func (w *whole) begin(ctx context.Context) error {
	err := w.process(map[jobs.Queue]int{jobs.Remote: workers, jobs.Local: 2, jobs.Webhooks: 4, jobs.Upkeep: 2})
	if err != nil {
		return err
	}
	if err := w.service.Start(ctx); err != nil {
		return err
	}
	return w.jobs.Start(ctx)
}

func (w *whole) end() {
	over, cancel := context.WithCancel(context.Background())
	cancel()
	_ = w.jobs.Stop(over)
	w.service.Stop()
	_ = w.process(nil)
}

func (w *whole) work(ctx context.Context, n int) (time.Duration, error) {
	waiting := 0
	if err := w.count(ctx, &waiting); err != nil {
		return 0, err
	}
	if waiting < n {
		if err := w.create(ctx, n-waiting); err != nil {
			return 0, err
		}
		waiting = n
	}
	w.ended.Store(0)
	began := time.Now()
	if err := w.begin(ctx); err != nil {
		return 0, err
	}
	for left := waiting; left > 0; {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(time.Millisecond):
		}
		if w.ended.Load() < int64(waiting) {
			continue // counting reads the table, which is to be left to those who work
		}
		if err := w.count(ctx, &left); err != nil {
			return 0, err
		}
	}
	took := time.Since(began) * time.Duration(n) / time.Duration(waiting)
	w.end()
	return took, nil
}

func (w *whole) count(ctx context.Context, n *int) error {
	return w.db.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, `select count(*) from prediction where status in ('pending', 'starting', 'processing')`).Scan(n)
	})
}

func (w *whole) start(ctx context.Context) (time.Duration, error) {
	select {
	case <-w.started:
	default:
	}
	began := time.Now()
	if err := w.one(ctx, "acct_1", quick); err != nil {
		return 0, err
	}
	<-w.started
	return time.Since(began), nil
}

// wait makes another account's backlog: one more than may run, the last of them
// repeated by the database itself.
func (w *whole) wait(ctx context.Context, n int) error {
	for range 11 {
		if err := w.one(ctx, "acct_backlog", slow); err != nil {
			return err
		}
	}
	return w.db.Write(ctx, func(tx *store.Tx) error {
		columns, err := w.columns(ctx, tx)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `with recursive n (i) as (select 1 union all select i + 1 from n where i < $1),
				one as (select * from prediction where account = 'acct_backlog' and not handed limit 1)
			insert into prediction (`+strings.Join(columns, ", ")+`) select one.id || '-' || cast(n.i as text), `+
			strings.Join(columns[1:], ", ")+` from one, n where true`, n)
		if err != nil {
			return fmt.Errorf("fill the table: %w", err)
		}
		return nil
	})
}

// columns are those of the table, the id first.
func (w *whole) columns(ctx context.Context, tx *store.Tx) ([]string, error) {
	rows, err := tx.Query(ctx, `select * from prediction limit 0`)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // it has no rows
	names, err := rows.Columns()
	if err != nil || len(names) == 0 || names[0] != "id" {
		return nil, fmt.Errorf("columns of the table: %v %w", names, err)
	}
	return names, nil
}
