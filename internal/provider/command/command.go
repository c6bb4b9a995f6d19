// Package command runs programs of this machine as prediction models: input as JSON on
// standard input, a scratch folder, progress lines, and files or text as the output.
//
// It refuses to know where a command is declared (the process file, and nothing else),
// who asks, and what becomes of the output. No shell is anywhere in it.
//
// Its one invariant: a caller decides what a program works on, never what runs. A value
// of a caller reaches an argument only where no program takes it for an option, a file
// reaches a program only when its content is of a type that the command lists, and the
// program gets no environment, no privilege and no network of ours. What it started is
// dead when Predict returns.
package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"skytower/internal/config"
	"skytower/internal/provider"
)

// Options are what a Provider is made of.
type Options struct {
	Commands []config.Command
	Log      *slog.Logger // nil is silent
}

// Provider runs commands. It is safe for concurrent use.
type Provider struct {
	programs map[string]*program
}

var _ provider.Predictor = (*Provider)(nil)

// program is a command that is ready to run.
type program struct {
	config.Command
	who identity
	box box
}

// New makes the commands ready: it looks up their users and tries out what this machine
// allows. The error names every command that can't run as it is declared; a program
// that is not installed is only warned of, as it may come later.
func New(o Options) (*Provider, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &Provider{programs: map[string]*program{}}
	crowds := map[identity]int{}
	var problems []error
	for i, c := range o.Commands {
		who, err := identify(c.User)
		if err != nil {
			problems = append(problems, fmt.Errorf("commands[%d].user: %w", i, err))
			continue
		}
		crowds[who] += c.Limits.Processes * c.Concurrency
		p.programs[c.Name] = &program{Command: c, who: who}
		if _, err := findProgram(c.Argv[0].String(), environment(c, "")); err != nil {
			o.Log.Warn("a command's program is missing: its predictions will fail", "command", c.Name, "error", err)
		}
	}
	problems = append(problems, p.box(crowds, o.Log))
	if err := errors.Join(problems...); err != nil {
		return nil, fmt.Errorf("prepare the commands: %w", err)
	}
	return p, nil
}

// box finds out for each user how its programs can be kept apart.
func (p *Provider) box(crowds map[identity]int, log *slog.Logger) error {
	for who, crowd := range crowds {
		b, err := findBox(who, crowd, log)
		if err != nil {
			return err
		}
		for _, c := range p.programs {
			if c.who == who {
				c.box = b
			}
		}
	}
	return nil
}

// String names the provider.
func (p *Provider) String() string { return "command provider" }

// Card describes a command for the catalogue. The slug is also its upstream name.
type Card struct {
	Slug, Name, Description   string
	Type                      string
	InputSchema, OutputSchema json.RawMessage
	Deadline                  time.Duration
	Concurrency               int
}

// The schemas of outputs.
const (
	filesSchema = `{"type":"array","items":{"type":"string","format":"uri"}}`
	textSchema  = `{"type":"string"}`
)

// Cards describes commands, in their order.
func Cards(commands []config.Command) []Card {
	cards := make([]Card, len(commands))
	for i, c := range commands {
		cards[i] = Card{
			Slug: c.Name, Name: c.Title, Description: c.Description, Type: c.Type, InputSchema: c.InputSchema,
			OutputSchema: json.RawMessage(filesSchema), Deadline: c.Limits.Time, Concurrency: c.Concurrency,
		}
		if c.Output == config.OutputText {
			cards[i].OutputSchema = json.RawMessage(textSchema)
		}
	}
	return cards
}

// Predict runs the program to its end. The work dies with this process, so nothing is
// saved on the way: a second try begins anew.
func (p *Provider) Predict(ctx context.Context, run *provider.Run) (*provider.Result, error) {
	c, ok := p.programs[run.Model]
	if !ok {
		return nil, &provider.Error{Class: provider.Denied, Err: fmt.Errorf("no command %q is declared", run.Model)}
	}
	if err := ctx.Err(); err != nil {
		return nil, &provider.Error{Class: provider.Cancelled, Err: context.Cause(ctx)}
	}
	place, err := makeFolder(run, c.who)
	if err != nil {
		return nil, broken("make the program's folder", err)
	}
	defer func() { _ = place.remove() }() // an empty folder for temporary files, at worst
	in, err := readInput(c.Command, run.Input, place)
	if err != nil {
		return nil, err
	}
	return c.execute(ctx, run, place, in)
}

// execute runs the program on input that is ready.
func (c *program) execute(ctx context.Context, run *provider.Run, place *folder, in *input) (*provider.Result, error) {
	argv, err := in.argv(c.Argv, place)
	if err != nil {
		return nil, err
	}
	env := environment(c.Command, place.work)
	path, err := findProgram(argv[0], env)
	if err != nil {
		return nil, broken("find the program", err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	ctx, end := context.WithTimeoutCause(ctx, c.Limits.Time, limitf("The program did not finish within %s.", c.Limits.Time))
	defer end()
	out := newReport(c.Command, run.Watch, place, stop)
	began := time.Now()
	ended := c.start(ctx, &launch{
		path: path, argv: argv, env: env, dir: place.work, stdin: in.json, out: out,
		watch: func() error { return place.tooMuch(c.Limits) }, stop: stop,
	})
	out.close()
	if err := c.verdict(ctx, ended, out, place); err != nil {
		return nil, err
	}
	result := &provider.Result{Took: time.Since(began)}
	if c.Output == config.OutputText {
		result.Text = out.whole()
		return result, nil
	}
	result.Files, err = place.collect(c.Limits)
	return result, err
}

// broken is a failure on our side; its cause is for the log alone.
func broken(doing string, err error) error {
	return &provider.Error{Class: provider.Broken, Err: fmt.Errorf("%s: %w", doing, err)}
}

// failed is a failure of the program, in words for the caller.
func failed(format string, args ...any) error {
	return &provider.Error{Class: provider.Failed, Message: fmt.Sprintf(format, args...)}
}

// limit is why a program was stopped, in words for the caller.
type limit string

func limitf(format string, args ...any) error { return limit(fmt.Sprintf(format, args...)) }

func (l limit) Error() string { return string(l) }

// environment is all that a program finds in its environment.
func environment(c config.Command, home string) []string {
	env := map[string]string{"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8"}
	for name, text := range c.Env {
		env[name] = text.Reveal()
	}
	list := make([]string, 0, len(env))
	for name, text := range env {
		list = append(list, name+"="+text)
	}
	return list
}

// hostUser reports who we are.
func hostUser() identity { return identity{uid: os.Geteuid(), gid: os.Getegid()} }
