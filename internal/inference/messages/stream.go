package messages

import (
	"bytes"
	"io"

	"skytower/internal/inference/chatform"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// Stream is a streamed chat completion told as the events of the Messages API. Chunks are
// read one at a time; each becomes steps, and a step is written when Next gives it.
//
// One block is open at a time. What a chunk brings for another one waits behind it: a text
// ends as soon as something else comes, a call once its arguments are a whole object, and
// everything at the end.
type Stream struct {
	t     *Translation
	chat  provider.Stream
	reply chatform.Reply
	steps []step // those before at are told
	at    int

	begun   bool
	blocks  []*content
	front   int // of blocks: the one that is open, or that is to be opened
	waiting int // bytes that wait behind it
	unseen  int // bytes of thoughts that the caller does not read, and has not been told of
	told    int // the block that the caller has open, none (-1) without one

	calls, refused bool
	finish, ended  []byte // why the model ended; the stop sequence
	usage          provider.Usage
	room, buf      []byte // for the texts of steps; for an event
	err            error  // what comes after the steps
}

// content is one content block.
type content struct {
	kind     chatform.PieceKind
	id, name []byte // of a call
	slot     int64
	begun    bool
	text     []byte // what waits to be told; of a call, all of its arguments
	from     int    // of a call: where what waits begins in text
	bytes    int    // of what waits
	checked  int    // of a call: so much of text is known not to be a whole object
}

// Bounds on one answer.
const (
	mostBlocks  = 1024
	mostWaiting = 32 << 20 // bytes
)

// mostUnseen is how much a model thinks, in bytes, until a ping says that it is alive, and
// counts what it thought.
const mostUnseen = 256

// noBlock is the number of no block.
const noBlock = -1

// stepKind is an event.
type stepKind uint8

const (
	stepMessage stepKind = iota
	stepPing
	stepBegin
	stepDelta
	stepEnd
	stepReason
	stepStop
)

// step is an event that is to be told.
type step struct {
	kind  stepKind
	block int
	text  []byte
	bytes int
}

// Stream tells a chat stream as a stream of messages' events.
func (t *Translation) Stream(chat provider.Stream) *Stream {
	return &Stream{t: t, chat: chat, reply: chatform.Reply{Plain: true}, told: noBlock}
}

// Ready reports whether Next would not wait. It reads chunks that are here, since they
// may make no event.
func (s *Stream) Ready() bool {
	for s.at == len(s.steps) && s.err == nil && s.chat.Ready() {
		s.pull()
	}
	return s.at < len(s.steps) || s.err != nil
}

// Close ends the chat stream.
func (s *Stream) Close() error { return s.chat.Close() }

// Next returns the next event. An error of the chat stream is returned as it is. The last
// two, message_delta with the usage and message_stop, are final.
func (s *Stream) Next() (provider.Event, error) {
	for s.at == len(s.steps) {
		if s.err != nil {
			return provider.Event{}, s.err
		}
		s.pull()
	}
	next := s.steps[s.at]
	s.at++
	return s.tell(next), nil
}

// pull reads one chunk.
func (s *Stream) pull() {
	s.steps, s.at, s.room = s.steps[:0], 0, s.room[:0]
	event, err := s.chat.Next()
	switch {
	case err == io.EOF:
		s.begin()
		s.end()
		s.err = err
		return
	case err != nil:
		s.err = err
		return
	case event.Usage.Reported:
		s.usage = event.Usage
	}
	if err := s.read(&event); err != nil {
		s.steps, s.err = s.steps[:0], err // what was told stays so
	}
}

func (s *Stream) read(event *provider.Event) error {
	r := &s.reply
	if err := readReply(r, event.Data, event.Bytes); err != nil {
		return err
	}
	s.begin()
	s.refused = s.refused || len(chatform.Inner(r.Refusal)) > 0
	if len(chatform.Inner(r.Finish)) > 0 {
		s.finish = bytes.Clone(r.Finish)
		s.ended = s.t.sequence(r.Stopped, r.Matched)
	}
	for i := range r.Pieces {
		if err := s.take(&r.Pieces[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stream) begin() {
	if !s.begun {
		s.begun = true
		s.steps = append(s.steps, step{kind: stepMessage}, step{kind: stepPing})
	}
}

// take tells a piece, or lets it wait for those before it.
func (s *Stream) take(p *chatform.Piece) error {
	if p.Kind == chatform.Thought && !s.t.tells {
		s.unseen += p.Bytes
		s.ping(mostUnseen)
		return nil
	}
	i := s.home(p)
	if i == noBlock {
		if len(s.blocks) == mostBlocks {
			return chatform.Broken("the chat answer has too many parts")
		}
		i = len(s.blocks)
		s.blocks = append(s.blocks, s.block(p))
	}
	b := s.blocks[i]
	b.know(p)
	if i < s.front { // its arguments were whole
		if len(bytes.TrimSpace(p.Text)) > 0 {
			return chatform.Broken("a tool call of the chat answer goes on after its end")
		}
		return nil
	}
	b.text, b.bytes = append(b.text, p.Text...), b.bytes+p.Bytes
	if i > s.front {
		if s.waiting += len(p.Text); s.waiting > mostWaiting {
			return chatform.Broken("the tool calls of the chat answer come too much in turns")
		}
	}
	s.advance()
	return nil
}

// ping tells of thoughts that the caller does not read, once they are so many bytes: they
// are output, and cost what it costs.
func (s *Stream) ping(least int) {
	if s.unseen >= least {
		s.steps = append(s.steps, step{kind: stepPing, bytes: s.unseen})
		s.unseen = 0
	}
}

// block is a new one.
func (s *Stream) block(p *chatform.Piece) *content {
	s.calls = s.calls || p.Kind == chatform.Call
	return &content{kind: p.Kind, slot: p.Slot}
}

// know keeps what a call is named by, which may come in pieces.
func (b *content) know(p *chatform.Piece) {
	if b.id == nil {
		b.id = bytes.Clone(p.ID)
	}
	if b.name == nil {
		b.name = bytes.Clone(p.Name)
	}
}

// home is the block that a piece belongs to. Text goes on with the last block. Most servers
// number calls; some number every call 0, or none: an id that is new, with a name, begins a
// call all the same.
func (s *Stream) home(p *chatform.Piece) int {
	last := len(s.blocks) - 1
	if p.Kind != chatform.Call {
		if last >= s.front && s.blocks[last].kind == p.Kind {
			return last
		}
		return noBlock
	}
	latest := noBlock
	for i := last; i >= 0; i-- {
		b := s.blocks[i]
		if b.kind != chatform.Call || b.slot != p.Slot {
			continue
		}
		if p.ID != nil && b.id != nil && chatform.SameText(p.ID, b.id) {
			return i
		}
		if latest == noBlock {
			latest = i
		}
	}
	if p.Name != nil && (p.ID != nil || p.Slot == chatform.Unplaced) {
		return noBlock
	}
	return latest
}

// advance tells what the open block has, and goes on to those that wait behind it. A call
// begins when its name is known.
func (s *Stream) advance() {
	for {
		b := s.blocks[s.front]
		if b.kind == chatform.Call && b.name == nil {
			return
		}
		s.flush(b)
		if s.front == len(s.blocks)-1 || !b.whole() {
			return
		}
		s.close()
	}
}

// flush opens a block where it is not, and tells what waits.
func (s *Stream) flush(b *content) {
	if !b.begun {
		b.begun = true
		s.steps = append(s.steps, step{kind: stepBegin, block: s.front})
	}
	if waits := b.text[b.from:]; len(waits) > 0 {
		start := len(s.room)
		s.room = append(s.room, waits...)
		s.steps = append(s.steps, step{kind: stepDelta, block: s.front, text: s.room[start:len(s.room):len(s.room)], bytes: b.bytes})
	}
	b.bytes = 0
	if b.kind == chatform.Call {
		b.from = len(b.text)
	} else {
		b.text = b.text[:0]
	}
}

// close ends the open block.
func (s *Stream) close() {
	s.steps = append(s.steps, step{kind: stepEnd, block: s.front})
	s.front++
}

// whole reports whether nothing more can come for the block.
func (b *content) whole() bool {
	if b.kind != chatform.Call {
		return true
	}
	text := bytes.TrimRight(b.text, " ")
	if len(b.text) == b.checked || len(text) == 0 || text[len(text)-1] != '}' {
		return false
	}
	b.checked = len(b.text)
	plain, err := rawjson.AppendUnquoted(nil, append(append([]byte{'"'}, b.text...), '"'))
	return err == nil && rawjson.Valid(plain)
}

// end tells what waits, and the end.
func (s *Stream) end() {
	for s.front < len(s.blocks) {
		s.flush(s.blocks[s.front])
		s.close()
	}
	s.ping(1)
	s.steps = append(s.steps, step{kind: stepReason}, step{kind: stepStop})
}

// Stop ends the stream as if the caller's limit had been reached (credit ran out). The
// last event that Next gave was not delivered: a delta, whose block is closed. The usage is
// what is charged.
func (s *Stream) Stop(usage provider.Usage) []provider.Event {
	s.steps, s.at, s.err = s.steps[:0], 0, io.EOF
	return End(s.told, usage)
}
