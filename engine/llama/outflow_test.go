package main

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// flow pushes pieces until a stop text or the end.
func flow(stops, pieces []string) (text string, stopped bool, broken bool) {
	o := outflow{stops: stops}
	for _, piece := range pieces {
		more, end := o.push([]byte(piece))
		broken = broken || !utf8.ValidString(more)
		text += more
		if end {
			return text, true, broken
		}
	}
	more := o.rest()
	return text + more, false, broken || !utf8.ValidString(more)
}

func TestOutflow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		stops        []string
		pieces, want string // separated by |
		stopped      bool
	}{
		{"plain", nil, "a|b", "ab", false},
		{"a stop over three pieces", []string{"STOP"}, "one S|TO|P two", "one ", true},
		{"nearly a stop", []string{"STOP"}, "S|T|O|X", "STOX", false},
		{"a stop that begins twice", []string{"aab"}, "a|a|a|b", "a", true},
		{"the earlier of two", []string{"late", "ear"}, "early late", "", true},
		{"at the end, half a stop", []string{"STOP"}, "xS|T", "xST", false},
		{"a character over pieces", nil, "\xe2|\x82|\xac!", "€!", false},
		{"a broken character", nil, "a\xff|b", "a\uFFFDb", false},
		{"half a character at the end", nil, "a\xe2\x82", "a\uFFFD", false},
		{"a stop within characters", []string{"€"}, "1\xe2|\x82|\xac2", "1", true},
	} {
		text, stopped, broken := flow(c.stops, strings.Split(c.pieces, "|"))
		if text != c.want || stopped != c.stopped || broken {
			t.Errorf("%s: %q, %v, %v", c.name, text, stopped, broken)
		}
	}
}

// However a text is cut, what comes out is the same, and no piece is broken.
func FuzzOutflow(f *testing.F) {
	f.Add("one STOP two", "STOP", uint64(0b1011))
	f.Add("a€b", "€", uint64(0xffff))
	f.Fuzz(func(t *testing.T, text, stop string, cuts uint64) {
		if !utf8.ValidString(text) || stop == "" || !utf8.ValidString(stop) {
			return
		}
		var pieces []string
		from := 0
		for i := 1; i < len(text); i++ {
			if cuts>>(i%64)&1 == 1 {
				pieces = append(pieces, text[from:i])
				from = i
			}
		}
		pieces = append(pieces, text[from:])
		want, _, found := strings.Cut(text, stop)
		got, stopped, broken := flow([]string{stop}, pieces)
		if got != want || stopped != found || broken {
			t.Errorf("%q: %q, %v, %v; want %q, %v", pieces, got, stopped, broken, want, found)
		}
	})
}
