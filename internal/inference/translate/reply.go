package translate

import (
	"strconv"
	"unicode/utf8"

	"skytower/internal/inference/chatform"
	"skytower/internal/provider"
	"skytower/internal/rawjson"
)

// reply is what is read of a chat completion or of one of its chunks.
type reply struct {
	whole            bool // a completion: its calls are numbered by their order
	choices, prompts []byte

	// Of the first choice.
	index, message, finish, logprobs, results []byte

	// Of its message or delta.
	content, thoughts, thinking, refusal, calls, call, notes []byte

	one chatCall // room for the call that is read
}

func (r *reply) top(key []byte) *[]byte {
	switch string(key) {
	case "choices":
		return &r.choices
	case "prompt_filter_results":
		return &r.prompts
	}
	return nil
}

func (r *reply) choice(key []byte) *[]byte {
	switch string(key) {
	case "index":
		return &r.index
	case "delta", "message":
		return &r.message
	case "finish_reason":
		return &r.finish
	case "logprobs":
		return &r.logprobs
	case "content_filter_results":
		return &r.results
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
	case "annotations":
		return &r.notes
	}
	return nil
}

// read finds the first choice's parts. It is false where data is no JSON object.
func (r *reply) read(data []byte) bool {
	*r = reply{whole: r.whole}
	if !chatform.Members(data, r.top) {
		return false
	}
	rawjson.Elements(r.choices, func(choice []byte) bool {
		r.index, r.message, r.finish, r.logprobs, r.results = nil, nil, nil, nil, nil
		chatform.Members(choice, r.choice)
		if first := r.index == nil || string(r.index) == "0"; first {
			return false
		}
		r.message, r.finish, r.logprobs, r.results = nil, nil, nil, nil
		return true
	})
	if r.message != nil {
		chatform.Members(r.message, r.delta)
	}
	return true
}

// read turns a chunk into pieces.
func (s *Stream) read(event *provider.Event) {
	if p, ok := s.form.match(event.Data); ok {
		if len(p.text) > 0 {
			p.bytes = event.Bytes
			if p.bytes == 0 {
				p.bytes = textBytes(p.text)
			}
			s.pieces = append(s.pieces, p)
		}
		return
	}
	r := &s.reply
	if !r.read(event.Data) {
		s.err = chatform.Broken("a chunk of the chat stream is not a JSON object")
		return
	}
	s.out.filters.note(r.prompts, r.results)
	if reason := chatform.Inner(r.finish); len(reason) > 0 {
		s.finish = string(reason)
	}
	if s.out.stage == 0 {
		s.pieces = append(s.pieces, piece{kind: pieceBegin})
	}
	if err := s.take(r); err != nil {
		s.pieces, s.err = s.pieces[:0], err
		return
	}
	share(s.pieces, event.Bytes)
	s.form.learn(event, r, s.pieces)
}

func (s *Stream) take(r *reply) error {
	var err error
	s.pieces, err = r.pieces(s.pieces)
	if err == nil && len(s.out.items)+len(s.pieces) > mostItems {
		err = chatform.Broken("the chat answer has too many parts")
	}
	return err
}

// share gives the last text what the chat event counted beyond the others, so that the
// events of a chunk count as much as the chunk did.
func share(pieces []piece, total int) {
	if total == 0 {
		return
	}
	last := none
	for i := range pieces {
		if pieces[i].bytes > 0 {
			total -= pieces[i].bytes
			last = i
		}
	}
	if last != none {
		pieces[last].bytes = max(pieces[last].bytes+total, 1)
	}
}

// pieces appends what a message or delta brings, in the order in which models make it.
func (r *reply) pieces(dst []piece) ([]piece, error) {
	if r.message == nil {
		return dst, nil
	}
	thoughts := r.thoughts
	if len(chatform.Inner(thoughts)) == 0 {
		thoughts = r.thinking // another name of the same; some servers send both
	}
	dst, err := appendString(dst, pieceReasoning, thoughts)
	if err != nil {
		return dst, err
	}
	if rawjson.KindOf(r.content) == rawjson.KindArray {
		dst, err = appendBlocks(dst, r.content)
	} else {
		dst, err = r.appendContent(dst)
	}
	if err != nil {
		return dst, err
	}
	if dst, err = appendString(dst, pieceRefusal, r.refusal); err != nil {
		return dst, err
	}
	if r.notes != nil {
		dst = appendNotes(dst, r.notes)
	}
	return r.appendCalls(dst)
}

// appendString appends a piece of text; an empty or absent one makes none.
func appendString(dst []piece, kind pieceKind, value []byte) ([]piece, error) {
	text := chatform.Inner(value)
	if len(text) == 0 {
		return dst, nil
	}
	if !rawjson.Valid(value) {
		return dst, errBadString()
	}
	return append(dst, piece{kind: kind, text: text, bytes: textBytes(text)}), nil
}

// errBadString is about a text that would spoil the events and the response it is copied to.
func errBadString() error {
	return chatform.Broken("a text of the chat answer is not a valid JSON string")
}

