package archive

import (
	"time"
)

// Exchange takes down the bodies of one request while it is served. A nil one takes
// nothing. It is for one goroutine; End hands it on.
type Exchange struct {
	archive          *Archive
	request, account string
	at, expires      time.Time
	streamed         bool
	body, answer     part
	memory           int64 // of the archive's bound
	lost             bool
}

// part is one of the two bodies.
type part struct {
	text []byte // at most MaxPart
	size int64  // of all of it, in bytes
}

// Begin takes down the body of a request of an account that has bodies kept for so long.
func (a *Archive) Begin(request, account string, keep time.Duration, body []byte) *Exchange {
	now := a.o.Now()
	e := &Exchange{archive: a, request: request, account: account, at: now, expires: now.Add(min(keep, a.o.Most))}
	e.body.size = int64(len(body))
	e.add(&e.body, body, "")
	return e
}

// Answer takes down a plain answer, in place of what there was.
func (e *Exchange) Answer(body []byte) {
	if e == nil || e.lost {
		return
	}
	e.answer.text, e.answer.size = e.answer.text[:0], int64(len(body))
	e.add(&e.answer, body, "")
}

// Event takes down an event of a streamed answer as it was sent.
func (e *Exchange) Event(name string, data []byte) {
	if e == nil || e.lost {
		return
	}
	e.streamed = true
	before := "data: "
	if name != "" {
		before = "event: " + name + "\ndata: "
	}
	e.answer.size += int64(len(before) + len(data) + len(eventEnd))
	e.add(&e.answer, nil, before)
	e.add(&e.answer, data, eventEnd)
}

const eventEnd = "\n\n"

// Begun reports whether a part of an answer was taken down.
func (e *Exchange) Begun() bool { return e != nil && e.answer.size > 0 }

// End hands the exchange to the archive. Whoever serves the request doesn't wait.
func (e *Exchange) End() {
	if e == nil || e.lost {
		return
	}
	e.archive.enqueue(e)
}

// add appends bytes and a text, up to the bound.
func (e *Exchange) add(p *part, bytes []byte, text string) {
	if e.lost {
		return
	}
	free := MaxPart - len(p.text)
	bytes = bytes[:min(len(bytes), free)]
	text = text[:min(len(text), free-len(bytes))]
	if !e.room(p, len(bytes)+len(text)) {
		e.lost = true
		p.text = nil
		e.archive.lose(e, errMemory)
		return
	}
	p.text = append(append(p.text, bytes...), text...)
}

// room makes room for n bytes, if the archive has it.
func (e *Exchange) room(p *part, n int) bool {
	need := len(p.text) + n
	if need <= cap(p.text) {
		return true
	}
	const least = 4 << 10
	size := min(max(need, 2*cap(p.text), least), MaxPart)
	more := int64(size - cap(p.text))
	if e.archive.held.Add(more) > maxMemory {
		e.archive.held.Add(-more)
		return false
	}
	e.memory += more
	p.text = append(make([]byte, 0, size), p.text...)
	return true
}

// release gives the memory back.
func (e *Exchange) release() {
	e.archive.held.Add(-e.memory)
	e.memory, e.body.text, e.answer.text = 0, nil, nil
}
