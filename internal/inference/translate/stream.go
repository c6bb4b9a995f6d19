package translate

import (
	"io"

	"skytower/internal/inference/chatform"
	"skytower/internal/provider"
)

// Stream is a streamed chat completion told as the typed events of contract 8.2. Chunks
// are read one at a time, each piece of them makes its events, and an event is written
// when Next gives it: so what was given is known at any moment, and the last of it can be
// taken back.
type Stream struct {
	t      *Translation
	chat   provider.Stream
	out    *output
	pieces []piece // of the last chunk; those before at are told
	at     int
	next   op // what the next call gives; opNone: a chunk has to be read
	reply  chatform.Reply
	form   template
	finish string // why the model ended
	usage  provider.Usage
	buf    []byte
	err    error // what comes after the pieces
}

// Stream tells a chat stream as a Responses stream. What an earlier stream brought is
// forgotten.
func (t *Translation) Stream(chat provider.Stream) *Stream {
	return &Stream{t: t, chat: chat, out: t.begin()}
}

// Ready reports whether Next would not wait. It reads chunks that are here, since they
// may make no event.
func (s *Stream) Ready() bool {
	for s.next.kind == opNone && s.err == nil && s.chat.Ready() {
		s.pull()
	}
	return s.next.kind != opNone || s.err != nil
}

// Close ends the chat stream.
func (s *Stream) Close() error { return s.chat.Close() }

// Next returns the next event. An error of the chat stream is returned as it is.
func (s *Stream) Next() (provider.Event, error) {
	for s.next.kind == opNone {
		if s.err != nil {
			return provider.Event{}, s.err
		}
		s.pull()
	}
	var event provider.Event
	s.buf, event = s.tell(s.buf[:0])
	return event, nil
}

// tell writes the next event to dst and goes on to the one after it.
func (s *Stream) tell(dst []byte) ([]byte, provider.Event) {
	p := s.next
	s.out.apply(p)
	var event provider.Event
	switch p.kind {
	case opCreated, opInProgress:
		dst, event.Name = s.opening(dst, p.kind)
	case opItem, opItemDone:
		dst, event.Name = s.out.appendItemEvent(dst, &p)
	case opEnd:
		dst, event.Name = s.ending(dst, p.piece)
		event.Final, event.Usage = true, s.usage
	case opDelta:
		dst, event.Name = s.out.appendPart(dst, &p)
		event.Output, event.Bytes = true, p.piece.bytes
		p.piece.spent = true
	case opNote:
		dst, event.Name = s.out.appendPart(dst, &p)
		p.piece.spent = true
	default:
		dst, event.Name = s.out.appendPart(dst, &p)
	}
	event.Data = dst
	s.advance()
	return dst, event
}

// advance finds the next event in the pieces that are here.
func (s *Stream) advance() {
	s.next = op{}
	for s.at < len(s.pieces) {
		if s.next = s.out.step(&s.pieces[s.at]); s.next.kind != opNone {
			return
		}
		s.at++
	}
}

func (s *Stream) opening(dst []byte, kind opKind) ([]byte, string) {
	name := "response.created"
	if kind == opInProgress {
		name = "response.in_progress"
	}
	dst = append(s.out.head(dst, name), `,"response":`...)
	return append(s.t.frame.append(dst, &ending{status: inProgress}, nil), '}'), name
}

func (s *Stream) ending(dst []byte, p *piece) ([]byte, string) {
	e := s.t.ending(p.reason)
	e.usage = s.t.charged(s.usage)
	name := "response." + e.status
	dst = append(s.out.head(dst, name), `,"response":`...)
	return append(s.t.frame.append(dst, &e, s.out), '}'), name
}

// ending is that of a response that is complete but for the reason.
func (t *Translation) ending(reason string) ending {
	if reason != "" {
		return ending{status: incomplete, reason: reason}
	}
	return ending{status: completed, completed: t.now().Unix()}
}

// pull reads one chunk.
func (s *Stream) pull() {
	s.pieces, s.at = s.pieces[:0], 0
	event, err := s.chat.Next()
	switch {
	case err == io.EOF:
		s.err = err
		s.pieces = append(s.pieces, end(s.finish))
	case err != nil:
		s.err = err
		return
	default:
		if event.Usage.Reported {
			s.usage = event.Usage
		}
		s.read(&event)
	}
	s.advance()
}

// end is the piece behind the last one.
func end(finish string) piece {
	p := piece{kind: pieceEnd, status: completed}
	switch finish {
	case "length":
		p.status, p.reason = incomplete, "max_output_tokens"
	case "content_filter":
		p.status, p.reason = incomplete, "content_filter"
	}
	return p
}

// Stop ends the stream as if the caller's limit had been reached (credit ran out). The
// last event that Next gave was not delivered: it is taken back. The events close what is
// open and end with response.incomplete, whose usage is what is charged.
func (s *Stream) Stop(usage provider.Usage) []provider.Event {
	s.out.undo()
	usage.Reported = true // what is charged is told, be it our count
	s.usage = usage
	last := end("length")
	last.stopped = true
	s.pieces, s.at = append(s.pieces[:0], last), 0
	return s.rest()
}

// rest writes the events that are left, each to memory of its own.
func (s *Stream) rest() []provider.Event {
	s.err = io.EOF
	var events []provider.Event
	for s.advance(); s.next.kind != opNone; {
		_, event := s.tell(nil)
		events = append(events, event)
	}
	return events
}

// Fail ends a stream that broke after all events of Next were delivered: response.failed
// with what came so far (see Failed), after the opening events where they are missing.
func (s *Stream) Fail(code, message string, usage provider.Usage) []provider.Event {
	s.pieces, s.at = append(s.pieces[:0], piece{kind: pieceBegin}), 0
	events := s.rest()
	const name = "response.failed"
	s.out.seq++
	s.out.last = op{}
	data := append(s.out.head(nil, name), `,"response":`...)
	data = append(append(data, s.t.Failed(code, message, usage)...), '}')
	return append(events, provider.Event{Name: name, Data: data, Usage: usage, Final: true})
}
