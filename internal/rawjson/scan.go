package rawjson

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf8"

	"skytower/internal/fault"
)

// scanner checks JSON. Its methods take the offset where something begins and
// return the offset behind it; on a mistake they note its place and return false.
type scanner struct {
	data []byte
	at   int    // where the mistake is
	want string // what was expected there
}

func (s *scanner) fail(at int, want string) (int, bool) {
	s.at, s.want = at, want
	return at, false
}

// scan checks the whole document and fills in the spans.
func (o *Object) scan() error {
	s := scanner{data: o.data}
	i := skipSpace(o.data, 0)
	if i == len(o.data) || o.data[i] != '{' {
		return notAnObject(o.data, i)
	}
	i, ok, err := o.scanMembers(&s, i)
	if err != nil {
		return err
	}
	if ok {
		if i = skipSpace(o.data, i); i == len(o.data) {
			return nil
		}
		s.fail(i, "nothing after the object")
	}
	return s.fault()
}

// scanMembers walks the top level from its '{' to behind its '}'.
func (o *Object) scanMembers(s *scanner, i int) (int, bool, error) {
	o.last = i + 1
	i = skipSpace(s.data, i+1)
	if i < len(s.data) && s.data[i] == '}' {
		return i + 1, true, nil
	}
	for {
		key := i
		start, ok := s.key(i)
		if !ok {
			return 0, false, nil
		}
		end, ok := s.value(start, 1)
		if !ok {
			return 0, false, nil
		}
		if err := o.note(key, start, end); err != nil {
			return 0, false, err
		}
		i = skipSpace(s.data, end)
		switch {
		case i < len(s.data) && s.data[i] == ',':
			i = skipSpace(s.data, i+1)
		case i < len(s.data) && s.data[i] == '}':
			return i + 1, true, nil
		default:
			s.fail(i, "',' or '}'")
			return 0, false, nil
		}
	}
}

// note records a member of the top level if it is a wanted field, or refuses it.
func (o *Object) note(key, start, end int) error {
	o.members++
	o.last = end
	i, plain := o.fields.match(o.data[key+1:])
	if i < 0 {
		return nil
	}
	name := o.prefix + o.fields.names[i]
	if !plain {
		return ambiguous(name, "The field '%s' is written with escapes or in another case; spell it exactly '%s'.", name, name)
	}
	if o.spans[i].end != 0 {
		return ambiguous(name, "The field '%s' occurs twice; send it once.", name)
	}
	o.spans[i] = span{uint32(key), uint32(start), uint32(end)}
	return nil
}

func ambiguous(param, format string, args ...any) error {
	e := fault.Newf(fault.InvalidRequest, format, args...)
	e.Param = param
	return e
}

// match finds the wanted field that a valid key names: key begins behind the
// opening quote and runs past the closing one. Unless plain, the key equals the
// name only after unescaping or case folding (the folding of encoding/json, which
// is Unicode's simple one, so that the Kelvin sign is a k and the long s an s).
func (f *Fields) match(key []byte) (index int, plain bool) {
	var folded [maxName]byte
	plain = true
	n := 0
	for i := 0; i < len(key); n++ {
		c := key[i]
		size := 1
		switch {
		case c == '"':
			return find(f, folded[:n]), plain
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
			plain = false
		case c == '\\' || c >= utf8.RuneSelf:
			c, size = foldRune(key[i:])
			plain = false
		}
		if n == maxName || c >= utf8.RuneSelf {
			return -1, false
		}
		folded[n] = c
		i += size
	}
	return -1, false
}

// key checks a member's key and colon, and returns where its value begins.
func (s *scanner) key(i int) (int, bool) {
	if i >= len(s.data) || s.data[i] != '"' {
		return s.fail(i, "a key in double quotes")
	}
	i, ok := s.str(i)
	if !ok {
		return i, false
	}
	i = skipSpace(s.data, i)
	if i >= len(s.data) || s.data[i] != ':' {
		return s.fail(i, "':'")
	}
	return skipSpace(s.data, i+1), true
}

// value checks one value that lies within depth containers.
func (s *scanner) value(i, depth int) (int, bool) {
	if i >= len(s.data) {
		return s.fail(i, "a value")
	}
	switch c := s.data[i]; c {
	case '"':
		return s.str(i)
	case '{', '[':
		if depth == MaxDepth {
			return s.fail(i, "at most 128 levels of nesting")
		}
		if c == '{' {
			return s.object(i, depth+1)
		}
		return s.array(i, depth+1)
	case 't':
		return s.word(i, "true")
	case 'f':
		return s.word(i, "false")
	case 'n':
		return s.word(i, "null")
	default:
		if c == '-' || isDigit(c) {
			return s.number(i)
		}
		return s.fail(i, "a value")
	}
}

func (s *scanner) object(i, depth int) (int, bool) {
	i = skipSpace(s.data, i+1)
	if i < len(s.data) && s.data[i] == '}' {
		return i + 1, true
	}
	for {
		var ok bool
		if i, ok = s.key(i); !ok {
			return i, false
		}
		if i, ok = s.value(i, depth); !ok {
			return i, false
		}
		i = skipSpace(s.data, i)
		if i >= len(s.data) || s.data[i] != ',' && s.data[i] != '}' {
			return s.fail(i, "',' or '}'")
		}
		if s.data[i] == '}' {
			return i + 1, true
		}
		i = skipSpace(s.data, i+1)
	}
}

