package guard

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"
)

// place is a finding in a text.
type place struct {
	kind     kind
	from, to int
	labelled bool // its label is written
}

// Joined looks at texts that are read one after the other as if they were one, such as the
// words of a transcript, and puts what the guards make of them in their places: a finding
// that spans several stands in the first of them, and the others lose their part of it. sep
// stands between two of which neither has white space there. The guards are local ones
// (Chain.Local). The error is the context's.
func (c Chain) Joined(ctx context.Context, report *Report, texts []string, sep string) error {
	for _, g := range c {
		var places []place
		hear := func(k kind, from, to int) { places = append(places, place{kind: k, from: from, to: to}) }
		for _, s := range g.stages(nil, report, hear) {
			whole, starts := join(texts, sep)
			places = nil
			_, blocked, err := s.push(ctx, nil, whole, true)
			if blocked || err != nil {
				return err
			}
			if g.Action == Redact {
				replace(texts, starts, places)
			}
		}
	}
	return nil
}

// join is the texts as one, and where each begins.
func join(texts []string, sep string) (whole []byte, starts []int) {
	starts = make([]int, len(texts))
	for i, text := range texts {
		last, _ := utf8.DecodeLastRune(whole)
		next, _ := utf8.DecodeRuneInString(text)
		if len(whole) > 0 && text != "" && !unicode.IsSpace(last) && !unicode.IsSpace(next) {
			whole = append(whole, sep...)
		}
		starts[i] = len(whole)
		whole = append(whole, text...)
	}
	return whole, starts
}

// replace puts labels in the places of findings, which are in order.
func replace(texts []string, starts []int, places []place) {
	labels := labels()
	for i, text := range texts {
		begin := starts[i]
		end := begin + len(text)
		var out strings.Builder
		at := begin
		for len(places) > 0 && places[0].from < end {
			p := &places[0]
			out.WriteString(text[at-begin : max(p.from, at)-begin])
			if !p.labelled && p.to > begin {
				out.WriteString(labels[p.kind])
				p.labelled = true
			}
			if at = max(at, min(p.to, end)); p.to > end {
				break // it goes on in the next text
			}
			places = places[1:]
		}
		if out.Len() > 0 || at > begin {
			out.WriteString(text[at-begin:])
			texts[i] = out.String()
		}
	}
}
