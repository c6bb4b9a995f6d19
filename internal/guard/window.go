package guard

import "unicode/utf8"

// window is the part of a text that is there. Whoever looks ahead does it by at and read:
// short then says that the text's end was met and more may come, so that nothing is decided
// yet. What is decided without it holds however the text goes on.
type window struct {
	text  []byte
	final bool // no more comes
	short bool
}

// at is the byte at i, 0 behind the end.
func (w *window) at(i int) byte {
	if i < len(w.text) {
		return w.text[i]
	}
	w.short = w.short || !w.final
	return 0
}

// read is the rune at i in its plain form, and its size; 0, 0 behind the end.
func (w *window) read(i int) (rune, int) {
	if i >= len(w.text) {
		w.short = w.short || !w.final
		return 0, 0
	}
	if c := w.text[i]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	if !w.final && !utf8.FullRune(w.text[i:]) {
		w.short = true
		return 0, 0
	}
	r, size := utf8.DecodeRune(w.text[i:])
	return plain(r), size
}

// before is the rune that ends at i in its plain form, and its size. A line break that is
// written as an escape, as in the arguments of a tool, is one.
func (w *window) before(i int) (rune, int) {
	if i == 0 {
		return 0, 0
	}
	c := w.text[i-1]
	if c < utf8.RuneSelf {
		if (c == 'n' || c == 'r' || c == 't') && i > 1 && w.text[i-2] == '\\' {
			return '\n', 2
		}
		return rune(c), 1
	}
	r, size := utf8.DecodeLastRune(w.text[:i])
	return plain(r), size
}

// plain is the ASCII form of a full-width character and of a digit of another script.
func plain(r rune) rune {
	switch {
	case r >= 0xff01 && r <= 0xff5e:
		return r - 0xfee0
	case r >= 0x660 && r <= 0x669:
		return r - 0x660 + '0'
	case r >= 0x6f0 && r <= 0x6f9:
		return r - 0x6f0 + '0'
	case r >= 0x966 && r <= 0x96f:
		return r - 0x966 + '0'
	case r == 0x3000:
		return ' '
	case r == 0x3002: // the full stop of addresses in Chinese and Japanese typing
		return 0x3002
	}
	return r
}

// Classes of ASCII characters.
const (
	isDigit  = 1 << iota
	isLetter // ASCII
	isOpener // begins a number: + and (
)

// classes are the classes of the ASCII characters.
type classes [utf8.RuneSelf]uint8

func newClasses() *classes {
	var c classes
	for b := byte(0); b < utf8.RuneSelf; b++ {
		switch {
		case b >= '0' && b <= '9':
			c[b] = isDigit
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z':
			c[b] = isLetter
		case b == '+', b == '(':
			c[b] = isOpener
		}
	}
	return &c
}

func digit(r rune) bool { return r >= '0' && r <= '9' }

func letter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

func alnum(r rune) bool { return digit(r) || letter(r) }

// ignorable are characters that nobody sees.
func ignorable(r rune) bool {
	switch r {
	case 0xad, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2060, 0xfeff:
		return true
	}
	return false
}

// separator is the plain form of what stands between groups of digits: a space, a dash or a
// dot; 0 for anything else.
func separator(r rune) rune {
	switch r {
	case ' ', 0xa0, 0x2007, 0x2009, 0x202f:
		return ' '
	case '-', 0x2010, 0x2011, 0x2012, 0x2013, 0x30fc:
		return '-'
	case '.':
		return '.'
	}
	return 0
}
