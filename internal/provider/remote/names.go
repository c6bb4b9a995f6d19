package remote

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Names say which names of the model a text must not hold, and what stands there
// instead.
type Names struct {
	Hide []string
	Show string
}

// maxMessage bounds an upstream's sentence, in bytes.
const maxMessage = 2 << 10

// Scrub takes the upstream's names out of a sentence that a caller reads.
func (c *Client) Scrub(n Names, message string) string {
	message = c.hide(n, message)
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "") + "…"
	}
	return strings.ToValidUTF8(message, "\uFFFD")
}

// hide replaces every name in s.
func (c *Client) hide(n Names, s string) string { return c.cover(n).apply(s) }

// cover is what stands instead of each name, longer names before their parts.
type cover []struct{ name, with string }

func (c *Client) cover(n Names) cover {
	with := map[string]string{}
	for _, name := range c.hidden {
		with[name] = "[upstream]"
	}
	for _, name := range n.Hide {
		if name != n.Show {
			with[name] = n.Show
		}
	}
	delete(with, "")
	all := make(cover, 0, len(with))
	for _, name := range slices.SortedFunc(maps.Keys(with), longerFirst) {
		all = append(all, struct{ name, with string }{name, with[name]})
	}
	return all
}

func longerFirst(a, b string) int {
	if d := len(b) - len(a); d != 0 {
		return d
	}
	return strings.Compare(a, b)
}

func (all cover) apply(s string) string {
	for _, c := range all {
		if strings.Contains(s, c.name) {
			s = replaceWord(s, c.name, c.with)
		}
	}
	return s
}

// replaceWord replaces old where it stands alone: a model named "a" must not change
// every word with that letter.
func replaceWord(s, old, with string) string {
	var out strings.Builder
	done, at := 0, 0
	for {
		i := strings.Index(s[at:], old)
		if i < 0 {
			break
		}
		i += at
		end := i + len(old)
		if goesOn(s[:i], old) || goesOn(old, s[end:]) {
			at = i + 1
			continue
		}
		out.WriteString(s[done:i])
		out.WriteString(with)
		done, at = end, end
	}
	out.WriteString(s[done:])
	return out.String()
}

// goesOn reports whether a word goes on from the end of a to the start of b.
func goesOn(a, b string) bool {
	last, _ := utf8.DecodeLastRuneInString(a)
	first, _ := utf8.DecodeRuneInString(b)
	return inWord(last) && inWord(first)
}

func inWord(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
