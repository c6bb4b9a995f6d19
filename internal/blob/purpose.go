package blob

import (
	"context"

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
