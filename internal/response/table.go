package response

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"skytower/internal/fault"
	"skytower/internal/store"
)

// key is what everything is found by.
type key struct{ account, id string }

// ref is the key in the change feed. Account ids have no slash.
func (k key) ref() string { return k.account + "/" + k.id }

func keyOf(ref string) key {
	account, id, _ := strings.Cut(ref, "/")
	return key{account, id}
}

// row is a row of the table, without its items.
type row struct {
	Record
	request           string
	attempt, sequence int64
	beat              int64
}

// columns are what scan reads, in its order.
const columns = `account, id, previous, api_key, model, state, background, cancel_at, body, request,
	attempt, sequence, beat_at, created_at, ended_at`

func scan(from func(...any) error) (row, error) {
	var r row
	var body string
	var cancelled, created, ended int64
	err := from(&r.Account, &r.ID, &r.Previous, &r.Key, &r.Model, &r.State, &r.Background, &cancelled, &body, &r.request,
		&r.attempt, &r.sequence, &r.beat, &created, &ended)
	if err != nil {
		return row{}, err
	}
	r.CancelAsked, r.Body = cancelled > 0, json.RawMessage(body)
	r.Created, r.Ended = store.Time(created), store.Time(ended)
	return r, nil
}

// alive is the condition that the thread of response r is not over; argument number n is
// the time.
func alive(n int) string {
	return fmt.Sprintf(`exists (select 1 from response_thread t where t.account = r.account and t.id = r.thread and t.expires_at > $%d)`, n)
}

// read returns a response whose thread is not over; locked holds its row until the end of
// tx. ok is false where there is none.
func (s *Store) read(ctx context.Context, tx *store.Tx, k key, locked bool) (r row, ok bool, err error) {
	if !plausible(k.id) {
		return row{}, false, nil
	}
	query := `select ` + columns + ` from response r where account = $1 and id = $2 and ` + alive(3)
	if locked {
		query += tx.Dialect().ForUpdate()
	}
	return one(tx.QueryRow(ctx, query, k.account, k.id, store.Micros(s.o.Now())))
}

// one reads a row that may be missing.
func one(from *sql.Row) (r row, ok bool, err error) {
	r, err = scan(from.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return row{}, false, nil
	}
	if err != nil {
		return row{}, false, fmt.Errorf("read response: %w", err)
	}
	return r, true, nil
}

// insert writes a new response into the thread of the one that it continues, or begins
// one. fresh is false where its id is there already.
func insert(ctx context.Context, tx *store.Tx, r Record, request string, beat int64) (fresh bool, err error) {
	n, err := affected(tx.Exec(ctx, `insert into response (account, id, thread, previous, api_key, model, state, background, body, request,
			attempt, sequence, cancel_at, beat_at, created_at, ended_at)
		values ($1, $2, coalesce((select thread from response where account = $1 and id = $3), $2), $3, $4, $5, $6, $7, $8, $9,
			0, -1, 0, $10, $11, $12) on conflict (account, id) do nothing`,
		r.Account, r.ID, r.Previous, r.Key, r.Model, r.State, r.Background, text(r.Body), request,
		beat, store.Micros(r.Created), store.Micros(r.Ended)))
	if err != nil {
		return false, fmt.Errorf("insert response: %w", err)
	}
	return n > 0, nil
}

// extend keeps a response's thread for a whole retention from now on.
func (s *Store) extend(ctx context.Context, tx *store.Tx, k key) error {
	_, err := tx.Exec(ctx, `insert into response_thread (account, id, expires_at)
		select account, thread, cast($3 as bigint) from response where account = $1 and id = $2
		on conflict (account, id) do update set expires_at = excluded.expires_at where response_thread.expires_at < excluded.expires_at`,
		k.account, k.id, store.Micros(s.o.Now().Add(s.o.Retention)))
	if err != nil {
		return fmt.Errorf("extend a conversation: %w", err)
	}
	return nil
}

// named is a response or a thread as a row of a statement; attempt is that of a run.
type named struct {
	Account string `json:"e_account"`
	ID      string `json:"e_id"`
	Attempt int64  `json:"e_attempt"`
}

// these makes argument number n, made by rowsOf, a table for a from clause.
func these(d store.Dialect, n int) string {
	return fmt.Sprintf(d.Pick(
		`(select value ->> 'e_account' as e_account, value ->> 'e_id' as e_id, value ->> 'e_attempt' as e_attempt from json_each($%d)) as e`,
		`json_to_recordset(cast($%d as json)) as e(e_account text, e_id text, e_attempt bigint)`), n)
}

func rowsOf(all []named) string {
	rows, err := json.Marshal(all)
	if err != nil { // texts and numbers always marshal
		panic(err)
	}
	return string(rows)
}

// keys reads rows of an account and an id.
func keys(ctx context.Context, tx *store.Tx, query string, args ...any) (all []named, err error) {
	err = tx.Each(ctx, query, func(scan func(...any) error) error {
		var n named
		err := scan(&n.Account, &n.ID)
		all = append(all, n)
		return err
	}, args...)
	return all, err
}

// affected is how many rows a statement changed.
func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// text is JSON as it is kept. An upstream's bytes that are no UTF-8 would be refused by
// PostgreSQL.
func text(raw []byte) string { return strings.ToValidUTF8(string(raw), "\uFFFD") }

// or is t, or now where t is not set.
func or(t, now time.Time) time.Time {
	if t.IsZero() {
		return now
	}
	return t
}

// byIndex has PostgreSQL go through indexes for the rest of tx. Plans are kept, and one
// that was made while the table was all but empty would read all of it at each step of a
// conversation.
func byIndex(ctx context.Context, tx *store.Tx) error {
	if tx.Dialect() == store.SQLite {
		return nil
	}
	_, err := tx.Exec(ctx, `select set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
		set_config('enable_mergejoin', 'off', true)`)
	return err
}

func notFound(id string) error {
	e := fault.New(fault.EndpointNotFound, "There is no stored response with this id. Responses are kept when they are made with store: true, until their retention is over.")
	if plausible(id) {
		e = fault.Newf(fault.EndpointNotFound, "There is no stored response '%s'. Responses are kept when they are made with store: true, until their retention is over.", id)
	}
	e.Code = "response_not_found"
	return e
}
