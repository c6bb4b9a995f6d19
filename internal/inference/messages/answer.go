package messages

import (
	"strconv"

	"skytower/internal/inference/chatform"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// Answer tells a chat completion as a message. It keeps what the chat's answer counts; an
// answer that can't be read is an upstream's fault of class Broken.
func (t *Translation) Answer(a *provider.Answer) (*provider.Answer, error) {
	r := reply{whole: true}
	if err := r.read(a.Body, a.Bytes); err != nil {
		return nil, err
	}
	if r.message == nil {
		return nil, chatform.Broken("the chat completion has no choice that can be read")
	}
	body := t.appendHead(make([]byte, 0, 2*len(a.Body)+512))
	start, calls := len(body), false
	for i := range r.pieces {
		p := &r.pieces[i]
		calls = calls || p.kind == pieceCall
		body = t.appendBlock(chatform.Separated(body, start), p)
	}
	end := ending{reason: reason(r.finish, calls, len(chatform.Inner(r.refusal)) > 0), sequence: t.sequence(r.stopped, r.matched), usage: t.charged(a.Usage)}
	body = append(end.append(append(body, "],"...)), `,"usage":`...)
	body = append(appendUsage(body, end.usage), '}')
	return &provider.Answer{Body: body, Usage: a.Usage, Bytes: a.Bytes}, nil
}

// appendHead writes a message up to its content's bracket.
func (t *Translation) appendHead(dst []byte) []byte {
	dst = append(append(dst, `{"id":`...), t.id...)
	dst = append(append(dst, `,"type":"message","role":"assistant","model":`...), t.show...)
	return append(dst, `,"content":[`...)
}

func (t *Translation) appendBlock(dst []byte, p *piece) []byte {
	switch p.kind {
	case pieceThought:
		return append(append(append(dst, `{"type":"thinking","thinking":"`...), p.text...), `","signature":""}`...)
	case pieceText:
		return append(append(append(dst, `{"type":"text","text":"`...), p.text...), `"}`...)
	}
	dst = t.appendCall(dst, p.id, p.name)
	return append(append(dst, toolInput(p.text)...), '}')
}

// appendCall begins the block of a call, up to its input.
func (t *Translation) appendCall(dst, id, name []byte) []byte {
	if id == nil {
		id = rawjson.AppendQuote(nil, t.newID("toolu_"))
	}
	if name == nil {
		name = []byte(`""`)
	}
	dst = append(append(dst, `{"type":"tool_use","id":`...), id...)
	return append(append(append(dst, `,"name":`...), name...), `,"input":`...)
}

// toolInput is the object in a call's arguments. A model may write what is none; then its
// text stands in a field, so that the caller can tell it what was wrong.
func toolInput(arguments []byte) []byte {
	if len(arguments) == 0 {
		return []byte("{}")
	}
	quoted := append(append([]byte{'"'}, arguments...), '"')
	text, err := rawjson.AppendUnquoted(nil, quoted)
	if err == nil && rawjson.Valid(text) && rawjson.KindOf(text) == rawjson.KindObject {
		return rawjson.Compact(nil, text)
	}
	return append(append([]byte(`{"raw_arguments":`), quoted...), '}')
}

// ending is what is known of a message at its end only.
type ending struct {
	reason   string
	sequence []byte // a JSON string, or nil
	usage    provider.Usage
}

// append writes why the message ended.
func (e *ending) append(dst []byte) []byte {
	if e.sequence != nil && e.reason == "end_turn" {
		return append(append(dst, `"stop_reason":"stop_sequence","stop_sequence":`...), e.sequence...)
	}
	return append(append(append(dst, `"stop_reason":"`...), e.reason...), `","stop_sequence":null`...)
}

// appendUsage writes usage as the Messages API counts: input_tokens are those that were not
// read from a cache.
func appendUsage(dst []byte, u provider.Usage) []byte {
	dst = strconv.AppendInt(append(dst, `{"input_tokens":`...), max(u.Input-u.Cached, 0), 10)
	dst = strconv.AppendInt(append(dst, `,"cache_creation_input_tokens":0,"cache_read_input_tokens":`...), u.Cached, 10)
	dst = strconv.AppendInt(append(dst, `,"output_tokens":`...), u.Output, 10)
	if u.Reasoning > 0 {
		dst = append(strconv.AppendInt(append(dst, `,"output_tokens_details":{"thinking_tokens":`...), u.Reasoning, 10), '}')
	}
	return append(dst, '}')
}