func (r *reply) appendContent(dst []piece) ([]piece, error) {
	n := len(dst)
	dst, err := appendString(dst, pieceText, r.content)
	if err != nil || len(dst) == n || r.logprobs == nil {
		return dst, err
	}
	list, _ := rawjson.Get(r.logprobs, "content")
	if rawjson.KindOf(list) == rawjson.KindArray && rawjson.Valid(list) {
		dst[n].logprobs = trimmed(list)
	}
	return dst, nil
}

// trimmed is what stands between an array's brackets, on one line.
func trimmed(list []byte) []byte {
	list = rawjson.Compact(nil, list)
	return list[1 : len(list)-1]
}

// appendBlocks reads content that is a list of parts, as some servers send it.
func appendBlocks(dst []piece, blocks []byte) ([]piece, error) {
	var err error
	rawjson.Elements(blocks, func(block []byte) bool {
		var kind, text, thinking []byte
		chatform.Members(block, func(key []byte) *[]byte {
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
			dst, err = appendString(dst, pieceText, text)
		case chatform.Is(kind, "thinking") && rawjson.KindOf(thinking) == rawjson.KindString:
			dst, err = appendString(dst, pieceReasoning, thinking)
		case chatform.Is(kind, "thinking"):
			rawjson.Elements(thinking, func(one []byte) bool {
				text, _ := rawjson.Get(one, "text")
				dst, err = appendString(dst, pieceReasoning, text)
				return err == nil
			})
		}
		return err == nil
	})
	return dst, err
}

// appendNotes appends a message's citations of pages, in the flat form of Responses.
func appendNotes(dst []piece, notes []byte) []piece {
	rawjson.Elements(notes, func(note []byte) bool {
		var url, title, start, end []byte
		known := func(key []byte) *[]byte {
			switch string(key) {
			case "url":
				return &url
			case "title":
				return &title
			case "start_index":
				return &start
			case "end_index":
				return &end
			}
			return nil
		}
		chatform.Members(note, known)
		if cited, ok := rawjson.Get(note, "url_citation"); ok {
			chatform.Members(cited, known)
		}
		if rawjson.KindOf(url) != rawjson.KindString || !rawjson.Valid(url) {
			return true
		}
		text := append([]byte(`{"type":"url_citation","start_index":`), integer(start)...)
		text = append(append(text, `,"end_index":`...), integer(end)...)
		text = append(append(text, `,"url":`...), url...)
		if rawjson.KindOf(title) != rawjson.KindString || !rawjson.Valid(title) {
			title = []byte(`""`)
		}
		text = append(chatform.Field(text, "title", title), '}')
		dst = append(dst, piece{kind: pieceNote, text: text})
		return true
	})
	return dst
}

func integer(value []byte) []byte {
	if _, ok := rawjson.Int(value); !ok {
		return []byte("0")
	}
	return value
}

// chatCall is a tool call of a message or a delta.
type chatCall struct{ index, id, function, name, arguments []byte }

func (c *chatCall) field(key []byte) *[]byte {
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

func (r *reply) appendCalls(dst []piece) ([]piece, error) {
	var err error
	n := 0
	rawjson.Elements(r.calls, func(raw []byte) bool {
		c := &r.one
		*c = chatCall{}
		chatform.Members(raw, c.field)
		c.name, c.arguments = nil, nil
		if r.whole {
			c.index = strconv.AppendInt(nil, int64(n), 10)
		}
		n++
		if c.function != nil {
			chatform.Members(c.function, c.field)
		}
		dst, err = c.append(dst)
		return err == nil
	})
	if err != nil || r.call == nil {
		return dst, err
	}
	c := chatCall{index: []byte(legacySlot)} // the form before tool_calls: one call
	chatform.Members(r.call, func(key []byte) *[]byte {
		switch string(key) {
		case "name":
			return &c.name
		case "arguments":
			return &c.arguments
		}
		return nil
	})
	return c.append(dst)
}

// legacySlot is apart from the places of real calls.
const legacySlot = "-2"

func (c *chatCall) append(dst []piece) ([]piece, error) {
	p := piece{kind: pieceCall, slot: unplaced}
	if n, ok := rawjson.Int(c.index); ok {
		p.slot = n
	}
	if len(chatform.Inner(c.id)) > 0 {
		p.callID = c.id
	}
	if len(chatform.Inner(c.name)) > 0 {
		p.name = c.name
	}
	if p.callID != nil && !rawjson.Valid(p.callID) || p.name != nil && !rawjson.Valid(p.name) {
		return dst, errBadString()
	}
	if rawjson.KindOf(c.arguments) == rawjson.KindObject { // some servers forget to encode them
		c.arguments = rawjson.AppendQuote(nil, string(rawjson.Compact(nil, c.arguments)))
	}
	if text := chatform.Inner(c.arguments); len(text) > 0 {
		if !rawjson.Valid(c.arguments) {
			return dst, errBadString()
		}
		p.text, p.bytes = text, textBytes(text)
	}
	return append(dst, p), nil
}

// textBytes is how many bytes of UTF-8 the inside of a JSON string stands for. Halves of
// a surrogate pair count two each.
func textBytes(text []byte) int {
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
