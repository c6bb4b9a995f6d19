package archive

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"skytower/internal/fault"
	"skytower/internal/store"
)

// Bodies are those of a request and of its answer. Of a body longer than MaxPart there is
// the beginning.
type Bodies struct {
	Request, Account          string
	At, ExpiresAt             time.Time
	Streamed                  bool // Answer is a stream of events
	RequestBytes, AnswerBytes int64
	Body, Answer              []byte
	BodyCut, AnswerCut        bool
}

// Kept says how much of an account is kept.
type Kept struct {
	Requests int64
	Oldest   time.Time // zero: nothing is kept
}

// row is one of the table body.
type row struct {
	Bodies
	file, sealedKey string
}

const selectBody = `select request, account, at, expires_at, file, sealed_key, streamed, request_bytes, answer_bytes from body`

func (r *row) scan(scan func(...any) error) error {
	var at, expires int64
	err := scan(&r.Request, &r.Account, &at, &expires, &r.file, &r.sealedKey, &r.Streamed, &r.RequestBytes, &r.AnswerBytes)
	r.At, r.ExpiresAt = store.Time(at), store.Time(expires)
	return err
}

// store seals an exchange, puts it into the storage, and then makes its row. What is put
// without a row goes by itself.
func (a *Archive) store(ctx context.Context, e *Exchange) error {
	content, key, err := seal(e.request, e.body.text, e.answer.text)
	if err != nil {
		return fmt.Errorf("seal bodies: %w", err)
	}
	file, err := a.o.Files.Put(ctx, e.account, content, e.expires)
	if err != nil {
		return fmt.Errorf("store bodies: %w", err)
	}
	unwanted := false
	err = a.o.DB.Write(ctx, func(tx *store.Tx) error {
		keep, err := a.o.Wanted(ctx, tx, e.account)
		if err != nil {
			return err
		}
		if unwanted = keep <= 0; unwanted {
			return a.o.Files.Drop(ctx, tx, e.account, file)
		}
		if err := a.o.Files.Keep(ctx, tx, file, e.expires); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `insert into body (request, account, at, expires_at, file, sealed_key, streamed, request_bytes, answer_bytes)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, e.request, e.account, store.Micros(e.at), store.Micros(e.expires), file,
			a.o.Sealer.Seal(key, keyContext(e.request)), e.streamed, e.body.size, e.answer.size)
		return err
	})
	if err != nil {
		return fmt.Errorf("note bodies: %w", err)
	}
	if unwanted {
		return errUnwanted
	}
	return nil
}

// Get returns the bodies of a request, of an account or ("") of any.
//
// Errors: INVALID_PARAMETER (404).
func (a *Archive) Get(ctx context.Context, account, request string) (Bodies, error) {
	var r row
	err := a.o.DB.Read(ctx, func(tx *store.Tx) error {
		return r.scan(tx.QueryRow(ctx, selectBody+` where request = $1 and ($2 = '' or account = $2) and expires_at > $3`,
			request, account, store.Micros(a.o.Now())).Scan)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return Bodies{}, notKept()
	}
	if err != nil {
		return Bodies{}, fmt.Errorf("find the bodies of request %s: %w", request, err)
	}
	if err := a.fill(ctx, &r); err != nil {
		return Bodies{}, err
	}
	return r.Bodies, nil
}

func notKept() error {
	return &fault.Error{ID: fault.InvalidParameter, Status: 404, Param: "id", Message: "No bodies of this request are kept.",
		Details: "They are kept only for accounts that asked for it before the request, and for as long as the account chose."}
}

// fill reads the content.
func (a *Archive) fill(ctx context.Context, r *row) error {
	key, err := a.o.Sealer.Open(r.sealedKey, keyContext(r.Request))
	if err != nil {
		return fmt.Errorf("open the bodies of request %s: %w", r.Request, err)
	}
	source, err := a.o.Files.Content(ctx, r.Account, r.file)
	if errors.Is(err, ErrNotFound) {
		return notKept() // deleted at this moment
	}
	if err != nil {
		return fault.Wrap(fmt.Errorf("read the bodies of request %s: %w", r.Request, err), fault.ServiceUnavailable, "The storage of files does not answer; try again later.")
	}
	defer source.Close() //nolint:errcheck // read only
	content, err := io.ReadAll(io.LimitReader(source, maxContent))
	if err != nil {
		return fault.Wrap(fmt.Errorf("read the bodies of request %s: %w", r.Request, err), fault.ServiceUnavailable, "The storage of files does not answer; try again later.")
	}
	if r.Body, r.Answer, err = open(r.Request, content, key); err != nil {
		return fmt.Errorf("open the bodies of request %s: %w", r.Request, err)
	}
	r.BodyCut, r.AnswerCut = int64(len(r.Body)) < r.RequestBytes, int64(len(r.Answer)) < r.AnswerBytes
	return nil
}

// Kept tells how much of an account is kept.
func (a *Archive) Kept(ctx context.Context, account string) (k Kept, err error) {
	var oldest sql.NullInt64
	err = a.o.DB.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, `select count(*), min(at) from body where account = $1 and expires_at > $2`, account, store.Micros(a.o.Now())).Scan(&k.Requests, &oldest)
	})
	if err != nil {
		return k, fmt.Errorf("count the kept bodies of account %s: %w", account, err)
	}
	if oldest.Valid {
		k.Oldest = store.Time(oldest.Int64)
	}
	return k, nil
}

// Delete removes the bodies of a request of the account. Nobody can read them from then on;
// their content leaves the storage soon after.
//
// Errors: INVALID_PARAMETER (404).
func (a *Archive) Delete(ctx context.Context, account, request string) error {
	n, err := a.delete(ctx, ` where request = $1 and account = $2 limit 1`, request, account)
	if err == nil && n == 0 {
		return notKept()
	}
	return err
}

// step is how many rows go in one transaction.
const step = 100

// RemoveAccount deletes all that is kept of an account. It may be called again.
func (a *Archive) RemoveAccount(ctx context.Context, account string) error {
	return a.inSteps(ctx, ` where account = $1 order by at, request limit $2`, account, step)
}

// Sweep deletes what is past its time; the content goes by its own time, which is the same.
func (a *Archive) Sweep(ctx context.Context) error {
	return a.inSteps(ctx, ` where expires_at <= $1 order by expires_at limit $2`, store.Micros(a.o.Now()), step)
}

func (a *Archive) inSteps(ctx context.Context, which string, args ...any) error {
	for {
		n, err := a.delete(ctx, which, args...)
		if err != nil || n < step {
			return err
		}
	}
}

// delete removes the rows that are found, and lets their files go.
func (a *Archive) delete(ctx context.Context, which string, args ...any) (n int, err error) {
	err = a.o.DB.Write(ctx, func(tx *store.Tx) error {
		rows, err := read(ctx, tx, which, args...)
		if n = len(rows); err != nil || n == 0 {
			return err
		}
		ids := make([]string, 0, n)
		for _, r := range rows {
			if err := a.o.Files.Drop(ctx, tx, r.Account, r.file); err != nil {
				return err
			}
			ids = append(ids, r.Request)
		}
		d := tx.Dialect()
		_, err = tx.Exec(ctx, `delete from body where `+d.In("request", 1), d.Strings(ids))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("delete kept bodies: %w", err)
	}
	return n, nil
}

func read(ctx context.Context, tx *store.Tx, which string, args ...any) (rows []row, err error) {
	err = tx.Each(ctx, selectBody+which, func(scan func(...any) error) error {
		var r row
		err := r.scan(scan)
		rows = append(rows, r)
		return err
	}, args...)
	return rows, err
}

// Each calls fn with all that is kept of an account, oldest first, one at a time. What goes
// meanwhile is left out.
func (a *Archive) Each(ctx context.Context, account string, fn func(Bodies) error) error {
	var last row
	for {
		var rows []row
		err := a.o.DB.Read(ctx, func(tx *store.Tx) (err error) {
			rows, err = read(ctx, tx, ` where account = $1 and (at, request) > ($2, $3) and expires_at > $4 order by at, request limit $5`,
				account, store.Micros(last.At), last.Request, store.Micros(a.o.Now()), step)
			return err
		})
		if err != nil || len(rows) == 0 {
			return wrap(err, account)
		}
		for _, r := range rows {
			if err := a.fill(ctx, &r); fault.Is(err, fault.InvalidParameter) {
				continue
			} else if err != nil {
				return err
			}
			if err := fn(r.Bodies); err != nil {
				return err
			}
		}
		last = rows[len(rows)-1]
	}
}

func wrap(err error, account string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("list the kept bodies of account %s: %w", account, err)
}
