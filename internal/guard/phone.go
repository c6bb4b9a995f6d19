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
		if g.joined || size < 7 || size > 17 || n.isDate(last) || n.isAddress() || n.isTimes() || n.isYears(last) {
			continue
		}
		if n.international(last) || n.national(last) && !w.tellsOfOther(i) {
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
		if named > 0 && !n.scattered(last) && !n.isRound(last) && !w.tellsOfOther(i) {
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
	if n.plus || n.scattered(last) {
		return false
	}
	if last == 0 { // mobile numbers of France, Turkey, the United Kingdom, Saudi Arabia, …
		return n.digits[0] == '0' && n.digits[1] >= '5' && n.digits[1] <= '7' && (size == 10 || size == 11)
	}
	switch {
	case n.digits[0] == '0' && first.size == 1: // its prefix stands alone: Turkey; free calls
		return n.sizes(last, 1, 3, 3, 2, 2) && n.digits[1] >= '2' && n.digits[1] <= '5' || n.sizes(last, 1, 3, 3, 3) && n.digits[1] == '8'
	case n.digits[0] == '0' && n.digits[1] != '0': // with the prefix 0 of most countries
		return size >= 9 && size <= 12 && first.size >= 2 && first.size <= 6 && !n.manyPairs()
	case n.sizes(last, 1, 3, 3, 2, 2): // Russia
		return n.digits[0] == '8' && n.digits[1] >= '3'
	case n.sizes(last, 2, 5, 4), n.sizes(last, 2, 4, 4): // Brazil
		return first.bracket
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

// manyPairs reports whether all groups have two digits, and are more than the five that a
// number of a telephone has.
func (n *number) manyPairs() bool {
	for _, g := range n.groups[:n.count] {
		if g.size != 2 {
			return false
		}
	}
	return n.count > 5
}

// isTimes reports whether the groups begin as times of day do: 08.00-12.00.
func (n *number) isTimes() bool {
	if n.count < 4 || n.plus {
		return false
	}
	for i, g := range n.groups[:4] {
		most := [2]byte{'2', '5'}[i%2] // of the first digit
		if g.size > 2 || g.size == 2 && n.digits[g.from] > most || i%2 == 1 && (g.size != 2 || g.sep != '.') || i == 2 && g.sep == '.' {
			return false
		}
	}
	return true
}

// isYears reports whether all groups are years: 2024 2025.
func (n *number) isYears(last int) bool {
	if n.plus {
		return false
	}
	for _, g := range n.groups[:last+1] {
		if g.size != 4 || !n.year(g) {
			return false
		}
	}
	return true
}

// isRound reports whether it is a round number without a separator: rather how many than
// whom to call.
func (n *number) isRound(last int) bool {
	size := n.groups[last].from + n.groups[last].size
	return last == 0 && !n.plus && n.digits[0] != '0' && string(n.digits[size-3:size]) == "000"
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
	line := w.lineBefore(i)
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

// lineBefore is what of the line stands before i, within the bound, in whole words.
func (w *window) lineBefore(i int) string {
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
	return line
}

// tellsOfOther reports whether the word right before i says that another number follows: of
// a part, an order, a file.
func (w *window) tellsOfOther(i int) bool {
	line := strings.ToLower(w.lineBefore(i))
	for _, sign := range [...]string{"订单", "编号", "型号", "邮编", "注文番号", "型番", "郵便番号", "〒"} {
		if strings.HasSuffix(strings.TrimRight(line, " :：号"), strings.TrimRight(sign, "号")) {
			return true
		}
	}
	for range 3 {
		line = strings.TrimRightFunc(line, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) })
		word := line[strings.LastIndexFunc(line, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) })+1:]
		switch {
		case otherNumber(word):
			return true
		case !numberWord(word):
			return false
		}
		line = strings.TrimSuffix(line, word)
	}
	return false
}

// numberWord knows words that stand between what a number is of and the number.
func numberWord(word string) bool {
	switch word {
	case "no", "nr", "num", "number", "code", "id", "nummer", "numéro", "número", "numero", "n", "de", "la", "номер", "رقم", "numarası":
		return true
	}
	return false
}

// otherNumber knows what has numbers that look like those of telephones.
func otherNumber(word string) bool {
	switch word {
	case "part", "parts", "sku", "item", "model", "serial", "invoice", "order", "ref", "reference", "article", "ticket", "case", "file", "zip", "postcode",
		"isbn", "version", "batch", "lot", "tracking", "shipment", "account", "catalog", "catalogue", "product",
		"teil", "teilenummer", "ersatzteil", "artikel", "artikelnummer", "bestellung", "bestellnummer", "rechnung", "rechnungsnummer", "aktenzeichen", "az",
		"seriennummer", "modell", "plz", "lottozahlen", "kundennummer",
		"pièce", "réf", "référence", "facture", "commande", "série", "dossier", "siret", "siren",
		"pieza", "referencia", "factura", "pedido", "artículo", "código", "modelo", "serie",
		"parça", "sipariş", "fatura", "seri", "ürün",
		"артикул", "заказ", "заказа", "счёт", "счет", "инн", "кпп", "серия",
		"طلب", "الطلب", "فاتورة", "الفاتورة", "الرمز":
		return true
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
		"landline", "hotline", "helpline", "whats", "número", "joindre", "contactez", "erreichbar", "rückruf", "durchwahl",
		"cellulare", "chiama", "chiamami", "ligue", "liga", "telefone", "telefoon", "mobiel", "bel",
		"тел", "телефон", "телефона", "звоните", "позвоните", "мобильный", "моб", "номер", "للتواصل", "واتساب", "رقمي", "موبايلي",
		"cep", "cepten", "telefonu", "telefonum", "telefonla", "gsm", "arayın", "ara", "numaram",
		"هاتف", "الهاتف", "هاتفي", "جوال", "الجوال", "جوالي", "اتصل", "موبايل":
		return true
	}
	return false
}
