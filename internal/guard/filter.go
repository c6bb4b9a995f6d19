package guard

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
}

func (f *filter) look(dst, piece []byte, end bool) (out []byte, blocked bool) {
	w := &f.window
	w.text, w.final = append(w.text, piece...), end
	if f.action == Mark {
		dst = append(dst, piece...) // nothing is held back for what changes nothing
	}
	done := f.at
	pass := func(to int) {
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
		f.at, done = to, to
	}
	pass(min(f.at, len(w.text)))
	f.at = done
	f.forget()
	return dst, false
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
	f.base += f.at - leftContext
	f.at = leftContext
}
