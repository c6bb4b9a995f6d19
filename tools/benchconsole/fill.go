package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"skytower/internal/store"
)

const (
	accounts = 200
	keys     = 1000
	models   = 12
	days     = 30
	slice    = 1_000_000 // rows of one insertion

	mostPredictions = 100_000
)

// filled are the tables that fill writes; their indexes are made afterwards, at once.
const filled = "'request_log', 'charge_line', 'prediction'"

// fill inserts rows of 30 days by statements that make them up, as a busy instance would
// have them: few accounts do most, and of each 40 requests one is refused and of each 1,000
// one failed.
func (b *bench) fill(ctx context.Context) error {
	indexes, err := b.dropIndexes(ctx)
	if err != nil {
		return err
	}
	span := days * 24 * int64(time.Hour/time.Microsecond)
	first := store.Micros(b.now) - span
	step := span / int64(b.rows)
	for from := 0; from < b.rows; from += slice {
		to := min(from+slice, b.rows)
		for _, statement := range []string{requestRows, chargeRows} {
			if err := b.exec(ctx, b.numbers(from, to)+" "+b.words(statement, first, step)); err != nil {
				return err
			}
		}
	}
	// The latest ones, one for ten requests.
	n := min(b.rows/10, mostPredictions)
	rows := b.words(predictionRows, first+span-int64(n)*10*step, 10*step)
	for _, statement := range append([]string{b.numbers(0, n) + " " + rows}, append(indexes, predictionCounts, "analyze")...) {
		if err := b.exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// numbers is a table n of the numbers i from one to before another.
func (b *bench) numbers(from, to int) string {
	if b.postgres() {
		return fmt.Sprintf("with n(i) as (select cast(generate_series(%d, %d) as bigint))", from, to-1)
	}
	return fmt.Sprintf("with recursive n(i) as (select %d union all select i + 1 from n where i < %d)", from, to-1)
}

func (b *bench) postgres() bool { return b.database == "postgres" }

// dropIndexes drops what is not a key's, and returns the statements that make it again.
func (b *bench) dropIndexes(ctx context.Context) (statements []string, err error) {
	query := "select name, sql from sqlite_master where type = 'index' and sql is not null and tbl_name in (" + filled + ")"
	if b.postgres() {
		query = "select indexname, indexdef from pg_indexes where indexdef not like 'CREATE UNIQUE%' and schemaname = current_schema() and tablename in (" + filled + ")"
	}
	rows, err := b.raw.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("list the indexes: %w", err)
	}
	defer rows.Close() //nolint:errcheck // Err tells
	var names []string
	for rows.Next() {
		var name, statement string
		if err := rows.Scan(&name, &statement); err != nil {
			return nil, fmt.Errorf("list the indexes: %w", err)
		}
		names, statements = append(names, name), append(statements, statement)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list the indexes: %w", err)
	}
	for _, name := range names {
		if err := b.exec(ctx, "drop index "+name); err != nil {
			return nil, err
		}
	}
	return statements, nil
}

func (b *bench) exec(ctx context.Context, statement string) error {
	if _, err := b.raw.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	return nil
}

// words puts the numbers into a statement. Key k belongs to account k mod accounts, and
// small ones come more often; each key uses two models.
func (b *bench) words(statement string, first, step int64) string {
	hash := "(i * 7919 + i / 13) % 1000"
	return strings.NewReplacer(
		"{at}", fmt.Sprintf("%d + i * %d", first, step), "{key}", fmt.Sprintf("((%s) * (%s) / 1000)", hash, hash),
		"{accounts}", fmt.Sprint(accounts), "{models}", fmt.Sprint(models),
		"{bytes}", map[bool]string{false: "x''", true: "''::bytea"}[b.postgres()],
		"{id}", "substr(cast(1000000000 + i as text), 2)", // in the order of the numbers
	).Replace(statement)
}

const (
	requestRows = `insert into request_log (request, at, method, route, path, status, outcome, error_id, account, api_key, model, target,
		tokens_in, tokens_out, bytes_in, bytes_out, first_byte, duration, streamed, client)
		select 'req_' || {id}, {at}, 'POST', '/v1/chat/completions', '/v1/chat/completions',
			case when i % 1000 = 7 then 502 when i % 40 = 3 then 429 else 200 end, 'complete',
			case when i % 1000 = 7 then 'PROVIDER_ERROR' when i % 40 = 3 then 'RATE_LIMIT_EXCEEDED' else '' end,
			'acct_' || ({key} % {accounts}), 'key_' || {key}, 'model-' || (({key} + i % 2) % {models}), 'provider/model',
			500 + i % 1000, 100 + i % 300, 2000, 3000, 50000 + i % 100000, 100000 + (i * 7919) % 4000000, i % 2 = 0, '192.0.2.7' from n`
	chargeRows = `insert into charge_line (request, batch, at, account, api_key, model, target, price_version, units_in, units_out,
		units_cached, units_reasoning, amount, counted, outcome, cost)
		select 'req_' || {id}, 'b', {at}, 'acct_' || ({key} % {accounts}), 'key_' || {key}, 'model-' || (({key} + i % 2) % {models}), 'provider/model', 1,
			500 + i % 1000, 100 + i % 300, 0, 0, 1000000 + i % 1000, false, 'complete', 500000 from n`
	predictionRows = `insert into prediction (id, account, api_key, model, shown, type, spelling, source, stream, input, status, version,
		created_at, started_at, completed_at, updated_at, request_hash, handed, attempt, beat, cancel, target, submission, upstream, deadline,
		output, error, error_id, logs, progress, predict_time, event_count, purge_at, removed, webhook_url, webhook_events, webhook_base, webhook_key)
		select 'prediction-' || {id}, 'acct_' || (i % 3), 'key_1', 'model-' || (i % {models}), 'm', 'image', 'cancelled', 'api', false, '{}',
			case when i % 20 = 0 then 'failed' else 'succeeded' end, 3, {at}, 1, 1, 1, {bytes}, false, 1, 0, false, '', '', '', 0,
			'null', '', '', '', -1, 1, 0, 0, true, '', '', '', '' from n`
	predictionCounts = `insert into prediction_count (account, day, model, status, n)
		select account, created_at / 86400000000, model, status, count(*) from prediction group by 1, 2, 3, 4`
)
