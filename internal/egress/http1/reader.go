package http1

import (
	"bytes"
	"io"
	"sync"
)

// reader is a read buffer that can look for a line without waiting, and that
// grows for a large head only.
type reader struct {
	src  io.Reader
	buf  []byte // nil: given back
	r, w int
	size int // normal length of buf

	late  lateReader // nil: buf is kept
	spare *spares
	lent  *[]byte // what buf came in
	ample bool    // the last read filled its buffer: the next gets a larger one
}

// spares are the buffers of readers that do not wait, by size.
type spares struct{ normal, ample sync.Pool }

// ampleTimes is how many normal buffers an ample one is.
const ampleTimes = 4

// lateReader reads into a reader's buffer, but takes one only when there is something
// to read: thousands of streams wait most of their time.
type lateReader interface{ readLate(b *reader) (int, error) }

// take gets a buffer if there is none.
func (b *reader) take() {
	if b.buf != nil {
		return
	}
	pool, size := &b.spare.normal, b.size
	if b.ample {
		pool, size = &b.spare.ample, b.size*ampleTimes
	}
	b.lent, _ = pool.Get().(*[]byte)
	if b.lent == nil || len(*b.lent) != size {
		buf := make([]byte, size)
		b.lent = &buf
	}
	b.buf = *b.lent
}

// giveBack lets go of an empty buffer of one of the two sizes.
func (b *reader) giveBack() {
	if b.late == nil || b.buffered() > 0 || b.lent == nil {
		return
	}
	pool := &b.spare.normal
	switch len(b.buf) {
	case b.size:
	case b.size * ampleTimes:
		pool = &b.spare.ample
	default:
		return
	}
	*b.lent = b.buf
	pool.Put(b.lent)
	b.buf, b.lent = nil, nil
}

func (b *reader) buffered() int { return b.w - b.r }

// pending is what is buffered; valid until the next fill.
func (b *reader) pending() []byte { return b.buf[b.r:b.w] }

func (b *reader) discard(n int) {
	b.r += n
	if b.r == b.w {
		b.r, b.w = 0, 0
	}
}

// fill waits for one read from the source. A full buffer grows.
func (b *reader) fill() error {
	if b.late != nil && b.w == 0 {
		n, err := b.late.readLate(b)
		b.w = n
		b.ample = n == len(b.buf) || b.ample && n > b.size
		if n > 0 {
			return nil
		}
		return err
	}
	if b.w == len(b.buf) {
		if b.r == 0 {
			b.resize(2 * len(b.buf))
		} else {
			b.w = copy(b.buf, b.buf[b.r:b.w])
			b.r = 0
		}
	}
	for range 100 {
		n, err := b.src.Read(b.buf[b.w:])
		b.w += n
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

func (b *reader) resize(n int) {
	buf := make([]byte, n)
	b.w = copy(buf, b.buf[b.r:b.w])
	b.r = 0
	b.buf = buf
}

// shrink gives a grown buffer back once what is left in it fits the normal one.
func (b *reader) shrink() {
	if len(b.buf) > b.size && b.buffered() <= b.size {
		b.resize(b.size)
	}
}

// line returns the next line without its CRLF if it is buffered whole, and takes
// it out; ok is false where more is needed. A line that ends otherwise, or is
// longer than limit, is malformed.
func (b *reader) line(limit int) (line []byte, ok bool, err error) {
	p := b.pending()
	i := bytes.IndexByte(p, '\n')
	switch {
	case i > limit || i < 0 && len(p) > limit:
		return nil, false, malformed("a line of the chunked body is too long")
	case i < 0:
		return nil, false, nil
	case i == 0 || p[i-1] != '\r':
		return nil, false, malformed("a line of the chunked body does not end with CRLF")
	}
	b.discard(i + 1)
	return p[:i-1], true, nil
}
