package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"gocloud.dev/gcerrors"

	"skytower/internal/fault"
)

// Content opens a file's content for reading at any place, straight from the bucket:
// nothing is held in memory, and a place that is sought is opened there. It can be read
// until ctx ends.
func (s *Store) Content(ctx context.Context, f File) (io.ReadSeekCloser, error) {
	ctx, cancel := context.WithCancel(ctx)
	late := time.AfterFunc(stallTime/2, cancel)
	r, err := s.bucket.NewReader(ctx, keyOf(f.ID), nil)
	if !late.Stop() && err == nil {
		err = errors.Join(context.DeadlineExceeded, r.Close())
	}
	if err == nil {
		return &opened{r, cancel}, nil
	}
	cancel()
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, ErrNotFound
	}
	return nil, &fault.Error{
		ID: fault.ServiceUnavailable, RetryAfter: retryAfter, Err: fmt.Errorf("open the content of %s: %w", f.ID, s.told("read", err)),
		Message: "The file cannot be read: the server's storage does not answer; try again shortly.",
	}
}

// opened is content that is read, until it is closed.
type opened struct {
	io.ReadSeekCloser
	cancel context.CancelFunc
}

// Close implements io.Closer.
func (o *opened) Close() error {
	defer o.cancel()
	return o.ReadSeekCloser.Close()
}
