package messages

import (
	"strconv"

	"skytower/internal/inference/chatform"
	"skytower/internal/rawjson"
)

// pieceKind is what a piece of a chat answer brings.
type pieceKind uint8

const (
	pieceThought pieceKind = iota
	pieceText
	pieceCall
)

// piece is what an answer or a chunk brings for one content block.
type piece struct {
	kind  pieceKind
	text  []byte // inside of a JSON string; of a call, of its arguments
	bytes int    // of generated content
	// Of a call: its place, and JSON strings, nil where not told.
	slot     int64
	id, name []byte
}

// reply is what is read of a chat completion or of one of its chunks.
type reply struct {
	whole   bool // a completion: its calls are numbered by their order
	choices []byte

	// Of the first choice. Servers name the stop sequence that they met in one of two fields.
	index, message, finish, stopped, matched []byte

	// Of its message or delta.
	content, thoughts, thinking, refusal, calls, call []byte

	pieces []piece
	bad    bool // a text would spoil what it is copied to
}

func (r *reply) choice(key []byte) *[]byte {
	switch string(key) {
	case "index":
		return &r.index
	case "delta", "message":
		return &r.message
	case "finish_reason":
		return &r.finish
	case "stop_reason":
		return &r.stopped
	case "matched_stop":
		return &r.matched
	}
	return nil
}

func (r *reply) delta(key []byte) *[]byte {
	switch string(key) {
	case "content":
		return &r.content
	case "reasoning_content":
		return &r.thoughts
	case "reasoning":
		return &r.thinking
	case "refusal":
		return &r.refusal
	case "tool_calls":
		return &r.calls
	case "function_call":
		return &r.call
	}
	return nil
}

// read finds the pieces of the first choice, in the order in which models make them; total
// is how much content the document holds, 0 if that is not known. The error is an
// upstream's of class Broken.
func (r *reply) read(doc []byte, total int) error {
	*r = reply{whole: r.whole, pieces: r.pieces[:0]}
	if !chatform.Members(doc, func(key []byte) *[]byte {
		if string(key) == "choices" {
			return &r.choices
		}
		return nil
	}) {
		return chatform.Broken("a document of the chat answer is not a JSON object")
	}
	rawjson.Elements(r.choices, func(choice []byte) bool {
		r.index, r.message, r.finish, r.stopped, r.matched = nil, nil, nil, nil, nil
		chatform.Members(choice, r.choice)
		if first := r.index == nil || string(r.index) == "0"; first {
			return false
		}
		r.message, r.finish, r.stopped, r.matched = nil, nil, nil, nil
		return true
	})
	if r.message != nil {
		chatform.Members(r.message, r.delta)
		r.split()
	}
	if r.bad {
		return chatform.Broken("a text of the chat answer is not a valid JSON string")
	}
	r.share(total)
	return nil
}

func (r *reply) split() {
	if len(chatform.Inner(r.thoughts)) == 0 {
		r.thoughts = r.thinking // another name of the same; some servers send both
	}
	r.text(pieceThought, r.thoughts)
	if rawjson.KindOf(r.content) == rawjson.KindArray {
		rawjson.Elements(r.content, r.block)
	} else {
		r.text(pieceText, r.content)
	}
	r.text(pieceText, r.refusal)
	n := int64(0)
	rawjson.Elements(r.calls, func(raw []byte) bool {
		r.toolCall(raw, n)
		n++
		return true
	})
	if r.call != nil { // the form before tool_calls: one call
		r.function(piece{kind: pieceCall, slot: legacySlot}, r.call)
	}
}

// legacySlot is apart from the places of real calls; unplaced is that of a call without one.
const (
	unplaced   = -1
	legacySlot = -2
)

// text adds a piece of text; an empty or absent one makes none.
func (r *reply) text(kind pieceKind, value []byte) {
	if len(chatform.Inner(value)) > 0 && r.valid(value) {
		r.pieces = append(r.pieces, piece{kind: kind, text: chatform.Inner(value)})
	}
}

