package guard

// iban is where an international bank account number (ISO 13616) ends that begins at i;
// 0: there is none. Its groups may have one space or dash between them.
func (w *window) iban(i int) int {
	var text [34]byte
	at, n, want := i, 0, 0
	for {
		r, size := w.read(at)
		switch {
		case size == 0:
			return 0
		case alnum(r):
			text[n] = upper(byte(r))
			n++
			at += size
			switch {
			case n == 2:
				if want = ibanSize(text[:2]); want == 0 {
					return 0
				}
			case n > 2 && n <= 4 && !digit(r):
				return 0
			case n == want:
				if r, _ := w.read(at); w.short || alnum(r) || !mod97(text[:n]) {
					return 0
				}
				return at
			}
		case ignorable(r):
			at += size
		case n >= 4 && separator(r) != 0 && separator(r) != '.':
			if at += size; w.gap(at) {
				return 0
			}
		default:
			return 0
		}
	}
}

// gap reports whether no group follows.
func (w *window) gap(at int) bool {
	r, _ := w.read(at)
	return !alnum(r)
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

// mod97 reports whether the check digits hold (ISO 7064, MOD 97-10).
func mod97(text []byte) bool {
	rest := 0
	for i := range text {
		c := text[(i+4)%len(text)]
		if c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	return rest == 1
}

// ibanSize is how long a country's numbers are (the IBAN registry); 0: it has none.
func ibanSize(country []byte) int {
	switch string(country) {
	case "NO":
		return 15
	case "BE":
		return 16
	case "DK", "FK", "FO", "FI", "GL", "NL", "SD":
		return 18
	case "MK", "SI":
		return 19
	case "AT", "BA", "EE", "KZ", "XK", "LT", "LU", "MN":
		return 20
	case "CR", "HR", "LI", "LV", "CH":
		return 21
	case "BG", "BH", "DE", "GE", "GB", "IE", "ME", "RS", "VA":
		return 22
	case "TL", "GI", "AE", "IL", "IQ", "OM", "SO":
		return 23
	case "AD", "CZ", "MD", "PK", "RO", "SK", "ES", "SE", "TN", "SA", "VG":
		return 24
	case "LY", "PT", "ST":
		return 25
	case "IS", "TR":
		return 26
	case "BI", "DJ", "FR", "GR", "IT", "MC", "MR", "SM":
		return 27
	case "AL", "AZ", "BY", "CY", "DO", "GT", "HU", "LB", "NI", "PL", "SV":
		return 28
	case "BR", "EG", "PS", "QA", "UA":
		return 29
	case "JO", "KW", "MU", "YE":
		return 30
	case "MT", "SC":
		return 31
	case "LC":
		return 32
	case "RU":
		return 33
	}
	return 0
}
