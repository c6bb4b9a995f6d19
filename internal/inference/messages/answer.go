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
	r := chatform.Reply{Whole: true, Plain: true}
	if err := readReply(&r, a.Body, a.Bytes); err != nil {
		return nil, err
	}
	if r.Message == nil {
		return nil, chatform.Broken("the chat completion has no choice that can be read")
	}
	body := t.appendHead(make([]byte, 0, 2*len(a.Body)+512))
	start, calls := len(body), false
	for i := range r.Pieces {
		p := &r.Pieces[i]
		if p.Kind == chatform.Thought && !t.tells {
			continue
		}
		calls = calls || p.Kind == chatform.Call
		body = t.appendBlock(chatform.Separated(body, start), p)
	}
	end := ending{reason: reason(r.Finish, calls, len(chatform.Inner(r.Refusal)) > 0), sequence: t.sequence(r.Stopped, r.Matched), usage: t.charged(a.Usage)}
	body = append(end.append(append(body, "],"...)), `,"usage":`...)
	body = append(appendUsage(body, end.usage), '}')
	return &provider.Answer{Body: body, Usage: a.Usage, Bytes: a.Bytes}, nil
}

// appendHead writes a message up to its content's bracket.
func (t *Translation) appendHead(dst []byte) []byte {
	dst = append(append(dst, `{"id":`...), t.id...)
	dst = append(append(dst, `,"type":"message","role":"assistant","model":`...), t.show...)
	return append(dst, `,"diagnostics":null,"content":[`...)
}

func (t *Translation) appendBlock(dst []byte, p *chatform.Piece) []byte {
	switch p.Kind {
	case chatform.Thought:
		return append(append(append(dst, `{"type":"thinking","thinking":"`...), p.Text...), `","signature":""}`...)
	case chatform.Text:
		return append(append(append(dst, `{"type":"text","text":"`...), p.Text...), `","citations":null}`...)
	}
	dst = t.appendCall(dst, p.ID, p.Name)
	return append(append(dst, toolInput(p.Text)...), '}')
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
	return append(append(append(dst, `,"name":`...), name...), `,"caller":{"type":"direct"},"input":`...)
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

// append writes why the message ended. What chat models never have is null, since the
// types of clients want it there.
func (e *ending) append(dst []byte) []byte {
	if e.sequence != nil && e.reason == "end_turn" {
		dst = append(append(dst, `"stop_reason":"stop_sequence","stop_sequence":`...), e.sequence...)
	} else {
		dst = append(append(append(dst, `"stop_reason":"`...), e.reason...), `","stop_sequence":null`...)
	}
	return append(dst, `,"stop_details":null,"container":null`...)
}

// appendUsage writes a message's usage.
func appendUsage(dst []byte, u provider.Usage) []byte {
	return append(appendCounts(dst, u), `,"cache_creation":null,"inference_geo":null,"service_tier":"standard","speed":null}`...)
}

// appendCounts writes usage as the Messages API counts, without the closing brace:
// input_tokens are those that were not read from a cache. It is all that message_delta has.
func appendCounts(dst []byte, u provider.Usage) []byte {
	dst = strconv.AppendInt(append(dst, `{"input_tokens":`...), max(u.Input-u.Cached, 0), 10)
	dst = strconv.AppendInt(append(dst, `,"cache_creation_input_tokens":0,"cache_read_input_tokens":`...), u.Cached, 10)
	dst = strconv.AppendInt(append(dst, `,"output_tokens":`...), u.Output, 10)
	if u.Reasoning > 0 {
		dst = append(strconv.AppendInt(append(dst, `,"output_tokens_details":{"thinking_tokens":`...), u.Reasoning, 10), '}')
	} else {
		dst = append(dst, `,"output_tokens_details":null`...)
	}
	return append(dst, `,"server_tool_use":null`...)
}
