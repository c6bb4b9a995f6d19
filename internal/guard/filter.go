package guard

import (
	"bytes"
	"context"
)

// leftContext is how many bytes before a place a finder may look at.
const leftContext = 64

// finder finds things in a text from left to right. It is immutable.
type finder interface {
	// next is the first place from i on where something may begin, by the bytes at that
	// place and before it alone.
	next(w *window, i int) int
	// find looks for something that begins at i. Where w.short is set then, it can't say yet.
	find(w *window, i int) (end int, k kind, ok bool)
}

// found hears of a finding and of its place in the text.
type found func(k kind, from, to int)

// filter looks at a text that comes in pieces by one finder. It lets go all of which no
// finding can be a part any more.
type filter struct {
	finder finder
	action Action
	report found

	window window
	base   int // of the window, in the text
	at     int // in the window: looked at up to here; what lies before is context
	told   int // in the window: let go up to here, though something may have begun before
}

func (f *filter) look(dst, piece []byte, end bool) (out []byte, blocked bool) {
	w := &f.window
	w.text, w.final = append(w.text, piece...), end
	if f.action == Mark {
		dst = append(dst, piece...) // nothing is held back for what changes nothing
	}
	done := max(f.at, f.told)
	pass := func(to int) {
		if to <= done {
			return
		}
		if f.action != Mark {
			dst = append(dst, w.text[done:to]...)
		}
		done = to
	}
	for f.at = f.finder.next(w, f.at); f.at < len(w.text); f.at = f.finder.next(w, f.at) {
		w.short = false
		to, k, ok := f.finder.find(w, f.at)
		if w.short {
			break
		}
		if !ok {
			f.at += f.step()
			continue
		}
		f.report(k, f.base+f.at, f.base+to)
		pass(f.at)
		switch f.action {
		case Block:
			return dst, true
		case Redact:
			labels := labels()
			dst = append(dst, labels[k]...)
		}
		f.at, done = to, max(done, to)
	}
	f.at = min(f.at, len(w.text))
	pass(f.at)
	f.forget()
	return dst, false
}

// release lets go of what is held back, though the text may go on: another text comes
// between. What it has whole is found as at an end; of what goes on to something later, the
// rest will be kept from passing.
func (f *filter) release(_ context.Context, dst []byte) (out []byte, blocked bool, err error) {
	whole := *f
	whole.window.text = bytes.Clone(f.window.text)
	found := 0
	whole.report = func(k kind, from, to int) {
		found++
		f.report(k, from, to)
	}
	if f.action != Mark {
		out, blocked = whole.look(nil, nil, true)
	}
	if found == 0 {
		if rest := max(f.at, f.told); f.action != Mark {
			dst = append(dst, f.window.text[rest:]...)
		}
		f.told = len(f.window.text)
		return dst, false, nil
	}
	whole.report = f.report
	*f = whole
	return append(dst, out...), blocked, nil
}

// step is the size of the rune at the cursor, which is whole: it was read.
func (f *filter) step() int {
	i := f.at + 1
	for i < len(f.window.text) && f.window.text[i]&0xc0 == 0x80 {
		i++
	}
	return i - f.at
}

// forget lets go of context that no finder looks at.
func (f *filter) forget() {
	const spare = 4 << 10
	if f.at < spare {
		return
	}
	text := f.window.text
	f.window.text = append(text[:0], text[f.at-leftContext:]...)
	gone := f.at - leftContext
	f.base += gone
	f.told = max(f.told-gone, 0)
	f.at = leftContext
}
