package guard

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a secret that only what stands before it tells, in bytes.
const (
	minNamed = 8
	maxNamed = 512
)

// named is where a value ends that begins at i, behind a name and a sign which say that it
// is secret (DB_PASSWORD=…, "client_secret": "…", my password is …), or behind the user's
// name in an address; 0: there is none. The value has to look as if chosen by chance: a
// name, a call or a word is none.
func (w *window) named(i int, before rune) int {
	if before == ':' && w.afterUser(i-1) {
		return w.credential(i)
	}
	sign := w.sign(i)
	if sign == 0 {
		return 0
	}
	secret, chosen := secretName(w.nameBefore(sign))
	if !secret {
		return 0
	}
	end, ok := w.value(i)
	if !ok || w.short || !looksSecret(w.text[i:end], chosen) {
		return 0
	}
	return end
}

// sign is where a sign that gives a value to a name begins, of a value that begins at i; 0:
// there is none. Quotes and spaces may stand between.
func (w *window) sign(i int) int {
	at := i
	for at > 0 && i-at < 8 && strings.IndexByte(" \"'`\\", w.text[at-1]) >= 0 {
		at--
	}
	if at == 0 || i-at == 8 {
		return 0
	}
	switch w.text[at-1] {
	case '=', ':', '>', 0x9a, 0x9d, 0xaf: // the last bytes of the signs
	case 's', 't': // is, est, lautet: behind a space, and before one
		if at == i || at < 4 || strings.IndexByte("iest", w.text[at-2]) < 0 || w.text[at-1] == 's' && w.text[at-3] != ' ' {
			return 0
		}
	default:
		return 0
	}
	before := w.text[max(0, at-leftContext/4):at]
	for _, sign := range [...]string{":=", "=>", "=", ":", " is", " ist", " est", " es", " lautet", "\uff1a", "\uff1d", "\u662f", "\u306f"} {
		if len(before) > len(sign) && string(before[len(before)-len(sign):]) == sign {
			return at - len(sign)
		}
	}
	return 0
}

// nameBefore is the name that ends at i, in small letters without spaces, dashes and quotes.
func (w *window) nameBefore(i int) string {
	line := string(w.text[max(0, i-leftContext/2):i])
	for len(line) > 0 && !utf8.RuneStart(line[0]) {
		line = line[1:]
	}
	if cut := strings.LastIndexAny(line, "\n\r,;{"); cut >= 0 {
		line = line[cut+1:]
	}
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '_', '.', '"', '\'', '`', '\\', '*':
			return -1
		}
		return unicode.ToLower(plain(r))
	}, line)
}

// secretName reports whether a name says that its value is secret, and whether people
// choose such values.
func secretName(name string) (secret, chosen bool) {
	for _, end := range [...]string{
		"password", "passwd", "pwd", "passphrase", "passcode", "passwort", "kennwort", "contrase\u00f1a", "contrasena", "motdepasse", "senha",
		"wachtwoord", "parola", "\u015fifre", "\u015fifrem", "sifre", "\u043f\u0430\u0440\u043e\u043b\u044c", "\u5bc6\u7801", "\u5bc6\u78bc", "\u53e3\u4ee4", "\u30d1\u30b9\u30ef\u30fc\u30c9",
		"\u0643\u0644\u0645\u0629\u0627\u0644\u0645\u0631\u0648\u0631", "\u0643\u0644\u0645\u0629\u0627\u0644\u0633\u0631",
	} {
		if strings.HasSuffix(name, end) {
			return true, true
		}
	}
	for _, end := range [...]string{
		"secret", "token", "apikey", "accesskey", "secretkey", "privatekey", "accountkey", "authkey", "signingkey", "encryptionkey", "masterkey",
		"sharedkey", "secretkeybase", "authtoken", "credential", "credentials",
	} {
		if strings.HasSuffix(name, end) {
			return true, false
		}
	}
	return false, false
}

// value is where a value ends that begins at i; ok is false where it is none, but code.
func (w *window) value(i int) (end int, ok bool) {
	at := i
	for at-i < maxNamed {
		c := w.at(at)
		switch c {
		case '(', '[', '{', '<':
			return 0, false
		case 0, ' ', '\n', '\r', '\t', '"', '\'', '`', ',', ';', ')', ']', '}', '>', '|', '\\':
			return w.trimmed(i, at), true
		}
		if c >= utf8.RuneSelf { // no secret goes on in another script
			return w.trimmed(i, at), true
		}
		at++
	}
	return at, true
}

// trimmed is the end of a value without the marks that end a sentence.
func (w *window) trimmed(i, end int) int {
	for end > i && strings.IndexByte(".:!?", w.text[end-1]) >= 0 {
		end--
	}
	return end
}

// looksSecret reports whether a value looks as if chosen by chance, or as people choose
// passwords.
func looksSecret(value []byte, chosen bool) bool {
	if len(value) < minNamed || strings.Contains(string(value), "://") {
		return false
	}
	var digits, lowers, uppers, changes, last int
	for i, c := range value {
		class := 0
		switch {
		case c >= '0' && c <= '9':
			digits++
			class = 1
		case c >= 'a' && c <= 'z':
			lowers++
			class = 2
		case c >= 'A' && c <= 'Z':
			uppers++
			class = 3
		}
		if i > 0 && class != last {
			changes++
		}
		last = class
	}
	size, letters := len(value), lowers+uppers
	three := digits > 0 && lowers > 0 && uppers > 0
	switch {
	case digits == 0 || letters < 3:
		return false
	case chosen && three && letters+digits > size/2:
		return true
	case three && size >= 32:
		return true
	case three && changes >= 5 && digits*12 >= size:
		return true
	}
	return size >= 16 && digits*5 >= size && changes >= 4 // hexadecimal and such
}

// afterUser reports whether a colon at i stands behind the user in an address:
// postgres://app:…
func (w *window) afterUser(i int) bool {
	at := i
	for at > 0 && i-at < leftContext/2 && (alnum(rune(w.text[at-1])) || strings.IndexByte("._-%", w.text[at-1]) >= 0) {
		at--
	}
	return at < i && at > 2 && string(w.text[at-3:at]) == "://"
}

// credential is where the password in an address ends.
func (w *window) credential(i int) int {
	digits, letters := 0, 0
	for at := i; at-i < maxNamed; at++ {
		switch c := w.at(at); {
		case c == '@':
			if next, _ := w.read(at + 1); w.short || at-i < 6 || digits == 0 || letters == 0 || !alnum(next) {
				return 0
			}
			return at
		case digit(rune(c)):
			digits++
		case letter(rune(c)):
			letters++
		case c <= ' ', c >= utf8.RuneSelf, strings.IndexByte("/?#\"'<>[]{}", c) >= 0:
			return 0
		}
	}
	return 0
}
