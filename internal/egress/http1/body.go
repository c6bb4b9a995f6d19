package http1

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"time"
)

const (
	// maxChunkLine bounds the line with a chunk's size and extensions, in bytes.
	maxChunkLine = 256
	// maxTrailer bounds the trailer section, in bytes.
	maxTrailer = 8 << 10
)

// state is where a body stands. Drawing:
//
//	length, until close:  data → done
//	chunked:  size → data → dataEnd → size …,  size(0) → trailer → done
type state uint8

const (
	stateData    state = iota // left bytes of content come next
	stateSize                 // the line with a chunk's size comes next
	stateDataEnd              // the CRLF after a chunk's content comes next
	stateTrailer              // a trailer line or the empty line comes next
	stateDone
)

// body reads the content out of a connection's bytes. After every Read it has
// already taken in the framing that is buffered, so that Buffered is exact and
// the end is seen together with the last content.
type body struct {
	rd      *reader
	state   state
	chunked bool
	toEnd   bool  // the content ends with the connection
	left    int64 // of the content, or of the chunk
	trailer int   // bytes of trailer seen

	reusable bool          // by the head
	keep     time.Duration // as the upstream's Keep-Alive says

	client *Client // these are nil when a reader without a connection is parsed
	conn   *conn
	ctx    context.Context
	stop   func() bool
	send   *sending

	err error // what each further Read returns
}

// delimit sets the first state.
func (b *body) delimit(length int64, chunked, expected bool) {
	switch {
	case !expected || length == 0:
		b.state = stateDone
	case chunked:
		b.state, b.chunked = stateSize, true
	case length > 0:
		b.left = length
	default:
		b.toEnd, b.left = true, math.MaxInt64
		b.reusable = false
	}
}

// begin takes in the framing that came with the head, and lets go of the
// connection at once if there is no content.
func (b *body) begin() {
	if _, err := b.advance(); err != nil {
		b.fail(err)
	} else if b.state == stateDone {
		b.finish()
	}
}

// Buffered is as Body says.
func (b *body) Buffered() int {
	if b.err != nil {
		return 0
	}
	// Where framing comes next, left is 0.
	return int(min(int64(b.rd.buffered()), b.left))
}

// Read is as Body says.
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil || len(p) == 0 {
		return 0, b.err
	}
	n, err := b.read(p)
	if err != nil {
		b.fail(err)
	} else if b.state == stateDone {
		b.finish()
	}
	if n > 0 {
		return n, nil
	}
	return 0, b.err
}

// Wait returns once Read would not wait: with content or at the end. So who reads
// needs no buffer until then.
func (b *body) Wait() {
	for b.err == nil && b.Buffered() == 0 {
		_, err := b.advance()
		if err == nil && b.state != stateDone && b.Buffered() == 0 {
			err = b.more()
		}
		switch {
		case err != nil:
			b.fail(err)
		case b.state == stateDone:
			b.finish()
		}
	}
}

// more reads from the network into the buffer.
func (b *body) more() error {
	err := b.rd.fill()
	if err == io.EOF && b.toEnd {
		b.state, err = stateDone, nil
	}
	return err
}

// read fills p with what is there. It waits only while it has nothing to give.
func (b *body) read(p []byte) (n int, err error) {
	for {
		more, err := b.advance()
		if err != nil || b.state == stateDone || n == len(p) {
			return n, err
		}
		room := p[n:min(int64(len(p)), int64(n)+min(b.left, int64(len(p))))]
		if !more && b.rd.buffered() > 0 {
			k := copy(room, b.rd.pending())
			b.rd.discard(k)
			b.took(k)
			n += k
			continue
		}
		if n > 0 {
			return n, nil
		}
		if more || len(room) < b.rd.size {
			err = b.more()
		} else {
			// A large read goes past the buffer.
			n, err = b.rd.src.Read(room)
			b.took(n)
			if n > 0 {
				_, err = b.advance()
				return n, err
			}
			if err == io.EOF && b.toEnd {
				b.state, err = stateDone, nil
			}
		}
		if err != nil {
			return 0, err
		}
	}
}

// took counts n bytes of content.
func (b *body) took(n int) {
	if b.toEnd {
		return
	}
	b.left -= int64(n)
	if b.left > 0 {
		return
	}
	b.state = stateDone
	if b.chunked {
		b.state = stateDataEnd
	}
}

