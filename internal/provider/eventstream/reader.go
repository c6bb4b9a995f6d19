package eventstream

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"skytower/internal/egress"
)

const (
	startBuffer = 2 << 10 // bytes; a chunk is a few hundred
	// lentBuffer takes in all that a read of the network brings, next to the beginning
	// of an event.
	lentBuffer = 20 << 10
	keepBuffer = 16 << 10
	maxEvent   = 4 << 20
)

var errEventTooLong = errors.New("an event of the stream has more than 4 MiB")

// reader reads server-sent events (WHATWG HTML, section 9.2) from a body. What an
// event's data stands for is not its business, but for three liberties, since servers
// are seen to take them: a line `data: [DONE]` ends an event without a blank line, so
// does the body's end, and a field `error` is data, too.
//
// It is used by one goroutine and makes nothing per event: data is a slice of the
// buffer, valid until the next call of next.
//
// Where the body can be waited for without a buffer, it has one only while there is
// something in it: thousands of streams wait most of their time.
type reader struct {
	src     egress.Body
	patient patient // src, if it is one
	buf     []byte
	own     []byte  // where src is not patient
	lent    *[]byte // what buf came in
	spare   *sync.Pool
	err     error // what src ended with

	start  int  // where the event begins that is being read
	pos    int  // where the line begins that is being read
	seen   int  // up to where that line has been searched for its end
	plain  int  // up to where there is no CR, from seen on
	end    int  // of what is filled
	skipLF bool // the last line ended in CR: an LF after it belongs to it
	first  bool // nothing has been read yet, so there may be a byte order mark

	name  span
	data  span
	lines int // data lines of the event so far
	whole bool
	open  bool // the event was ended by the body's end

	join [2][]byte // data of more than one line; two, since ready reads ahead
	turn int
}

type span struct{ from, to int }

// patient is a body that can be waited for without a buffer.
type patient interface {
	// Wait returns once Read would not wait.
	Wait()
}

func newReader(spare *sync.Pool) *reader { return &reader{spare: spare} }

// reset prepares the reader for a body.
func (r *reader) reset(src egress.Body) {
	*r = reader{src: src, own: r.own, spare: r.spare, join: r.join, first: true}
	if r.patient, _ = src.(patient); r.patient != nil {
		return
	}
	if r.own == nil {
		r.own = make([]byte, startBuffer)
	}
	r.buf = r.own
}

// light reports whether the reader is small enough to be kept for another body.
func (r *reader) light() bool {
	return len(r.own) <= keepBuffer && cap(r.join[0])+cap(r.join[1]) <= keepBuffer
}

// take gets a buffer if there is none.
func (r *reader) take() {
	if r.buf != nil {
		return
	}
	r.lent, _ = r.spare.Get().(*[]byte)
	if r.lent == nil {
		buf := make([]byte, lentBuffer)
		r.lent = &buf
	}
	r.buf = *r.lent
}

// giveBack lets go of a buffer that is not the reader's own. What was in it is gone.
func (r *reader) giveBack() {
	if r.patient == nil {
		return
	}
	if r.lent != nil {
		r.spare.Put(r.lent)
	}
	r.buf, r.lent = nil, nil
}

