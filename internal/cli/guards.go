package cli

import (
	"context"
	"fmt"
	"strings"

	"skytower/internal/skytells"
)

type guardsCommand struct {
	List   guardsList   `cmd:"" help:"List guards."`
	Add    guardsAdd    `cmd:"" help:"Add a guard: words and patterns, personal data, or a moderation model."`
	Remove guardsRemove `cmd:"" help:"Remove a guard that no model names."`
	Test   guardsTest   `cmd:"" help:"Show a text to a guard, and say what it makes of it."`
}

type guardsList struct{}

// Run lists guards.
func (*guardsList) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	guards, err := c.Guards(ctx)
	if err != nil {
		return err
	}
	return list(s, guards, []string{"NAME", "KIND", "ON", "ACTION", "EVERYWHERE", "LOOKS FOR", "MANAGED BY"}, func(g skytells.GuardSpec) []string {
		everywhere := ""
		if g.Everywhere {
			everywhere = "yes"
		}
		return []string{g.Name, g.Kind, g.On, g.Action, everywhere, looksFor(g), g.Managed}
	})
}

// looksFor is what a guard looks for, in a few words.
func looksFor(g skytells.GuardSpec) string {
	switch g.Kind {
	case "personal_data":
		if len(g.Data) == 0 {
			return "email, phone, card, iban, key"
		}
		return strings.Join(g.Data, ", ")
	case "moderation":
		return g.Provider + "/" + g.Model
	}
	return fmt.Sprintf("%d words, %d patterns", len(g.Words), len(g.Patterns))
}

type guardsAdd struct {
	Name       string   `arg:"" help:"Lower-case name."`
	Kind       string   `required:"" placeholder:"rules|personal_data|moderation" help:"What kind of guard."`
	On         string   `placeholder:"both|prompt|completion" help:"What it looks at; both by default."`
	Action     string   `placeholder:"block|redact|mark" help:"What becomes of what it finds: block by default, redact for personal_data."`
	Everywhere bool     `help:"Guards every model. Without it, models name it: skytower models set SLUG --guards NAME."`
	Words      []string `name:"word" sep:"none" placeholder:"TEXT" help:"Of rules: a word or phrase, found whole and in any case; may be given several times."`
	Patterns   []string `name:"pattern" sep:"none" placeholder:"REGEX" help:"Of rules: a regular expression (RE2); may be given several times."`
	Data       []string `name:"look-for" placeholder:"email,phone,card,iban,key" help:"Of personal_data: what is looked for; all by default."`
	Provider   string   `placeholder:"NAME" help:"Of moderation: the provider that has the model."`
	Model      string   `placeholder:"NAME" help:"Of moderation: the model, by the upstream's name."`
	Threshold  float64  `placeholder:"0..1" help:"Of moderation: the score from which a category counts; the model's own judgement by default."`
	Unsure     string   `placeholder:"refuse|pass" help:"Of moderation: what becomes of texts while the provider is away; refuse by default."`
	Replace    bool     `help:"Replace a guard of that name."`
}

// Run adds the guard.
func (g *guardsAdd) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	if !g.Replace {
		guards, err := c.Guards(ctx)
		if err != nil {
			return err
		}
		for _, old := range guards {
			if old.Name == g.Name {
				return fmt.Errorf("there is a guard %s already (%s); --replace replaces it", old.Name, old.Kind)
			}
		}
	}
	made, err := c.PutGuard(ctx, skytells.GuardSpec{
		Name: g.Name, Kind: g.Kind, On: g.On, Action: g.Action, Everywhere: g.Everywhere, Words: g.Words, Patterns: g.Patterns,
		Data: g.Data, Provider: g.Provider, Model: g.Model, Threshold: g.Threshold, Unsure: g.Unsure,
	})
	if err != nil {
		return err
	}
	if !made.Everywhere {
		s.note("Let a model name it: skytower models set SLUG --guards %s", made.Name)
	}
	return s.show(made, func(t *table) { t.row(made.Name, made.Kind, made.On, made.Action, looksFor(made)) })
}

type guardsRemove struct {
	Name string `arg:"" help:"Name of the guard."`
}

// Run removes the guard.
func (g *guardsRemove) Run(ctx context.Context, s *session) error {
	c, err := s.connect()
	if err != nil {
		return err
	}
	if err := c.DeleteGuard(ctx, g.Name); err != nil {
		return err
	}
	return s.show(skytells.Done{Success: true}, func(t *table) { t.row("Removed the guard " + g.Name + ".") })
}

type guardsTest struct {
	Name string `arg:"" help:"Name of the guard."`
	Text string `arg:"" help:"The text; - is standard input."`
}

// maxTrial is the longest text that is shown to a guard.
const maxTrial = 1 << 20

// Run shows the text to the guard.
func (g *guardsTest) Run(ctx context.Context, s *session) error {
	text := g.Text
	if text == "-" {
		raw, err := waitFor(ctx, func() ([]byte, error) { return readAll(s.Stdin, maxTrial) })
		if err != nil {
			return fmt.Errorf("read the text from standard input: %w", err)
		}
		text = string(raw)
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	trial, err := c.TestGuard(ctx, g.Name, text)
	if err != nil {
		return err
	}
	return s.show(trial, func(t *table) {
		t.row("VERDICT", trial.Verdict)
		t.row("RESULTS", string(trial.Results))
		if !trial.Blocked {
			t.row("TEXT", trial.Text)
		}
	})
}