// advance goes through the framing that is buffered, without waiting. more means
// that a piece of framing has not come whole.
func (b *body) advance() (more bool, err error) {
	for b.state != stateData && b.state != stateDone {
		ok := false
		switch b.state {
		case stateSize:
			ok, err = b.readSize()
		case stateDataEnd:
			ok, err = b.readDataEnd()
		case stateTrailer:
			ok, err = b.readTrailer()
		}
		if err != nil || !ok {
			return true, err
		}
	}
	return false, nil
}

func (b *body) readSize() (bool, error) {
	line, ok, err := b.rd.line(maxChunkLine)
	if err != nil || !ok {
		return false, err
	}
	n, err := parseChunkSize(line)
	if err != nil {
		return false, err
	}
	b.left, b.state = n, stateData
	if n == 0 {
		b.state = stateTrailer
	}
	return true, nil
}

func (b *body) readDataEnd() (bool, error) {
	p := b.rd.pending()
	if len(p) >= 1 && p[0] != '\r' || len(p) >= 2 && p[1] != '\n' {
		return false, malformed("a chunk is longer than its size")
	}
	if len(p) < 2 {
		return false, nil
	}
	b.rd.discard(2)
	b.state = stateSize
	return true, nil
}

// readTrailer checks and drops one trailer line.
func (b *body) readTrailer() (bool, error) {
	line, ok, err := b.rd.line(maxTrailer)
	if err != nil || !ok {
		return false, err
	}
	if len(line) == 0 {
		b.state = stateDone
		b.rd.shrink()
		return true, nil
	}
	if b.trailer += len(line); b.trailer > maxTrailer {
		return false, malformed("the trailer is larger than %d bytes", maxTrailer)
	}
	_, err = parseField(string(line))
	return err == nil, err
}

// parseChunkSize reads hexadecimal digits, and nothing or an extension after them.
func parseChunkSize(line []byte) (int64, error) {
	var n int64
	for i, c := range line {
		var d byte
		switch {
		case '0' <= c && c <= '9':
			d = c - '0'
		case 'a' <= c && c <= 'f':
			d = c - 'a' + 10
		case 'A' <= c && c <= 'F':
			d = c - 'A' + 10
		case c == ';' && i > 0 && validValue(string(line[i:])):
			return n, nil
		default:
			return 0, malformed("a chunk's size is no number")
		}
		if i == 15 {
			return 0, malformed("a chunk's size is too large")
		}
		n = n<<4 | int64(d)
	}
	if len(line) == 0 {
		return 0, malformed("a chunk has no size")
	}
	return n, nil
}

// Close is as Body says.
func (b *body) Close() error {
	if b.err == nil {
		b.err = &Error{Kind: ErrClosed, Sent: true}
		b.release(false)
	}
	return nil
}

// finish ends a body that came whole.
func (b *body) finish() {
	b.err = io.EOF
	b.release(b.reusable)
}

// fail ends a body that did not come whole.
func (b *body) fail(err error) {
	b.err = b.classify(err)
	b.release(false)
}

func (b *body) classify(err error) error {
	var bad *malformedError
	switch {
	case b.ctx != nil && b.ctx.Err() != nil:
		return &Error{Kind: ErrCancelled, Sent: true, Err: b.ctx.Err()}
	case errors.As(err, &bad):
		return &Error{Kind: ErrMalformed, Sent: true, Err: err}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &Error{Kind: ErrTimeout, Phase: PhaseIdle, Sent: true, Err: err}
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	return &Error{Kind: ErrCut, Sent: true, Err: err}
}

// release gives the connection back, or closes it: where the answer or the caller
// ended early, where bytes are left that belong to nothing, where the request is
// still being written, and where the context's end has closed it or is about to.
func (b *body) release(reuse bool) {
	cn := b.conn
	if cn == nil {
		return
	}
	b.conn = nil
	live := b.stop()
	keep := b.client.opts.IdleTime
	if b.keep != 0 {
		keep = min(keep, b.keep)
	}
	if reuse && live && keep > 0 && cn.raw != nil && b.send.complete() && cn.rd.buffered() == 0 {
		cn.rd.giveBack()
		if b.client.idle.put(cn, keep) {
			return
		}
	}
	cn.close()
	b.send.wait()
}
