package guard

import (
	"strings"
	"unicode/utf8"
)

// Bounds of keys, in bytes. What is longer is taken as a key up to here.
const (
	maxKey = 4 << 10
	maxPEM = 16 << 10
)

// keyForm is how a service's keys begin and go on.
type keyForm struct {
	prefix string
	least  int  // characters behind the prefix
	exact  bool // and no more
	upper  bool // of capitals and digits alone
	mixed  bool // at least one digit, and a part of 16 characters without a dash
}

// keyForms are the forms of well-known services, and of this server's own keys.
func keyForms() []keyForm {
	return []keyForm{
		{prefix: "sk-", least: 20, mixed: true}, {prefix: "op-", least: 40, mixed: true}, // ours; OpenAI, Anthropic, DeepSeek, OpenRouter, …
		{prefix: "sk_live_", least: 16}, {prefix: "sk_test_", least: 16}, {prefix: "rk_live_", least: 16}, {prefix: "rk_test_", least: 16}, // Stripe
		{prefix: "whsec_", least: 24}, {prefix: "pplx-", least: 32, mixed: true}, {prefix: "gsk_", least: 32}, {prefix: "xai-", least: 32, mixed: true},
		{prefix: "ghp_", least: 36}, {prefix: "gho_", least: 36}, {prefix: "ghu_", least: 36}, {prefix: "ghs_", least: 36}, {prefix: "ghr_", least: 36},
		{prefix: "github_pat_", least: 22}, {prefix: "glpat-", least: 20}, {prefix: "npm_", least: 36}, {prefix: "pypi-", least: 32},
		{prefix: "xoxb-", least: 20}, {prefix: "xoxp-", least: 20}, {prefix: "xoxa-", least: 20}, {prefix: "xoxr-", least: 20}, {prefix: "xoxs-", least: 20}, {prefix: "xapp-", least: 20}, // Slack
		{prefix: "hf_", least: 30}, {prefix: "r8_", least: 36}, {prefix: "dop_v1_", least: 60}, {prefix: "shpat_", least: 30},
		{prefix: "AKIA", least: 16, exact: true, upper: true}, {prefix: "ASIA", least: 16, exact: true, upper: true}, // Amazon
		{prefix: "AIza", least: 35}, {prefix: "ya29.", least: 40}, // Google
		{prefix: "SG.", least: 60}, {prefix: "AGE-SECRET-KEY-1", least: 50},
	}
}

// formsBy are the forms by their first character.
func formsBy() (by [utf8.RuneSelf][]keyForm) {
	for _, f := range keyForms() {
		by[f.prefix[0]] = append(by[f.prefix[0]], f)
	}
	return by
}

// secret is where a key ends that begins at i, in one of the forms that begin as it does;
// 0: there is none.
func (w *window) secret(i int, first rune, forms []keyForm) int {
	if forms == nil && first != 'e' && first != 'B' && first != 'b' {
		return 0
	}
	if before, size := w.before(i); before == '-' {
		if further, _ := w.before(i - size); alnum(further) {
			return 0
		}
	}
	switch first {
	case 'e':
		return w.token(i)
	case 'B', 'b':
		return w.bearer(i)
	}
	for _, f := range forms {
		if !w.begins(i, f.prefix) {
			if w.short {
				return 0
			}
			continue
		}
		end := w.run(i+len(f.prefix), maxKey)
		if w.short || f.holds(w.text[i+len(f.prefix):end]) {
			return end
		}
	}
	return 0
}

// begins reports whether the text goes on so.
func (w *window) begins(i int, prefix string) bool {
	for j := range len(prefix) {
		if w.at(i+j) != prefix[j] {
			return false
		}
	}
	return true
}

// run is where characters of keys end.
func (w *window) run(i, most int) int {
	for n := 0; n < most; n++ {
		c := w.at(i)
		if !keyChar(c) && !(c == '.' && keyChar(w.at(i+1))) {
			break
		}
		i++
	}
	return i
}

