package inference

import (
	"bytes"
	"strings"

	"skytower/internal/inference/messages"
	"skytower/internal/rawjson"
)

// size is what a request's body tells of its input, for an estimate in tokens.
type size struct {
	bytes    int64 // without what its pictures hold
	pictures int64
	files    int64 // other content that is named by its address
	numbers  bool  // the input is token ids
	stored   bool  // it continues what an upstream keeps, of which the body says nothing
}

// What a body's size does not tell, in tokens. A picture is counted the same whatever
// its size, sent or named: 1,600 is above what vision models make of one in full detail.
const (
	pictureTokens = 1600
	fileTokens    = 16_000  // a video or document that is named by its address
	storedTokens  = 131_072 // an earlier conversation, where the model's context is not known
)

// Bytes of a body for one token.
const (
	inputBytesPerToken = 3 // of an estimate that must not be too low (design, "Money")
	bytesPerToken      = 4 // of a count, where no usage was reported
	bytesPerTokenID    = 2 // of an array of token ids: a digit and a comma
)

// measure reads the size of the request's input.
func (r *Request) measure() size {
	doc := r.Body.Bytes()
	s := size{bytes: int64(len(doc))}
	if r.API == Embeddings {
		s.numbers = holdsNumbers(r.Body)
		return s
	}
	if r.API == Messages {
		s.lookMessages(doc)
		return s
	}
	s.stored = r.API == Responses && (isSet(r.Body, "previous_response_id") || isSet(r.Body, "conversation") || isSet(r.Body, "prompt"))
	if mayHoldAddress(doc) {
		s.look(doc)
	}
	return s
}

// look counts what the body names by addresses, or holds in their place.
func (s *size) look(doc []byte) {
	var named size
	rawjson.WalkStrings(doc, func(p *rawjson.Path, at rawjson.Span) bool {
		if namesAddress(p) {
			named.add(p, doc[at.Start:at.End])
		}
		return true
	})
	s.bytes, s.pictures, s.files = s.bytes+named.bytes, named.pictures, named.files
}

// lookMessages counts the pictures and documents of a Messages request, which has them as
// base64 without a scheme.
func (s *size) lookMessages(doc []byte) {
	if !bytes.Contains(doc, []byte(`"source"`)) && !bytes.Contains(doc, []byte(`\u00`)) {
		return
	}
	messages.EachMedia(doc, func(m messages.Media) {
		switch {
		case m.Block == "image":
			s.pictures++
			s.bytes -= int64(len(m.Data))
		case m.Data == nil:
			s.files++
		}
	})
}

// mayHoldAddress spares most bodies the walk, which takes longer than their scan: it looks
// for strings that end in url, or in escapes that may stand for it.
func mayHoldAddress(doc []byte) bool {
	const longest = len(`\u0075\u0072\u006c`)
	for at := 0; ; at++ {
		i := bytes.IndexByte(doc[at:], '"')
		if i < 0 {
			return false
		}
		at += i
		if at < len("url") {
			continue
		}
		if bytes.EqualFold(doc[at-len("url"):at], []byte("url")) || bytes.Contains(doc[max(0, at-longest):at], []byte(`\u00`)) {
			return true
		}
	}
}

// add counts one address, or the content that stands in its place.
func (s *size) add(p *rawjson.Path, value []byte) {
	const data, picture = `"data:`, `"data:image`
	switch {
	case hasPrefixFold(value, picture):
		s.pictures++
		s.bytes -= int64(len(value))
	case hasPrefixFold(value, data): // its bytes count
	case strings.Contains(strings.ToLower(p.Key(0)+p.Key(1)+p.Key(2)), "image"):
		s.pictures++
	default:
		s.files++
	}
}

func hasPrefixFold(value []byte, prefix string) bool {
	return len(value) >= len(prefix) && bytes.EqualFold(value[:len(prefix)], []byte(prefix))
}

func isSet(body *rawjson.Object, name string) bool {
	kind := body.Kind(name)
	return kind != rawjson.Missing && kind != rawjson.KindNull
}

// holdsNumbers reports whether the input of embeddings is token ids, in one list or in
// several.
func holdsNumbers(body *rawjson.Object) bool {
	input, _ := body.Raw("input")
	for range 2 {
		var first []byte
		rawjson.Elements(input, func(value []byte) bool {
			first = value
			return false
		})
		input = first
		if rawjson.KindOf(first) == rawjson.KindNumber {
			return true
		}
	}
	return false
}

// atMost is the input in tokens, for an estimate that must not be too low. context is the
// model's context length, 0 if it is not known.
func (s size) atMost(context int64) int64 {
	per := int64(inputBytesPerToken)
	if s.numbers {
		per = bytesPerTokenID
	}
	n := (s.bytes+per-1)/per + s.pictures*pictureTokens + s.files*fileTokens
	switch {
	case s.stored && context > 0:
		return max(n, context)
	case s.stored:
		return max(n, storedTokens)
	}
	return n
}

// counted is the input in tokens where an upstream reported none. What the body does not
// hold is not counted: nobody knows how much it was.
func (s size) counted() int64 {
	return s.bytes/bytesPerToken + s.pictures*pictureTokens
}
