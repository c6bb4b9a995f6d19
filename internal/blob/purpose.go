package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"gocloud.dev/gcerrors"

	"skytower/internal/fault"
	"skytower/internal/store"
)

// Archived is the role of sealed bodies of requests: no upload, and of no prediction.
const Archived Role = "archived"

// SetPurpose notes what a file is for, in tx: an upload may say so only after its
// content.
func (s *Store) SetPurpose(ctx context.Context, tx *store.Tx, id, purpose string) error {
	_, err := tx.Exec(ctx, `update file set purpose = $1 where id = $2`, purpose, id)
	return err
}

// The purposes that mean something to this server.
const (
	ForBatch   = "batch"        // the input of a batch
	BatchFiles = "batch_output" // what a batch put out
)

// Range reads a part of a file's content.
//
// Errors: ErrNotFound; SERVICE_UNAVAILABLE where the storage does not answer.
func (s *Store) Range(ctx context.Context, id string, place, size int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, stallTime)
	defer cancel()
	part := make([]byte, size)
	r, err := s.bucket.NewRangeReader(ctx, keyOf(id), place, size, nil)
	if err == nil {
		_, err = io.ReadFull(r, part)
		err = errors.Join(err, r.Close())
	}
	switch {
	case err == nil:
		return part, nil
	case gcerrors.Code(err) == gcerrors.NotFound:
		return nil, ErrNotFound
	}
	return nil, &fault.Error{
		ID: fault.ServiceUnavailable, RetryAfter: retryAfter, Err: fmt.Errorf("read a part of %s: %w", id, s.told("read", err)),
		Message: "The file cannot be read: the server's storage does not answer; try again shortly.",
	}
}

// Extend makes a kept file of the account last until a time at least, in tx.
//
// Errors: ErrNotFound.
func (s *Store) Extend(ctx context.Context, tx *store.Tx, account, id string, until time.Time) error {
	n, err := affected(tx.Exec(ctx, `update file set expires_at = case when expires_at > 0 and expires_at < $3 then $3 else expires_at end
		where id = $1 and account = $2 and `+live(4), id, account, store.Micros(until), store.Micros(s.now())))
	if err != nil {
		return fmt.Errorf("extend the file's time: %w", err)
	}
	if n == 0 {
		return ErrNotFound
	}
	return nil
}
