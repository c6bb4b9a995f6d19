package guard

import (
	"bytes"
	"context"
	"regexp"
	"slices"
	"unicode/utf8"
)

// longestPattern is how many bytes a finding of a pattern may have for it to be found
// wherever a text is cut. Twice as much of a stream is held back for it.
const longestPattern = 512

// patterns looks at a text that comes in pieces by regular expressions. The text is looked
// at in windows that begin at each multiple of longestPattern and have twice that size, so
// that what is found depends on the text alone and not on its pieces.
type patterns struct {
	list   []*regexp.Regexp
	action Action
	report found

	base  int    // of text, in the whole
	text  []byte // from the context of the window on
	start int    // of the window, in text
	first bool   // the text's beginning is still there
	done  int    // in text: up to here it is let go, or replaced
}

func newPatterns(list []*regexp.Regexp, action Action, report found) *patterns {
	return &patterns{list: list, action: action, report: report, first: true}
}

func (p *patterns) look(dst, piece []byte, end bool) (out []byte, blocked bool) {
	p.text = append(p.text, piece...)
	if p.action == Mark {
		dst = append(dst, piece...)
	}
	for {
		rest := len(p.text) - p.start
		// What is behind the window tells that its last rune is whole.
		if !end && rest < 2*longestPattern+utf8.UTFMax || rest == 0 {
			return dst, false
		}
		if dst, blocked = p.window(dst, end && rest <= 2*longestPattern); blocked {
			return dst, true
		}
	}
}

// release lets go of what is held back, though the text may go on (filter.release).
func (p *patterns) release(_ context.Context, dst []byte) (out []byte, blocked bool, err error) {
	whole := *p
	whole.text = bytes.Clone(p.text)
	found := 0
	whole.report = func(k kind, from, to int) {
		found++
		p.report(k, from, to)
	}
	if p.action != Mark {
		out, blocked = whole.look(nil, nil, true)
	}
	if found == 0 {
		return p.pass(dst, len(p.text)), false, nil
	}
	whole.report = p.report
	*p = whole
	return append(dst, out...), blocked, nil
}

// window looks at one window and lets go of its first half; of the last one, of all.
func (p *patterns) window(dst []byte, last bool) (out []byte, blocked bool) {
	half, to := p.border(p.start+longestPattern), p.border(p.start+2*longestPattern)
	if last {
		half, to = len(p.text), len(p.text)
	}
	for _, span := range p.spans(half, to, last) {
		from, end := span[0], span[1]
		if from >= half {
			break // the next window's
		}
		if end <= p.done {
			continue
		}
		p.report(rule, p.base+max(from, p.done), p.base+end)
		if from < p.done && p.done > p.start { // goes on with what was replaced, or released
			if p.done = end; p.action == Block {
				return dst, true
			}
			continue
		}
		dst = p.pass(dst, from)
		switch p.action {
		case Block:
			return dst, true
		case Redact:
			dst = append(dst, label...)
		}
		p.done = end
	}
	dst = p.pass(dst, half)
	p.move(half)
	return dst, false
}

// pass lets go of the text up to a place.
func (p *patterns) pass(dst []byte, to int) []byte {
	if to > p.done {
		if p.action != Mark {
			dst = append(dst, p.text[p.done:to]...)
		}
		p.done = to
	}
	return dst
}

// border is the first place from i on where a rune begins.
func (p *patterns) border(i int) int {
	for i < len(p.text) && !utf8.RuneStart(p.text[i]) {
		i++
	}
	return min(i, len(p.text))
}

// spans are what the patterns find in the window, in order and without overlaps. What ends
// with a window that is not the last may go on: it belongs to the next one, or is longer
// than can be found.
func (p *patterns) spans(half, to int, last bool) [][2]int {
	var all [][2]int
	from := max(0, p.start-leftContext)
	from = p.border(from)
	for _, re := range p.list {
		for _, m := range re.FindAllIndex(p.text[from:to], -1) {
			s, e := m[0]+from, m[1]+from
			if e <= p.start || s == from && !p.first || e == to && !last && s >= half {
				continue
			}
			all = append(all, [2]int{s, e})
		}
	}
	slices.SortFunc(all, func(a, b [2]int) int { return a[0] - b[0] })
	merged := all[:0]
	for _, s := range all {
		if n := len(merged); n > 0 && s[0] < merged[n-1][1] {
			merged[n-1][1] = max(merged[n-1][1], s[1])
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// move makes the second half of the window the first of the next.
func (p *patterns) move(to int) {
	drop := max(0, to-leftContext)
	p.text = append(p.text[:0], p.text[drop:]...)
	p.base += drop
	p.start, p.done = to-drop, p.done-drop
	p.first = p.first && drop == 0
}
