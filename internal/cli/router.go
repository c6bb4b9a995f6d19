package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"skytower/internal/skytells"
)

// defaultRouter is the router that is always there.
const defaultRouter = "deepbrain-router"

type routerCommand struct {
	Show    routerShow    `cmd:"" help:"List routers, or show one with its rules."`
	Set     routerSet     `cmd:"" help:"Make a router, or change one. Rules come by 'skytower apply -f'."`
	Explain routerExplain `cmd:"" help:"Show which model would serve a request now, and why; nothing runs."`
}

type routerShow struct {
	Slug string `arg:"" optional:"" help:"The router; all are listed if left out."`
}

// Run shows routers.
func (r *routerShow) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	models, err := c.ModelSpecs(ctx)
	if err != nil {
		return err
	}
	models = slices.DeleteFunc(models, func(m skytells.ModelSpec) bool { return !isRouter(m) })
	if r.Slug != "" {
		spec, err := findRouter(models, r.Slug)
		if err != nil {
			return err
		}
		return showRouter(s, spec)
	}
	return list(s, models, []string{"SLUG", "STATE", "POLICY", "MODELS", "STICKY", "RULES", "ALIASES", "MANAGED BY"},
		func(m skytells.ModelSpec) []string {
			spec := routerOf(m)
			return []string{m.Slug, modelState(m), spec.Policy, routedModels(m), spec.Sticky, count(len(spec.Rules)), strings.Join(m.Aliases, ","), m.Managed}
		})
}

func isRouter(m skytells.ModelSpec) bool { return m.Router != nil || m.Slug == defaultRouter }

// routerOf is a router's section, an empty one where it has none.
func routerOf(m skytells.ModelSpec) skytells.RouterSpec {
	if m.Router == nil {
		return skytells.RouterSpec{}
	}
	return *m.Router
}

func findRouter(routers []skytells.ModelSpec, slug string) (skytells.ModelSpec, error) {
	var slugs []string
	for _, m := range routers {
		if m.Slug == slug {
			return m, nil
		}
		slugs = append(slugs, m.Slug)
	}
	return skytells.ModelSpec{}, fmt.Errorf("there is no router %s%s", slug, didYouMean(slug, slugs))
}

// routedModels says among what a router chooses.
func routedModels(m skytells.ModelSpec) string {
	switch {
	case m.Router == nil:
		return "the default models (skytower settings)"
	case len(m.Router.Models) == 0:
		return "all that serve chat"
	}
	return strings.Join(m.Router.Models, ",")
}

