package catalog

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"skytower/internal/fault"
	"skytower/internal/secret"
	"skytower/internal/skytells"
)

// maxProblems bounds what one refusal lists.
const maxProblems = 50

// plan works out what a load of resources makes of the catalogue. It collects
// every problem, each with its path in the request, and touches no database.
type plan struct {
	resources skytells.Resources
	old, next *state
	now       time.Time
	sealer    *secret.Sealer // nil: literal credentials are refused
	source    string         // the file that manages the resources, or ""
	takeOver  bool           // resources that another file manages may be changed
	commands  bool           // what the process itself brings: kind command is allowed

	guards    []skytells.GuardSpec // in their normal form, as in the request
	providers []skytells.ProviderSpec
	models    []skytells.ModelSpec
	changes   []skytells.ResourceChange
	problems  []problem
	conflict  bool  // some problem is a clash with what exists: 409
	ordinal   int64 // of the newest model
	// names maps every name in lower case to the slug that it stands for once the request
	// is carried out.
	names map[string]string
}

type problem struct{ path, text string }

func newPlan(old *state, resources skytells.Resources, now time.Time) *plan {
	return &plan{
		resources: resources, old: old, next: old.clone(), now: now.UTC().Truncate(time.Microsecond),
		guards: slices.Clone(resources.Guards), providers: slices.Clone(resources.Providers), models: slices.Clone(resources.Models),
	}
}

// run fills next, changes and problems.
func (p *plan) run() {
	p.changes = []skytells.ResourceChange{}
	p.ordinal = p.old.lastOrdinal()
	p.names = p.namesAfter()
	for i := range p.guards {
		p.planGuard(fmt.Sprintf("guards[%d]", i), &p.guards[i])
	}
	for i := range p.providers {
		p.planProvider(fmt.Sprintf("providers[%d]", i), &p.providers[i])
	}
	for i := range p.models {
		p.planModel(fmt.Sprintf("models[%d]", i), &p.models[i])
	}
	p.checkDuplicates()
	for i := range p.models {
		p.checkTargets(fmt.Sprintf("models[%d]", i), p.models[i])
	}
	p.checkGuards()
	p.checkNames()
	p.checkRouters()
	p.release()
}

func (p *plan) problem(path, format string, args ...any) {
	p.problems = append(p.problems, problem{path, fmt.Sprintf(format, args...)})
}

// clash is a problem with what exists already.
func (p *plan) clash(path, format string, args ...any) {
	p.conflict = true
	p.problem(path, format, args...)
}

// err is the refusal, or nil. It names every problem, one a line.
func (p *plan) err() error {
	if len(p.problems) == 0 {
		return nil
	}
	lines := make([]string, 0, maxProblems)
	for _, pr := range p.problems[:min(len(p.problems), maxProblems)] {
		lines = append(lines, pr.path+": "+pr.text)
	}
	if more := len(p.problems) - maxProblems; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	e := fault.Invalid(p.problems[0].path, "%s", lines[0])
	if len(lines) > 1 {
		e.Message = fmt.Sprintf("%d problems, so nothing was changed:\n%s", len(p.problems), strings.Join(lines, "\n"))
	}
	if p.conflict {
		e.Status = statusConflict
	}
	return e
}

// managed refuses to change by hand what a file manages, and says so.
func (p *plan) managed(path, kind, name, by string) {
	if by == ManagedFile {
		p.clash(path, "the %s '%s' comes with the server's process file: change it there", kind, name)
		return
	}
	if p.takeOver || by == "" || by == ManagedBuiltin || by == ManagedEnvironment {
		return
	}
	p.clash(path, "the %s '%s' is managed by '%s': change it there and apply it again", kind, name, by)
}

func (p *plan) record(kind, name string, exists bool, fields []string) {
	change := skytells.ResourceChange{Kind: kind, Name: name, Action: "update", Fields: fields}
	switch {
	case !exists:
		change.Action = "create"
	case len(fields) == 0:
		change.Action = "unchanged"
	}
	p.changes = append(p.changes, change)
}

