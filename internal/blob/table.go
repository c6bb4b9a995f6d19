package blob

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"skytower/internal/store"
)

const columns = `id, account, prediction, attempt, ordinal, role, name, type, size, purpose, created_at, expires_at`

// live is the condition for files that can be had; argument n is the time.
func live(n int) string {
	return fmt.Sprintf(`state = 'kept' and (expires_at = 0 or expires_at > $%d)`, n)
}

func scanFile(scan func(...any) error) (File, error) {
	var f File
	var created, expires int64
	err := scan(&f.ID, &f.Account, &f.Prediction, &f.Attempt, &f.Ordinal, &f.Role, &f.Name, &f.Type, &f.Size, &f.Purpose, &created, &expires)
	f.CreatedAt, f.ExpiresAt = store.Time(created), store.Time(expires)
	return f, err
}

func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (s *Store) insert(ctx context.Context, f File, digest []byte) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error { return insert(ctx, tx, f, digest) })
	if err != nil {
		return fmt.Errorf("store the file's row: %w", err)
	}
	return nil
}

func insert(ctx context.Context, tx *store.Tx, f File, digest []byte) error {
	_, err := tx.Exec(ctx, `insert into file (`+columns+`, digest, state)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'new')`,
		f.ID, f.Account, f.Prediction, f.Attempt, f.Ordinal, string(f.Role), f.Name, f.Type, f.Size, f.Purpose,
		store.Micros(f.CreatedAt), store.Micros(f.ExpiresAt), digest)
	return err
}

// Keep makes files last, in tx. expires, unless zero, is when they go. It may be
// repeated; a file that is gone meanwhile is an error, and so undoes the transaction.
func (s *Store) Keep(ctx context.Context, tx *store.Tx, ids []string, expires time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	n, err := affected(tx.Exec(ctx, `update file set state = 'kept', expires_at = $1
		where state in ('new', 'kept') and `+tx.Dialect().In("id", 2), store.Micros(expires), tx.Dialect().Strings(ids)))
	if err != nil {
		return fmt.Errorf("keep files: %w", err)
	}
	if n != int64(len(ids)) {
		return fmt.Errorf("keep files: %d of %d are gone: %w", int64(len(ids))-n, len(ids), ErrNotFound)
	}
	return nil
}

// Expire changes when the files of a prediction go; zero keeps them.
func (s *Store) Expire(ctx context.Context, tx *store.Tx, prediction string, at time.Time) error {
	if prediction == "" {
		return nil // never all the uploads
	}
	_, err := tx.Exec(ctx, `update file set expires_at = $2 where prediction = $1 and prediction <> '' and state = 'kept'`,
		prediction, store.Micros(at))
	if err != nil {
		return fmt.Errorf("let files expire: %w", err)
	}
	return nil
}

// Drop dooms a file of the account, in tx; its content goes soon after.
func (s *Store) Drop(ctx context.Context, tx *store.Tx, account, id string) error {
	n, err := affected(tx.Exec(ctx, `update file set state = 'doomed' where id = $1 and account = $2 and state <> 'doomed'`, id, account))
	if err != nil {
		return fmt.Errorf("drop the file: %w", err)
	}
	if n == 0 {
		return ErrNotFound
	}
	return nil
}

// DropOf dooms the files of a prediction that were made by other tries than attempt, in
// tx; what came with its input belongs to no try and stays. Where attempt is 0, it dooms
// all.
func (s *Store) DropOf(ctx context.Context, tx *store.Tx, prediction string, attempt int64) error {
	if prediction == "" {
		return nil // never all the uploads
	}
	_, err := tx.Exec(ctx, `update file set state = 'doomed' where prediction = $1 and prediction <> '' and state <> 'doomed'
		and (cast($2 as bigint) = 0 or attempt <> cast($2 as bigint) and role <> 'input')`, prediction, attempt)
	if err != nil {
		return fmt.Errorf("drop the prediction's files: %w", err)
	}
	return nil
}

// Get returns a kept file of the account. The error is ErrNotFound also for another's.
func (s *Store) Get(ctx context.Context, account, id string) (File, error) {
	f, err := s.find(ctx, id)
	if err == nil && f.Account != account {
		return File{}, ErrNotFound
	}
	return f, err
}

// find returns a kept file of anybody.
func (s *Store) find(ctx context.Context, id string) (f File, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		f, err = scanFile(tx.QueryRow(ctx, `select `+columns+` from file where id = $1 and `+live(2), id, store.Micros(s.now())).Scan)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return File{}, ErrNotFound
	}
	if err != nil {
		return File{}, fmt.Errorf("read the file's row: %w", err)
	}
	return f, nil
}

// Uploads lists an account's uploads, newest first, after the id (if not ""), at most n.
// An id that is gone or was never there is ErrNotFound.
func (s *Store) Uploads(ctx context.Context, account, after string, n int) ([]File, error) {
	var files []File
	err := s.db.Read(ctx, func(tx *store.Tx) error {
		files = nil
		where, args := "", []any{account, store.Micros(s.now()), n}
		if after != "" {
			var created int64
			err := tx.QueryRow(ctx, `select created_at from file where id = $1 and account = $2 and role = 'upload'`, after, account).Scan(&created)
			if err != nil {
				return err
			}
			where, args = ` and (created_at, id) < ($4, $5)`, append(args, created, after)
		}
		return tx.Each(ctx, `select `+columns+` from file where account = $1 and role = 'upload' and `+live(2)+where+`
			order by created_at desc, id desc limit $3`, collect(&files), args...)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("list uploads: %w", err)
	}
	return files, nil
}

func collect(files *[]File) func(func(...any) error) error {
	return func(scan func(...any) error) error {
		f, err := scanFile(scan)
		*files = append(*files, f)
		return err
	}
}

// Of lists the kept files of predictions in the given roles, by ordinal.
func (s *Store) Of(ctx context.Context, tx *store.Tx, predictions []string, roles ...Role) (map[string][]File, error) {
	if len(predictions) == 0 || len(roles) == 0 {
		return nil, nil
	}
	quoted := make([]string, len(roles))
	for i, r := range roles {
		quoted[i] = "'" + string(r) + "'" // constants of this package
	}
	var files []File
	err := tx.Each(ctx, `select `+columns+` from file where `+tx.Dialect().In("prediction", 1)+` and prediction <> '' and `+live(2)+`
		and role in (`+strings.Join(quoted, ", ")+`) order by prediction, ordinal, id`,
		collect(&files), tx.Dialect().Strings(predictions), store.Micros(s.now()))
	if err != nil {
		return nil, fmt.Errorf("list the predictions' files: %w", err)
	}
	by := make(map[string][]File, len(predictions))
	for _, f := range files {
		by[f.Prediction] = append(by[f.Prediction], f)
	}
	return by, nil
}
