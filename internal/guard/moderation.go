package guard

import (
	"context"
	"unicode/utf8"
)

// The sizes of what a moderation model is asked at once. Of a stream, text is let go when
// its window has passed.
const (
	windowRunes  = 2000 // characters of a stream's window
	windowBefore = 200  // and as much of what came before it
	pieceRunes   = 8000 // characters of a whole text's piece
	maxBatch     = 32   // pieces of one question
)

// Judgement is what a moderation model says of a text: scores from 0 to 1 by its names of
// the categories, and which of these it flagged.
type Judgement struct {
	Flagged    bool
	Scores     map[string]float64
	Categories map[string]bool
}

// Judge asks a provider's moderation model for a judgement of each text.
type Judge func(ctx context.Context, provider, model string, texts []string) ([]Judgement, error)

// judge asks about texts, and notes what comes of it. It is false where the texts must not
// pass. A context that has ended is the caller's affair, and not the model's.
func (g *Guard) judge(ctx context.Context, judge Judge, r *Report, texts []string) (pass bool, err error) {
	for len(texts) > 0 {
		n := min(len(texts), maxBatch)
		judgements, failed := judge(ctx, g.Provider, g.Model, texts[:n])
		if err := ctx.Err(); err != nil {
			return false, err
		}
		if failed != nil || len(judgements) != n {
			r.unsure(g)
			if !g.pass {
				return false, nil
			}
		}
		flagged := false
		for _, j := range judgements {
			flagged = g.weigh(j, r) || flagged
		}
		if flagged {
			r.found(g)
			if g.Action == Block {
				return false, nil
			}
		}
		texts = texts[n:]
	}
	return true, nil
}

// weigh takes one judgement into the report, and says whether it counts.
func (g *Guard) weigh(j Judgement, r *Report) (flagged bool) {
	for name, score := range j.Scores {
		counts := j.Categories[name]
		if g.threshold > 0 {
			counts = score >= g.threshold
		}
		flagged = flagged || counts
		r.score(category(name), severity(score, counts), counts && g.Action == Block)
	}
	for name, counts := range j.Categories {
		if _, scored := j.Scores[name]; scored {
			continue
		}
		flagged = flagged || counts
		r.score(category(name), severity(0, counts), counts && g.Action == Block)
	}
	if j.Flagged && g.threshold == 0 && !flagged {
		flagged = true
		r.score(Moderation, medium, g.Action == Block)
	}
	return flagged
}

// severity is the word for a score; what counts is never safe.
func severity(score float64, counts bool) string {
	switch {
	case score >= 0.8:
		return high
	case score >= 0.5, counts && score == 0:
		return medium
	case score >= 0.2, counts:
		return low
	}
	return safe
}

// windows asks about a text that comes in pieces, a window at a time.
type windows struct {
	guard  *Guard
	judge  Judge
	report *Report

	text  []byte // from what came before the window on
	start int    // of the window
	let   int    // up to here it is let go
	runes int    // of the window
}

func (m *windows) push(ctx context.Context, dst, piece []byte, end bool) (out []byte, blocked bool, err error) {
	for len(piece) > 0 || end {
		n := m.take(piece)
		m.text, piece = append(m.text, piece[:n]...), piece[n:]
		full := m.runes >= windowRunes
		if m.guard.Action == Mark {
			dst = append(dst, m.text[m.let:]...)
			m.let = len(m.text)
		}
		if !full && !end {
			return dst, false, nil
		}
		if last := end && len(piece) == 0; len(m.text) > m.start {
			if pass, err := m.guard.judge(ctx, m.judge, m.report, []string{string(m.text)}); err != nil || !pass {
				return dst, err == nil, err
			}
			dst = append(dst, m.text[m.let:]...)
			m.let = len(m.text)
			m.slide()
			if last {
				return dst, false, nil
			}
		} else if last {
			return dst, false, nil
		}
	}
	return dst, false, nil
}

// release judges what there is of the window. What comes later is judged with what stood
// before it.
func (m *windows) release(ctx context.Context, dst []byte) (out []byte, blocked bool, err error) {
	return m.push(ctx, dst, nil, true)
}

// take is how much of the piece fits into the window.
func (m *windows) take(piece []byte) int {
	for i := range piece {
		if utf8.RuneStart(piece[i]) {
			if m.runes == windowRunes {
				return i
			}
			m.runes++
		}
	}
	return len(piece)
}

// slide begins the next window.
func (m *windows) slide() {
	from := len(m.text)
	for n := 0; from > 0 && n < windowBefore; n++ {
		_, size := utf8.DecodeLastRune(m.text[:from])
		from -= size
	}
	m.text = append(m.text[:0], m.text[from:]...)
	m.start, m.let, m.runes = len(m.text), len(m.text), 0
}

// pieces cuts a whole text for the model.
func pieces(text string) []string {
	var all []string
	for text != "" {
		n, runes := 0, 0
		for n < len(text) && runes < pieceRunes {
			_, size := utf8.DecodeRuneInString(text[n:])
			n += size
			runes++
		}
		all, text = append(all, text[:n]), text[n:]
	}
	return all
}
