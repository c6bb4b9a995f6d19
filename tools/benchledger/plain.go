package main

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"skytower/internal/store"
)

// plain is the plainest group commit: one committer that takes what waits, a batch row, a
// line a charge, and a posting and a balance an account.
type plain struct {
	db       *sql.DB
	postgres bool
	queue    chan *waiter
	done     sync.WaitGroup
	sqlite   [4]*sql.Stmt
	close    func()
}

type waiter struct {
	n    int64
	done chan error
}

const plainBatch = 512

func (b *bench) newPlain(ctx context.Context) (*plain, error) {
	db, err := b.open(ctx, "plain")
	if err != nil {
		return nil, err
	}
	p := &plain{db: db.Writer(), postgres: db.Dialect() == store.Postgres, queue: make(chan *waiter, 8192), close: func() { _ = db.Close() }}
	for _, statement := range []string{
		`create table plain_batch (id text not null primary key, at bigint not null)`,
		`create table plain_line (request text not null primary key, batch text not null, account text not null, tokens bigint not null, amount bigint not null, at bigint not null)`,
		`create index plain_line_account on plain_line (account, at)`,
		`create table plain_posting (batch text not null, account text not null, amount bigint not null, primary key (batch, account))`,
		`create table plain_balance (account text not null primary key, amount bigint not null)`,
	} {
		if _, err := p.db.ExecContext(ctx, statement); err != nil {
			return nil, fmt.Errorf("make the plain tables: %w", err)
		}
	}
	if err := p.prepare(ctx); err != nil {
		return nil, err
	}
	if err := b.fillPlain(ctx, p); err != nil {
		return nil, err
	}
	p.done.Go(p.commit)
	return p, nil
}

func (p *plain) prepare(ctx context.Context) (err error) {
	if p.postgres {
		return nil
	}
	for i, statement := range []string{
		`insert into plain_batch (id, at) values ($1, $2)`,
		`insert into plain_line (request, batch, account, tokens, amount, at) values ($1, $2, $3, $4, $5, $6)`,
		`insert into plain_posting (batch, account, amount) values ($1, $2, $3)`,
		`insert into plain_balance (account, amount) values ($1, $2) on conflict (account) do update set amount = amount + excluded.amount`,
	} {
		if p.sqlite[i], err = p.db.PrepareContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func (p *plain) charge(_ context.Context, n int64) error {
	w := &waiter{n: n, done: make(chan error, 1)}
	p.queue <- w
	return <-w.done
}

func (p *plain) stop() {
	close(p.queue)
	p.done.Wait()
	p.close()
}

func (p *plain) commit() {
	for first := range p.queue {
		batch := []*waiter{first}
		for len(batch) < plainBatch && len(p.queue) > 0 {
			batch = append(batch, <-p.queue)
		}
		err := p.write(batch)
		for _, w := range batch {
			w.done <- err
		}
	}
}

func (p *plain) write(batch []*waiter) error {
	ctx, id, now := context.Background(), fmt.Sprintf("b%d", batch[0].n), time.Now().UnixMicro()
	sums := map[string]int64{}
	for _, w := range batch {
		sums[account(w.n)] += amount
	}
	if p.postgres {
		return p.writePostgres(ctx, id, now, batch, sums)
	}
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit it does nothing
	if _, err := tx.StmtContext(ctx, p.sqlite[0]).ExecContext(ctx, id, now); err != nil {
		return err
	}
	line := tx.StmtContext(ctx, p.sqlite[1])
	for _, w := range batch {
		if _, err := line.ExecContext(ctx, request(w.n), id, account(w.n), tokens, amount, now); err != nil {
			return err
		}
	}
	for name, sum := range sums {
		if _, err := tx.StmtContext(ctx, p.sqlite[2]).ExecContext(ctx, id, name, sum); err != nil {
			return err
		}
		if _, err := tx.StmtContext(ctx, p.sqlite[3]).ExecContext(ctx, name, sum); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (p *plain) writePostgres(ctx context.Context, id string, now int64, batch []*waiter, sums map[string]int64) error {
	var requests, owners, names []string
	var amounts []int64
	for _, w := range batch {
		requests, owners = append(requests, request(w.n)), append(owners, account(w.n))
	}
	for name, sum := range sums {
		names, amounts = append(names, name), append(amounts, sum)
	}
	_, err := p.db.ExecContext(ctx, `with b as (insert into plain_batch (id, at) values ($1::text, $2::bigint)),
		n as (insert into plain_line (request, batch, account, tokens, amount, at)
			select request, $1::text, account, $5::bigint, $6::bigint, $2::bigint from unnest($3::text[], $4::text[]) as v(request, account)),
		p as (insert into plain_posting (batch, account, amount) select $1::text, account, amount from unnest($7::text[], $8::bigint[]) as v(account, amount))
		insert into plain_balance (account, amount) select * from unnest($7::text[], $8::bigint[]) as v(account, amount) order by 1
		on conflict (account) do update set amount = plain_balance.amount + excluded.amount`,
		id, now, requests, owners, int64(tokens), int64(amount), names, amounts)
	return err
}

// What each charge is.
const (
	tokens = 300
	amount = 450_000
)

func account(n int64) string { return fmt.Sprintf("acct_%026d", n%accounts) }

func request(n int64) string { return fmt.Sprintf("req_%026d", n) }
