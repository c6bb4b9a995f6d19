package local

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// answer is the whole reply to a question: quotations, or that there are none.
func (m *manual) answer(question string) string {
	hits := m.index.search(question)
	if len(hits) == 0 {
		return "I quote Skytower's manual and do not generate text, and I found no passage in it that answers this. " +
			"Ask about Skytower in a short sentence or in key words, for example \"How do I add an upstream?\" " +
			"The whole manual is at " + m.home + "."
	}
	var b strings.Builder
	b.WriteString("I quote Skytower's manual and do not generate text. This is what it says about your question:\n")
	for _, h := range hits {
		p := m.passages[h.passage]
		b.WriteString("\n**[" + escapeLabel(p.title) + "](" + p.link + ")**\n\n")
		for line := range strings.Lines(p.text) {
			b.WriteString(strings.TrimRight("> "+strings.TrimRight(line, "\n"), " ") + "\n")
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// escapeLabel keeps brackets of a title from ending its link.
func escapeLabel(title string) string {
	return strings.NewReplacer("[", `\[`, "]", `\]`).Replace(title)
}

// countTokens counts tokens as this model understands them: each run of letters
// and digits is one, each other visible character is one.
func countTokens(text string) int64 {
	n := int64(0)
	for text != "" {
		length := tokenLength(text)
		if length == 0 {
			break
		}
		text = text[length:]
		n++
	}
	return n
}

// tokenLength is the length in bytes of the first token with the space before
// it; 0 where nothing but space is left.
func tokenLength(text string) int {
	rest := strings.TrimLeftFunc(text, unicode.IsSpace)
	if rest == "" {
		return 0
	}
	space := len(text) - len(rest)
	end := strings.IndexFunc(rest, func(r rune) bool { return !isAlnum(r) })
	switch end {
	case -1:
		return len(text)
	case 0:
		_, end = utf8.DecodeRuneInString(rest)
	}
	return space + end
}

// finish applies the caller's stop texts and token limit (0: none) to a whole
// answer, and returns the finish_reason that follows.
func finish(text string, stops []string, limit int64) (string, string) {
	for _, stop := range stops {
		if i := strings.Index(text, stop); i >= 0 {
			text = text[:i]
		}
	}
	if limit <= 0 {
		return text, "stop"
	}
	end := 0
	for range limit {
		length := tokenLength(text[end:])
		if length == 0 {
			return text, "stop"
		}
		end += length
	}
	if strings.TrimSpace(text[end:]) == "" {
		return text, "stop"
	}
	return text[:end], "length"
}

// pieceBytes is the least length of a streamed piece, the last one aside: a few
// words, so that the reader sees the text flow.
const pieceBytes = 24

// piece is the length in bytes of the first piece of a text, which ends behind a
// word.
func piece(text string) int {
	if len(text) <= pieceBytes {
		return len(text)
	}
	inSpace := false
	for i, r := range text {
		space := unicode.IsSpace(r)
		if inSpace && !space && i >= pieceBytes {
			return i
		}
		inSpace = space
	}
	return len(text)
}
