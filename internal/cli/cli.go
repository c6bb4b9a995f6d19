// Package cli is the command line that talks to a running server: through its admin
// API with keys, accounts, providers, models and resource files, and through /v1 with
// predictions and files.
//
// It refuses to know the server's inside and its database; whatever it can do,
// any program with the same key can do too. What serves, migrates or prints
// the configuration is listed in its help but run by the program itself.
//
// Its one invariant: an operator key goes to no machine that the person did not
// name, never readable over a network unless told so, and no secret is in any
// text that it prints, but for a new API key, once.
package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"time"

	"github.com/alecthomas/kong"

	"skytower/internal/config"
	"skytower/internal/skytells"
)

// Exit codes.
const (
	exitOK          = 0
	exitFailed      = 1 // the server said no, or the act could not be done
	exitUsage       = 2 // the command line or a file is wrong; nothing was done
	exitUnreachable = 3 // no server answered
)

// Options are what the process gives.
type Options struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Version        string
	Getenv         func(string) string // nil: the process's environment
	// Interrupts begins to take the interrupts that come from now on, until the returned
	// function ends that; nil: the process's. The first one ends Run's context.
	Interrupts func() (<-chan os.Signal, func())
	// Pause waits between questions to the server; nil: by the clock.
	Pause func(context.Context, time.Duration) error
	// Diagnose looks at a configuration and what it depends on, where no server is asked;
	// nil: the program can't.
	Diagnose func(context.Context, *config.Config) []skytells.Check
	// AddModel puts a GGUF file of this machine into the process file; nil: the program can't.
	AddModel func(context.Context, NewModel) (AddedModel, error)
}

// Run runs one command and returns its exit code.
func Run(ctx context.Context, args []string, o Options) int {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Interrupts == nil {
		o.Interrupts = interrupts
	}
	if o.Pause == nil {
		o.Pause = pause
	}
	s := &session{Options: o}
	err := s.run(ctx, args)
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(o.Stderr, "skytower:", hideSecrets(plain(s.explain(err))))
	return exitCode(err)
}

// session is one run of a command.
type session struct {
	Options
	connection
	client  *skytells.Client
	keys    *credentials  // what 'skytower login' keeps, once it was read
	answers *bufio.Reader // of confirm; several questions share what is buffered
	keyHint string        // what to do about a refused key, unless it is the operator's
}

func (s *session) run(ctx context.Context, args []string) error {
	var grammar commands
	exited := false
	parser, err := kong.New(&grammar,
		kong.Name("skytower"), kong.Description(description), kong.Writers(s.Stdout, s.Stderr),
		kong.Exit(func(int) { exited = true }), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.ExplicitGroups(groups()), kong.Vars{"data": config.DefaultData},
	)
	if err != nil {
		return fmt.Errorf("build the command line: %w", err)
	}
	parsed, err := parser.Parse(helpLast(args))
	if exited { // the help was printed
		return nil
	}
	if err != nil {
		return usageError{fmt.Errorf("%w\nRun 'skytower --help' to see what there is", err)}
	}
	s.connection = grammar.connection
	parsed.BindTo(ctx, (*context.Context)(nil))
	return parsed.Run(s)
}

// helpLast turns `help keys` into `keys --help`.
func helpLast(args []string) []string {
	if len(args) > 0 && args[0] == "help" {
		return append(append([]string{}, args[1:]...), "--help")
	}
	return args
}

// hideSecrets shortens what looks like a key: people paste keys where they don't
// belong, and an error should not spread them further.
func hideSecrets(text string) string {
	return regexp.MustCompile(`\b(sk-|op-|whsec_)[0-9A-Za-z_-]{20,}`).ReplaceAllString(text, "$1…")
}

// usageError is a mistake of the person, found before anything was done.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func exitCode(err error) int {
	var usage usageError
	var insecure *skytells.InsecureError
	var unreachable *skytells.UnreachableError
	switch {
	case errors.Is(err, context.Canceled):
		return exitFailed
	case errors.As(err, &usage), errors.As(err, &insecure):
		return exitUsage
	case errors.As(err, &unreachable):
		return exitUnreachable
	}
	return exitFailed
}

// explain adds what a person can do about the error.
func (s *session) explain(err error) string {
	var insecure *skytells.InsecureError
	var unreachable *skytells.UnreachableError
	var no *skytells.APIError
	switch {
	case errors.Is(err, context.Canceled):
		return "stopped"
	case errors.As(err, &insecure):
		return err.Error() + "\nUse https, or --insecure if you trust the network between"
	case errors.As(err, &unreachable):
		return err.Error() + "\nStart one with 'skytower serve', or say where it is with --url or SKYTOWER_URL"
	case errors.As(err, &no) && no.Status == 401 && s.keyHint != "":
		if no.ID != "UNAUTHORIZED" { // such as an account that is suspended
			return err.Error()
		}
		return err.Error() + "\n" + s.keyHint
	case errors.As(err, &no) && no.Status == 401:
		return err.Error() + "\nThe operator key is not one of this server's; see 'skytower --help' for where it is taken from"
	}
	return err.Error()
}
