package httpx

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"skytower/internal/fault"
)

// idleTimeout bounds the silence of a caller that sends or takes a large body: it may
// take long, but not stand still.
const idleTimeout = 60 * time.Second

// Upload is the request body as a stream of at most limit bytes, for bodies that are
// too large to be held. A body over the limit, one that stands still and one that is
// cut are read as errors for the caller.
func (c *Call) Upload(limit int64) (io.Reader, error) {
	if c.Request.ContentLength > limit {
		return nil, c.tooLarge(limit)
	}
	c.Record.BytesIn = 0
	return &upload{call: c, control: http.NewResponseController(c.w), limit: limit}, nil
}

type upload struct {
	call    *Call
	control *http.ResponseController
	limit   int64
}

// Read extends the deadline with every piece that arrives.
func (u *upload) Read(p []byte) (int, error) {
	_ = u.control.SetReadDeadline(time.Now().Add(idleTimeout))
	n, err := u.call.Request.Body.Read(p)
	_ = u.control.SetReadDeadline(time.Time{})
	u.call.Record.BytesIn += int64(n)
	switch {
	case u.call.Record.BytesIn > u.limit:
		return 0, u.call.tooLarge(u.limit)
	case err != nil && !errors.Is(err, io.EOF):
		return n, fault.Wrap(err, fault.InvalidRequest, "The request body could not be read to its end.")
	}
	return n, err
}

// Content sends a file: whole, in ranges, or only the head, as the request wants it.
// Content-Type and validators are set by the caller in the header.
func (c *Call) Content(name string, modified time.Time, content io.ReadSeeker) error {
	w := &contentWriter{ResponseWriter: c.w, call: c, control: http.NewResponseController(c.w)}
	r := &contentReader{ReadSeeker: content}
	http.ServeContent(w, c.Request, name, modified, r)
	_ = w.control.SetWriteDeadline(time.Time{})
	return errors.Join(r.err, w.err)
}

// contentReader keeps the error that http.ServeContent swallows, so that half a file is
// not recorded as a whole one.
type contentReader struct {
	io.ReadSeeker
	err error
}

func (r *contentReader) Read(p []byte) (int, error) {
	n, err := r.ReadSeeker.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = fmt.Errorf("read content: %w", err)
	}
	return n, err
}

// contentWriter keeps the record, and gives up on a caller who takes nothing.
type contentWriter struct {
	http.ResponseWriter
	call    *Call
	control *http.ResponseController
	err     error
}

// WriteHeader notes the status and the time to first byte.
func (w *contentWriter) WriteHeader(status int) { w.call.head(status) }

// Write extends the deadline with every piece that goes out.
func (w *contentWriter) Write(p []byte) (int, error) {
	w.call.head(http.StatusOK)
	_ = w.control.SetWriteDeadline(time.Now().Add(idleTimeout))
	n, err := w.ResponseWriter.Write(p)
	w.call.Record.BytesOut += int64(n)
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("send content: %w", err)
	}
	return n, err
}