func (s *scanner) array(i, depth int) (int, bool) {
	i = skipSpace(s.data, i+1)
	if i < len(s.data) && s.data[i] == ']' {
		return i + 1, true
	}
	for {
		var ok bool
		if i, ok = s.value(i, depth); !ok {
			return i, false
		}
		i = skipSpace(s.data, i)
		if i >= len(s.data) || s.data[i] != ',' && s.data[i] != ']' {
			return s.fail(i, "',' or ']'")
		}
		if s.data[i] == ']' {
			return i + 1, true
		}
		i = skipSpace(s.data, i+1)
	}
}

func (s *scanner) word(i int, word string) (int, bool) {
	for k := range len(word) {
		if i+k >= len(s.data) || s.data[i+k] != word[k] {
			return s.fail(i+k, word)
		}
	}
	return i + len(word), true
}

// number checks RFC 8259 section 6: -? (0 | 1-9 digits) (. digits)? (e digits)?
func (s *scanner) number(i int) (int, bool) {
	if s.data[i] == '-' {
		i++
	}
	if i < len(s.data) && s.data[i] == '0' {
		i++
	} else if j := skipDigits(s.data, i); j > i {
		i = j
	} else {
		return s.fail(i, "a digit")
	}
	if i < len(s.data) && s.data[i] == '.' {
		j := skipDigits(s.data, i+1)
		if j == i+1 {
			return s.fail(j, "a digit")
		}
		i = j
	}
	if i < len(s.data) && s.data[i]|0x20 == 'e' {
		i++
		if i < len(s.data) && (s.data[i] == '+' || s.data[i] == '-') {
			i++
		}
		j := skipDigits(s.data, i)
		if j == i {
			return s.fail(j, "a digit")
		}
		i = j
	}
	return i, true
}

// str checks a string from its opening quote to behind its closing one.
func (s *scanner) str(i int) (int, bool) {
	i++
	for {
		i = skipPlain(s.data, i)
		if i >= len(s.data) {
			return s.fail(i, "the end of a string")
		}
		switch s.data[i] {
		case '"':
			return i + 1, true
		case '\\':
			n := escapeLen(s.data[i:])
			if n == 0 {
				return s.fail(i, "a valid escape")
			}
			i += n
		default:
			return s.fail(i, "no unescaped control character in a string")
		}
	}
}

// escapeLen is the length of the escape at the head of b, or 0 if it is not one.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) >= 6 && hex4(b[2:6]) >= 0 {
			return 6
		}
	}
	return 0
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special marks the bytes of eight that end a run of plain string bytes: quote,
// backslash, and control characters. A byte above a true mark may be marked
// wrongly, so only the lowest mark counts.
func special(x uint64) uint64 {
	q, b := x^(ones*'"'), x^(ones*'\\')
	return ((q-ones)&^q | (b-ones)&^b | (x-ones*0x20)&^x) & highs
}

// skipPlain returns the offset of the next quote, backslash or control character
// from i on, or len(data). Eight bytes a step: bodies are mostly long strings.
func skipPlain(data []byte, i int) int {
	for len(data)-i >= 16 {
		x := special(binary.LittleEndian.Uint64(data[i:]))
		y := special(binary.LittleEndian.Uint64(data[i+8:]))
		if x|y != 0 {
			if x != 0 {
				return i + bits.TrailingZeros64(x)/8
			}
			return i + 8 + bits.TrailingZeros64(y)/8
		}
		i += 16
	}
	for i < len(data) && data[i] != '"' && data[i] != '\\' && data[i] >= 0x20 {
		i++
	}
	return i
}

// skipSpace is small enough to be inlined, since mostly there is nothing to skip.
func skipSpace(data []byte, i int) int {
	if i < len(data) && data[i] > ' ' {
		return i
	}
	return skipSomeSpace(data, i)
}

func skipSomeSpace(data []byte, i int) int {
	for i < len(data) && isSpace(data[i]) {
		i++
	}
	return i
}

func skipDigits(data []byte, i int) int {
	for i < len(data) && isDigit(data[i]) {
		i++
	}
	return i
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// fault is the noted mistake as the client's error.
func (s *scanner) fault() error {
	line, column := position(s.data, s.at)
	return fault.Newf(fault.InvalidRequest,
		"The request body is not valid JSON: expected %s, found %s at line %d, column %d (byte %d).",
		s.want, found(s.data, s.at), line, column, s.at)
}

func notAnObject(data []byte, i int) error {
	switch {
	case i == len(data):
		return fault.New(fault.InvalidRequest, "The request body is empty; a JSON object was expected.")
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return fault.New(fault.InvalidRequest,
			"The request body begins with a byte order mark (byte 0); send the JSON without it.")
	}
	if k := KindOf(data[i:]); k != Missing {
		return fault.Newf(fault.InvalidRequest,
			"The request body must be a JSON object, not %s (byte %d).", k.phrase(), i)
	}
	s := scanner{data: data, at: i, want: "'{'"}
	return s.fault()
}

// position counts lines and characters from 1.
func position(data []byte, at int) (line, column int) {
	head := data[:at]
	line = bytes.Count(head, []byte{'\n'}) + 1
	return line, utf8.RuneCount(head[bytes.LastIndexByte(head, '\n')+1:]) + 1
}

func found(data []byte, at int) string {
	if at >= len(data) {
		return "the end of the body"
	}
	r, size := utf8.DecodeRune(data[at:])
	if r == utf8.RuneError && size == 1 {
		return fmt.Sprintf("the byte 0x%02x", data[at])
	}
	return fmt.Sprintf("%q", r)
}
