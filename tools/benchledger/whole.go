package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/store"
)

// whole is the ledger as the server has it.
type whole struct {
	db     *store.DB
	ledger *ledger.Ledger
}

func (b *bench) newWhole(ctx context.Context) (*whole, error) {
	db, err := b.open(ctx, "ledger")
	if err != nil {
		return nil, err
	}
	w := &whole{db: db, ledger: ledger.New(db, ledger.Options{})}
	err = db.Write(ctx, func(tx *store.Tx) error {
		for n := range int64(accounts) {
			_, err := w.ledger.Credit(ctx, tx, ledger.Credit{
				ID: "bench/" + account(n), Account: account(n), Kind: "grant", Bucket: ledger.Sponsored, Amount: 1_000_000 * money.Dollar,
				Actor: "system", Reason: "bench", At: time.Now(),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("give credit: %w", err)
	}
	if err := b.fillWhole(ctx, db); err != nil {
		return nil, err
	}
	return w, w.ledger.Start(ctx)
}

func (w *whole) charge(ctx context.Context, n int64) error {
	e := ledger.Estimate{Request: request(n), Account: account(n), Key: "key_bench", Model: "bench", Amount: 2 * amount, Least: amount}
	r, err := w.ledger.Reserve(ctx, e)
	if err != nil {
		return err
	}
	return w.ledger.Commit(ctx, r, ledger.Charge{
		Request: e.Request, Account: e.Account, Key: e.Key, Model: e.Model, Target: "bench/bench", Input: tokens / 3, Output: tokens * 2 / 3,
		Amount: amount, PriceVersion: 1, Outcome: "ok", At: time.Now(),
	})
}

func (w *whole) stop() {
	_ = w.ledger.Stop(context.Background())
	_ = w.db.Close()
}

// fillRows is how many rows one statement adds.
const fillRows = 500_000

// fillPlain and fillWhole add rows of old charges, spread over many accounts and a year.
func (b *bench) fillPlain(ctx context.Context, p *plain) error {
	return b.fill(ctx, "plain", func(ctx context.Context, from, to int) error {
		_, err := p.db.ExecContext(ctx, b.series()+`insert into plain_line (request, batch, account, tokens, amount, at)
			select 'old_' || n, 'old', 'acct_old' || (n % 1000), 300, 450000, 1700000000000000 + cast(n as bigint) * 3000000 from series where true`, from, to)
		return err
	})
}

func (b *bench) fillWhole(ctx context.Context, db *store.DB) error {
	return b.fill(ctx, "ledger", func(ctx context.Context, from, to int) error {
		_, err := db.Writer().ExecContext(ctx, b.series()+`insert into charge_line (request, batch, at, account, api_key, model, target, price_version,
				units_in, units_out, units_cached, units_reasoning, amount, counted, outcome)
			select 'old_' || n, 'old', 1700000000000000 + cast(n as bigint) * 3000000, 'acct_old' || (n % 1000), 'key_old' || (n % 3000), 'bench', 'bench/bench', 1,
				100, 200, 0, 0, 450000, false, 'ok' from series where true`, from, to)
		return err
	})
}

// series is a table expression of the numbers from $1 to $2.
func (b *bench) series() string {
	if b.server != nil {
		return `with series as (select generate_series($1::bigint, $2::bigint) as n) `
	}
	return `with recursive series(n) as (select $1 union all select n + 1 from series where n < $2) `
}

func (b *bench) fill(ctx context.Context, what string, add func(ctx context.Context, from, to int) error) error {
	for from := 0; from < b.rows; from += fillRows {
		if err := add(ctx, from+1, min(from+fillRows, b.rows)); err != nil {
			return fmt.Errorf("fill the %s tables: %w", what, err)
		}
		fmt.Fprintf(os.Stderr, "\r%s: %d of %d rows", what, min(from+fillRows, b.rows), b.rows)
	}
	if b.rows > 0 {
		fmt.Fprintln(os.Stderr)
	}
	return nil
}
