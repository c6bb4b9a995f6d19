package openai

import (
	"bytes"

	"skytower/internal/rawjson"
)

// template is a chunk with a hole where its text stood. The chunks of one stream
// differ in little else, so one that fits the last template need not be read: it
// was, but for the text.
type template struct {
	prefix, suffix []byte // around the text's JSON string; no prefix: nothing learned
	shown          []byte // the prefix as the caller gets it
	misses         int    // in a row
}

const (
	maxMisses   = 4       // then learning costs more than it brings, until a hit
	maxTemplate = 2 << 10 // bytes; a larger chunk is rare
)

// apply returns the chunk as the caller gets it, in dst or as it is, and the length
// of its text in bytes. It is false where data does not fit.
func (f *template) apply(dst, data []byte) (out []byte, size int, ok bool) {
	if len(f.prefix) == 0 || len(data) < len(f.prefix)+len(f.suffix) ||
		!bytes.HasPrefix(data, f.prefix) || !bytes.HasSuffix(data, f.suffix) {
		return dst, 0, false
	}
	text := data[len(f.prefix) : len(data)-len(f.suffix)]
	if !isString(text) {
		return dst, 0, false
	}
	f.misses = 0
	return append(append(append(dst[:0], f.shown...), text...), f.suffix...), textBytes(text), true
}

// isString reports whether text is one JSON string and nothing more. Its escapes
// are not checked, as elsewhere in a chunk.
func isString(text []byte) bool {
	n := len(text)
	if n < 2 || text[0] != '"' || text[n-1] != '"' {
		return false
	}
	inner := text[1 : n-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return bytes.IndexByte(inner, '"') < 0
	}
	i := 0
	for i < len(inner) && inner[i] != '"' {
		if inner[i] == '\\' {
			i++
		}
		i++
	}
	return i == len(inner)
}

// probe stands for any text when a template is tried.
const probe = `"~probe~"`

// learn makes a template of a chunk that carries text and nothing else. show is how
// a chunk is made ready for the caller; the template is kept only if it does the
// same to another text.
func (f *template) learn(data []byte, show func(data []byte, t *top) []byte) {
	if f.misses++; f.misses > maxMisses || len(data) > maxTemplate {
		return
	}
	f.prefix = f.prefix[:0]
	start, end, ok := textAt(data)
	if !ok {
		return
	}
	tried := append(append(append([]byte(nil), data[:start]...), probe...), data[end:]...)
	var t top
	if !t.read(tried) || readChoices(t.choices) != (choice{bytes: len(probe) - 2}) {
		return
	}
	shown, ok := bytes.CutSuffix(show(tried, &t), tried[start:])
	if !ok {
		return // something after the text is changed too
	}
	f.shown = append(f.shown[:0], shown...)
	f.prefix = append(f.prefix, data[:start]...)
	f.suffix = append(f.suffix[:0], data[end:]...)
}

// textAt finds the value of `content` in a chunk's `delta`. In JSON neither key
// can stand within a string, where quotes are escaped.
func textAt(data []byte) (start, end int, ok bool) {
	const delta, content = `"delta":`, `"content":`
	d := bytes.Index(data, []byte(delta))
	if d < 0 {
		return 0, 0, false
	}
	text, found := rawjson.Get(data[d+len(delta):], "content")
	c := bytes.Index(data[d:], []byte(content))
	if !found || c < 0 {
		return 0, 0, false
	}
	start = d + c + len(content)
	end = start + len(text)
	return start, end, bytes.HasPrefix(data[start:], text) && isString(text)
}
