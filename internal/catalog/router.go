package catalog

import (
	"iter"
	"slices"
	"strings"

	"skytower/internal/skytells"
)

// Features are what requests a chat model can serve besides text.
type Features uint8

// The features. HasText is set wherever any are known.
const (
	HasText Features = 1 << iota
	HasTools
	HasImages
	HasJSONSchema
)

// Choice is how a router chooses (skytells.RouterSpec). Models stand in it by their slugs.
type Choice struct {
	Policy string // fixed, cheapest, fastest, balanced
	Models []string
	Sticky string // auto, user, prompt_cache_key, off
	Rules  []Rule
}

// Rule chooses otherwise for requests that meet all of its conditions.
type Rule struct {
	Tools, Images, JSONSchema *bool
	InputOver, InputUnder     int64  // tokens; 0: no condition
	Policy                    string // "": the router's
	Models                    []string
}

func choiceOf(r *skytells.RouterSpec) *Choice {
	if r == nil {
		return nil
	}
	c := &Choice{Policy: r.Policy, Models: slices.Clone(r.Models), Sticky: r.Sticky}
	for _, rule := range r.Rules {
		c.Rules = append(c.Rules, Rule{
			Tools: rule.When.Tools, Images: rule.When.Images, JSONSchema: rule.When.JSONSchema,
			InputOver: rule.When.InputOver, InputUnder: rule.When.InputUnder,
			Policy: rule.Policy, Models: slices.Clone(rule.Models),
		})
	}
	return c
}

// Candidates are the models that a router may choose from for the viewer, in the order
// of its list: open, not offline, of the api, no routers. An empty list stands for
// all but the built-in ones.
func (c *Catalog) Candidates(list []string, v Viewer, api string) []*Model {
	s := c.current.Load()
	var out []*Model
	for m := range s.listed(list, api) {
		if !m.Offline && s.reaches(v, m) {
			out = append(out, m)
		}
	}
	return out
}

// listed are the open models of the api that a router's list stands for.
func (s *Snapshot) listed(list []string, api string) iter.Seq[*Model] {
	return func(yield func(*Model) bool) {
		for _, slug := range list {
			if m := s.lookup(slug); m != nil && m.Open && !m.Router && m.API == api && !yield(m) {
				return
			}
		}
		if len(list) > 0 {
			return
		}
		for _, m := range s.open {
			if !m.Builtin && !m.Router && m.API == api && !yield(m) {
				return
			}
		}
	}
}

// choices are all models that a router could choose, for some request; some come twice.
func (s *Snapshot) choices(c *Choice) iter.Seq[*Model] {
	return func(yield func(*Model) bool) {
		for m := range s.listed(c.Models, Chat) {
			if !yield(m) {
				return
			}
		}
		for _, rule := range c.Rules {
			if len(rule.Models) == 0 {
				continue // the router's
			}
			for m := range s.listed(rule.Models, Chat) {
				if !yield(m) {
					return
				}
			}
		}
	}
}

// behind are all models that a router could stand for, whoever calls.
func (s *Snapshot) behind(router *Model) iter.Seq[*Model] {
	return func(yield func(*Model) bool) {
		if router.Slug == Router && s.embedding != nil && !yield(s.embedding) {
			return
		}
		if router.Choice == nil {
			if s.chat != nil {
				yield(s.chat)
			}
			return
		}
		s.choices(router.Choice)(yield)
	}
}

// reaches reports whether a router that the viewer sees may choose the model for him. A
// list of models that his key is restricted to holds behind routers too. One that names
// nothing but routers would leave them no model, so it stands for what everybody may use.
func (s *Snapshot) reaches(v Viewer, m *Model) bool {
	if !s.onlyRouters(v.Only) {
		return s.sees(v, m)
	}
	v.Only = nil
	return !m.Private && s.sees(v, m)
}

func (s *Snapshot) reachesAny(v Viewer, models iter.Seq[*Model]) bool {
	for m := range models {
		if s.reaches(v, m) {
			return true
		}
	}
	return false
}

// onlyRouters reports whether a key's list names routers alone. A name that stands for
// nothing now, such as that of a deleted model, is no router's.
func (s *Snapshot) onlyRouters(list []string) bool {
	for _, slug := range list {
		if m := s.lookup(slug); m == nil || !m.Router || !strings.EqualFold(m.Slug, slug) {
			return false
		}
	}
	return len(list) > 0
}
