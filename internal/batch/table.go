package batch

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/store"
)

// Batch is one batch.
type Batch struct {
	ID, Account, Key                                string
	Endpoint, Window                                string
	Input, Output, Errors                           string // files; the last two: ""
	Metadata                                        map[string]string
	State                                           State
	Problems                                        []Problem
	Lines, Completed, Failed                        int64
	Model                                           string // that all lines name, or ""
	Usage                                           Usage
	Charged                                         money.Nanos   // for the lines that have their answers
	OutputLife                                      time.Duration // of its files; 0: as long as the batch is kept
	Created, Started, Finalizing, Cancelling, Ended time.Time     // zero: not yet
	Expires                                         time.Time

	lease time.Time
}

// Problem is what is wrong with the input of a batch.
type Problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Param   string `json:"param,omitempty"`
	Line    int64  `json:"line,omitempty"` // 0: the whole file
}

const columns = `id, account, api_key, endpoint, time_window, input_file, output_file, error_file, metadata, state, problems,
	lines, completed, failed, model, units_in, units_out, units_cached, units_reasoning, amount, output_life,
	created_at, started_at, finalizing_at, cancelling_at, ended_at, expires_at, lease_until`

func scanBatch(scan func(...any) error) (b Batch, err error) {
	var metadata, problems string
	var life, created, started, finalizing, cancelling, ended, expires, lease int64
	err = scan(&b.ID, &b.Account, &b.Key, &b.Endpoint, &b.Window, &b.Input, &b.Output, &b.Errors, &metadata, &b.State, &problems,
		&b.Lines, &b.Completed, &b.Failed, &b.Model, &b.Usage.Input, &b.Usage.Output, &b.Usage.Cached, &b.Usage.Reasoning, &b.Charged, &life, &created, &started, &finalizing, &cancelling, &ended, &expires, &lease)
	if err != nil {
		return b, err
	}
	b.Created, b.Started, b.Finalizing, b.Cancelling = store.Time(created), store.Time(started), store.Time(finalizing), store.Time(cancelling)
	b.OutputLife = time.Duration(life) * time.Microsecond
	b.Ended, b.Expires, b.lease = store.Time(ended), store.Time(expires), store.Time(lease)
	if metadata != "" {
		err = json.Unmarshal([]byte(metadata), &b.Metadata)
	}
	if problems != "" {
		err = errors.Join(err, json.Unmarshal([]byte(problems), &b.Problems))
	}
	return b, err
}

func collect(all *[]Batch) func(func(...any) error) error {
	return func(scan func(...any) error) error {
		b, err := scanBatch(scan)
		*all = append(*all, b)
		return err
	}
}

// affected is how many rows a statement changed.
func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// one reads a batch of the account; where locked, its row is held until the end of tx.
func one(ctx context.Context, tx *store.Tx, account, id string, locked bool) (Batch, error) {
	query := `select ` + columns + ` from batch where id = $1 and account = $2`
	if locked {
		query += tx.Dialect().ForUpdate()
	}
	b, err := scanBatch(tx.QueryRow(ctx, query, id, account).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return b, notFound()
	}
	if err != nil {
		return b, fmt.Errorf("read batch %s: %w", id, err)
	}
	return b, nil
}

func notFound() error {
	e := fault.New(fault.EndpointNotFound, "There is no batch with this id. Batches are kept for a while after their end.")
	e.Code = "batch_not_found"
	return e
}

// line is one line of a batch that a process has taken.
type line struct {
	batch, account, key, endpoint, input string

	number, place, size int64
	request             string
	taken               int64
	unsure              bool // an earlier try may have been charged
}

// row is a line as statements are given it.
type row struct {
	Line    int64  `json:"e_line"`
	Custom  string `json:"e_custom"`
	Place   int64  `json:"e_place"`
	Size    int64  `json:"e_size"`
	Request string `json:"e_request"`
}

// these makes argument number n, made by rowsOf, a table for a from clause.
func these(d store.Dialect, n int) string {
	return fmt.Sprintf(d.Pick(
		`(select value ->> 'e_line' as e_line, value ->> 'e_custom' as e_custom, value ->> 'e_place' as e_place, value ->> 'e_size' as e_size,
			value ->> 'e_request' as e_request from json_each($%d)) as e`,
		`json_to_recordset(cast($%d as json)) as e(e_line bigint, e_custom text, e_place bigint, e_size bigint, e_request text)`), n)
}

func rowsOf(all []row) string {
	rows, err := json.Marshal(all)
	if err != nil { // texts and numbers always marshal
		panic(err)
	}
	return string(rows)
}
