package local

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// words cuts a text into lower-case words. A word is a run of letters and
// digits; an apostrophe, hyphen or full stop between two of them belongs to it.
func words(text string) []string {
	var found []string
	for text = strings.ToLower(text); text != ""; {
		start := strings.IndexFunc(text, isAlnum)
		if start < 0 {
			break
		}
		end := start + wordLength(text[start:])
		found = append(found, strings.ReplaceAll(text[start:end], "’", "'"))
		text = text[end:]
	}
	return found
}

// wordLength is the length in bytes of the word that the text begins with.
func wordLength(text string) int {
	end, joined := 0, false // joined: the rune before is a joint
	for i, r := range text {
		switch {
		case isAlnum(r):
			end, joined = i+utf8.RuneLen(r), false
		case strings.ContainsRune("'’-.", r) && !joined:
			joined = true
		default:
			return end
		}
	}
	return end
}

// isAlnum takes in combining marks: scripts that need them lose their words
// otherwise.
func isAlnum(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r))
}

// parts cuts a word at its joints, without the endings of contractions.
func parts(word string) []string {
	return strings.FieldsFunc(bare(word), func(r rune) bool { return r == '-' || r == '.' || r == '\'' })
}

// bare removes the ending of a contraction or possessive.
func bare(word string) string {
	if rest, ok := strings.CutSuffix(word, "n't"); ok {
		return rest
	}
	for _, ending := range []string{"'s", "'re", "'ll", "'ve", "'m", "'d"} {
		if rest, ok := strings.CutSuffix(word, ending); ok {
			return rest
		}
	}
	return word
}

// terms cuts a text into what the search counts: word parts reduced to a stem,
// stop words left out.
func terms(text string) []string {
	var found []string
	for _, word := range words(text) {
		for _, part := range parts(word) {
			if !isStopWord(part) {
				found = append(found, stem(part))
			}
		}
	}
	return found
}

// isStopWord names the words that say nothing about the subject of a question.
func isStopWord(word string) bool {
	switch word {
	case "a", "about", "all", "also", "am", "an", "and", "another", "any", "are", "as", "at", "be", "been", "but", "by",
		"can", "could", "did", "do", "does", "else", "explain", "for", "from", "get", "give", "happen", "happens", "has", "have", "he", "help",
		"her", "here", "hi", "his", "how", "i", "if", "in", "into", "is", "it", "its", "let", "like", "make", "may", "me", "mean",
		"might", "more", "must", "my", "need", "no", "not", "of", "on", "or", "our", "please", "shall", "she", "should",
		"show", "skytower", "so", "some", "such", "tell", "than", "thank", "thanks", "that", "the", "their", "them", "then", "there",
		"these", "they", "this", "those", "to", "too", "use", "used", "using", "very", "want", "was", "way", "we", "were", "what", "when",
		"where", "which", "who", "why", "will", "with", "would", "you", "your", "hello", "dear":
		return true
	}
	return false
}

// stem removes plural and verb endings, so that "streaming", "streams" and
// "streamed" are one term. It is coarse on purpose: both sides of a comparison
// pass through it.
func stem(word string) string {
	if len(word) < 4 || strings.IndexFunc(word, func(r rune) bool { return r < 'a' || r > 'z' }) >= 0 {
		return word
	}
	word = singular(word)
	for _, ending := range []string{"ing", "ed"} {
		rest, ok := strings.CutSuffix(word, ending)
		if ok && len(rest) >= 3 && strings.ContainsAny(rest, "aeiouy") {
			word = undouble(rest)
			break
		}
	}
	return strings.TrimSuffix(word, "e")
}

func singular(word string) string {
	switch {
	case strings.HasSuffix(word, "ies"):
		return strings.TrimSuffix(word, "ies") + "y"
	case strings.HasSuffix(word, "us"), strings.HasSuffix(word, "ss"), strings.HasSuffix(word, "is"):
		return word
	case strings.HasSuffix(word, "sses"), strings.HasSuffix(word, "ches"), strings.HasSuffix(word, "shes"), strings.HasSuffix(word, "xes"):
		return strings.TrimSuffix(word, "es")
	}
	return strings.TrimSuffix(word, "s")
}

// undouble turns "stopp" into "stop", but leaves "call" and "pass".
func undouble(word string) string {
	n := len(word)
	if word[n-1] == word[n-2] && !strings.ContainsRune("lsz", rune(word[n-1])) {
		return word[:n-1]
	}
	return word
}

// unique returns the values without repeats, in order of first appearance.
func unique(values []string) []string {
	var once []string
	for _, v := range values {
		if !slices.Contains(once, v) {
			once = append(once, v)
		}
	}
	return once
}
