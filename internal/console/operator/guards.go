package operator

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"skytower/internal/console/desk"
	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

// guardLine is a guard with the models that name it.
type guardLine struct {
	skytells.GuardSpec
	Models []string
}

// KindWords, OnWords and ActionWords say what the guard's words mean.
func (g guardLine) KindWords() string {
	switch g.Kind {
	case "rules":
		return "words and patterns"
	case "personal_data":
		return "personal data"
	case "moderation":
		return "moderation model"
	}
	return g.Kind
}

// OnWords say what the guard looks at.
func (g guardLine) OnWords() string {
	switch g.On {
	case "prompt":
		return "prompts"
	case "completion":
		return "answers"
	}
	return "prompts and answers"
}

// ActionWords say what becomes of what the guard finds.
func (g guardLine) ActionWords() string {
	switch g.ActionWord() {
	case "redact":
		return "replaced"
	case "mark":
		return "told in the results"
	}
	return "blocked"
}

// ActionWord is the action, or what counts where none is given.
func (g guardLine) ActionWord() string {
	if g.Action == "" && g.Kind == "personal_data" {
		return "redact"
	}
	return cmp.Or(g.Action, "block")
}

// DataWords are the kinds of personal data that are looked for.
func (g guardLine) DataWords() string {
	if len(g.Data) == 0 {
		return "all kinds"
	}
	return strings.Join(g.Data, ", ")
}

// ThresholdWords say from which score a category counts.
func (g guardLine) ThresholdWords() string {
	if g.Threshold == 0 {
		return "the model’s own judgement"
	}
	return "a score of " + strconv.FormatFloat(g.Threshold, 'f', -1, 64) + " or more"
}

// UnsureWords say what becomes of a text that cannot be judged.
func (g guardLine) UnsureWords() string {
	if g.Unsure == "pass" {
		return "it passes"
	}
	return "it is refused"
}

// guardLines joins guards with the models that name them.
func guardLines(d *desk.Desk) ([]guardLine, error) {
	guards, err := d.Admin.Guards(d.Ctx())
	if err != nil {
		return nil, err
	}
	specs, err := d.Admin.ModelSpecs(d.Ctx())
	if err != nil {
		return nil, err
	}
	var all []guardLine
	for _, g := range guards {
		line := guardLine{GuardSpec: g}
		for _, m := range specs {
			if slices.Contains(m.Guards, g.Name) {
				line.Models = append(line.Models, m.Slug)
			}
		}
		all = append(all, line)
	}
	return all, nil
}

type guardsView struct {
	cut
	Guards []guardLine
}

// guards lists them. They are changed by command, API or resource file.
func (p *Pages) guards(d *desk.Desk) error {
	all, err := guardLines(d)
	if err != nil {
		return err
	}
	v := guardsView{}
	v.Guards, v.cut = page(d, all, "/operator/guards")
	return p.show(d, "guards", "Guards", v)
}

// guard shows one, with its words and patterns.
func (p *Pages) guard(d *desk.Desk) error {
	all, err := guardLines(d)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(g guardLine) bool { return g.Name == d.Request.PathValue("name") })
	if i < 0 {
		return noSuch("guard")
	}
	return p.show(d, "guard", all[i].Name, all[i])
}

// guardsOf are the guards that look at a model's texts, in their order: those of all models
// by name, then those that it names.
func guardsOf(m skytells.ModelSpec, all []skytells.GuardSpec) []guardLine {
	var found []guardLine
	for _, g := range all {
		if g.Everywhere {
			found = append(found, guardLine{GuardSpec: g})
		}
	}
	for _, name := range m.Guards {
		i := slices.IndexFunc(all, func(g skytells.GuardSpec) bool { return g.Name == name && !g.Everywhere })
		if i >= 0 {
			found = append(found, guardLine{GuardSpec: all[i]})
		}
	}
	return found
}

// cacheLines say how a model's answers are kept; none where only requests can ask for it.
func cacheLines(c *skytells.CacheSpec) []string {
	if c == nil {
		return nil
	}
	life := c.TTL
	if t, err := time.ParseDuration(c.TTL); err == nil {
		life = ui.Duration(t)
	}
	lines := []string{"for " + life, "at the server’s share of the price (cache_price_percent)", "for equal requests"}
	if c.PricePercent != nil {
		lines[1] = fmt.Sprintf("at %d %% of the price", *c.PricePercent)
	}
	if c.ByHeader {
		lines[2] = "only for requests that ask for it (X-Skytells-Cache)"
	}
	return lines
}
