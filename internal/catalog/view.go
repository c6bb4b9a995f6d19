package catalog

import (
	"slices"
	"strings"
	"sync"
)

// Viewer is who looks at the catalogue, as far as it decides what he sees.
type Viewer struct {
	Account string
	Only    []string // slugs that his key may use; empty: all
	Edge    bool     // he came by the edge surface, which serves some models only
}

// Bounds of the lists that are kept for viewers who don't see what everybody does.
const (
	maxViews     = 256
	maxViewBytes = 8 << 20 // of all of them together
)

// sees reports whether a model is there for the viewer. A router is where it stands for
// a model that he reaches by it.
func (s *Snapshot) sees(v Viewer, m *Model) bool {
	switch {
	case !m.Open, m.Private && !m.accounts[v.Account], !v.allows(m.Slug):
		return false
	case m.Router:
		return s.reachesAny(v, s.behind(m))
	}
	return m.Edge || !v.Edge
}

// allows reports whether the viewer's key may use the model of that slug.
func (v Viewer) allows(slug string) bool {
	if len(v.Only) == 0 {
		return true
	}
	for _, one := range v.Only {
		if strings.EqualFold(one, slug) {
			return true
		}
	}
	return false
}

// plain reports whether the viewer sees what everybody does.
func (s *Snapshot) plain(v Viewer) bool { return !v.Edge && len(v.Only) == 0 && !s.granted[v.Account] }

// view is what one viewer sees.
type view struct {
	models   []*Model // by slug
	list     []byte   // their cards as a JSON array
	openList []byte   // the same as OpenAI's list
}

// List returns the models that the viewer sees, by slug.
func (c *Catalog) List(v Viewer) []*Model { return slices.Clone(c.current.Load().viewOf(v).models) }

// ListJSON is the list of GET /models: a bare array of cards without schemas
// (contract 5.1). The caller must not change it.
func (c *Catalog) ListJSON(v Viewer) []byte { return c.current.Load().viewOf(v).list }

// OpenAIListJSON is the same list as OpenAI clients read it (contract 15.8). The
// caller must not change it.
func (c *Catalog) OpenAIListJSON(v Viewer) []byte { return c.current.Load().viewOf(v).openList }

func (s *Snapshot) viewOf(v Viewer) view {
	if s.plain(v) {
		return s.public
	}
	if !s.granted[v.Account] {
		v.Account = "" // all of these see the same
	}
	return s.views.get(v, func() view { return s.newView(v) })
}

// newView picks what the viewer sees and joins the documents.
func (s *Snapshot) newView(v Viewer) view {
	w := view{list: []byte{'['}, openList: []byte(`{"object":"list","data":[`)}
	for _, m := range s.open {
		if !s.sees(v, m) {
			continue
		}
		if len(w.models) > 0 {
			w.list, w.openList = append(w.list, ','), append(w.openList, ',')
		}
		w.models = append(w.models, m)
		w.list, w.openList = append(w.list, m.cardDoc...), append(w.openList, m.openDoc...)
	}
	w.list, w.openList = append(w.list, ']'), append(w.openList, "]}"...)
	return w
}

// views keeps what was made for viewers, as long as their snapshot lives. When it is full,
// further views are made again each time.
type views struct {
	mu   sync.Mutex
	kept map[string]view
	size int
}

func (s *views) get(v Viewer, build func() view) view {
	key := v.key()
	s.mu.Lock()
	w, ok := s.kept[key]
	s.mu.Unlock()
	if ok {
		return w
	}
	w = build()
	size := len(key) + cap(w.list) + cap(w.openList)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.kept[key]; !ok && len(s.kept) < maxViews && s.size+size <= maxViewBytes {
		if s.kept == nil {
			s.kept = map[string]view{}
		}
		s.kept[key], s.size = w, s.size+size
	}
	return w
}

// key tells viewers apart. No slug and no account's id holds a line break.
func (v Viewer) key() string {
	surface := "standard"
	if v.Edge {
		surface = "edge"
	}
	return surface + "\n" + v.Account + "\n" + strings.Join(v.Only, "\n")
}