func (r *reply) valid(value []byte) bool {
	ok := rawjson.Valid(value)
	r.bad = r.bad || !ok
	return ok
}

// block reads a part of content that is a list, as some servers send it.
func (r *reply) block(raw []byte) bool {
	var kind, text, thinking []byte
	chatform.Members(raw, func(key []byte) *[]byte {
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
	case chatform.Is(kind, "text"):
		r.text(pieceText, text)
	case chatform.Is(kind, "thinking") && rawjson.KindOf(thinking) == rawjson.KindString:
		r.text(pieceThought, thinking)
	case chatform.Is(kind, "thinking"):
		rawjson.Elements(thinking, func(one []byte) bool {
			text, _ := rawjson.Get(one, "text")
			r.text(pieceThought, text)
			return true
		})
	}
	return true
}

// toolCall reads the nth call of a message or a delta.
func (r *reply) toolCall(raw []byte, n int64) {
	var index, function []byte
	p := piece{kind: pieceCall, slot: unplaced}
	chatform.Members(raw, func(key []byte) *[]byte {
		switch string(key) {
		case "index":
			return &index
		case "id":
			return &p.id
		case "function":
			return &function
		}
		return nil
	})
	if place, ok := rawjson.Int(index); ok {
		p.slot = place
	}
	if r.whole {
		p.slot = n
	}
	if len(chatform.Inner(p.id)) == 0 || !r.valid(p.id) {
		p.id = nil
	}
	r.function(p, function)
}

func (r *reply) function(p piece, function []byte) {
	var arguments []byte
	chatform.Members(function, func(key []byte) *[]byte {
		switch string(key) {
		case "name":
			return &p.name
		case "arguments":
			return &arguments
		}
		return nil
	})
	if len(chatform.Inner(p.name)) == 0 || !r.valid(p.name) {
		p.name = nil
	}
	if rawjson.KindOf(arguments) == rawjson.KindObject { // some servers forget to encode them
		arguments = rawjson.AppendQuote(nil, string(rawjson.Compact(nil, arguments)))
	}
	if len(chatform.Inner(arguments)) > 0 && r.valid(arguments) {
		p.text = chatform.Inner(arguments)
	}
	r.pieces = append(r.pieces, p)
}

// share says of each piece how much content it has. Their sum is what the adapter counted
// in the whole document, where it did.
func (r *reply) share(total int) {
	last, known := -1, total > 0
	for i := range r.pieces {
		p := &r.pieces[i]
		if len(p.text) == 0 {
			continue
		}
		p.bytes, last = len(p.text), i
		if known {
			p.bytes = max(min(p.bytes, total), 1)
			total -= p.bytes
		}
	}
	if last >= 0 && total > 0 {
		r.pieces[last].bytes += total
	}
}

// reason is why the model ended, in the words of the Messages API: chat's own word, which
// may be "", whether there are calls, and whether it refused.
func reason(finish []byte, calls, refused bool) string {
	switch string(chatform.Inner(finish)) {
	case "length":
		return "max_tokens"
	case "content_filter":
		return "refusal"
	}
	switch {
	case calls:
		return "tool_use"
	case refused:
		return "refusal"
	}
	return "end_turn"
}

// sequence is the caller's stop sequence that ended the answer, as a JSON string, where the
// server says which.
func (t *Translation) sequence(named ...[]byte) (found []byte) {
	for _, name := range named {
		rawjson.Elements(t.stops, func(stop []byte) bool {
			if rawjson.KindOf(name) == rawjson.KindString && chatform.SameText(stop, name) {
				found = stop
			}
			return found == nil
		})
	}
	return found
}

// appendIndex writes a block's number.
func appendIndex(dst []byte, n int) []byte { return strconv.AppendInt(dst, int64(n), 10) }