// count is "" for none.
func count(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func showRouter(s *session, m skytells.ModelSpec) error {
	return s.show(m, func(t *table) {
		spec := routerOf(m)
		t.row("slug", m.Slug)
		t.row("state", modelState(m))
		t.row("aliases", strings.Join(m.Aliases, ","))
		t.row("policy", spec.Policy)
		t.row("models", routedModels(m))
		t.row("sticky", spec.Sticky)
		for i, rule := range spec.Rules {
			t.row("rule "+strconv.Itoa(i), ruleText(rule))
		}
		t.row("managed by", m.Managed)
	})
}

// ruleText is a rule in a line: "with tools, input over 8000: fastest of a,b".
func ruleText(r skytells.RouterRule) string {
	var when []string
	for _, one := range []struct {
		what string
		is   *bool
	}{{"tools", r.When.Tools}, {"images", r.When.Images}, {"a JSON schema", r.When.JSONSchema}} {
		if one.is != nil {
			when = append(when, map[bool]string{true: "with ", false: "without "}[*one.is]+one.what)
		}
	}
	if r.When.InputOver > 0 {
		when = append(when, "input over "+strconv.FormatInt(r.When.InputOver, 10))
	}
	if r.When.InputUnder > 0 {
		when = append(when, "input under "+strconv.FormatInt(r.When.InputUnder, 10))
	}
	then := cmp.Or(r.Policy, "the router's policy")
	if len(r.Models) > 0 {
		then += " of " + strings.Join(r.Models, ",")
	}
	return strings.Join(when, ", ") + ": " + then
}

// routerSet changes what is given and leaves the rest.
type routerSet struct {
	Slug    string   `arg:"" help:"The router's slug; it is made if no model has it."`
	Policy  *string  `placeholder:"fixed|cheapest|fastest|balanced" help:"fixed: the first of --model that can serve the request; cheapest: by cost; fastest: by measured speed; balanced: both."`
	Models  []string `name:"model" placeholder:"SLUG" help:"A model to choose from, for fixed in the order of preference; again for each. They take the place of those before."`
	All     bool     `name:"all-models" help:"Choose from all models that serve chat, built-in ones aside."`
	Sticky  *string  `placeholder:"auto|user|prompt_cache_key|off" help:"What keeps requests at one model, so that its prompt cache is used; auto: prompt_cache_key, else user."`
	Default bool     `help:"Of deepbrain-router: stand for the default models again (skytower models default)."`
}

// Run makes or changes the router.
func (r *routerSet) Run(ctx context.Context, s *session) error {
	if err := r.check(); err != nil {
		return err
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	models, err := c.ModelSpecs(ctx)
	if err != nil {
		return err
	}
	spec := skytells.ModelSpec{Slug: r.Slug}
	if i := slices.IndexFunc(models, func(m skytells.ModelSpec) bool { return m.Slug == r.Slug }); i >= 0 {
		spec = models[i]
	}
	if err := r.apply(&spec); err != nil {
		return err
	}
	if spec, err = c.PutModel(ctx, spec); err != nil {
		return err
	}
	return showRouter(s, spec)
}

func (r *routerSet) check() error {
	given := r.Policy != nil || len(r.Models) > 0 || r.All || r.Sticky != nil
	switch {
	case r.Default && given:
		return usagef("--default takes the policy and the models away: give it alone")
	case r.Default && r.Slug != defaultRouter:
		return usagef("only %s has a default: skytower models remove %s removes a router", defaultRouter, r.Slug)
	case !r.Default && !given:
		return usagef("say what to change: --policy, --model, --all-models, --sticky")
	case r.All && len(r.Models) > 0:
		return usagef("--model and --all-models exclude each other")
	}
	return nil
}

// apply changes what was given in the spec, of a router or of a new model.
func (r *routerSet) apply(spec *skytells.ModelSpec) error {
	if r.Default {
		spec.Router = nil
		return nil
	}
	if !isRouter(*spec) && (spec.API != "" || len(spec.Targets) > 0) {
		return usagef("%s is a model that %s serves, not a router: choose another slug", spec.Slug, firstOf(servedBy(*spec), "nothing"))
	}
	section := routerOf(*spec)
	if spec.Router == nil && r.Policy == nil {
		return usagef("--policy is missing: how %s chooses", spec.Slug)
	}
	set(&section.Policy, r.Policy)
	set(&section.Sticky, r.Sticky)
	if r.All || len(r.Models) > 0 {
		section.Models = r.Models
	}
	spec.Router = &section
	return nil
}

type targetsCommand struct{}

// Run lists what the server has seen of targets.
func (*targetsCommand) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	targets, err := c.Targets(ctx)
	if err != nil {
		return err
	}
	return list(s, targets, []string{"PROVIDER", "MODEL", "STATE", "UNTIL", "FAILURES", "FIRST BYTE", "TOKENS/S"},
		func(t skytells.TargetHealth) []string {
			until := ""
			if t.Until != nil {
				until = t.Until.Local().Format("15:04:05")
			}
			return []string{t.Provider, t.Model, t.State, until, count(t.Failures), milliseconds(t.FirstByteMS), measured(t.TokensPerSecond)}
		})
}

// milliseconds is "" for what was not measured.
func milliseconds(ms float64) string {
	if ms == 0 {
		return ""
	}
	return measured(ms) + " ms"
}

func measured(n float64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatFloat(n, 'f', 1, 64)
}
