package media

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"skytower/internal/blob"
	"skytower/internal/fault"
	headers "skytower/internal/media"
	"skytower/internal/skytells"
)

const (
	// maxInline bounds the files that one answer holds in itself, in bytes: they stand in
	// memory.
	maxInline = 64 << 20
	// maxTranscript bounds a transcript that is a file.
	maxTranscript = 4 << 20
)

// open opens a file that a prediction made.
func (w *work) open(ctx context.Context, f skytells.PredictionFile) (blob.File, io.ReadSeekCloser, error) {
	file, ok := w.h.Files.ByLink(ctx, f.URL)
	if !ok {
		return file, nil, gone()
	}
	content, err := w.h.Files.Content(ctx, file)
	if errors.Is(err, blob.ErrNotFound) {
		return file, nil, gone()
	}
	if err != nil {
		return file, nil, fmt.Errorf("open file %s: %w", file.ID, err)
	}
	return file, content, nil
}

func gone() error {
	return &fault.Error{ID: fault.InferenceError, NoRetry: true, Message: "What the model made is gone already: the account keeps outputs too short a time."}
}

// encode is a file in base64, taken from the room that an answer has.
func (w *work) encode(f skytells.PredictionFile, room *int64) (string, error) {
	if *room -= f.Size; *room < 0 {
		return "", fault.Invalid("response_format", "The files are larger than the %d MiB that an answer holds; ask for links with \"response_format\": \"url\".", maxInline>>20)
	}
	_, content, err := w.open(w.c.Request.Context(), f)
	if err != nil {
		return "", err
	}
	defer content.Close() //nolint:errcheck // read to its end
	var out strings.Builder
	out.Grow(base64.StdEncoding.EncodedLen(int(f.Size)))
	coder := base64.NewEncoder(base64.StdEncoding, &out)
	if _, err := io.Copy(coder, io.LimitReader(content, f.Size)); err != nil {
		return "", fmt.Errorf("read file %s: %w", f.Name, err)
	}
	_ = coder.Close() // a Builder takes all
	return out.String(), nil
}

// seconds is how long a sound plays, 0 where its headers don't say.
func (w *work) seconds(ctx context.Context, f blob.File) time.Duration {
	content, err := w.h.Files.Content(ctx, f)
	if err != nil {
		return 0
	}
	defer content.Close() //nolint:errcheck // only read
	d, _ := headers.Duration(&readerAt{ReadSeeker: content}, f.Size)
	return d
}

// readerAt reads anywhere, by one goroutine.
type readerAt struct{ io.ReadSeeker }

// ReadAt implements io.ReaderAt.
func (r *readerAt) ReadAt(p []byte, at int64) (int, error) {
	if _, err := r.Seek(at, io.SeekStart); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(r, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}