// next returns the next event that has data. The error is io.EOF after the body's
// proper end, errEventTooLong, or the body's own.
func (r *reader) next() (name, data []byte, err error) {
	for !r.whole {
		if r.whole = r.parse(); r.whole {
			break
		}
		if err := r.fill(); err != nil {
			if err != io.EOF || !r.finish() {
				return nil, nil, err
			}
		}
	}
	name, data = r.buf[r.name.from:r.name.to], r.buf[r.data.from:r.data.to]
	if r.lines > 1 {
		data = r.join[r.turn]
	}
	r.restart()
	return name, data, nil
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

// restart begins a new event at the current line.
func (r *reader) restart() {
	r.start, r.lines, r.whole = r.pos, 0, false
	r.name, r.data = span{}, span{}
}

// parse goes through the lines that are here, to the end of an event with data.
func (r *reader) parse() bool {
	for {
		line, ok := r.line()
		if !ok {
			return false
		}
		if line.from == line.to {
			if r.lines > 0 {
				return true
			}
			r.restart() // an event without data is none
			continue
		}
		if r.field(line) {
			return true
		}
	}
}

// line takes one whole line; it ends in LF, CR, or both.
func (r *reader) line() (span, bool) {
	if r.skipLF && r.pos < r.end {
		if r.buf[r.pos] == '\n' {
			if r.start == r.pos {
				r.start++
			}
			r.pos++
			r.seen = max(r.seen, r.pos)
		}
		r.skipLF = false
	}
	to := r.end
	i := bytes.IndexByte(r.buf[r.seen:r.end], '\n')
	if i >= 0 {
		to = r.seen + i
	}
	if to > r.plain && r.findCR() < to {
		// An LF right after it is taken at once, or when it comes.
		line := span{r.pos, r.plain}
		next := r.plain + 1
		if r.skipLF = i < 0 || to != next; !r.skipLF {
			next++
		}
		r.pos, r.seen = next, next
		return r.mark(line), true
	}
	if i < 0 {
		r.seen = r.end
		return span{}, false
	}
	line := span{r.pos, to}
	r.pos = to + 1
	r.seen = r.pos
	return r.mark(line), true
}

// findCR looks for the next CR in all that is here, once, since most bodies have none.
func (r *reader) findCR() int {
	r.plain = max(r.plain, r.seen)
	i := bytes.IndexByte(r.buf[r.plain:r.end], '\r')
	if i < 0 {
		r.plain = r.end
		return r.end
	}
	r.plain += i
	return r.plain
}

// mark drops the byte order mark that may stand before the first line.
func (r *reader) mark(line span) span {
	if r.first && bytes.HasPrefix(r.buf[line.from:line.to], []byte("\ufeff")) {
		line.from += len("\ufeff")
	}
	r.first = false
	return line
}

// field takes one line that isn't empty. It is true where the event ends with it.
func (r *reader) field(line span) bool {
	text := r.buf[line.from:line.to]
	colon := bytes.IndexByte(text, ':')
	name, value := text, span{line.to, line.to}
	if colon >= 0 {
		name, value.from = text[:colon], line.from+colon+1
		if value.from < value.to && r.buf[value.from] == ' ' {
			value.from++
		}
	}
	switch string(name) {
	case "data":
		r.addData(value)
		return r.lines == 1 && IsDone(r.buf[r.data.from:r.data.to])
	case "event":
		r.name = value
	case "error": // older llama.cpp servers put a failure in a field of its own
		r.name = span{line.from, line.from + len(name)}
		r.addData(value)
	default: // a comment, id, retry, or what nobody knows
		if r.lines == 0 && r.name == (span{}) {
			r.start = r.pos // or endless comments would fill the buffer
		}
	}
	return false
}

// addData adds a data line. The lines of one event are joined to one line.
func (r *reader) addData(value span) {
	if r.lines == 0 && value.from == value.to {
		return // no data yet
	}
	switch r.lines++; r.lines {
	case 1:
		r.data = value
		return
	case 2:
		r.turn = 1 - r.turn
		r.join[r.turn] = append(r.join[r.turn][:0], r.buf[r.data.from:r.data.to]...)
	}
	joined := append(r.join[r.turn], '\n')
	r.join[r.turn] = append(joined, r.buf[value.from:value.to]...)
}

// IsDone knows the end mark of a chat stream.
func IsDone(data []byte) bool {
	return len(data) > 0 && data[0] != '{' && string(bytes.TrimSpace(data)) == "[DONE]"
}

// finish takes the body's end as the end of the last line and event. It reports
// whether that made an event.
func (r *reader) finish() bool {
	if r.pos < r.end {
		line := span{r.pos, r.end}
		r.pos, r.seen = r.end, r.end
		r.field(r.mark(line))
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

func (r *reader) grow() {
	grown := make([]byte, min(2*len(r.buf), maxEvent))
	copy(grown, r.buf[:r.end])
	r.giveBack()
	r.buf = grown
	if r.patient == nil {
		r.own = grown
	}
}

// compact moves the event that is being read to the buffer's head.
func (r *reader) compact() {
	by := r.start
	if by == 0 {
		return
	}
	copy(r.buf, r.buf[by:r.end])
	r.start, r.pos, r.seen, r.end = 0, r.pos-by, r.seen-by, r.end-by
	r.plain = max(r.plain-by, 0)
	if r.name != (span{}) {
		r.name = span{r.name.from - by, r.name.to - by}
	}
	if r.lines > 0 {
		r.data = span{r.data.from - by, r.data.to - by}
	}
}