func (p *plan) checkDuplicates() {
	seen := map[string]string{}
	note := func(path, key string) {
		if first, ok := seen[key]; ok && key[2:] != "" {
			p.problem(path, "the same name as %s", first)
			return
		}
		seen[key] = path
	}
	for i, spec := range p.guards {
		note(fmt.Sprintf("guards[%d].name", i), "g "+spec.Name)
	}
	for i, spec := range p.providers {
		note(fmt.Sprintf("providers[%d].name", i), "p "+spec.Name)
	}
	for i, spec := range p.models {
		note(fmt.Sprintf("models[%d].slug", i), "m "+spec.Slug)
	}
}

func (p *plan) checkTargets(path string, m skytells.ModelSpec) {
	seen := map[[2]string]bool{}
	for i, t := range m.Targets {
		at := fmt.Sprintf("%s.targets[%d]", path, i)
		if _, ok := p.next.providers[t.Provider]; !ok {
			p.problem(at+".provider", "no provider is called '%s'%s", quotable(t.Provider), didYouMean(t.Provider, p.next.providerNames()))
		}
		key := [2]string{t.Provider, t.Model}
		if seen[key] {
			p.problem(at, "the same provider and model as an earlier target")
		}
		seen[key] = true
	}
}

// checkNames finds names of the request's models that stand for two things once
// everything is in place. Case does not tell names apart.
func (p *plan) checkNames() {
	owner := map[string]string{fold(Router): Router}
	mine := map[string]bool{}
	for _, m := range p.models {
		mine[m.Slug] = true
	}
	for slug, r := range p.next.models {
		if mine[slug] {
			continue
		}
		for _, name := range append([]string{slug}, r.spec.Aliases...) {
			owner[fold(name)] = slug
		}
	}
	// Slugs before aliases: a model's own name is the last thing it gives up.
	claimed := make([]map[string]bool, len(p.models))
	for i, m := range p.models {
		claimed[i] = map[string]bool{}
		p.claim(owner, claimed[i], fmt.Sprintf("models[%d].slug", i), m.Slug, m.Slug)
	}
	for i, m := range p.models {
		for j, alias := range m.Aliases {
			p.claim(owner, claimed[i], fmt.Sprintf("models[%d].aliases[%d]", i, j), alias, m.Slug)
		}
	}
}

func (p *plan) claim(owner map[string]string, claimed map[string]bool, path, name, slug string) {
	key := fold(name)
	taken, ok := owner[key]
	switch {
	case key == "":
	case claimed[key]:
		p.problem(path, "'%s' is already a name of this model", quotable(name))
	case ok && taken == Router && slug != Router:
		p.clash(path, "'%s' is the router's name", quotable(name))
	case ok && taken != slug:
		p.clash(path, "'%s' is already a name of the model '%s' (case does not tell names apart)", quotable(name), taken)
	default:
		owner[key], claimed[key] = slug, true
	}
}

// release lets go of what the same file managed and no longer names: it stays,
// and can be changed and deleted by hand again.
func (p *plan) release() {
	if p.source == "" {
		return
	}
	kept := map[string]bool{}
	for _, spec := range p.guards {
		kept["g "+spec.Name] = true
	}
	for _, spec := range p.providers {
		kept["p "+spec.Name] = true
	}
	for _, spec := range p.models {
		kept["m "+spec.Slug] = true
	}
	for _, name := range sortedKeys(p.next.guards) {
		if r := p.next.guards[name]; r.spec.Managed == p.source && !kept["g "+name] {
			before := r
			r.spec.Managed = ""
			p.next.guards[name] = r
			p.record("guard", name, true, diffGuard(before, r))
		}
	}
	for _, name := range sortedKeys(p.next.providers) {
		if r := p.next.providers[name]; r.stored && r.spec.Managed == p.source && !kept["p "+name] {
			before := r
			r.spec.Managed = ""
			p.next.providers[name] = r
			p.record("provider", name, true, diffProvider(before, r))
		}
	}
	for _, slug := range sortedKeys(p.next.models) {
		if r := p.next.models[slug]; r.stored && r.spec.Managed == p.source && !kept["m "+slug] {
			before := r
			r.spec.Managed = ""
			if r.builtin {
				r.spec.Managed = ManagedBuiltin
			}
			p.next.models[slug] = r
			p.record("model", slug, true, diffModel(before, r))
		}
	}
}
