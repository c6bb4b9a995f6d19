package messages

import (
	"strconv"

	"skytower/internal/inference/chatform"
	"skytower/internal/provider"
)

// tell writes the event of a step.
func (s *Stream) tell(p step) provider.Event {
	dst := s.buf[:0]
	event := provider.Event{}
	switch p.kind {
	case stepMessage:
		event.Name = "message_start"
		dst = s.t.appendHead(append(dst, `{"type":"message_start","message":`...))
		dst = append(dst, `],"stop_reason":null,"stop_sequence":null,"stop_details":null,"container":null,"usage":`...)
		dst = append(appendUsage(dst, provider.Usage{Input: s.t.input}), '}', '}')
	case stepPing:
		event.Name, event.Output, event.Bytes = "ping", p.bytes > 0, p.bytes
		dst = append(dst, `{"type":"ping"}`...)
	case stepBegin:
		event.Name = "content_block_start"
		s.told = p.block
		dst = appendIndex(append(dst, `{"type":"content_block_start","index":`...), p.block)
		dst = append(s.appendBlank(append(dst, `,"content_block":`...), s.blocks[p.block]), '}')
	case stepDelta:
		event.Name, event.Output, event.Bytes = "content_block_delta", true, p.bytes
		dst = appendIndex(append(dst, `{"type":"content_block_delta","index":`...), p.block)
		dst = append(appendDelta(append(dst, `,"delta":`...), s.blocks[p.block].kind, p.text), '}')
	case stepEnd:
		event.Name = "content_block_stop"
		s.told = noBlock
		dst = appendBlockEnd(dst, p.block)
	case stepReason:
		event.Name, event.Final, event.Usage = "message_delta", true, s.usage
		e := ending{reason(s.finish, s.calls, s.refused), s.ended, s.t.charged(s.usage)}
		dst = e.appendDelta(dst)
	case stepStop:
		event.Name, event.Final = "message_stop", true
		dst = append(dst, messageStop...)
	}
	s.buf, event.Data = dst, dst
	return event
}

const messageStop = `{"type":"message_stop"}`

// appendBlank writes a block that has just begun.
func (s *Stream) appendBlank(dst []byte, b *content) []byte {
	switch b.kind {
	case chatform.Thought:
		return append(dst, `{"type":"thinking","thinking":"","signature":""}`...)
	case chatform.Text:
		return append(dst, `{"type":"text","text":"","citations":null}`...)
	}
	return append(s.t.appendCall(dst, b.id, b.name), `{}}`...)
}

func appendDelta(dst []byte, kind chatform.PieceKind, text []byte) []byte {
	switch kind {
	case chatform.Thought:
		dst = append(dst, `{"type":"thinking_delta","thinking":"`...)
	case chatform.Text:
		dst = append(dst, `{"type":"text_delta","text":"`...)
	case chatform.Call:
		dst = append(dst, `{"type":"input_json_delta","partial_json":"`...)
	}
	return append(append(dst, text...), '"', '}')
}

func appendBlockEnd(dst []byte, block int) []byte {
	dst = strconv.AppendInt(append(dst, `{"type":"content_block_stop","index":`...), int64(block), 10)
	return append(dst, '}')
}

// appendDelta writes message_delta.
func (e *ending) appendDelta(dst []byte) []byte {
	dst = e.append(append(dst, `{"type":"message_delta","delta":{`...))
	return append(appendCounts(append(dst, `},"usage":`...), e.usage), '}', '}')
}

// End is how a stream of the Messages API ends where credit ran out: as if the caller's
// limit had been reached. block is the number of the block that is open; less than 0: none.
func End(block int, usage provider.Usage) []provider.Event {
	var events []provider.Event
	if block >= 0 {
		events = append(events, provider.Event{Name: "content_block_stop", Data: appendBlockEnd(nil, block)})
	}
	e := ending{reason: "max_tokens", usage: usage}
	return append(events, provider.Event{Name: "message_delta", Data: e.appendDelta(nil), Usage: usage, Final: true},
		provider.Event{Name: "message_stop", Data: []byte(messageStop), Final: true})
}
