package blob

import (
	"context"
	"errors"
	"fmt"

	"skytower/internal/store"
)

// accountBatch is how many files of an account are looked at, or doomed, at once.
const accountBatch = 200

// Each calls fn with all uploads of an account, newest first, some at a time.
func (s *Store) Each(ctx context.Context, account string, fn func([]File) error) error {
	after := ""
	for {
		files, err := s.Uploads(ctx, account, after, accountBatch)
		if err != nil || len(files) == 0 {
			return err
		}
		if err := fn(files); err != nil {
			return err
		}
		after = files[len(files)-1].ID
	}
}

// RemoveAccount dooms all uploads of an account; their content goes with the next sweeps.
// Files of predictions go with those.
func (s *Store) RemoveAccount(ctx context.Context, account string) error {
	for {
		files, err := s.Uploads(ctx, account, "", accountBatch)
		if err != nil || len(files) == 0 {
			return err
		}
		err = s.db.Write(ctx, func(tx *store.Tx) error {
			for _, f := range files {
				if err := s.Drop(ctx, tx, account, f.ID); err != nil && !errors.Is(err, ErrNotFound) {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("remove the files of account %s: %w", account, err)
		}
	}
}
