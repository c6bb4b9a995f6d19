package inference

import (
	"context"
	"fmt"
	"strings"
	"time"

	"skytower/internal/account"
	"skytower/internal/catalog"
	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/route"
	"skytower/internal/skytells"
)

// Explain says how a request would be routed now, and why. Nothing runs, and nothing
// is taken. The errors are those that the request itself would get before it runs.
func (s *Service) Explain(ctx context.Context, asked skytells.RouterExplainRequest) (*skytells.RouterExplanation, error) {
	api := API(asked.API)
	switch api {
	case "":
		api = Chat
	case Chat, Responses, Messages:
	default:
		return nil, fault.Invalid("api", "'api' must be chat, responses or messages.")
	}
	req, err := s.Parser.Parse(api, asked.Request, false)
	if err != nil {
		return nil, err
	}
	r := &run{svc: s, who: account.Principal{Account: asked.Account}, req: req, preview: true}
	failed := r.check(ctx)
	if failed != nil && r.chosen == nil {
		return nil, failed
	}
	return r.explanation(failed), nil
}

// explanation tells of a request that was checked; failed is set where no model behind
// the router can serve it.
func (r *run) explanation(failed error) *skytells.RouterExplanation {
	e := &skytells.RouterExplanation{
		Asked: r.req.Model, Candidates: []skytells.RouterCandidate{}, Targets: []skytells.RouterTarget{}, Model: r.result.Model,
		Needs: r.routerNeeds(),
	}
	if c := r.chosen; c != nil {
		e.Router, e.Policy, e.Sticky = c.router.Slug, string(c.policy), c.sticky
		if c.rule >= 0 {
			e.Rule = &c.rule
		}
		e.Candidates = r.candidates()
	}
	switch {
	case failed != nil:
		e.Model, e.Why = "", fault.From(failed).Message
		return e
	case r.chosen == nil && r.model.Routed:
		e.Router, e.Policy, e.Why = catalog.Router, string(route.Fixed), "It is the model that was chosen for all requests (default_chat)."
	case r.chosen == nil:
		e.Why = "The request names the model itself."
	default:
		e.Why = r.chosen.reason()
	}
	e.Targets = r.routerTargets()
	return e
}

func (r *run) routerNeeds() skytells.RouterNeeds {
	f := r.req.features(r.size)
	n := skytells.RouterNeeds{
		Tools: f&catalog.HasTools != 0, Images: f&catalog.HasImages != 0, JSONSchema: f&catalog.HasJSONSchema != 0, Input: r.size.atMost(0),
	}
	if r.model.Model != nil {
		n.Output = r.need.all(r.need.each)
	}
	return n
}

// candidates are the able models in their order, and then those that were left out.
func (r *run) candidates() []skytells.RouterCandidate {
	out := []skytells.RouterCandidate{}
	for place, k := range r.chosen.ranked {
		o := r.chosen.options[k.Index]
		c := skytells.RouterCandidate{
			Model: o.Model, Able: true, Healthy: k.Healthy, Score: k.Score, FirstByteMS: milliseconds(k.FirstByte), TokensPerSecond: k.PerSecond,
			Why: r.chosen.place(place, k),
		}
		if o.Cost >= 0 {
			c.Cost = skytells.Amount(money.Nanos(o.Cost).String())
		}
		out = append(out, c)
	}
	for _, u := range r.chosen.unable {
		out = append(out, skytells.RouterCandidate{Model: u.model.Slug, Why: u.why})
	}
	return out
}

// place says why a candidate stands where it does.
func (c *choice) place(place int, k route.Ranked) string {
	why := k.NotCounted
	switch {
	case why != "":
	case k.Exploring:
		why = "it is tried so that its speed is known"
	case k.Preferred:
		why = "the request's '" + c.sticky + "' keeps it here"
	case place == 0:
		why = "best by policy " + string(c.policy)
	default:
		why = "behind by policy " + string(c.policy)
	}
	if c.able[k.Index].Features == 0 && c.features != 0 {
		why += "; what it can serve is not known (features)"
	}
	return why
}

// reason is the choice in one sentence.
func (c *choice) reason() string {
	by := "the router's own policy"
	if c.rule >= 0 {
		by = fmt.Sprintf("rule %d", c.rule)
	}
	return fmt.Sprintf("By %s (%s), among %d models that can serve it: %s.", by, c.policy, len(c.able), c.place(0, c.ranked[0]))
}

// routerTargets are the chosen model's targets in the order in which they would be tried.
func (r *run) routerTargets() []skytells.RouterTarget {
	m := r.model.Model
	out := []skytells.RouterTarget{}
	for _, i := range r.svc.Routes.Peek(m.Slug, (*targetSet)(m), r.affinity()) {
		t := m.Targets[i]
		h := r.svc.Routes.Health(t.Name)
		told := skytells.RouterTarget{
			Provider: t.Provider, Model: t.Model, State: string(h.State), Failures: h.Failures,
			FirstByteMS: milliseconds(h.FirstByte), TokensPerSecond: h.PerSecond,
		}
		if wait := h.Until.Sub(r.svc.Now()); wait > 0 && !h.Until.IsZero() {
			told.RetryInMS = wait.Milliseconds()
		}
		out = append(out, told)
	}
	return out
}

// Targets are those that this process has used, and how they do.
func (s *Service) Targets(context.Context) []skytells.TargetHealth {
	out := []skytells.TargetHealth{}
	for _, h := range s.Routes.Known() {
		provider, model, _ := strings.Cut(h.Target, "/") // a provider's name has no slash
		t := skytells.TargetHealth{
			Provider: provider, Model: model, State: string(h.State), Failures: h.Failures,
			FirstByteMS: milliseconds(h.FirstByte), TokensPerSecond: h.PerSecond,
		}
		if !h.Until.IsZero() {
			t.Until = &h.Until
		}
		out = append(out, t)
	}
	return out
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
