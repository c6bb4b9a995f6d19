package chatform

import (
	"unicode/utf8"

	"skytower/internal/rawjson"
)

// PieceKind is what a piece of a chat answer brings.
type PieceKind uint8

// The kinds of pieces.
const (
	Thought PieceKind = iota // of what the model thought
	Text
	Refusal
	Notes // annotations of the text: an array, as it came
	Call
)

// Piece is what an answer or a chunk brings for one part of what the model says.
type Piece struct {
	Kind     PieceKind
	Text     []byte // inside of a JSON string; of a call, of its arguments
	Logprobs []byte // of a text: elements of an array
	Bytes    int    // of generated content
	// Of a call: its place, and JSON strings, nil where not told.
	Slot     int64
	ID, Name []byte
}

// Places of calls that have none: Legacy is that of the form before tool_calls.
const (
	Unplaced = -1
	Legacy   = -2
)

// Reply is what is read of a chat completion or of one of its chunks. One serves a whole
// stream, so that a chunk needs no memory of its own.
type Reply struct {
	Whole bool // a completion: its calls are numbered by their order
	Plain bool // a refusal is text to the reader, who has no use for annotations

	found
	Pieces []Piece  // of Split
	few    [2]Piece // room for them, as many as usual
	one    call     // room for the call that is read
}

// found are the parts of a document.
type found struct {
	Prompts []byte // prompt_filter_results

	// Of the first choice. Servers name the stop sequence that they met in one of two fields.
	Message, Finish, Stopped, Matched, Results []byte

	Refusal []byte // of its message or delta

	choices, index, logprobs                          []byte
	content, thoughts, thinking, calls, legacy, notes []byte

	bad bool // a text would spoil what it is copied to
}

func (r *Reply) top(key []byte) *[]byte {
	switch string(key) {
	case "choices":
		return &r.choices
	case "prompt_filter_results":
		return &r.Prompts
	}
	return nil
}

func (r *Reply) choice(key []byte) *[]byte {
	switch string(key) {
	case "index":
		return &r.index
	case "delta", "message":
		return &r.Message
	case "finish_reason":
		return &r.Finish
	case "stop_reason":
		return &r.Stopped
	case "matched_stop":
		return &r.Matched
	case "logprobs":
		return &r.logprobs
	case "content_filter_results":
		return &r.Results
	}
	return nil
}

func (r *Reply) delta(key []byte) *[]byte {
	switch string(key) {
	case "content":
		return &r.content
	case "reasoning_content":
		return &r.thoughts
	case "reasoning":
		return &r.thinking
	case "refusal":
		return &r.Refusal
	case "tool_calls":
		return &r.calls
	case "function_call":
		return &r.legacy
	case "annotations":
		return &r.notes
	}
	return nil
}

// Read finds the first choice's parts. It is false where the document is no JSON object.
func (r *Reply) Read(doc []byte) bool {
	if r.Pieces == nil {
		r.Pieces = r.few[:0]
	}
	r.found, r.Pieces = found{}, r.Pieces[:0]
	if !Members(doc, r.top) {
		return false
	}
	rawjson.Elements(r.choices, func(choice []byte) bool {
		r.forget()
		Members(choice, r.choice)
		if first := r.index == nil || string(r.index) == "0"; first {
			return false
		}
		r.forget()
		return true
	})
	if r.Message != nil {
		Members(r.Message, r.delta)
	}
	return true
}

func (r *Reply) forget() {
	r.index, r.Message, r.Finish, r.Stopped, r.Matched, r.logprobs, r.Results = nil, nil, nil, nil, nil, nil, nil
}

// Split finds the pieces of the message or delta, in the order in which models make them;
// total is how much content the document holds, 0 if that is not known. The error is an
// upstream's of class Broken.
func (r *Reply) Split(total int) error {
	if r.Message == nil {
		return nil
	}
	if len(Inner(r.thoughts)) == 0 {
		r.thoughts = r.thinking // another name of the same; some servers send both
	}
	r.text(Thought, r.thoughts)
	if rawjson.KindOf(r.content) == rawjson.KindArray {
		rawjson.Elements(r.content, r.block)
	} else {
		r.plain()
	}
	if r.Plain {
		r.text(Text, r.Refusal)
	} else {
		r.text(Refusal, r.Refusal)
	}
	if r.notes != nil && !r.Plain {
		r.Pieces = append(r.Pieces, Piece{Kind: Notes, Text: r.notes})
	}
	r.splitCalls()
	if r.bad {
		return Broken("a text of the chat answer is not a valid JSON string")
	}
	r.share(total)
	return nil
}

// Probable reports whether the choice tells how probable its text is.
func (r *Reply) Probable() bool { return r.logprobs != nil }

