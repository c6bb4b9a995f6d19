package main

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// outflow makes of the bytes of tokens what the caller gets: whole characters, and nothing
// of a stop text, which may begin in one token and end in a later one.
type outflow struct {
	stops []string
	held  []byte // may still become a part of a stop text or of a character
}

// push takes a token's bytes. stopped says that a stop text came: nothing follows text.
func (o *outflow) push(piece []byte) (text string, stopped bool) {
	o.held = append(o.held, piece...)
	cut := -1
	for _, stop := range o.stops {
		if i := bytes.Index(o.held, []byte(stop)); i >= 0 && (cut < 0 || i < cut) {
			cut = i
		}
	}
	if cut >= 0 {
		text = valid(o.held[:cut])
		o.held = nil
		return text, true
	}
	keep := o.undecided()
	text = valid(o.held[:keep])
	o.held = append([]byte(nil), o.held[keep:]...)
	return text, false
}

// rest is what was held back, at the end.
func (o *outflow) rest() string {
	text := valid(o.held)
	o.held = nil
	return text
}

// undecided is where that begins which can't be handed out yet.
func (o *outflow) undecided() int {
	keep := len(o.held)
	for back := 1; back < utf8.UTFMax && back <= len(o.held); back++ {
		if tail := o.held[len(o.held)-back:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				keep = len(o.held) - back
			}
			break
		}
	}
	for _, stop := range o.stops {
		for n := min(len(stop)-1, len(o.held)); n > len(o.held)-keep; n-- {
			if strings.HasPrefix(stop, string(o.held[len(o.held)-n:])) {
				keep = len(o.held) - n
				break
			}
		}
	}
	return keep
}

// valid replaces bytes that are no characters: models can write such.
func valid(text []byte) string { return strings.ToValidUTF8(string(text), "\uFFFD") }
