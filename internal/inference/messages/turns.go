package messages

import (
	"skytower/internal/inference/chatform"
	"skytower/internal/rawjson"
)

// conversation writes chat messages. Messages of one role that follow each other are one
// turn, as the API has it: so the results of calls stand right behind them, where chat
// wants them.
type conversation struct {
	dst   []byte
	start int // where the first message begins

	role    string // of the turn that is gathered; "": none
	results []byte // messages with the results of tools, which come first
	parts   []part
	calls   []byte // of the assistant, without the brackets
}

// part is a text or a picture of a turn.
type part struct {
	text        []byte // inside of a JSON string; nil: a picture
	media, data []byte // insides of JSON strings, of a picture that is there
	url         []byte // likewise, of one elsewhere
}

// instructions are a message of the system.
func (c *conversation) instructions(name string, value []byte) *chatform.Problem {
	if value == nil {
		return nil
	}
	var texts []part
	p := eachBlock(name, value, func(b *block) *chatform.Problem {
		if !chatform.Is(b.kind, "text") {
			return unsupportedType("", b.kind)
		}
		return b.words(&texts)
	})
	if p != nil || len(texts) == 0 {
		return p
	}
	c.open("system")
	c.dst = append(joined(c.dst, texts, lines), '}')
	return nil
}

// turns writes all messages.
func (c *conversation) turns(list []byte) *chatform.Problem {
	if p := chatform.Needed("messages", list, "an array", rawjson.KindArray, rawjson.KindArray); p != nil {
		return p
	}
	before := len(c.dst)
	if p := chatform.Each("messages", list, c.message); p != nil {
		return p
	}
	if c.flush(); len(c.dst) == before {
		return chatform.Invalid("messages", "must hold something to answer.")
	}
	return nil
}

func (c *conversation) message(raw []byte) *chatform.Problem {
	if p := chatform.IsObject("", raw); p != nil {
		return p
	}
	var role, content []byte
	chatform.Members(raw, func(key []byte) *[]byte {
		switch string(key) {
		case "role":
			return &role
		case "content":
			return &content
		}
		return nil
	})
	if p := chatform.NeedsText("role", role); p != nil {
		return p
	}
	if content == nil {
		return chatform.Missing("content")
	}
	switch word := string(chatform.Inner(role)); word {
	case "user":
		c.turn(word)
		return eachBlock("content", content, c.said)
	case "assistant":
		c.turn(word)
		return eachBlock("content", content, c.answered)
	case "system": // among the messages: for the turns that follow
		c.turn("")
		return c.instructions("content", content)
	}
	return chatform.Invalid("role", "must be user or assistant, not "+chatform.Shortened(role)+".")
}

// turn begins to gather a turn, unless it is still the one before.
func (c *conversation) turn(role string) {
	if role != c.role {
		c.flush()
		c.role = role
	}
}

// said is a block of the user.
func (c *conversation) said(b *block) *chatform.Problem {
	if chatform.Is(b.kind, "tool_result") {
		return c.result(b)
	}
	return b.shown(&c.parts)
}

// answered is a block of the assistant.
func (c *conversation) answered(b *block) *chatform.Problem {
	switch string(chatform.Inner(b.kind)) {
	case "text":
		return b.words(&c.parts)
	case "tool_use":
		return c.call(b)
	case "thinking", "redacted_thinking":
		// What a model thought is for its own eyes: chat models are trained on
		// conversations without earlier thoughts, and servers of theirs refuse or drop
		// them in a request.
		return nil
	}
	return unsupportedType("", b.kind)
}

func (c *conversation) call(b *block) *chatform.Problem {
	if p := chatform.NeedsText("id", b.id); p != nil {
		return p
	}
	if p := chatform.NeedsText("name", b.name); p != nil {
		return p
	}
	if p := chatform.IsObject("input", b.input); p != nil {
		return p
	}
	input := "{}"
	if b.input != nil {
		input = string(rawjson.Compact(nil, b.input))
	}
	c.calls = append(append(chatform.Separated(c.calls, 0), `{"id":`...), b.id...)
	c.calls = append(append(c.calls, `,"type":"function","function":{"name":`...), b.name...)
	c.calls = append(rawjson.AppendQuote(append(c.calls, `,"arguments":`...), input), '}', '}')
	return nil
}

