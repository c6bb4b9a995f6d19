package guard

// Bounds of a number that is looked at: those of the longest card and telephone, and some
// more, so that a longer one is not taken for one of them.
const (
	maxDigits = 24
	maxGroups = 10
	maxAside  = 4 // characters between two groups
)

// number is digits in groups, as people write them.
type number struct {
	plus   bool
	digits [maxDigits]byte
	groups [maxGroups]group
	count  int  // of groups
	long   bool // it goes on beyond the bounds
}

// group is digits without anything between.
type group struct {
	from, size int  // in digits
	start, end int  // in the text
	sep        rune // before it: a space, a dash, a dot, a slash; 0: none that is seen
	mixed      bool // several characters stand before it, other than a bracket and a space
	bracket    bool // it stands in brackets
	joined     bool // a letter or such follows at once
}

// groups reads the number that begins at i.
func (w *window) groups(i int) *number {
	n := &number{}
	at, sep, mixed, bracket, ok := w.opening(i, n)
	if !ok {
		return n
	}
	size := 0
	for n.count < maxGroups {
		g := group{from: size, start: at, sep: sep, mixed: mixed, bracket: bracket}
		at = w.digits(at, n, &g)
		if w.short || n.long || g.size == 0 {
			return n
		}
		size += g.size
		n.groups[n.count] = g
		n.count++
		if g.joined {
			return n
		}
		if at, sep, mixed, bracket, ok = w.aside(at, &n.groups[n.count-1]); !ok {
			return n
		}
	}
	n.long = true
	return n
}

// opening reads what may stand before the first digit: a plus, a bracket.
func (w *window) opening(i int, n *number) (at int, sep rune, mixed, bracket, ok bool) {
	for at = i; at < i+16; {
		r, size := w.read(at)
		switch {
		case size == 0:
			return at, 0, false, false, false
		case digit(r):
			return at, 0, false, bracket, true
		case r == '+' && !n.plus:
			n.plus = true
		case r == '(' && !bracket:
			bracket = true
		default:
			return at, 0, false, false, false
		}
		at += size
	}
	return at, 0, false, false, false
}

// digits reads the digits of a group.
func (w *window) digits(at int, n *number, g *group) int {
	for {
		r, size := w.read(at)
		switch {
		case digit(r):
			if g.from+g.size == maxDigits {
				n.long = true
				return at
			}
			n.digits[g.from+g.size] = byte(r)
			g.size++
			g.end = at + size
		case size > 0 && ignorable(r):
		default:
			g.joined = letter(r) || r == '_' || r == '@' || r == '%'
			return g.end
		}
		at += size
	}
}

// aside reads what stands between two groups; ok is false where no group follows.
func (w *window) aside(at int, last *group) (next int, sep rune, mixed, bracket, ok bool) {
	seen, closed := 0, false
	for range 2 * maxAside {
		r, size := w.read(at)
		s := separator(r)
		if r == '/' {
			s = '/'
		}
		switch {
		case size == 0:
			return at, 0, false, false, false
		case digit(r):
			if closed && sep == 0 {
				sep = ' '
			}
			return at, sep, seen > 1, bracket, seen > 0 || closed || bracket
		case ignorable(r):
		case s != 0:
			if seen++; seen > 1 && sep != ' ' && s != ' ' || seen > maxAside-1 {
				return at, 0, false, false, false
			}
			if sep == 0 || sep == ' ' {
				sep = s
			}
		case r == '(' && !bracket:
			bracket = true
		case r == ')' && last.bracket && !closed:
			closed = true
		default:
			return at, 0, false, false, false
		}
		at += size
	}
	return at, 0, false, false, false
}

// card is where a number of a payment card ends that begins with the first group; 0: there
// is none. Its digits stand together, or in groups as on cards.
func (n *number) card() int {
	if n.plus || n.count == 0 || n.groups[0].bracket {
		return 0
	}
	for last := n.count - 1; last >= 0; last-- {
		g := n.groups[last]
		if g.joined {
			continue
		}
		digits := n.digits[:g.from+g.size]
		if network(digits) && n.likeCard(last) && luhn(digits) {
			return g.end
		}
	}
	return 0
}

// likeCard reports whether the groups up to the last are those of a card.
func (n *number) likeCard(last int) bool {
	for i, g := range n.groups[:last+1] {
		switch {
		case g.bracket, g.mixed, g.sep == '/':
			return false
		case i > 0 && g.sep != n.groups[1].sep:
			return false
		case i < last && g.size < 4, i > 0 && i < last && g.size > 6:
			return false
		case n.groups[min(1, last)].sep == '.' && last > 0 && g.size != 4:
			return false
		}
	}
	return true
}

// network reports whether a network has cards with such a number, by its beginning and its
// length (ISO/IEC 7812).
func network(d []byte) bool {
	size := len(d)
	if size < 14 || size > 19 {
		return false
	}
	four := int(d[0]-'0')*1000 + int(d[1]-'0')*100 + int(d[2]-'0')*10 + int(d[3]-'0')
	two := four / 100
	long := size >= 16
	switch {
	case d[0] == '4': // Visa
		return size == 16 || size == 19
	case two >= 51 && two <= 55, four >= 2221 && four <= 2720: // Mastercard
		return size == 16
	case two == 34, two == 37: // American Express
		return size == 15
	case two == 36, two == 38, two == 39, four >= 3000 && four <= 3059, four == 3095: // Diners Club
		return size == 14 || long
	case four >= 3528 && four <= 3589: // JCB
		return long
	case four == 6011, two == 65, four >= 6440 && four <= 6499: // Discover, RuPay
		return long
	case two == 62, two == 81: // UnionPay
		return long
	case two == 50, two >= 56 && two <= 58, two == 60, two == 63, two == 67: // Maestro, RuPay
		return long
	case four >= 2200 && four <= 2204: // Mir
		return long
	case four == 9792: // Troy
		return size == 16
	}
	return false
}

// luhn reports whether the last digit is the check digit of the others (ISO/IEC 7812-1).
func luhn(d []byte) bool {
	sum := 0
	for i, c := range d {
		v := int(c - '0')
		if (len(d)-i)%2 == 0 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}
