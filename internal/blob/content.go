package blob

import (
	"context"
	"fmt"
	"io"

	"gocloud.dev/gcerrors"
)

// Content opens a file's content for reading at any place, straight from the bucket:
// nothing is held in memory, and a place that is sought is opened there. It can be read
// until ctx ends.
func (s *Store) Content(ctx context.Context, f File) (io.ReadSeekCloser, error) {
	r, err := s.bucket.NewReader(ctx, keyOf(f.ID), nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("open the content of %s: %w", f.ID, err)
	}
	return r, nil
}