// text adds a piece of text; an empty or absent one makes none.
func (r *Reply) text(kind PieceKind, value []byte) {
	if text := Inner(value); len(text) > 0 && r.valid(value) {
		r.Pieces = append(r.Pieces, Piece{Kind: kind, Text: text, Bytes: TextBytes(text)})
	}
}

func (r *Reply) valid(value []byte) bool {
	ok := rawjson.Valid(value)
	r.bad = r.bad || !ok
	return ok
}

// plain adds content that is one string, with how probable it was.
func (r *Reply) plain() {
	n := len(r.Pieces)
	r.text(Text, r.content)
	if len(r.Pieces) == n || r.logprobs == nil {
		return
	}
	list, _ := rawjson.Get(r.logprobs, "content")
	if rawjson.KindOf(list) == rawjson.KindArray && rawjson.Valid(list) {
		list = rawjson.Compact(nil, list)
		r.Pieces[n].Logprobs = list[1 : len(list)-1]
	}
}

// block reads a part of content that is a list, as some servers send it.
func (r *Reply) block(raw []byte) bool {
	var kind, text, thinking []byte
	Members(raw, func(key []byte) *[]byte {
		switch string(key) {
		case "type":
			return &kind
		case "text":
			return &text
		case "thinking":
			return &thinking
		}
		return nil
	})
	switch {
	case Is(kind, "text"):
		r.text(Text, text)
	case Is(kind, "thinking") && rawjson.KindOf(thinking) == rawjson.KindString:
		r.text(Thought, thinking)
	case Is(kind, "thinking"):
		rawjson.Elements(thinking, func(one []byte) bool {
			text, _ := rawjson.Get(one, "text")
			r.text(Thought, text)
			return true
		})
	}
	return true
}

// call is a tool call of a message or a delta.
type call struct{ index, id, function, name, arguments []byte }

func (c *call) field(key []byte) *[]byte {
	switch string(key) {
	case "index":
		return &c.index
	case "id":
		return &c.id
	case "function":
		return &c.function
	case "name":
		return &c.name
	case "arguments":
		return &c.arguments
	}
	return nil
}

func (r *Reply) splitCalls() {
	n := int64(0)
	c := &r.one
	rawjson.Elements(r.calls, func(raw []byte) bool {
		*c = call{}
		Members(raw, c.field)
		slot, ok := rawjson.Int(c.index)
		switch {
		case r.Whole:
			slot = n
		case !ok:
			slot = Unplaced
		}
		n++
		id := c.id
		c.name, c.arguments = nil, nil
		Members(c.function, c.field)
		c.id = id
		r.addCall(slot)
		return true
	})
	if r.legacy != nil { // the form before tool_calls: one call
		*c = call{}
		Members(r.legacy, c.field)
		c.id = nil
		r.addCall(Legacy)
	}
}

// addCall adds the call that was read.
func (r *Reply) addCall(slot int64) {
	c, p := &r.one, Piece{Kind: Call, Slot: slot}
	if len(Inner(c.id)) > 0 && r.valid(c.id) {
		p.ID = c.id
	}
	if len(Inner(c.name)) > 0 && r.valid(c.name) {
		p.Name = c.name
	}
	if rawjson.KindOf(c.arguments) == rawjson.KindObject { // some servers forget to encode them
		c.arguments = rawjson.AppendQuote(nil, string(rawjson.Compact(nil, c.arguments)))
	}
	if text := Inner(c.arguments); len(text) > 0 && r.valid(c.arguments) {
		p.Text, p.Bytes = text, TextBytes(text)
	}
	r.Pieces = append(r.Pieces, p)
}

// share says of each text how much content it has: together as much as was counted in the
// whole document, where that is known.
func (r *Reply) share(total int) {
	if total == 0 {
		return
	}
	last := -1
	for i := range r.Pieces {
		p := &r.Pieces[i]
		if p.Bytes > 0 {
			p.Bytes, last = max(min(p.Bytes, total), 1), i
			total -= p.Bytes
		}
	}
	if last >= 0 && total > 0 {
		r.Pieces[last].Bytes += total
	}
}

// TextBytes is how many bytes of UTF-8 the inside of a JSON string stands for. Halves of
// a surrogate pair count two each.
func TextBytes(text []byte) int {
	n := len(text)
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 >= len(text) {
			continue
		}
		i++
		n--
		if text[i] == 'u' && i+4 < len(text) {
			n -= 5 - escaped(text[i+1:i+5])
			i += 4
		}
	}
	return n
}

func escaped(hex []byte) int {
	var r rune
	for _, c := range hex {
		if c > '9' {
			c = (c | 0x20) - 'a' + 10
		} else {
			c -= '0'
		}
		r = r<<4 | rune(c&15)
	}
	if r >= 0xd800 && r < 0xe000 {
		return 2
	}
	return utf8.RuneLen(r)
}