// result writes the message of a tool. Chat has text alone there: pictures stand in the
// user's message behind it, and that it failed is said in words.
func (c *conversation) result(b *block) *chatform.Problem {
	if p := chatform.NeedsText("tool_use_id", b.useID); p != nil {
		return p
	}
	if p := chatform.IsFlag("is_error", b.failed); p != nil {
		return p
	}
	var shown []part
	if b.content != nil {
		if p := eachBlock("content", b.content, func(in *block) *chatform.Problem { return in.shown(&shown) }); p != nil {
			return p
		}
	}
	texts, pictures := sorted(shown)
	c.results = append(append(chatform.Separated(c.results, 0), `{"role":"tool","tool_call_id":`...), b.useID...)
	c.results = append(append(c.results, `,"content":`...), b.report(texts, len(pictures))...)
	c.results = append(c.results, '}')
	if len(pictures) > 0 {
		label := append(append([]byte("The result of the tool call "), chatform.Inner(b.useID)...), ':')
		c.parts = append(append(c.parts, part{text: label}), pictures...)
	}
	return nil
}

// sorted tells texts from pictures.
func sorted(parts []part) (texts, pictures []part) {
	for _, p := range parts {
		if p.text != nil {
			texts = append(texts, p)
		} else {
			pictures = append(pictures, p)
		}
	}
	return texts, pictures
}

// report is what a tool's message says, as a JSON string.
func (b *block) report(texts []part, pictures int) []byte {
	failed := rawjson.KindOf(b.failed) == rawjson.KindTrue
	said := joined(nil, texts, lines)
	switch empty := len(chatform.Inner(said)) == 0; {
	case failed && empty:
		return []byte(`"Error"`)
	case failed:
		return append([]byte(`"Error: `), said[1:]...)
	case empty && pictures > 0:
		return []byte(`"The result is in the message that follows."`)
	}
	return said
}

// open begins a message, up to its content.
func (c *conversation) open(role string) {
	c.dst = append(append(chatform.Separated(c.dst, c.start), `{"role":"`...), role...)
	c.dst = append(c.dst, `","content":`...)
}

// flush writes the turn that was gathered. One without anything in it, such as a thought
// alone, is left out: chat servers refuse an empty message.
func (c *conversation) flush() {
	if c.results != nil {
		c.dst = append(chatform.Separated(c.dst, c.start), c.results...)
	}
	switch {
	case c.role == "assistant" && c.calls != nil:
		c.open(c.role)
		if len(c.parts) > 0 {
			c.dst = joined(c.dst, c.parts, none)
		} else {
			c.dst = append(c.dst, "null"...)
		}
		c.dst = append(append(append(c.dst, `,"tool_calls":[`...), c.calls...), ']', '}')
	case len(c.parts) > 0:
		c.open(c.role)
		c.dst = append(c.appendParts(c.dst), '}')
	}
	c.role, c.results, c.parts, c.calls = "", nil, c.parts[:0], nil
}

// appendParts writes the turn's content: text stays, or becomes, one string, which every
// chat server takes; only pictures make it a list.
func (c *conversation) appendParts(dst []byte) []byte {
	rich := false
	for i := range c.parts {
		rich = rich || c.parts[i].text == nil
	}
	switch {
	case c.role == "assistant":
		return joined(dst, c.parts, none)
	case !rich:
		return joined(dst, c.parts, lines)
	}
	dst = append(dst, '[')
	start := len(dst)
	for i := range c.parts {
		dst = c.parts[i].append(chatform.Separated(dst, start))
	}
	return append(dst, ']')
}

// What stands between the texts of a turn: those of a model are pieces of one text.
const (
	none  = ""
	lines = `\n`
)

// joined appends texts as one JSON string.
func joined(dst []byte, texts []part, between string) []byte {
	dst = append(dst, '"')
	for i := range texts {
		if i > 0 {
			dst = append(dst, between...)
		}
		dst = append(dst, texts[i].text...)
	}
	return append(dst, '"')
}

func (p *part) append(dst []byte) []byte {
	if p.text != nil {
		return append(append(append(dst, `{"type":"text","text":"`...), p.text...), `"}`...)
	}
	dst = append(dst, `{"type":"image_url","image_url":{"url":"`...)
	if p.url != nil {
		return append(append(dst, p.url...), `"}}`...)
	}
	dst = append(append(append(dst, "data:"...), p.media...), ";base64,"...)
	return append(append(dst, p.data...), `"}}`...)
}
