package prediction

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"skytower/internal/store"
)

// columns are what scan reads, in its order.
const columns = `id, account, api_key, model, shown, type, spelling, source, stream, input, status, version,
	created_at, started_at, completed_at, updated_at, coalesce(idempotency_key, ''), request_hash,
	handed, beat, attempt, cancel, target, submission, upstream, deadline,
	output, error, error_id, logs, progress, predict_time, event_count, purge_at, removed,
	quote, price_version, amount, webhook_url, webhook_events, webhook_base, webhook_key`

// scan reads a row of columns.
func scan(row func(...any) error) (Record, error) {
	var r Record
	var created, started, completed, updated, beat, deadline, progress, took, purge int64
	var events string
	err := row(&r.ID, &r.Account, &r.Key, &r.Model, &r.Shown, &r.Type, &r.Spelling, &r.Source, &r.Stream, &r.Input, &r.Status, &r.Version,
		&created, &started, &completed, &updated, &r.IdempotencyKey, &r.RequestHash,
		&r.Handed, &beat, &r.Attempt, &r.Cancel, &r.Target, &r.Submission, &r.Upstream, &deadline,
		&r.Output, &r.Error, &r.ErrorID, &r.Logs, &progress, &took, &r.EventCount, &purge, &r.Removed,
		&r.Quote, &r.PriceVersion, &r.Amount, &r.WebhookURL, &events, &r.WebhookBase, &r.WebhookKey)
	if err != nil {
		return Record{}, err
	}
	r.Created, r.Started, r.Completed, r.Updated = store.Time(created), store.Time(started), store.Time(completed), store.Time(updated)
	r.Beat, r.Deadline, r.PurgeAt = store.Time(beat), store.Time(deadline), store.Time(purge)
	r.PredictTime, r.Progress = fromMicros(took), fromThousandths(progress)
	r.WebhookEvents = strings.Fields(events)
	return r, nil
}

// insert stores a new prediction. beat is when it was queued, 0 if it waits.
func insert(ctx context.Context, tx *store.Tx, r *Record, beat int64) error {
	var key any
	if r.IdempotencyKey != "" {
		key = r.IdempotencyKey
	}
	_, err := tx.Exec(ctx, `insert into prediction (id, account, api_key, model, shown, type, spelling, source, stream, input, status, version,
		created_at, started_at, completed_at, updated_at, idempotency_key, request_hash,
		handed, attempt, beat, cancel, target, submission, upstream, deadline,
		output, error, error_id, logs, progress, predict_time, event_count, purge_at, removed,
		webhook_url, webhook_events, webhook_base, webhook_key, quote, price_version)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'pending', 1, $11, 0, 0, $11, $12, $13,
		$14, 0, $15, false, '', '', '', 0, 'null', '', '', '', -1, -1, 0, 0, false, $16, $17, $18, $19, $20, $21)`,
		r.ID, r.Account, r.Key, r.Model, r.Shown, r.Type, r.Spelling, r.Source, r.Stream, r.Input,
		store.Micros(r.Created), key, r.RequestHash, r.Handed, beat,
		r.WebhookURL, strings.Join(r.WebhookEvents, " "), r.WebhookBase, r.WebhookKey, r.Quote, r.PriceVersion)
	if err != nil {
		return fmt.Errorf("insert prediction: %w", err)
	}
	return nil
}

// read returns a prediction in tx; locked holds its row until the end of tx. ok is false
// where there is none.
func read(ctx context.Context, tx *store.Tx, id string, locked bool) (rec Record, ok bool, err error) {
	query := `select ` + columns + ` from prediction where id = $1`
	if locked {
		query += tx.Dialect().ForUpdate()
	}
	return one(tx.QueryRow(ctx, query, id))
}

// one reads a row that may be missing.
func one(row *sql.Row) (rec Record, ok bool, err error) {
	rec, err = scan(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return Record{}, false, nil
	}
	if err != nil {
		return Record{}, false, fmt.Errorf("read prediction: %w", err)
	}
	return rec, true, nil
}

// affected is how many rows a statement changed.
func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// Durations are kept in microseconds, -1 where they are unknown.
func toMicros(d time.Duration) int64 {
	if d < 0 {
		return -1
	}
	return d.Microseconds()
}

func fromMicros(n int64) time.Duration {
	if n < 0 {
		return -1
	}
	return time.Duration(n) * time.Microsecond
}

// Progress is kept in thousandths of a percent, -1 where it is unknown.
func toThousandths(percent float64) int64 {
	if !(percent >= 0) { // NaN too
		return -1
	}
	return int64(min(percent, 100) * 1000)
}

func fromThousandths(n int64) float64 {
	if n < 0 {
		return -1
	}
	return float64(n) / 1000
}

// rowsOf makes values a table for a from clause: argument number n, whose columns are
// the values' JSON names. Each engine has words of its own for it.
func rowsOf[T any](d store.Dialect, n int, values []T, columns ...string) (table string, arg any) {
	text, err := json.Marshal(values)
	if err != nil { // texts, numbers and truths always marshal
		panic(err)
	}
	if d == store.Postgres {
		return fmt.Sprintf("json_to_recordset(cast($%d as json)) as e(%s)", n, strings.Join(columns, ", ")), string(text)
	}
	out := make([]string, len(columns))
	for i, column := range columns {
		name, _, _ := strings.Cut(column, " ")
		out[i] = "value ->> '" + name + "' as " + name
	}
	return fmt.Sprintf("(select %s from json_each($%d)) as e", strings.Join(out, ", "), n), string(text)
}

// byIndex has PostgreSQL go through indexes for the rest of tx. Statements about a batch
// are planned once and kept, maybe while a table is all but empty: a plan that reads all
// of it would still be in use when there are thousands of rows.
func byIndex(ctx context.Context, tx *store.Tx) error {
	if tx.Dialect() == store.SQLite {
		return nil
	}
	_, err := tx.Exec(ctx, `select set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
		set_config('enable_mergejoin', 'off', true)`)
	if err != nil {
		return fmt.Errorf("prepare to write a batch: %w", err)
	}
	return nil
}
