package rawjson

import "bytes"

// The functions of this file read documents that need not have been scanned, such
// as a stream's chunks. They find their way by quotes and brackets, don't check
// what they skip, and on garbage return false; they never panic.

// member places one member of an object: its key from quote to behind the quote,
// and its value.
type member struct{ key, keyEnd, start, end int }

// Top calls visit for each member of the object, with the key as it stands
// between its quotes (see KeyIs) and the value's bytes, until visit returns false. It
// returns false if the document is not an object or is broken before that.
func Top(data []byte, visit func(key, value []byte) bool) bool {
	return members(data, func(m member) bool {
		return visit(data[m.key+1:m.keyEnd-1:m.keyEnd-1], data[m.start:m.end:m.end])
	})
}

func members(data []byte, visit func(member) bool) bool {
	i := skipSpace(data, 0)
	if i >= len(data) || data[i] != '{' {
		return false
	}
	i = skipSpace(data, i+1)
	if i < len(data) && data[i] == '}' {
		return true
	}
	for {
		m, ok := memberAt(data, i)
		if !ok {
			return false
		}
		if !visit(m) {
			return true
		}
		i = skipSpace(data, m.end)
		if i >= len(data) {
			return false
		}
		if data[i] != ',' {
			return data[i] == '}'
		}
		i = skipSpace(data, i+1)
	}
}

func memberAt(data []byte, i int) (member, bool) {
	m := member{key: i}
	var ok bool
	if m.keyEnd, ok = skipString(data, i); !ok {
		return m, false
	}
	i = skipSpace(data, m.keyEnd)
	if i >= len(data) || data[i] != ':' {
		return m, false
	}
	m.start = skipSpace(data, i+1)
	m.end, ok = skipValue(data, m.start)
	return m, ok
}

// Elements calls visit for each element of the array until visit returns false.
// It returns false if the document is not an array or is broken before that.
func Elements(array []byte, visit func(value []byte) bool) bool {
	i := skipSpace(array, 0)
	if i >= len(array) || array[i] != '[' {
		return false
	}
	i = skipSpace(array, i+1)
	if i < len(array) && array[i] == ']' {
		return true
	}
	for {
		end, ok := skipValue(array, i)
		if !ok {
			return false
		}
		if !visit(array[i:end:end]) {
			return true
		}
		i = skipSpace(array, end)
		if i >= len(array) {
			return false
		}
		if array[i] != ',' {
			return array[i] == ']'
		}
		i = skipSpace(array, i+1)
	}
}

// Get returns the value at the path of object keys, which are valid UTF-8 (a key in
// data that is not is nobody's). Where a key is repeated the
// last one counts, as for the readers at the other end.
func Get(data []byte, path ...string) ([]byte, bool) {
	for _, name := range path {
		var value []byte
		ok := members(data, func(m member) bool {
			if keyEqual(data[m.key+1:m.keyEnd-1], name) {
				value = data[m.start:m.end:m.end]
			}
			return true
		})
		if !ok || value == nil {
			return nil, false
		}
		data = value
	}
	return data, true
}

// KeyIs reports whether a key as Top gives it stands for the name.
func KeyIs(key []byte, name string) bool { return keyEqual(key, name) }

// keyEqual compares the inside of a key with a name that is valid UTF-8.
func keyEqual(key []byte, name string) bool {
	if string(key) == name {
		return true
	}
	if bytes.IndexByte(key, '\\') < 0 {
		return false
	}
	var room [64]byte
	return string(appendDecoded(room[:0], key)) == name
}

// ReplaceTop appends doc to dst with the value of the top-level key, which is valid
// UTF-8, replaced by newRaw, at every occurrence. It is false, and doc is appended as it is, where
// doc has no such key or is not a whole object.
func ReplaceTop(dst, doc []byte, key string, newRaw []byte) ([]byte, bool) {
	from, pos := len(dst), 0
	ok := members(doc, func(m member) bool {
		if keyEqual(doc[m.key+1:m.keyEnd-1], key) {
			dst = append(append(dst, doc[pos:m.start]...), newRaw...)
			pos = m.end
		}
		return true
	})
	if !ok || pos == 0 {
		return append(dst[:from], doc...), false
	}
	return append(dst, doc[pos:]...), true
}

// OneLine appends doc to dst without line breaks, since an SSE payload is one
// line. A break within a string, which JSON does not allow, is escaped.
func OneLine(dst, doc []byte) []byte {
	if bytes.IndexByte(doc, '\n') < 0 && bytes.IndexByte(doc, '\r') < 0 {
		return append(dst, doc...)
	}
	return squeeze(dst, doc, func(c byte) bool { return c == '\n' || c == '\r' })
}

// Compact appends doc to dst without white space between its tokens.
func Compact(dst, doc []byte) []byte { return squeeze(dst, doc, isSpace) }

func squeeze(dst, doc []byte, drop func(byte) bool) []byte {
	for i := 0; i < len(doc); {
		if doc[i] != '"' {
			if !drop(doc[i]) {
				dst = append(dst, doc[i])
			}
			i++
			continue
		}
		end, _ := skipString(doc, i)
		for _, c := range doc[i:end] {
			if c == '\n' || c == '\r' {
				dst = appendEscape(dst, rune(c))
			} else {
				dst = append(dst, c)
			}
		}
		i = end
	}
	return dst
}

// Valid reports whether doc is exactly one JSON value, nested no deeper than
// MaxDepth.
func Valid(doc []byte) bool {
	s := scanner{data: doc}
	end, ok := s.value(skipSpace(doc, 0), 0)
	return ok && skipSpace(doc, end) == len(doc)
}

// skipValue returns the offset behind the value at i.
func skipValue(data []byte, i int) (int, bool) {
	if i >= len(data) {
		return i, false
	}
	switch data[i] {
	case '"':
		return skipString(data, i)
	case '{', '[':
		return skipContainer(data, i)
	}
	start := i
	for i < len(data) && isScalar(data[i]) {
		i++
	}
	return i, i > start
}

// isScalar tells the bytes of numbers and words from those that end them.
func isScalar(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c == '-' || c == '+' || c == '.' || c == 'E'
}

// skipString goes from an opening quote to behind the closing one; without one,
// to the end.
func skipString(data []byte, i int) (int, bool) {
	if i >= len(data) || data[i] != '"' {
		return i, false
	}
	for i++; ; i++ {
		i = skipPlain(data, i)
		if i >= len(data) {
			return len(data), false
		}
		switch data[i] {
		case '"':
			return i + 1, true
		case '\\':
			i++
		}
	}
}

// skipContainer counts brackets of either sort outside strings.
func skipContainer(data []byte, i int) (int, bool) {
	depth := 0
	for i < len(data) {
		switch data[i] {
		case '"':
			end, ok := skipString(data, i)
			if !ok {
				return end, false
			}
			i = end
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, true
			}
		}
		i++
	}
	return i, false
}
