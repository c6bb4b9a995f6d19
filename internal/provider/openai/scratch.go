package openai

import "skytower/internal/provider"

// maxScratch is the largest buffer, in bytes, that is kept for the next answer.
const maxScratch = 256 << 10

// scratch is the memory of one whole answer: what came, and what is made of it. It
// serves the next one when the caller has called Answer.Free.
type scratch struct {
	answer provider.Answer
	body   []byte // as it came; embeddings are changed in it
	out    []byte // with the shown name, where a copy was made

	// Of embeddings.
	frame   []byte // body without its vectors
	shown   []byte // frame with the shown name
	vectors [][]byte
	places  []int // of the vectors in frame

	free func() // made once
}

// scratch returns an empty one.
func (p *Provider) scratch() *scratch {
	if s, _ := p.scratches.Get().(*scratch); s != nil {
		return s
	}
	s := &scratch{}
	s.free = func() {
		if cap(s.body) > maxScratch || cap(s.out) > maxScratch || cap(s.frame) > maxScratch || cap(s.shown) > maxScratch {
			return
		}
		clear(s.vectors) // those that were converted stand outside body
		s.answer = provider.Answer{}
		s.vectors, s.places = s.vectors[:0], s.places[:0]
		p.scratches.Put(s)
	}
	return s
}

// done is the answer, with body, which may be a part of the scratch.
func (s *scratch) done(a provider.Answer) *provider.Answer {
	s.answer = a
	s.answer.Free = s.free
	return &s.answer
}

// showModel puts the shown name in place of model, in out.
func (s *scratch) showModel(model, shown []byte) []byte {
	body := showModel(s.out, s.body, model, shown)
	if len(body) > 0 && len(s.body) > 0 && &body[0] != &s.body[0] {
		s.out = body
	}
	return body
}
