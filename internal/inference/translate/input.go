package translate

import (
	"encoding/json"

	"skytower/internal/inference/chatform"
	"skytower/internal/rawjson"
)

// conversation writes chat messages. What an assistant said is held back, since the calls
// that follow it belong to the same message.
type conversation struct {
	dst     []byte
	count   int    // messages written
	content []byte // of the assistant's message that is held back, JSON; nil: none
	calls   []byte // its tool calls, without the brackets
}

// input writes the items, those of the request where it was given them.
func (c *conversation) input(raw []byte, r *Request) *chatform.Problem {
	if r.Items != nil {
		for i, item := range r.Items {
			if p := c.given(item); p != nil {
				return r.placed(p, i)
			}
		}
		return nil
	}
	switch rawjson.KindOf(raw) {
	case rawjson.Missing:
		return chatform.Missing("input")
	case rawjson.KindString:
		c.plain("user", raw)
		return nil
	case rawjson.KindArray:
		return chatform.Each("input", raw, c.item)
	}
	return chatform.Kind("input", raw, "a string or an array of items", rawjson.KindString, rawjson.KindArray)
}

// given is an item that is not of the body, so that nobody has checked it yet.
func (c *conversation) given(item json.RawMessage) *chatform.Problem {
	if !rawjson.Valid(item) {
		return chatform.Invalid("", "is not valid JSON.")
	}
	return c.item(item)
}

// placed names a problem's place as the caller knows it.
func (r *Request) placed(p *chatform.Problem, i int) *chatform.Problem {
	if i < r.Earlier {
		place := string(p.At(i).In("input").Path)
		return &chatform.Problem{
			Path: "previous_response_id", Text: "leads to an earlier item that can't be used: '" + place + "' " + p.Text, Foreign: p.Foreign,
		}
	}
	return p.At(i - r.Earlier).In("input")
}

// item is one item of the input, of any type.
type item struct {
	kind, role, content, callID, name, arguments, input, output []byte
}

func (it *item) field(key []byte) *[]byte {
	switch string(key) {
	case "type":
		return &it.kind
	case "role":
		return &it.role
	case "content":
		return &it.content
	case "call_id":
		return &it.callID
	case "name":
		return &it.name
	case "arguments":
		return &it.arguments
	case "input":
		return &it.input
	case "output":
		return &it.output
	}
	return nil
}

func (c *conversation) item(raw []byte) *chatform.Problem {
	if p := chatform.IsObject("", raw); p != nil {
		return p
	}
	var it item
	chatform.Members(raw, it.field)
	if it.kind == nil {
		if it.role == nil {
			return chatform.Missing("type")
		}
		return c.message(&it)
	}
	if p := chatform.IsText("type", it.kind); p != nil {
		return p
	}
	switch string(chatform.Inner(it.kind)) {
	case "message":
		return c.message(&it)
	case "function_call":
		return c.call(&it)
	case "function_call_output", "custom_tool_call_output":
		return c.callOutput(&it)
	case "custom_tool_call":
		return c.customCall(&it)
	case "reasoning":
		// What a model thought is for its own eyes: chat models are trained on
		// conversations without earlier thoughts, and servers of theirs refuse or drop
		// reasoning_content in a request. Encrypted thoughts nobody here can read.
		return nil
	case "item_reference":
		return chatform.Invalid("", "refers to an item that is not stored here; send the item itself.")
	}
	return unsupportedType("", it.kind)
}

func (c *conversation) message(it *item) *chatform.Problem {
	if p := chatform.NeedsText("role", it.role); p != nil {
		return p
	}
	switch role := string(chatform.Inner(it.role)); role {
	case "user", "system":
		return c.said(role, it.content)
	case "developer":
		return c.said("system", it.content) // contract 7.1: older chat models know no developer
	case "assistant":
		return c.assistant(it.content)
	}
	return chatform.Invalid("role", "must be user, assistant, system or developer, not "+chatform.Shortened(it.role)+".")
}

// open begins a message.
func (c *conversation) open(role string) {
	if c.count > 0 {
		c.dst = append(c.dst, ',')
	}
	c.count++
	c.dst = append(append(append(c.dst, `{"role":"`...), role...), `","content":`...)
}

// plain writes a message whose content is a JSON string.
func (c *conversation) plain(role string, text []byte) {
	c.open(role)
	c.dst = append(append(c.dst, text...), '}')
}

func (c *conversation) said(role string, content []byte) (p *chatform.Problem) {
	c.flush()
	c.open(role)
	if c.dst, p = appendContent(c.dst, "content", content); p != nil {
		return p
	}
	c.dst = append(c.dst, '}')
	return nil
}

// assistant holds a message of the assistant back. Text that follows calls belongs to the
// same message as they: chat wants their outputs right behind it.
func (c *conversation) assistant(content []byte) *chatform.Problem {
	value, p := appendContent(nil, "content", content)
	if p != nil {
		return p
	}
	switch {
	case c.calls != nil && c.content == nil:
	case c.calls != nil && c.content[0] == '"' && value[0] == '"':
		value = append(c.content[:len(c.content)-1], value[1:]...)
	default:
		c.flush()
	}
	c.content = value
	return nil
}

// flush writes the message of the assistant that was held back.
func (c *conversation) flush() {
	if c.content == nil && c.calls == nil {
		return
	}
	c.open("assistant")
	c.dst = append(c.dst, orNull(c.content)...)
	if c.calls != nil {
		c.dst = append(append(append(c.dst, `,"tool_calls":[`...), c.calls...), ']')
	}
	c.dst = append(c.dst, '}')
	c.content, c.calls = nil, nil
}

func (c *conversation) call(it *item) *chatform.Problem {
	if p := chatform.NeedsText("call_id", it.callID); p != nil {
		return p
	}
	if p := chatform.NeedsText("name", it.name); p != nil {
		return p
	}
	if rawjson.KindOf(it.arguments) == rawjson.KindObject {
		it.arguments = rawjson.AppendQuote(nil, string(it.arguments))
	}
	if p := chatform.NeedsText("arguments", it.arguments); p != nil {
		return p
	}
	c.addCall(it)
	return nil
}

func (c *conversation) addCall(it *item) {
	if c.calls != nil {
		c.calls = append(c.calls, ',')
	}
	c.calls = append(append(c.calls, `{"id":`...), it.callID...)
	c.calls = append(append(c.calls, `,"type":"function","function":{"name":`...), it.name...)
	c.calls = append(append(append(c.calls, `,"arguments":`...), it.arguments...), '}', '}')
}

// customCall carries a call with free text, as another model may have made it, as that of
// a function with one argument.
func (c *conversation) customCall(it *item) *chatform.Problem {
	if p := chatform.NeedsText("call_id", it.callID); p != nil {
		return p
	}
	if p := chatform.NeedsText("name", it.name); p != nil {
		return p
	}
	if p := chatform.NeedsText("input", it.input); p != nil {
		return p
	}
	it.arguments = rawjson.AppendQuote(nil, `{"input":`+string(it.input)+`}`)
	c.addCall(it)
	return nil
}

func (c *conversation) callOutput(it *item) (p *chatform.Problem) {
	if p = chatform.NeedsText("call_id", it.callID); p != nil {
		return p
	}
	c.flush()
	c.open("tool")
	if c.dst, p = appendTexts(c.dst, "output", it.output); p != nil {
		return p
	}
	c.dst = append(chatform.Field(c.dst, "tool_call_id", it.callID), '}')
	return nil
}
