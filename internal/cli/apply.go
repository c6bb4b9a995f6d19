package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"skytower/internal/skytells"
)

const maxResourceFile = 3 << 20 // the server takes a body of 4 MiB

type applyCommand struct {
	Files  []string `name:"file" short:"f" required:"" sep:"none" placeholder:"FILE" help:"YAML or JSON; may be given several times; - is standard input."`
	DryRun bool     `name:"dry-run" help:"Only show the difference."`
	Yes    bool     `short:"y" help:"Apply without asking."`
	Once   bool     `help:"Load them without letting the files manage them: they can be changed by hand afterwards."`
}

// request is one file as it is applied.
type request struct {
	skytells.ApplyRequest
	name string
	file resourceFile
}

// applied is what happened with one file.
type applied struct {
	Source string `json:"source"`
	skytells.ApplyResult
}

// Run reads all files before it asks the server anything, then takes them in turn:
// difference, question, apply. Each file is applied as a whole or not at all.
func (a *applyCommand) Run(ctx context.Context, s *session) error {
	requests, err := a.read(ctx, s)
	if err != nil {
		return err
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	results := []applied{}
	for _, r := range requests {
		result, err := a.apply(ctx, s, c, r)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		results = append(results, applied{r.name, result})
	}
	if s.JSON {
		return s.show(results, nil)
	}
	return nil
}

// read reads the files. Their base names are what the server keeps as "managed
// by", so that they must differ.
func (a *applyCommand) read(ctx context.Context, s *session) ([]request, error) {
	var requests []request
	seen := map[string]bool{}
	for _, path := range a.Files {
		source := filepath.Base(path)
		if path == "-" {
			source = "stdin"
		}
		if seen[source] {
			return nil, usagef("two files are called %s, and the server tells files apart by that name", source)
		}
		seen[source] = true
		text, err := s.readFile(ctx, path)
		if err != nil {
			return nil, usagef("read %s: %w", path, err)
		}
		resources, err := parseResources(text)
		if err != nil {
			return nil, usagef("%s: %w", path, err)
		}
		one := request{name: source, file: resources}
		if one.Resources = resources.Resources; !a.Once {
			one.Source = source
		}
		requests = append(requests, one)
	}
	return requests, nil
}

func (s *session) readFile(ctx context.Context, path string) ([]byte, error) {
	if path == "-" {
		return waitFor(ctx, func() ([]byte, error) { return readAll(s.Stdin, maxResourceFile) })
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, errors.Unwrap(err) // without the path, which is said already
	}
	defer file.Close() //nolint:errcheck // only read
	return readAll(file, maxResourceFile)
}

// apply shows the difference and, once it is agreed to, makes it: providers and models all
// or none, then settings and limits one by one.
func (a *applyCommand) apply(ctx context.Context, s *session, c *skytells.Client, r request) (skytells.ApplyResult, error) {
	r.DryRun = true
	plan, err := c.Apply(ctx, r.ApplyRequest)
	if err != nil {
		return plan, err
	}
	rest, err := r.file.plan(ctx, c)
	if err != nil {
		return plan, err
	}
	plan.Changes = append(plan.Changes, rest.changes...)
	if !s.JSON {
		fmt.Fprint(s.Stdout, plain(difference(r.name, plan.Changes)))
	}
	if a.DryRun || !changesAnything(plan.Changes) {
		return plan, nil
	}
	if !a.Yes {
		if err := s.confirm(ctx, "Apply "+r.name+"?", "applied", "--yes"); err != nil {
			return plan, err
		}
	}
	r.DryRun = false
	done, err := c.Apply(ctx, r.ApplyRequest)
	if err != nil {
		return done, err
	}
	if err := rest.apply(ctx, c); err != nil {
		return done, fmt.Errorf("its providers and models were applied, but not all of the rest: %w", err)
	}
	done.Changes = append(done.Changes, rest.changes...)
	s.note("Applied %s.", r.name)
	return done, nil
}

func changesAnything(changes []skytells.ResourceChange) bool {
	for _, change := range changes {
		if change.Action != "unchanged" {
			return true
		}
	}
	return false
}

// difference is what would change, for people.
func difference(source string, changes []skytells.ResourceChange) string {
	var text strings.Builder
	counts := map[string]int{}
	fmt.Fprintf(&text, "%s:\n", source)
	for _, change := range changes {
		counts[change.Action]++
		mark, ok := map[string]string{"create": "+", "update": "~"}[change.Action]
		if !ok {
			continue
		}
		fmt.Fprintf(&text, "  %s %s %s\n", mark, change.Kind, change.Name)
		for _, field := range change.Fields {
			fmt.Fprintf(&text, "      %s\n", field)
		}
	}
	fmt.Fprintf(&text, "%d to create, %d to change, %d unchanged\n", counts["create"], counts["update"], counts["unchanged"])
	return text.String()
}
