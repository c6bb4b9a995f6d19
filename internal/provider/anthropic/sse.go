package anthropic

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"skytower/internal/egress"
)

const (
	startBuffer = 20 << 10 // bytes; all that a read of the network brings, and the beginning of an event
	maxEvent    = 4 << 20
)

var errEventTooLong = errors.New("an event of the stream has more than 4 MiB")

// reader reads the data of server-sent events (WHATWG HTML, section 9.2) from a body. The
// events' names are not its business: each datum has a type. Lines end in LF or CR LF. The
// body's end ends an event that misses its blank line.
//
// It is used by one goroutine and makes nothing per event: data is a slice of the buffer,
// valid until the next call of next. Where the body can be waited for without a buffer, it
// has one only while there is something in it: most streams wait most of their time.
type reader struct {
	src     egress.Body
	patient patient // src, if it is one
	spare   *sync.Pool
	lent    *[]byte // what buf came in
	buf     []byte
	err     error // what src ended with

	start int // where the event begins that is being read
	pos   int // where the line begins that is being read
	seen  int // up to where that line has been searched for its end
	end   int // of what is filled
	data  span
	lines int  // data lines of the event so far
	whole bool // an event has been read that next has not given out
	open  bool // it was ended by the body's end

	join [2][]byte // data of more than one line; two, since ready reads ahead
	turn int
}

type span struct{ from, to int }

// patient is a body that can be waited for without a buffer.
type patient interface {
	// Wait returns once Read would not wait.
	Wait()
}

func newReader(src egress.Body, spare *sync.Pool) *reader {
	r := &reader{src: src, spare: spare}
	if r.patient, _ = src.(patient); r.patient == nil {
		r.take()
	}
	return r
}

// take gets a buffer if there is none.
func (r *reader) take() {
	if r.buf != nil {
		return
	}
	if r.lent, _ = r.spare.Get().(*[]byte); r.lent == nil {
		buf := make([]byte, startBuffer)
		r.lent = &buf
	}
	r.buf = *r.lent
}

// giveBack lets go of the buffer. What was in it is gone.
func (r *reader) giveBack() {
	if r.lent != nil {
		r.spare.Put(r.lent)
	}
	r.buf, r.lent = nil, nil
}

// next returns the data of the next event that has some. The error is io.EOF after the
// body's proper end, errEventTooLong, or the body's own.
func (r *reader) next() ([]byte, error) {
	for !r.whole {
		if r.whole = r.parse(); r.whole {
			break
		}
		if err := r.fill(); err != nil {
			if err != io.EOF || !r.finish() {
				return nil, err
			}
		}
	}
	data := r.buf[r.data.from:r.data.to]
	if r.lines > 1 {
		data = r.join[r.turn]
	}
	r.start, r.lines, r.whole = r.pos, 0, false
	return data, nil
}

// ready reports whether next would not wait. It never moves what next returned.
func (r *reader) ready() bool {
	for !r.whole {
		if r.whole = r.parse(); r.whole || r.err != nil {
			return true
		}
		if r.end == len(r.buf) || r.src.Buffered() == 0 {
			return false
		}
		n, err := r.src.Read(r.buf[r.end:])
		r.end, r.err = r.end+n, err
	}
	return true
}

// parse goes through the lines that are here, to the end of an event with data.
func (r *reader) parse() bool {
	for {
		i := bytes.IndexByte(r.buf[r.seen:r.end], '\n')
		if i < 0 {
			r.seen = r.end
			return false
		}
		line := span{r.pos, r.seen + i}
		r.pos = line.to + 1
		r.seen = r.pos
		if r.field(line) {
			return true
		}
	}
}

// field takes one line without its LF. It is true where an event with data ends with it.
func (r *reader) field(line span) bool {
	if line.from < line.to && r.buf[line.to-1] == '\r' {
		line.to--
	}
	text := r.buf[line.from:line.to]
	switch {
	case len(text) == 0 && r.lines > 0:
		return true
	case bytes.HasPrefix(text, []byte("data:")):
		if line.from += len("data:"); line.from < line.to && r.buf[line.from] == ' ' {
			line.from++
		}
		r.add(line)
	case r.lines == 0:
		r.start = r.pos // or endless comments would fill the buffer
	}
	return false
}

// add adds a data line. The lines of one event are joined to one text.
func (r *reader) add(line span) {
	if r.lines == 0 && line.from == line.to {
		return // no data yet
	}
	switch r.lines++; r.lines {
	case 1:
		r.data = line
		return
	case 2:
		r.turn = 1 - r.turn
		r.join[r.turn] = append(r.join[r.turn][:0], r.buf[r.data.from:r.data.to]...)
	}
	r.join[r.turn] = append(append(r.join[r.turn], '\n'), r.buf[line.from:line.to]...)
}

// finish takes the body's end as the end of the last line and event. It reports whether
// that made an event.
func (r *reader) finish() bool {
	if r.pos < r.end {
		line := span{r.pos, r.end}
		r.pos, r.seen = r.end, r.end
		r.field(line)
	}
	r.whole, r.open = r.lines > 0, r.lines > 0
	return r.whole
}

// fill reads more, making room first. It may move what next returned.
func (r *reader) fill() error {
	if r.err != nil {
		return r.err
	}
	r.compact()
	if r.patient != nil {
		if r.end == 0 {
			r.giveBack()
		}
		r.patient.Wait()
		r.take()
	}
	if r.end == len(r.buf) {
		if len(r.buf) >= maxEvent {
			return errEventTooLong
		}
		r.grow()
	}
	n, err := r.src.Read(r.buf[r.end:])
	r.end, r.err = r.end+n, err
	if n > 0 {
		return nil
	}
	return err
}

// grow makes the buffer larger; a large one is nobody's afterwards.
func (r *reader) grow() {
	grown := make([]byte, min(2*len(r.buf), maxEvent))
	copy(grown, r.buf[:r.end])
	r.giveBack()
	r.buf = grown
}

// compact moves the event that is being read to the buffer's head.
func (r *reader) compact() {
	by := r.start
	if by == 0 {
		return
	}
	copy(r.buf, r.buf[by:r.end])
	r.start, r.pos, r.seen, r.end = 0, r.pos-by, r.seen-by, r.end-by
	if r.lines > 0 {
		r.data = span{r.data.from - by, r.data.to - by}
	}
}
