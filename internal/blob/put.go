package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"time"

	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/store"
)

const (
	// headRoom is how much of the content is read before anything is written. Content
	// that fits is known whole by then, and needs one write to the table instead of two.
	headRoom = 256 << 10
	copyRoom = 64 << 10
	// giveUpTime bounds the removal of what failed; sweeps do what is left.
	giveUpTime = 10 * time.Second
)

// Put writes content and its row, in state new: call Keep in the transaction that makes
// what it belongs to durable, or Drop. The type is found in the first bytes.
//
// Errors: ErrTooLarge; SERVICE_UNAVAILABLE where the storage fails, such as by a full
// disk; what reading content gave; or the database's. Nothing of the file is left then.
func (s *Store) Put(ctx context.Context, n New, content io.Reader) (File, error) {
	head, whole, err := readHead(content, n.Limit)
	if err != nil {
		return File{}, err
	}
	f := s.describe(n, head)
	digest := []byte{}
	if whole {
		sum := sha256.Sum256(head)
		f.Size, digest = int64(len(head)), sum[:]
	}
	if err := s.insert(ctx, f, digest); err != nil {
		return File{}, err
	}
	size, digest, err := s.write(ctx, f.ID, head, content, n.Limit)
	if err == nil {
		err = s.complete(ctx, &f, whole, size, digest)
	}
	if err != nil {
		s.giveUp(ctx, f.ID)
		return File{}, err
	}
	return f, nil
}

// readHead reads the beginning of content; whole says that nothing follows.
func readHead(content io.Reader, limit int64) (head []byte, whole bool, err error) {
	room := min(headRoom, limit+1)
	head, err = io.ReadAll(io.LimitReader(content, room))
	if err != nil {
		return nil, false, fmt.Errorf("read the content: %w", err)
	}
	if int64(len(head)) > limit {
		return nil, false, ErrTooLarge
	}
	return head, int64(len(head)) < room, nil
}

func (s *Store) describe(n New, head []byte) File {
	now := s.now()
	kind := TypeOf(head, n.Type)
	return File{
		ID: httpx.NewID("file-", now), Account: n.Account, Prediction: n.Prediction,
		Attempt: n.Attempt, Ordinal: n.Ordinal, Role: n.Role,
		Name: safeName(n, kind), Type: kind, Purpose: n.Purpose,
		CreatedAt: store.Time(store.Micros(now)), ExpiresAt: store.Time(store.Micros(n.ExpiresAt)),
	}
}

// write brings the content into the bucket. The row stands already, so that a process
// that dies here leaves nothing that a sweep does not find.
func (s *Store) write(ctx context.Context, id string, head []byte, rest io.Reader, limit int64) (int64, []byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, sync, err := s.writer(ctx, id)
	if err != nil {
		return 0, nil, unstored(s.told("write", err))
	}
	stall := time.AfterFunc(stallTime, cancel) // counts while the storage has the word
	defer stall.Stop()
	source := &watched{stall: stall, Reader: io.MultiReader(bytes.NewReader(head), io.LimitReader(rest, limit-int64(len(head))+1))}
	sum := sha256.New()
	// The struct hides the writer's ReadFrom, which would take no part in the counting.
	size, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(sum, w)}, source, make([]byte, copyRoom))
	switch {
	case source.err != nil:
		err = fmt.Errorf("read the content: %w", source.err)
	case err != nil:
		err = unstored(s.told("write", err))
	case size > limit:
		err = ErrTooLarge
	default:
		err = unstored(s.told("write", sync()))
	}
	if err != nil {
		cancel() // before Close: the content is not to appear
		_ = w.Close()
		return 0, nil, err
	}
	return size, sum.Sum(nil), unstored(s.told("write", w.Close()))
}

// watched remembers how its reading failed, which the copy does not tell from a failure
// of the writer.
type watched struct {
	io.Reader
	stall *time.Timer // stands still while the source has the word
	err   error
}

func (w *watched) Read(p []byte) (int, error) {
	w.stall.Stop()
	n, err := w.Reader.Read(p)
	w.stall.Reset(stallTime)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

// unstored is a failure of the storage.
func unstored(err error) error {
	if err == nil {
		return nil
	}
	return &fault.Error{
		ID: fault.ServiceUnavailable, RetryAfter: retryAfter, Err: fmt.Errorf("write the content: %w", err),
		Message: "The file could not be stored: the server's storage is full or does not answer; try again later.",
	}
}

// retryAfter is said where the storage does not answer.
const retryAfter = 10 * time.Second

// complete notes what is known only now, and makes sure that nobody doomed the file
// while it was written: the sweep that then removed its row has not seen the content.
func (s *Store) complete(ctx context.Context, f *File, whole bool, size int64, digest []byte) error {
	if whole {
		return s.db.Read(ctx, func(tx *store.Tx) error {
			var n int64
			err := tx.QueryRow(ctx, `select count(*) from file where id = $1 and state = 'new'`, f.ID).Scan(&n)
			return stillThere(n, err)
		})
	}
	f.Size, f.CreatedAt = size, store.Time(store.Micros(s.now())) // the orphan's clock starts when it is whole
	return s.db.Write(ctx, func(tx *store.Tx) error {
		n, err := affected(tx.Exec(ctx, `update file set size = $2, digest = $3, created_at = $4 where id = $1 and state = 'new'`,
			f.ID, f.Size, digest, store.Micros(f.CreatedAt)))
		return stillThere(n, err)
	})
}

func stillThere(n int64, err error) error {
	if err != nil {
		return fmt.Errorf("complete the file: %w", err)
	}
	if n == 0 {
		return fmt.Errorf("complete the file: it was dropped while it was written: %w", ErrNotFound)
	}
	return nil
}

// giveUp removes what a failed Put made.
func (s *Store) giveUp(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveUpTime)
	defer cancel()
	then := `delete from file where id = $1 and state <> 'kept'`
	if s.deleteContent(ctx, id) != nil {
		then = `update file set state = 'doomed' where id = $1 and state = 'new'`
	}
	// What fails here, a sweep does an hour later.
	_ = s.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, then, id)
		return err
	})
}
