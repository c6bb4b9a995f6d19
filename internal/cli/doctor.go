package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"unicode/utf8"

	"skytower/internal/config"
	"skytower/internal/skytells"
)

// Diagnosis binds the options of a function that looks at a configuration and at what it
// depends on, for Options.Diagnose.
func Diagnosis[O any](look func(context.Context, *config.Config, O) []skytells.Check, o O) func(context.Context, *config.Config) []skytells.Check {
	return func(ctx context.Context, cfg *config.Config) []skytells.Check { return look(ctx, cfg, o) }
}

type doctorCommand struct {
	Offline bool   `help:"Don't ask a server: look at the configuration of this machine."`
	Config  string `placeholder:"FILE" help:"The configuration file, where no server is asked."`
}

var errUnwell = errors.New("something does not work")

// Run asks a server to look at itself; where none runs on this machine, it looks at the
// configuration that one would have. Exit code 1 where something fails.
func (d *doctorCommand) Run(ctx context.Context, s *session) error {
	checks, err := d.ask(ctx, s)
	if err != nil {
		return err
	}
	if s.JSON {
		if err := s.show(checks, nil); err != nil {
			return err
		}
	} else {
		s.drawChecks(checks)
	}
	for _, check := range checks {
		if check.State == skytells.CheckFail {
			return errUnwell
		}
	}
	return nil
}

func (d *doctorCommand) ask(ctx context.Context, s *session) ([]skytells.Check, error) {
	if d.Offline || d.Config != "" {
		return d.look(ctx, s)
	}
	address, _, err := s.address()
	if err != nil {
		return nil, err
	}
	c, err := s.connect()
	u, badURL := url.Parse(address)
	here := badURL == nil && skytells.IsLoopback(u)
	if err == nil {
		checks, err := c.Doctor(ctx)
		var unreachable *skytells.UnreachableError
		var no *skytells.APIError
		if errors.As(err, &no) && no.ID == "ENDPOINT_NOT_FOUND" {
			return nil, &hinted{err, "\nThe server is of an older version, which can't look at itself; --offline looks at the configuration of this machine"}
		}
		if !errors.As(err, &unreachable) || !here || s.Diagnose == nil {
			return checks, err
		}
		s.note("No server answers at %s, so the configuration of this machine is looked at.", address)
		return d.look(ctx, s)
	}
	if !here || s.Diagnose == nil {
		return nil, err
	}
	s.note("There is no operator key for %s, so the configuration of this machine is looked at.", address)
	return d.look(ctx, s)
}

// look checks the configuration that a server on this machine would have.
func (d *doctorCommand) look(ctx context.Context, s *session) ([]skytells.Check, error) {
	if s.Diagnose == nil {
		return nil, usagef("this program can't look at a configuration; ask a server with --url")
	}
	src := config.Sources{File: d.Config, Flags: map[string]string{}, Env: os.Environ()}
	if s.Data != "" {
		src.Flags["data"] = s.Data
	}
	cfg, err := config.Load(src)
	if err != nil {
		return []skytells.Check{{Name: "configuration", State: skytells.CheckFail, Message: err.Error(), Advice: "skytower config --help lists the settings"}}, nil
	}
	return s.Diagnose(ctx, cfg), nil
}

// drawChecks prints a line for each check, and what to do below it.
func (s *session) drawChecks(checks []skytells.Check) {
	marks := map[string][2]string{skytells.CheckOK: {"✓", green}, skytells.CheckWarn: {"!", yellow}, skytells.CheckFail: {"✗", red}}
	width, counts := 0, map[string]int{}
	for _, check := range checks {
		width = max(width, utf8.RuneCountInString(check.Name))
		counts[check.State]++
	}
	colours := s.colourful(s.Stdout)
	for _, check := range checks {
		mark := marks[check.State]
		indent := "\n" + strings.Repeat(" ", width+4)
		name := plain(check.Name) + strings.Repeat(" ", width-utf8.RuneCountInString(check.Name))
		text := strings.ReplaceAll(plain(check.Message), "\n", indent)
		fmt.Fprintf(s.Stdout, "%s %s  %s\n", coloured(firstOf(mark[0], "?"), firstOf(mark[1], yellow), colours), name, text)
		if check.Advice != "" {
			fmt.Fprintf(s.Stdout, "  %s  → %s\n", strings.Repeat(" ", width), strings.ReplaceAll(plain(check.Advice), "\n", indent+"  "))
		}
	}
	fmt.Fprintf(s.Stdout, "\n%d well, %d to look at, %d that fail.\n", counts[skytells.CheckOK], counts[skytells.CheckWarn], counts[skytells.CheckFail])
}
