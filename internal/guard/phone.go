package guard

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxBefore is how far before a number a word may stand that says what it is, in bytes.
const maxBefore = 40

// phone is where a telephone number ends that begins with the first group; 0: there is
// none.
func (n *number) phone(w *window, i int) int {
	if n.count == 0 || n.long && !n.plus {
		return 0
	}
	named := 0 // 0: not looked yet, 1: yes, -1: no
	for last := n.count - 1; last >= 0; last-- {
		g := n.groups[last]
		size := g.from + g.size
		if g.joined || size < 7 || size > 17 || n.isDate(last) || n.isAddress() {
			continue
		}
		if n.international(last) || n.national(last) {
			return g.end
		}
		if size > 15 || n.digits[0] == '0' && size < 8 && last == 0 {
			continue
		}
		if named == 0 {
			if named = -1; w.tellsOfPhone(i) {
				named = 1
			}
		}
		if named > 0 && !n.scattered(last) {
			return g.end
		}
	}
	return 0
}

// international reports whether the groups are +49 30 901820 or 0049 30 901820.
func (n *number) international(last int) bool {
	g := n.groups[last]
	size := g.from + g.size
	if n.plus {
		return n.digits[0] != '0' && size >= 8 && size <= 16
	}
	return n.digits[0] == '0' && n.digits[1] == '0' && n.digits[2] != '0' && size >= 12 && size <= 16 &&
		!n.scattered(last) && (last > 0 || size <= 15)
}

// national reports whether the groups are written as telephone numbers are, and hardly
// anything else is.
func (n *number) national(last int) bool {
	g := n.groups[last]
	size, first := g.from+g.size, n.groups[0]
	if n.plus || last == 0 || n.scattered(last) {
		return false
	}
	switch {
	case n.digits[0] == '0' && n.digits[1] != '0': // with the prefix 0 of most countries
		return size >= 9 && size <= 12 && first.size >= 2 && first.size <= 6
	case n.sizes(last, 3, 3, 4): // North America
		return northAmerican(n.digits[:size]) && (first.bracket || n.groups[1].sep != ' ')
	case n.sizes(last, 1, 3, 3, 4):
		return n.digits[0] == '1' && northAmerican(n.digits[1:size])
	case n.sizes(last, 3, 4, 4): // China
		return n.digits[0] == '1' && n.digits[1] >= '3'
	}
	return false
}

func northAmerican(d []byte) bool {
	return d[0] >= '2' && d[3] >= '2' && !(d[1] == '1' && d[2] == '1') && !(d[4] == '1' && d[5] == '1')
}

// sizes reports whether the groups have these sizes.
func (n *number) sizes(last int, want ...int) bool {
	if last+1 != len(want) {
		return false
	}
	for i, size := range want {
		if n.groups[i].size != size {
			return false
		}
	}
	return true
}

// scattered reports whether the groups are many of one digit: no number, but numbers.
func (n *number) scattered(last int) bool {
	ones := 0
	for i, g := range n.groups[:last+1] {
		if g.size == 1 && i > 0 && !g.bracket {
			ones++
		}
	}
	return ones > 1
}

// isDate reports whether the groups begin as a date does: 2024-05-12, 12.05.2024.
func (n *number) isDate(last int) bool {
	if last < 2 || n.plus || n.groups[1].sep != n.groups[2].sep || n.groups[1].sep == 0 {
		return false
	}
	a, b, c := n.groups[0], n.groups[1], n.groups[2]
	return a.size == 4 && b.size <= 2 && c.size <= 2 && n.year(a) || a.size <= 2 && b.size <= 2 && c.size == 4 && n.year(c)
}

func (n *number) year(g group) bool {
	return n.digits[g.from] == '1' && n.digits[g.from+1] == '9' || n.digits[g.from] == '2' && n.digits[g.from+1] == '0'
}

// isAddress reports whether the groups are those of an IPv4 address.
func (n *number) isAddress() bool {
	if n.count != 4 {
		return false
	}
	for i, g := range n.groups[:4] {
		if g.size > 3 || i > 0 && g.sep != '.' {
			return false
		}
	}
	return true
}

// tellsOfPhone reports whether a word of the line before i says that a telephone number
// follows.
func (w *window) tellsOfPhone(i int) bool {
	from := max(0, i-maxBefore)
	for from > 0 && from < i && !utf8.RuneStart(w.text[from]) {
		from++
	}
	line := string(w.text[from:i])
	if from > 0 && joins(first(line)) { // a word that began before
		if before, _ := w.before(from); joins(before) {
			line = strings.TrimLeftFunc(line, joins)
		}
	}
	if cut := strings.LastIndexAny(line, "\n\r"); cut >= 0 {
		line = line[cut+1:]
	}
	for _, word := range phoneSigns() {
		if strings.Contains(line, word) {
			return true
		}
	}
	for word := range strings.FieldsFuncSeq(strings.ToLower(line), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) }) {
		if phoneWord(word) {
			return true
		}
	}
	return false
}

func first(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// phoneSigns are words of scripts that write no spaces between words.
func phoneSigns() [9]string {
	return [...]string{"电话", "手机", "致电", "拨打", "電話", "携帯", "手機", "联系我", "☎"}
}

// phoneWord knows what telephones are called.
func phoneWord(word string) bool {
	switch word {
	case "tel", "phone", "telephone", "mobile", "cell", "cellphone", "call", "fax", "whatsapp", "sms", "dial",
		"telefon", "telefonnummer", "handy", "handynummer", "rufnummer", "mobil", "mobilnummer", "anrufen", "rufen",
		"téléphone", "tél", "portable", "appelez", "appeler", "appelle", "numéro",
		"teléfono", "telefono", "móvil", "movil", "llame", "llama", "llámame", "llamar", "celular",
		"cep", "cepten", "telefonu", "telefonum", "telefonla", "gsm", "arayın", "ara", "numaram",
		"هاتف", "الهاتف", "هاتفي", "جوال", "الجوال", "جوالي", "اتصل", "موبايل":
		return true
	}
	return false
}
