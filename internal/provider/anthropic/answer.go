package anthropic

import (
	"strconv"

	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// chatAnswer makes a chat completion of a whole message.
func (p *Provider) chatAnswer(call *provider.Call, body []byte) (*provider.Answer, error) {
	m, err := p.readMessage(call, body)
	if err != nil {
		return nil, err
	}
	said := readBlocks(m.content)
	out := make([]byte, 0, len(body)+len(body)/4+256)
	out = appendHead(out, "chat.completion", call, m.id, p.now().Unix())
	out = append(out, `{"index":0,"message":{"role":"assistant","content":`...)
	out = append(out, orNull(said.text)...)
	if said.thinking != nil {
		out = append(append(out, `,"reasoning_content":`...), said.thinking...)
	}
	out = append(append(out, `,"refusal":`...), orNull(refusalText(m.details))...)
	if said.calls != nil {
		out = append(append(append(out, `,"tool_calls":[`...), said.calls...), ']')
	}
	out = append(append(out, `},"logprobs":null,"finish_reason":`...), finishReason(m.reason)...)
	out = append(out, `}]`...)
	a := &provider.Answer{Usage: m.tally.usage()}
	if a.Usage.Reported {
		out = appendUsage(append(out, `,"usage":`...), a.Usage)
	} else {
		a.Bytes = contentBytes(m.content)
	}
	a.Body = append(out, '}')
	return a, nil
}

// blocks is what a message says, in the form of chat: JSON strings, and tool calls with
// commas between them. Nil is nothing of the kind.
type blocks struct{ text, thinking, calls []byte }

// readBlocks reads the content. Blocks of other types belong to what chat requests can't
// ask for.
func readBlocks(content []byte) (b blocks) {
	n := 0
	rawjson.Elements(content, func(block []byte) bool {
		kind, _ := rawjson.Get(block, "type")
		switch string(kind) {
		case `"text"`:
			b.text = join(b.text, block, "text")
		case `"thinking"`:
			b.thinking = join(b.thinking, block, "thinking")
		case `"tool_use"`:
			if n++; n > 1 {
				b.calls = append(b.calls, ',')
			}
			b.calls = appendCall(b.calls, block)
		}
		return true
	})
	return b
}

// join adds the text of a member to a JSON string.
func join(text, block []byte, name string) []byte {
	value, _ := rawjson.Get(block, name)
	if rawjson.KindOf(value) != rawjson.KindString {
		return text
	}
	if text == nil {
		return append([]byte(nil), value...)
	}
	return append(text[:len(text)-1], value[1:]...)
}

// appendCall makes a tool call of a tool_use block.
func appendCall(dst, block []byte) []byte {
	id, _ := rawjson.Get(block, "id")
	name, _ := rawjson.Get(block, "name")
	input, _ := rawjson.Get(block, "input")
	if rawjson.KindOf(input) != rawjson.KindObject {
		input = []byte("{}")
	}
	dst = append(append(dst, `{"id":`...), orEmpty(id)...)
	dst = append(append(dst, `,"type":"function","function":{"name":`...), orEmpty(name)...)
	dst = append(dst, `,"arguments":`...)
	return append(rawjson.AppendQuote(dst, string(rawjson.Compact(nil, input))), `}}`...)
}

func orNull(value []byte) []byte {
	if value == nil {
		return []byte("null")
	}
	return value
}

// refusalText is why the model refused, a JSON string; nil where it did not say.
func refusalText(details []byte) []byte {
	why, _ := rawjson.Get(details, "explanation")
	if rawjson.KindOf(why) != rawjson.KindString {
		return nil
	}
	return why
}

// finishReason is the chat API's word for a stop_reason, as JSON.
func finishReason(reason []byte) string {
	switch string(reason) {
	case `"max_tokens"`, `"model_context_window_exceeded"`:
		return `"length"`
	case `"tool_use"`:
		return `"tool_calls"`
	case `"refusal"`:
		return `"content_filter"`
	}
	return `"stop"` // end_turn, stop_sequence, pause_turn, and what may come to be
}

// appendUsage writes the usage as the chat API has it.
func appendUsage(dst []byte, u provider.Usage) []byte {
	dst = strconv.AppendInt(append(dst, `{"prompt_tokens":`...), u.Input, 10)
	dst = strconv.AppendInt(append(dst, `,"completion_tokens":`...), u.Output, 10)
	dst = strconv.AppendInt(append(dst, `,"total_tokens":`...), u.Input+u.Output, 10)
	dst = strconv.AppendInt(append(dst, `,"prompt_tokens_details":{"cached_tokens":`...), u.Cached, 10)
	dst = strconv.AppendInt(append(dst, `},"completion_tokens_details":{"reasoning_tokens":`...), u.Reasoning, 10)
	return append(dst, `}}`...)
}
