package docs

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Anchors gives the headings of one page their anchors, as GitHub does: so a link
// to a heading works in a checkout, in the served manual, and in what the built-in
// model quotes. The zero value is ready; it serves one goroutine.
type Anchors struct{ used map[string]int }

// Next is the anchor of the page's next heading, given as it stands in Markdown.
// A repeated heading gets -1, -2 and so on.
func (a *Anchors) Next(heading string) string {
	if a.used == nil {
		a.used = map[string]int{}
	}
	base := Anchor(heading)
	anchor := base
	for _, taken := a.used[anchor]; taken; _, taken = a.used[anchor] {
		a.used[base]++
		anchor = base + "-" + strconv.Itoa(a.used[base])
	}
	a.used[anchor] = 0
	return anchor
}

// Anchor is the anchor of a heading that no other repeats: lower case, spaces
// become hyphens, everything but letters, digits, hyphens and underscores goes.
func Anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || isAlnum(r):
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(Plain(heading)))
}

func isAlnum(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}

var inlineLink = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)

// Plain is the text of a heading without Markdown's marks, links included.
func Plain(heading string) string {
	return strings.NewReplacer("`", "", "**", "").Replace(inlineLink.ReplaceAllString(heading, "$1"))
}
