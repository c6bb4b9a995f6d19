package guard

import "unicode/utf8"

// personal finds personal data: addresses of mail, numbers of telephones, cards and bank
// accounts, and keys.
type personal struct {
	kinds   kinds
	classes *classes
	forms   [utf8.RuneSelf][]keyForm // of keys, by their first character
}

func newPersonal(k kinds) *personal {
	return &personal{kinds: k, classes: newClasses(), forms: formsBy()}
}

// next stops where a word or a number begins.
func (p *personal) next(w *window, i int) int {
	text := w.text
	for i < len(text) {
		c := text[i]
		if c >= 0x80 {
			if c >= 0xc0 {
				return i
			}
			i++
			continue
		}
		if p.classes[c] == 0 && c != '-' && c != '_' {
			i++
			continue
		}
		if i > 0 && p.classes[c] == isLetter && text[i-1] < 0x80 && p.classes[text[i-1]]&(isLetter|isDigit) != 0 && !escaped(text, i) {
			i++ // within a word
			continue
		}
		return i
	}
	return i
}

// escaped reports whether a line break that is written as an escape ends at i.
func escaped(text []byte, i int) bool { return i > 1 && text[i-2] == '\\' }

// find tries the kinds of data that begin with the character at i.
func (p *personal) find(w *window, i int) (end int, k kind, ok bool) {
	first, size := w.read(i)
	if size == 0 {
		return 0, 0, false
	}
	before, width := w.before(i)
	inWord := alnum(before) || before == '_'
	if first == '-' {
		if p.kinds.has(key) {
			end = w.pem(i)
		}
		return end, key, end > 0
	}
	if p.kinds.has(key) && !inWord && alnum(first) {
		if end = w.secret(i, first, p.forms[first]); end > 0 || w.short {
			return end, key, end > 0
		}
		if end = w.named(i, before); end > 0 || w.short {
			return end, key, end > 0
		}
	}
	if digit(first) || first == '+' || first == '(' {
		if end, k, ok = p.number(w, i, first, before, width); ok || w.short {
			return end, k, ok
		}
	}
	if letter(first) && !inWord && p.kinds.has(iban) {
		if end = w.iban(i); end > 0 || w.short {
			return end, iban, end > 0
		}
	}
	if p.kinds.has(email) && mailbox(first) && first != '.' && !p.withinMailbox(w, i, before, width) {
		if end = w.email(i); end > 0 || w.short {
			return end, email, end > 0
		}
	}
	return 0, 0, false
}

// number tries cards and telephones. A number that goes on from one before it is neither,
// and so are the digits behind a decimal point.
func (p *personal) number(w *window, i int, first, before rune, width int) (end int, k kind, ok bool) {
	if alnum(before) || before == '_' {
		return 0, 0, false
	}
	if before == '.' || before == ',' || separator(before) == '-' || before == '/' || before == ':' {
		if further, _ := w.before(i - width); digit(further) {
			return 0, 0, false
		}
	}
	n := w.groups(i)
	if w.short {
		return 0, 0, false
	}
	if digit(first) && p.kinds.has(card) {
		if end = n.card(); end > 0 {
			return end, card, true
		}
	}
	if p.kinds.has(phone) && (first == '+' || !p.goesOn(w, i, before, width)) {
		if end = n.phone(w, i); end > 0 {
			return end, phone, true
		}
	}
	return 0, 0, false
}

// goesOn reports whether a number stands before i, with a separator between.
func (p *personal) goesOn(w *window, i int, before rune, width int) bool {
	if separator(before) == 0 && before != '/' {
		return false
	}
	further, _ := w.before(i - width)
	return digit(further)
}
