package inference

import (
	"hash/fnv"

	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/price"
	"skytower/internal/rawjson"
	"skytower/internal/route"
)

// targetSet shows a model's targets to the board. It is the model itself, so that asking
// costs nothing.
type targetSet catalog.Model

// Len is how many there are.
func (s *targetSet) Len() int { return len(s.Targets) }

// Target names one.
func (s *targetSet) Target(i int) route.Target {
	t := &s.Targets[i]
	return route.Target{Name: t.Name, Priority: t.Priority, Weight: t.Weight}
}

// choice is how a model behind a router was chosen.
type choice struct {
	router   *catalog.Model
	rule     int // of the router's rules; -1: none
	policy   route.Policy
	sticky   string           // field of the request that decided; "": none
	able     []*catalog.Model // candidates that can serve the request
	unable   []candidate
	options  []route.Option
	ranked   []route.Ranked
	features catalog.Features // that the request needs
	key      uint64           // of stickiness; 0: none
}

// candidate is a model that was left out.
type candidate struct {
	model *catalog.Model
	why   string
}

// choose resolves a router: by what the request needs, then by policy.
func (r *run) choose(router *catalog.Model, viewer catalog.Viewer) (*choice, error) {
	c := &choice{router: router, rule: -1, features: r.req.features(r.size)}
	models := c.ruled(r.size)
	for _, m := range r.svc.Catalog.Candidates(models, viewer, catalogAPI(r.req.API)) {
		if why := r.unable(m, c.features); why != "" {
			c.unable = append(c.unable, candidate{m, why})
			continue
		}
		c.able = append(c.able, m)
	}
	if len(c.able) == 0 {
		return c, noneAble(r.req.Model, c)
	}
	c.sticky, c.key = r.req.sticky(router.Choice.Sticky, r.who.Account)
	c.options = make([]route.Option, len(c.able))
	for i, m := range c.able {
		c.options[i] = r.option(m)
	}
	rank := r.svc.Routes.Choose
	if r.preview {
		rank = r.svc.Routes.Preview
	}
	c.ranked = rank(c.policy, c.options, c.key)
	return c, nil
}

// ruled finds the rule that holds, and gives the list of models to choose from.
func (c *choice) ruled(s size) []string {
	choice := c.router.Choice
	policy, models := choice.Policy, choice.Models
	in := s.atMost(0)
	for i := range choice.Rules {
		rule := &choice.Rules[i]
		if !rule.Holds(c.features, in) {
			continue
		}
		c.rule = i
		if rule.Policy != "" {
			policy = rule.Policy
		}
		if len(rule.Models) > 0 {
			models = rule.Models
		}
		break
	}
	c.policy = route.Policy(policy)
	return models
}

// unable says why the model cannot serve the request, "" if it can.
func (r *run) unable(m *catalog.Model, needs catalog.Features) string {
	if lacks := needs &^ m.Features; m.Features != 0 && lacks != 0 {
		return "it does not take " + lacks.String()
	}
	if m.ContextLength > 0 && r.size.atMost(0) > m.ContextLength {
		return "its context is too short"
	}
	return ""
}

func noneAble(name string, c *choice) error {
	if len(c.unable) == 0 {
		return fault.Newf(fault.ServiceUnavailable, "No model behind '%s' is there at the moment.", name)
	}
	f := fault.Newf(fault.ModelNotSupported, "No model behind '%s' can serve this request: %s.", name, c.unable[0].why)
	f.Param = "model"
	return f
}

// option is what the board needs to know of a candidate. A model whose cost is not known
// counts at its price, and a free one at nothing.
func (r *run) option(m *catalog.Model) route.Option {
	n := r.needsOf(m)
	out := n.all(expectedOutput(n.each))
	o := route.Option{Model: m.Slug, Targets: (*targetSet)(m), Cost: -1, Output: out}
	used := price.Tokens{In: n.in, Out: out}
	for i := range m.Targets {
		if m.Targets[i].Cost == nil {
			continue
		}
		if cost, err := m.Targets[i].Cost.Tokens(used); err == nil && (o.Cost < 0 || int64(cost) < o.Cost) {
			o.Cost = int64(cost)
		}
	}
	if o.Cost >= 0 {
		return o
	}
	if amount, err := m.Price.Tokens(used); err == nil {
		o.Cost = int64(amount)
	}
	return o
}

// typicalOutput stands for the length of an answer, in tokens, where models are compared:
// what callers allow is far more than what they get.
const typicalOutput = 256

func expectedOutput(most int64) int64 {
	if most <= 0 {
		return typicalOutput
	}
	return min(most, typicalOutput)
}

// features are what the request needs of a model besides text.
func (r *Request) features(s size) catalog.Features {
	var f catalog.Features
	if tools, ok, _ := r.Body.Array("tools"); ok && len(tools) > len("[]") {
		f |= catalog.HasTools
	}
	if s.pictures > 0 {
		f |= catalog.HasImages
	}
	if r.asksSchema() {
		f |= catalog.HasJSONSchema
	}
	return f
}

func (r *Request) asksSchema() bool {
	format, _ := r.Body.Raw("response_format")
	switch r.API {
	case Responses:
		text, _ := r.Body.Raw("text")
		format, _ = rawjson.Get(text, "format")
	case Messages:
		output, _ := r.Body.Raw("output_config")
		if format, _ = rawjson.Get(output, "format"); format == nil {
			format, _ = r.Body.Raw("output_format")
		}
	}
	kind, _ := rawjson.Get(format, "type")
	return string(kind) == `"json_schema"`
}

// The fields that can keep requests at one target.
const (
	cacheKey  = "prompt_cache_key"
	userField = "user"
)

// sticky reads the field that keeps the request at one model, and hashes it within the
// account. mode is that of catalog.Choice.
func (r *Request) sticky(mode, account string) (field string, key uint64) {
	names := []string{cacheKey, userField}
	switch mode {
	case "off":
		return "", 0
	case cacheKey, userField:
		names = []string{mode}
	}
	for _, name := range names {
		if value, ok := r.stickyField(name); ok && rawjson.KindOf(value) == rawjson.KindString && len(value) > len(`""`) {
			return name, stickyKey(account, value)
		}
	}
	return "", 0
}

// stickyField is the field's value; the Messages API has the user elsewhere, and no key of a
// prompt's cache.
func (r *Request) stickyField(name string) ([]byte, bool) {
	if r.API != Messages {
		return r.Body.Raw(name)
	}
	if name != userField {
		return nil, false
	}
	metadata, _ := r.Body.Raw("metadata")
	return rawjson.Get(metadata, "user_id")
}

// stickyKey is the same in every process; it is never 0.
func stickyKey(account string, value []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(account))
	_, _ = h.Write(value)
	return max(h.Sum64(), 1)
}

// affinity is the key that keeps requests of one prompt at one target, 0 if there is
// none. A router's own choice goes before.
func (r *run) affinity() uint64 {
	if r.chosen != nil {
		return r.chosen.key
	}
	if len(r.model.Model.Targets) < 2 || r.req.API == Embeddings {
		return 0
	}
	_, key := r.req.sticky(cacheKey, r.who.Account)
	return key
}

// first is the chosen model.
func (c *choice) first() *catalog.Model { return c.able[c.ranked[0].Index] }
