package catalog

// Features are what requests a chat model can serve besides text.
type Features uint8

// The features. HasText is set wherever any are known.
const (
	HasText Features = 1 << iota
	HasTools
	HasImages
	HasJSONSchema
)

// Choice is how a router chooses (skytells.RouterSpec).
type Choice struct {
	Policy string // fixed, cheapest, fastest, balanced
	Models []string
	Sticky string // auto, user, prompt_cache_key, off
	Rules  []Rule
}

// Rule chooses otherwise for requests that meet all of its conditions.
type Rule struct {
	Tools, Images, JSONSchema *bool
	InputOver, InputUnder     int64 // tokens; 0: no condition
	Policy                    string
	Models                    []string
}

// Candidates are the models that a router may choose from for the viewer, in the order
// of its list: open, not offline, of the api, no routers. An empty list stands for
// all but the built-in ones.
func (c *Catalog) Candidates(list []string, v Viewer, api string) []*Model {
	s := c.current.Load()
	var out []*Model
	add := func(m *Model) {
		if m != nil && m.Open && !m.Offline && !m.Router && m.API == api && s.sees(v, m) {
			out = append(out, m)
		}
	}
	for _, slug := range list {
		add(s.lookup(slug))
	}
	if len(list) > 0 {
		return out
	}
	for _, m := range s.open {
		if !m.Builtin {
			add(m)
		}
	}
	return out
}
