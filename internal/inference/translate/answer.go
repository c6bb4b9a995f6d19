package translate

import (
	"skytower/internal/inference/chatform"
	"skytower/internal/provider"
)

// Answer tells a chat completion as a response object. It keeps what the chat's answer
// counts; an answer that can't be read is an upstream's fault of class Broken.
func (t *Translation) Answer(a *provider.Answer) (*provider.Answer, error) {
	r := chatform.Reply{Whole: true}
	if !r.Read(a.Body) || r.Message == nil {
		return nil, chatform.Broken("the chat completion has no choice that can be read")
	}
	if err := r.Split(0); err != nil {
		return nil, err
	}
	pieces := appendPieces(make([]piece, 0, len(r.Pieces)+1), r.Pieces)
	if len(pieces) > mostItems {
		return nil, chatform.Broken("the chat completion has too many parts")
	}
	out := t.begin()
	out.stage = 2 // no events are given
	last := end(string(chatform.Inner(r.Finish)))
	pieces = append(pieces, last)
	for i := range pieces {
		out.run(&pieces[i])
	}
	out.filters.note(r.Prompts, r.Results)
	e := t.ending(last.reason)
	e.usage = t.charged(a.Usage)
	body := t.frame.append(make([]byte, 0, 2*len(a.Body)+1024), &e, out)
	return &provider.Answer{Body: body, Usage: a.Usage, Bytes: a.Bytes}, nil
}

// run does all that a piece needs.
func (o *output) run(p *piece) {
	for {
		next := o.step(p)
		if next.kind == opNone {
			return
		}
		o.apply(next)
		p.spent = p.spent || next.kind == opDelta || next.kind == opNote
	}
}
