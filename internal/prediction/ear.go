package prediction

import (
	"sync"

	"skytower/internal/provider"
)

// maxHeard bounds what waits for one who listens, in bytes. A caller who takes it slower
// than it is made hears no more before the end.
const maxHeard = 1 << 20

// Ear hears a sound while it is made, where the run is in this process: what it hears is the
// beginning of the file that the prediction will have, and its end comes from that file. A
// run elsewhere, or one that guards look at, is not heard. It is an interface so that edges
// can be tried on a script.
type Ear interface {
	// News gets a value when there is something to take.
	News() <-chan struct{}
	// Take gives what came since, and the type that the upstream states.
	Take() (piece []byte, kind string)
	Close()
}

// ears are those of this process.
type ears struct {
	mu   sync.Mutex
	byID map[string]*ear // by prediction
}

// Listen listens to a prediction with an id that is about to be made.
func (s *Service) Listen(id string) Ear {
	e := &ear{ears: &s.ears, id: id, news: make(chan struct{}, 1)}
	s.ears.mu.Lock()
	defer s.ears.mu.Unlock()
	if s.ears.byID == nil {
		s.ears.byID = map[string]*ear{}
	}
	s.ears.byID[id] = e
	return e
}

func (l *ears) of(id string) *ear {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.byID[id]
}

type ear struct {
	ears *ears
	id   string
	news chan struct{}

	mu     sync.Mutex
	pieces []byte
	kind   string
	by     *run // whose sound it is
	deaf   bool // a piece was missed, and so nothing that follows fits
}

func (e *ear) News() <-chan struct{} { return e.news }

func (e *ear) Take() (piece []byte, kind string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	piece, e.pieces = e.pieces, nil
	return piece, e.kind
}

func (e *ear) Close() {
	e.ears.mu.Lock()
	defer e.ears.mu.Unlock()
	if e.ears.byID[e.id] == e {
		delete(e.ears.byID, e.id)
	}
}

// hear takes the next piece of a run's sound, and reports whether it did.
func (e *ear) hear(by *run, p provider.Progress) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.by == nil {
		e.by = by
	}
	e.deaf = e.deaf || e.by != by || len(e.pieces)+len(p.Sound) > maxHeard
	if e.deaf {
		return false
	}
	e.pieces, e.kind = append(e.pieces, p.Sound...), p.SoundType
	select {
	case e.news <- struct{}{}:
	default:
	}
	return true
}

// sound passes a piece of the run's sound on to who listens. What guards look at, they see
// whole.
func (r *run) sound(p provider.Progress) {
	if r.screen != nil {
		return
	}
	if e := r.s.ears.of(r.rec.ID); e != nil && e.hear(r, p) {
		r.heard.Store(true)
	}
}
