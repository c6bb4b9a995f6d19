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
	slice    = 100_000 // rows of one insertion

	mostPredictions = 100_000
)

// fill inserts rows of 30 days by statements that make them up, as a busy instance would
// have them: few accounts do most, and of each 40 requests one is refused and of each 1,000
// one failed.
func (b *bench) fill(ctx context.Context) error {
	span := days * 24 * int64(time.Hour/time.Microsecond)
	first := store.Micros(b.now) - span
	step := span / int64(b.rows)
	for from := 0; from < b.rows; from += slice {
		to := min(from+slice, b.rows)
		numbers := fmt.Sprintf(`with recursive n(i) as (select %d union all select i + 1 from n where i < %d)`, from, to-1)
		if b.db.Dialect() == store.Postgres {
			numbers = fmt.Sprintf(`with n(i) as (select cast(generate_series(%d, %d) as bigint))`, from, to-1)
		}
		for _, statement := range []string{requestRows, chargeRows} {
			if err := b.exec(ctx, numbers+" "+b.words(statement, first, step)); err != nil {
				return err
			}
		}
		if n := min(to/10, mostPredictions); n > from/10 {
			if err := b.exec(ctx, numbers+" "+b.words(predictionRows, first+span-min(span, int64(mostPredictions)*step*10), step*10)+fmt.Sprintf(" where i %% 10 = 0 and i / 10 < %d", mostPredictions)); err != nil {
				return err
			}
		}
	}
	for _, statement := range []string{predictionCounts, "analyze"} {
		if err := b.exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) exec(ctx context.Context, statement string) error {
	err := b.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, statement)
		return err
	})
	if err != nil {
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
		"{bytes}", b.db.Dialect().Pick("x''", "''::bytea"),
	).Replace(statement)
}

const (
	requestRows = `insert into request_log (request, at, method, route, path, status, outcome, error_id, account, api_key, model, target,
		tokens_in, tokens_out, bytes_in, bytes_out, first_byte, duration, streamed, client)
		select 'req_' || i, {at}, 'POST', '/v1/chat/completions', '/v1/chat/completions',
			case when i % 1000 = 7 then 502 when i % 40 = 3 then 429 else 200 end, 'complete',
			case when i % 1000 = 7 then 'PROVIDER_ERROR' when i % 40 = 3 then 'RATE_LIMIT_EXCEEDED' else '' end,
			'acct_' || ({key} % {accounts}), 'key_' || {key}, 'model-' || (({key} + i % 2) % {models}), 'provider/model',
			500 + i % 1000, 100 + i % 300, 2000, 3000, 50000 + i % 100000, 100000 + (i * 7919) % 4000000, i % 2 = 0, '192.0.2.7' from n`
	chargeRows = `insert into charge_line (request, batch, at, account, api_key, model, target, price_version, units_in, units_out,
		units_cached, units_reasoning, amount, counted, outcome, cost)
		select 'req_' || i, 'b', {at}, 'acct_' || ({key} % {accounts}), 'key_' || {key}, 'model-' || (({key} + i % 2) % {models}), 'provider/model', 1,
			500 + i % 1000, 100 + i % 300, 0, 0, 1000000 + i % 1000, false, 'complete', 500000 from n`
	predictionRows = `insert into prediction (id, account, api_key, model, shown, type, spelling, source, stream, input, status, version,
		created_at, started_at, completed_at, updated_at, request_hash, handed, attempt, beat, cancel, target, submission, upstream, deadline,
		output, error, error_id, logs, progress, predict_time, event_count, purge_at, removed, webhook_url, webhook_events, webhook_base, webhook_key)
		select 'prediction-' || i, 'acct_' || (i / 10 % 3), 'key_1', 'model-' || (i / 10 % {models}), 'm', 'image', 'cancelled', 'api', false, '{}',
			case when i % 200 = 0 then 'failed' else 'succeeded' end, 3, {at}, 1, 1, 1, {bytes}, false, 1, 0, false, '', '', '', 0,
			'null', '', '', '', -1, 1, 0, 0, true, '', '', '', '' from n`
	predictionCounts = `insert into prediction_count (account, day, model, status, n)
		select account, created_at / 86400000000, model, status, count(*) from prediction group by 1, 2, 3, 4`
)
