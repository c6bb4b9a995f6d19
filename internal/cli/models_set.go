package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"skytower/internal/skytells"
)

const maxSchemaFile = 256 << 10 // what the server takes

// modelsSet changes what is given and leaves the rest; an empty value takes away.
type modelsSet struct {
	Slug         string  `arg:"" help:"The model."`
	Name         *string `placeholder:"TEXT" help:"Display name."`
	Description  *string `placeholder:"TEXT" help:"What it is and is not."`
	Type         *string `placeholder:"text|image|video|audio|music" help:"Kind of output."`
	API          *string `name:"api" placeholder:"chat|embeddings|prediction" help:"The routes that serve it."`
	Deadline     *string `placeholder:"TIME" help:"How long one prediction may take, such as 10m; empty (--deadline=) is the default, 30m."`
	Concurrency  *int    `placeholder:"N" help:"Predictions of it that run at the same time; 0: no limit of its own."`
	InputSchema  *string `name:"input-schema" placeholder:"FILE" help:"JSON Schema that inputs are checked against, from a JSON file or - for standard input; empty takes it away."`
	OutputSchema *string `name:"output-schema" placeholder:"FILE" help:"JSON Schema of outputs, likewise."`
	Offline      *bool   `negatable:"" help:"Show it, but don't serve it; --no-offline serves it again."`
	Private      *bool   `negatable:"" help:"Hide it from all accounts but those of --accounts; --no-private shows it again."`
	Accounts     *string `placeholder:"ID,..." help:"The accounts that may use it where it is private; empty: none."`
	Features     *string `name:"feature" placeholder:"tools,images,json_schema" help:"What it can serve besides text, of a chat model: routers leave it out of what it can't; empty: not known. text alone is a model for text only."`
	Edge         *bool   `negatable:"" help:"Serve it on the edge surface as well; --no-edge ends it."`

	Guards *string `placeholder:"NAME,..." help:"The guards that look at its prompts and answers, in their order; empty: none but those of all models."`

	cacheFlags
	targetFlags
	priceFlags
}

// targetFlags are what one line can say of a model's targets.
type targetFlags struct {
	FirstByte *string `name:"first-byte-timeout" placeholder:"TIME" help:"How long its targets may take to begin an answer, such as 20s; empty: the server's setting."`
	Idle      *string `name:"idle-timeout" placeholder:"TIME" help:"How long they may be silent within an answer; empty: the server's setting."`
	Target    string  `placeholder:"PROVIDER" help:"Only the targets of this provider, for the two times."`
}

// apply sets the times of the targets that are meant.
func (f *targetFlags) apply(spec *skytells.ModelSpec) error {
	if f.FirstByte == nil && f.Idle == nil {
		return nil
	}
	var providers []string
	for i := range spec.Targets {
		one := &spec.Targets[i]
		if providers = append(providers, one.Provider); f.Target == "" || f.Target == one.Provider {
			set(&one.FirstByteTimeout, f.FirstByte)
			set(&one.IdleTimeout, f.Idle)
		}
	}
	switch {
	case len(providers) == 0:
		return fmt.Errorf("%s has no targets", spec.Slug)
	case f.Target != "" && !slices.Contains(providers, f.Target):
		return fmt.Errorf("%s has no target of the provider %s%s", spec.Slug, f.Target, didYouMean(f.Target, providers))
	}
	return nil
}

func (f *targetFlags) check() error {
	if f.Target != "" && f.FirstByte == nil && f.Idle == nil {
		return usagef("--target goes with --first-byte-timeout or --idle-timeout")
	}
	for name, text := range map[string]*string{"first-byte-timeout": f.FirstByte, "idle-timeout": f.Idle} {
		if text != nil && *text != "" {
			if _, err := time.ParseDuration(*text); err != nil {
				return usagef("--%s is a time such as 20s or 500ms, not %q", name, *text)
			}
		}
	}
	return nil
}

// Run changes the model.
func (m *modelsSet) Run(ctx context.Context, s *session) error {
	if (modelsSet{Slug: m.Slug}) == *m {
		return usagef("say what to change: skytower models set --help lists it")
	}
	if err := m.cacheFlags.check(); err != nil {
		return err
	}
	if err := m.targetFlags.check(); err != nil {
		return err
	}
	if err := m.priceFlags.check(); err != nil {
		return err
	}
	input, err := s.schemaFile(ctx, m.InputSchema)
	if err != nil {
		return err
	}
	output, err := s.schemaFile(ctx, m.OutputSchema)
	if err != nil {
		return err
	}
	return s.editModels(ctx, []string{m.Slug}, func(spec *skytells.ModelSpec) error {
		set(&spec.Name, m.Name)
		set(&spec.Description, m.Description)
		set(&spec.Type, m.Type)
		set(&spec.API, m.API)
		set(&spec.Deadline, m.Deadline)
		set(&spec.Concurrency, m.Concurrency)
		set(&spec.InputSchema, input)
		set(&spec.OutputSchema, output)
		set(&spec.Offline, m.Offline)
		if m.Private != nil {
			spec.Privacy = map[bool]string{true: "private", false: "public"}[*m.Private]
		}
		set(&spec.Edge, m.Edge)
		if m.Accounts != nil {
			spec.Accounts = words(*m.Accounts)
		}
		if m.Features != nil {
			spec.Features = words(*m.Features)
		}
		if m.Guards != nil {
			spec.Guards = words(*m.Guards)
		}
		if err := m.cacheFlags.apply(spec); err != nil {
			return err
		}
		m.priceFlags.apply(spec)
		return m.targetFlags.apply(spec)
	})
}

// set takes a value that was given.
func set[T any](field *T, given *T) {
	if given != nil {
		*field = *given
	}
}

// schemaFile reads a schema; nil where none was given.
func (s *session) schemaFile(ctx context.Context, path *string) (*skytells.Schema, error) {
	if path == nil {
		return nil, nil
	}
	none := skytells.Schema(nil)
	if *path == "" {
		return &none, nil
	}
	text, err := s.readFile(ctx, *path)
	if err != nil {
		return nil, usagef("read %s: %w", *path, err)
	}
	text = bytes.TrimSpace(text)
	if !json.Valid(text) || !strings.HasPrefix(string(text), "{") || len(text) > maxSchemaFile {
		return nil, usagef("%s: a schema is a JSON object of at most %d KiB", *path, maxSchemaFile>>10)
	}
	schema := skytells.Schema(text)
	return &schema, nil
}
