package guard

import (
	"context"
	"strings"
)

// Chain is the guards of a model, in the order in which they look.
type Chain []*Guard

// Of are those that look at the side; nil where none does.
func (c Chain) Of(side Side) Chain {
	var of Chain
	for _, g := range c {
		if g.Looks(side) {
			of = append(of, g)
		}
	}
	return of
}

// Changes reports whether some of the guards block or redact, so that only what they let go
// may pass.
func (c Chain) Changes() bool {
	for _, g := range c {
		if g.Action != Mark || g.Kind == Moderation && !g.pass || g.broken {
			return true
		}
	}
	return false
}

// Whole looks at texts as they are, and puts what the guards make of them in their places.
// Each guard gets to see what those before it let go. Where one blocks, report says so and
// the texts are worth nothing. The error is the context's.
func (c Chain) Whole(ctx context.Context, judge Judge, report *Report, texts []string) error {
	for _, g := range c {
		report.begin(g)
		if g.Kind == Moderation {
			var all []string
			for _, text := range texts {
				all = append(all, pieces(text)...)
			}
			if pass, err := g.judge(ctx, judge, report, all); err != nil || !pass {
				return err
			}
			continue
		}
		for i, text := range texts {
			one := Chain{g}.Open(judge, report)
			out, blocked, err := one.Push(ctx, nil, []byte(text), true)
			if blocked || err != nil {
				return err
			}
			if g.Action == Redact {
				texts[i] = string(out)
			}
		}
	}
	return nil
}

// Text is one text that comes in pieces. It is for one goroutine.
type Text struct {
	stages  []stage
	blocked bool
}

// stage is one guard's part of the work.
type stage interface {
	push(ctx context.Context, dst, piece []byte, end bool) (out []byte, blocked bool, err error)
	// release lets go of what is held back, as another text comes between.
	release(ctx context.Context, dst []byte) (out []byte, blocked bool, err error)
}

// Open begins a text. What is found goes into the report, which may serve several texts.
func (c Chain) Open(judge Judge, report *Report) *Text {
	t := &Text{}
	for _, g := range c {
		t.stages = append(t.stages, g.stages(judge, report, func(kind, int, int) {})...)
	}
	return t
}

// stages are what the guard does with a text, one after the other. Places are those in what
// the stage before has let go.
func (g *Guard) stages(judge Judge, report *Report, hear found) (all []stage) {
	report.begin(g)
	note := func(k kind, from, to int) {
		report.found(g)
		hear(k, from, to)
	}
	if g.broken {
		all = append(all, refusal{g, report})
	}
	if g.words != nil {
		all = append(all, &filter{finder: g.words, action: g.Action, report: note})
	}
	if len(g.patterns) > 0 {
		all = append(all, newPatterns(g.patterns, g.Action, note))
	}
	if g.personal != nil {
		all = append(all, &filter{finder: g.personal, action: g.Action, report: note})
	}
	if g.Kind == Moderation {
		all = append(all, &windows{guard: g, judge: judge, report: report})
	}
	return all
}

// Push takes the text's next piece, in UTF-8, and appends to dst what may pass now; with end,
// all that is left. Once blocked, nothing passes any more. The error is the context's.
func (t *Text) Push(ctx context.Context, dst, piece []byte, end bool) (out []byte, blocked bool, err error) {
	if t.blocked {
		return dst, true, nil
	}
	for _, s := range t.stages {
		piece, blocked, err = s.push(ctx, nil, piece, end)
		if err != nil {
			return dst, false, err
		}
		if blocked { // what this guard let go passes the others as the text's end
			t.blocked, end = true, true
		}
	}
	return append(dst, piece...), t.blocked, nil
}

// Release appends to dst all that is held back, since another text comes between this one's
// pieces and what came first is to be told first. Of a finding that goes on behind it, the
// part that comes later is blocked or replaced.
func (t *Text) Release(ctx context.Context, dst []byte) (out []byte, blocked bool, err error) {
	if t.blocked {
		return dst, true, nil
	}
	var piece []byte
	for _, s := range t.stages {
		passed, blocked, err := s.push(ctx, nil, piece, t.blocked)
		if err == nil && !blocked && !t.blocked {
			passed, blocked, err = s.release(ctx, passed)
		}
		if err != nil {
			return dst, false, err
		}
		piece, t.blocked = passed, t.blocked || blocked
	}
	return append(dst, piece...), t.blocked, nil
}

func (f *filter) push(_ context.Context, dst, piece []byte, end bool) (out []byte, blocked bool, err error) {
	out, blocked = f.look(dst, piece, end)
	return out, blocked, nil
}

func (p *patterns) push(_ context.Context, dst, piece []byte, end bool) (out []byte, blocked bool, err error) {
	out, blocked = p.look(dst, piece, end)
	return out, blocked, nil
}

// refusal lets nothing pass: its guard can't be read.
type refusal struct {
	guard  *Guard
	report *Report
}

func (r refusal) push(_ context.Context, dst, _ []byte, _ bool) (out []byte, blocked bool, err error) {
	r.report.found(r.guard)
	if r.report.blocked == nil {
		r.report.blocked = r.guard
	}
	return dst, true, nil
}

func (r refusal) release(ctx context.Context, dst []byte) (out []byte, blocked bool, err error) {
	return r.push(ctx, dst, nil, true)
}

// Local are the guards that ask nobody.
func (c Chain) Local() Chain {
	var local Chain
	for _, g := range c {
		if g.Kind != Moderation {
			local = append(local, g)
		}
	}
	return local
}

// Asking are the guards that ask a moderation model.
func (c Chain) Asking() Chain {
	var asking Chain
	for _, g := range c {
		if g.Kind == Moderation {
			asking = append(asking, g)
		}
	}
	return asking
}

// Mild are the guards that keep things from passing, with what they block replaced instead,
// but for moderation models, which judge a text as a whole: for texts that nobody is to be
// stopped for, and whose results nobody is told.
func (c Chain) Mild() Chain {
	var mild Chain
	for _, g := range c {
		switch {
		case g.Action == Mark && !g.broken:
			continue
		case g.Action == Block && g.Kind != Moderation:
			own := *g
			own.Action, g = Redact, &own
		}
		mild = append(mild, g)
	}
	return mild
}

// JSON follows a JSON text that comes in pieces, and puts quotes around what guards put in
// the place of a number: {"card":[card]} is none.
type JSON struct{ inString, escaped bool }

// Append appends the next piece to dst.
func (j *JSON) Append(dst, piece []byte) []byte {
	for i := 0; i < len(piece); i++ {
		c := piece[i]
		if j.inString {
			j.inString = j.escaped || c != '"'
			j.escaped = !j.escaped && c == '\\'
			dst = append(dst, c)
			continue
		}
		if c == '[' {
			if l := labelAt(piece[i:]); l != "" {
				dst = append(append(append(dst, '"'), l...), '"')
				i += len(l) - 1
				continue
			}
		}
		j.inString = c == '"'
		dst = append(dst, c)
	}
	return dst
}

// labelAt is the label with which a text begins, or "".
func labelAt(text []byte) string {
	for _, l := range labels() {
		if strings.HasPrefix(string(text[:min(len(text), len(label))]), l) {
			return l
		}
	}
	return ""
}
