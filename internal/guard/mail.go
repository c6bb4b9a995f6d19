package guard

import (
	"strings"
	"unicode"
)

// Bounds of addresses (RFC 5321), in characters.
const (
	maxLocal  = 64
	maxDomain = 253
	maxLabel  = 63
)

// mailbox reports whether a character may stand before the at sign. Quotes and what nobody
// uses are left out, and letters of scripts that write no spaces, or join what stands before
// an address: there, the address begins with its first Latin letter.
func mailbox(r rune) bool {
	switch {
	case alnum(r):
		return true
	case r < 0x80:
		return r == '.' || r == '_' || r == '%' || r == '+' || r == '-'
	case r < 0x530: // Latin, Greek, Cyrillic
		return unicode.IsLetter(r) || unicode.Is(unicode.Mn, r)
	}
	return false
}

// withinMailbox reports whether an address that holds the character at i began before it.
func (p *personal) withinMailbox(w *window, i int, before rune, width int) bool {
	switch {
	case !mailbox(before):
		return false
	case alnum(before) || before == '_' || before >= 0x80:
		return true
	}
	further, _ := w.before(i - width)
	return alnum(further) || further == '_' || further >= 0x80 && mailbox(further)
}

// email is where the address ends that begins at i; 0: there is none.
func (w *window) email(i int) int {
	at := i
	for n := 0; ; n++ {
		r, size := w.read(at)
		if r == '@' && n > 0 {
			return w.domain(at+size, i)
		}
		if n > 0 && (r == ' ' && bracket(rune(w.at(at+1))) != 0 || bracket(r) != 0) {
			if next := w.spelled(at, "at"); next > 0 {
				return w.spelledDomain(next)
			}
			return 0
		}
		if size == 0 || n == maxLocal || !mailbox(r) {
			return 0
		}
		at += size
	}
}

// domain is where the name of a host ends that begins at: at least two labels, the last
// of which is of letters.
func (w *window) domain(at, start int) int {
	end, total := 0, 0
	for labels := 1; ; labels++ {
		from := at
		size, letters := w.label(&at)
		if total += size + 1; w.short || size == 0 || size > maxLabel || total > maxDomain {
			break
		}
		label := w.text[from:at]
		switch {
		case labels == 1:
		case letters == size && size >= 2 && !isFile(label), size > 4 && string(label[:4]) == "xn--":
			end = at
		case letters > 0:
			end = 0
		}
		r, width := w.read(at)
		if r != '.' {
			break
		}
		at += width
	}
	if r, _ := w.read(at); end == at && r == ':' && strings.HasPrefix(string(w.text[start:at]), "git@") {
		return 0 // git@host:path
	}
	return end
}

// bracket is what closes a bracket; 0: it is none.
func bracket(r rune) rune {
	switch r {
	case '[':
		return ']'
	case '(':
		return ')'
	case '{':
		return '}'
	}
	return 0
}

// spelled is where what follows a word in brackets begins, such as [at], which may have a
// space on each side; 0: there is none.
func (w *window) spelled(at int, word string) int {
	if w.at(at) == ' ' {
		at++
	}
	closing := bracket(rune(w.at(at)))
	if closing == 0 {
		return 0
	}
	for i := range len(word) {
		if at++; lower(rune(w.at(at))) != rune(word[i]) {
			return 0
		}
	}
	if at++; rune(w.at(at)) != closing {
		return 0
	}
	if at++; w.at(at) == ' ' {
		at++
	}
	return at
}

// spelledDomain is domain for a name whose dots may be spelled, too.
func (w *window) spelledDomain(at int) (end int) {
	for labels := range 8 {
		size, letters := w.label(&at)
		if w.short || size == 0 || size > maxLabel {
			return end
		}
		if labels > 0 && letters == size && size >= 2 {
			end = at
		}
		next := w.spelled(at, "dot")
		if w.at(at) == '.' {
			next = at + 1
		}
		if w.short {
			return 0
		}
		if next == 0 {
			return end
		}
		at, end = next, 0
	}
	return 0
}

// label reads one part of a host's name, and moves behind it.
func (w *window) label(at *int) (size, letters int) {
	for size <= maxLabel {
		r, width := w.read(*at)
		switch {
		case unicode.IsLetter(r) && !unspaced(r):
			letters++
		case digit(r), r == '-' && size > 0:
		default:
			return size, letters
		}
		size++
		*at += width
	}
	return size, letters
}

// isFile reports whether the last part of a name is that of a file: logo@2x.png.
func isFile(label []byte) bool {
	switch string(label) {
	case "png", "jpg", "jpeg", "gif", "webp", "svg", "css", "js", "ts", "json", "html", "zip", "tar", "gz":
		return true
	}
	return false
}