func keyChar(c byte) bool { return alnum(rune(c)) || c == '_' || c == '-' }

func (f keyForm) holds(body []byte) bool {
	if len(body) < f.least || f.exact && len(body) != f.least {
		return false
	}
	digits, longest, part := 0, 0, 0
	for _, c := range body {
		if c >= '0' && c <= '9' {
			digits++
		}
		if f.upper && !(c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
			return false
		}
		if part++; c == '-' {
			part = 0
		}
		longest = max(longest, part)
	}
	return !f.mixed || digits > 0 && longest >= 16
}

// token is where a JSON Web Token (RFC 7519) ends: three parts in base64url, the first of
// which begins as {" does.
func (w *window) token(i int) int {
	if !w.begins(i, "eyJ") {
		return 0
	}
	at, parts := i, 0
	for at-i < maxPEM {
		from := at
		for c := w.at(at); keyChar(c) && at-i < maxPEM; c = w.at(at) {
			at++
		}
		if w.short || at-from < 10 {
			return 0
		}
		if parts++; parts == 3 || at-i >= maxPEM {
			return at
		}
		if w.at(at) != '.' {
			return 0
		}
		at++
	}
	return at
}

// bearer is where a token behind the word Bearer ends.
func (w *window) bearer(i int) int {
	if c := w.at(i); c != 'B' && c != 'b' || !w.begins(i+1, "earer ") {
		return 0
	}
	from := i + len("Bearer ")
	end := w.run(from, maxKey)
	if w.short {
		return 0
	}
	if (keyForm{least: 20, mixed: true}).holds(w.text[from:end]) {
		return end
	}
	return 0
}

// pem is where a private key in PEM (RFC 7468) ends: its head, what follows of base64, and
// its foot where there is one.
func (w *window) pem(i int) int {
	if before, _ := w.before(i); before == '-' || !w.begins(i, "-----BEGIN ") {
		return 0
	}
	at := i + len("-----BEGIN ")
	for n := 0; n < 40 && (w.at(at) >= 'A' && w.at(at) <= 'Z' || w.at(at) == ' '); n++ {
		at++
	}
	if w.short || !strings.HasSuffix(string(w.text[i:at]), "PRIVATE KEY") || !w.begins(at, "-----") {
		return 0
	}
	at += len("-----")
	for at-i < maxPEM {
		next := w.blank(at)
		if w.at(next) == '-' {
			if end := w.foot(next); end > 0 {
				return end
			}
			return at
		}
		end, useful := w.line(next, i+maxPEM)
		if w.short {
			return 0
		}
		if !useful {
			return at
		}
		at = end
	}
	return at
}

// blank skips white space and escapes of line breaks.
func (w *window) blank(at int) int {
	for range 16 {
		switch c := w.at(at); c {
		case ' ', '\n', '\r', '\t':
			at++
		case '\\':
			if c := w.at(at + 1); c != 'n' && c != 'r' {
				return at
			}
			at += 2
		default:
			return at
		}
	}
	return at
}

// foot is where the line that ends a key ends.
func (w *window) foot(at int) int {
	if !w.begins(at, "-----END ") {
		return 0
	}
	at += len("-----END ")
	for n := 0; n < 40 && (w.at(at) >= 'A' && w.at(at) <= 'Z' || w.at(at) == ' '); n++ {
		at++
	}
	if !w.begins(at, "-----") {
		return 0
	}
	return at + len("-----")
}

// line reads one line of base64, or a word of a head (Proc-Type: 4,ENCRYPTED).
func (w *window) line(at, most int) (end int, useful bool) {
	from, head, padded := at, false, false
	for at < most {
		c := w.at(at)
		switch {
		case alnum(rune(c)), c == '+', c == '/', c == '-':
		case c == '=':
			padded = true
		case c == ':', c == ',':
			head = true
		default:
			return at, at-from >= 16 || at > from && (head || padded)
		}
		at++
	}
	return at, true
}
