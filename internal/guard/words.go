package guard

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxGap is how many white characters may stand between the words of a phrase.
const maxGap = 3

// words finds words and phrases: whole ones, in any case. In scripts that write no spaces
// between words, they are found anywhere.
type words struct {
	root  *node
	first [utf8.RuneSelf]bool // ASCII characters that begin one
}

// node is a node of a tree of runes.
type node struct {
	next map[rune]*node
	end  bool
}

func newWords(list []string) *words {
	w := &words{root: &node{}}
	for _, word := range list {
		n := w.root
		for _, r := range strings.Join(strings.Fields(word), " ") {
			n = n.child(lower(plain(r)))
		}
		n.end = true
	}
	for r := range w.root.next {
		if r < utf8.RuneSelf {
			w.first[r] = true
			w.first[unicode.ToUpper(r)%utf8.RuneSelf] = true
		}
	}
	return w
}

func (n *node) child(r rune) *node {
	if n.next == nil {
		n.next = map[rune]*node{}
	}
	c := n.next[r]
	if c == nil {
		c = &node{}
		n.next[r] = c
	}
	return c
}

func lower(r rune) rune {
	if r < utf8.RuneSelf {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}
	if r == 0x2019 {
		return '\''
	}
	return unicode.ToLower(r)
}

func (t *words) next(w *window, i int) int {
	for ; i < len(w.text); i++ {
		c := w.text[i]
		if c < utf8.RuneSelf {
			if t.first[c] {
				return i
			}
		} else if c >= 0xc0 {
			return i
		}
	}
	return i
}

func (t *words) find(w *window, i int) (end int, _ kind, ok bool) {
	first, size := w.read(i)
	if size == 0 {
		return 0, rule, false
	}
	if joins(first) {
		if before, _ := w.before(i); joins(before) {
			return 0, rule, false
		}
	}
	n, last, at := t.root, first, i
	for {
		r, size := w.read(at)
		if n.end && (!joins(last) || !joins(r)) {
			if size == 0 && w.short {
				return 0, rule, false
			}
			end, ok = at, true // a longer one may follow
		}
		if size == 0 {
			return end, rule, ok
		}
		n, at = n.step(w, r, at, size)
		if n == nil {
			return end, rule, ok
		}
		last = r
	}
}

// step follows one character; white space between words is one, however much there is.
func (n *node) step(w *window, r rune, at, size int) (*node, int) {
	if !unicode.IsSpace(r) {
		return n.next[lower(r)], at + size
	}
	n = n.next[' ']
	for gap := 1; n != nil; gap++ {
		at += size
		if r, size = w.read(at); size == 0 || !unicode.IsSpace(r) {
			return n, at
		}
		if gap == maxGap {
			return nil, at
		}
	}
	return nil, at
}

// joins reports whether a character makes one word with such a neighbour.
func joins(r rune) bool {
	if r < utf8.RuneSelf {
		return alnum(r) || r == '_'
	}
	return (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)) && !unspaced(r)
}

// unspaced are characters of scripts that write no spaces between words.
func unspaced(r rune) bool {
	switch {
	case r < 0xe00:
		return false
	case r <= 0xeff, r >= 0x1000 && r <= 0x109f, r >= 0x1780 && r <= 0x17ff: // Thai, Lao, Burmese, Khmer
		return true
	case r >= 0x2e80 && r <= 0x9fff, r >= 0xac00 && r <= 0xd7af, r >= 0xf900 && r <= 0xfaff, r >= 0x20000 && r <= 0x3ffff:
		return true
	}
	return false
}
