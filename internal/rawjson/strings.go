package rawjson

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Span places a value in a document: data[Start:End], quotes included.
type Span struct{ Start, End int }

// Path says where a value stands: the object keys and array indexes from the
// outside in. It is valid during the visit only.
type Path struct{ steps []step }

// step is a key as it stands between its quotes, or, where key is nil, an index.
type step struct {
	key   []byte
	index int
}

// Len is how many steps the path has.
func (p *Path) Len() int { return len(p.steps) }

// at returns the step that is up containers above the value's own.
func (p *Path) at(up int) (step, bool) {
	if up < 0 || up >= len(p.steps) {
		return step{}, false
	}
	return p.steps[len(p.steps)-1-up], true
}

// Key returns an object key, unescaped: Key(0) is the value's own, Key(1) that of
// the container around it, and so on. It is "" for an array's element and beyond
// the outermost step.
func (p *Path) Key(up int) string {
	s, _ := p.at(up)
	return string(appendDecoded(nil, s.key))
}

// Is reports whether Key(up) is the name by the folding of encoding/json, so that
// a finder misses no spelling that some reader accepts. The name is in lower-case
// ASCII.
func (p *Path) Is(up int, name string) bool {
	s, ok := p.at(up)
	if !ok || s.key == nil {
		return false
	}
	if string(s.key) == name {
		return true
	}
	return foldEqual(s.key, name)
}

// foldEqual compares the inside of a key with a lower-case ASCII name.
func foldEqual(key []byte, name string) bool {
	for i := range len(name) {
		if len(key) == 0 {
			return false
		}
		c, size := foldRune(key)
		if c != name[i] {
			return false
		}
		key = key[size:]
	}
	return len(key) == 0
}

// Index returns the array index of the step, and false where it is a key.
func (p *Path) Index(up int) (int, bool) {
	s, ok := p.at(up)
	return s.index, ok && s.key == nil
}

// String writes the path for a message: content[1].image_url.url. A key that is
// not made of letters, digits and underscores is quoted.
func (p *Path) String() string {
	var out []byte
	for i, s := range p.steps {
		if s.key == nil {
			out = append(strconv.AppendInt(append(out, '['), int64(s.index), 10), ']')
			continue
		}
		key := string(appendDecoded(nil, s.key))
		if plainName(strings.ToLower(key)) {
			if i > 0 {
				out = append(out, '.')
			}
			out = append(out, key...)
			continue
		}
		out = append(AppendQuote(append(out, '['), key), ']')
	}
	return string(out)
}

// WalkStrings calls visit for every string value in doc, which is any JSON value,
// in the order of the bytes; repeated keys are all visited, keys themselves not.
// The walk ends early when visit returns false. WalkStrings returns false if doc
// is broken or nested beyond MaxDepth: then strings may have been missed.
func WalkStrings(doc []byte, visit func(p *Path, at Span) bool) bool {
	w := walker{doc: doc, visit: visit}
	end, ok := w.value(skipSpace(doc, 0))
	return w.done || ok && skipSpace(doc, end) == len(doc)
}

type walker struct {
	doc   []byte
	path  Path
	visit func(*Path, Span) bool
	done  bool // visit wants no more
}

// value walks the value at i and returns the offset behind it. False ends the
// walk: the document is broken, or visit has seen enough.
func (w *walker) value(i int) (int, bool) {
	if i >= len(w.doc) {
		return i, false
	}
	switch w.doc[i] {
	case '"':
		end, ok := skipString(w.doc, i)
		if ok && !w.visit(&w.path, Span{i, end}) {
			w.done = true
		}
		return end, ok && !w.done
	case '{':
		return w.container(i, '}', w.member)
	case '[':
		return w.container(i, ']', w.element)
	default:
		return skipValue(w.doc, i)
	}
}

// container walks the parts between i's bracket and the closing one.
func (w *walker) container(i int, closing byte, part func(i, n int) (int, bool)) (int, bool) {
	depth := len(w.path.steps)
	if depth == MaxDepth {
		return i, false
	}
	w.path.steps = append(w.path.steps, step{})
	defer func() { w.path.steps = w.path.steps[:depth] }()
	i = skipSpace(w.doc, i+1)
	if i < len(w.doc) && w.doc[i] == closing {
		return i + 1, true
	}
	for n := 0; ; n++ {
		end, ok := part(i, n)
		if !ok {
			return end, false
		}
		i = skipSpace(w.doc, end)
		if i >= len(w.doc) || w.doc[i] != ',' && w.doc[i] != closing {
			return i, false
		}
		if w.doc[i] == closing {
			return i + 1, true
		}
		i = skipSpace(w.doc, i+1)
	}
}

func (w *walker) member(i, _ int) (int, bool) {
	keyEnd, ok := skipString(w.doc, i)
	if !ok {
		return i, false
	}
	w.path.steps[len(w.path.steps)-1] = step{key: w.doc[i+1 : keyEnd-1]}
	i = skipSpace(w.doc, keyEnd)
	if i >= len(w.doc) || w.doc[i] != ':' {
		return i, false
	}
	return w.value(skipSpace(w.doc, i+1))
}

func (w *walker) element(i, n int) (int, bool) {
	w.path.steps[len(w.path.steps)-1] = step{index: n}
	return w.value(i)
}

// Replacement puts Raw, which is JSON, in the place of a span.
type Replacement struct {
	Span
	Raw []byte
}

// Splice appends doc to dst with the replacements made. They may come in any
// order; one that overlaps an earlier one or lies outside doc is left out.
func Splice(dst, doc []byte, with []Replacement) []byte {
	with = slices.Clone(with)
	slices.SortStableFunc(with, func(a, b Replacement) int { return a.Start - b.Start })
	pos := 0
	for _, r := range with {
		if r.Start < pos || r.End < r.Start || r.End > len(doc) {
			continue
		}
		dst = append(append(dst, doc[pos:r.Start]...), r.Raw...)
		pos = r.End
	}
	return append(dst, doc[pos:]...)
}

// foldASCII lowers A-Z and leaves the rest.
func foldASCII(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// foldRune decodes the character or escape at the head of key, and returns the
// lower-case ASCII byte that it folds to, or 0xff if it folds to none.
func foldRune(key []byte) (c byte, size int) {
	r, size := decodeRune(key)
	switch {
	case r == '\u212a': // Kelvin sign
		return 'k', size
	case r == '\u017f': // long s
		return 's', size
	case r < utf8.RuneSelf:
		return foldASCII(byte(r)), size
	default:
		return 0xff, size
	}
}
