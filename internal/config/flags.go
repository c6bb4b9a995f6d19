package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"skytower/internal/spelling"
)

// FileFlag is the flag that names the configuration file.
const FileFlag = "config"

// ParseFlags reads a command line of settings, such as `--listen 127.0.0.1:0
// --offer-ollama=false --config skytower.yml`, into a Sources without an
// environment. Values are not checked here: Load does that, with all others. The
// error is flag.ErrHelp where help was asked for.
func ParseFlags(args []string) (Sources, error) { return ParseCommand(args, func(*flag.FlagSet) {}) }

// ParseCommand is ParseFlags for a command with flags of its own, which own defines.
func ParseCommand(args []string, own func(*flag.FlagSet)) (Sources, error) {
	set := flag.NewFlagSet("skytower", flag.ContinueOnError)
	set.SetOutput(io.Discard) // the caller reports the error
	src := Sources{Flags: map[string]string{}}
	set.StringVar(&src.File, FileFlag, "", "")
	for _, s := range Settings() {
		if s.Flag != "" {
			set.Var(&flagValue{name: s.Flag, to: src.Flags, boolean: s.Kind == Boolean}, s.Flag, s.Doc)
		}
	}
	own(set)
	if err := set.Parse(args); errors.Is(err, flag.ErrHelp) {
		return Sources{}, err
	} else if err != nil {
		return Sources{}, fmt.Errorf("read the command line: %w%s", err, flagHint(err, set))
	}
	if set.NArg() > 0 {
		return Sources{}, fmt.Errorf("read the command line: %q is no flag; values come after their flags, as in --listen 127.0.0.1:8080", set.Arg(0))
	}
	return src, nil
}

// flagHint is "; did you mean --listen?" where the error is about an unknown flag
// near to a known one.
func flagHint(err error, set *flag.FlagSet) string {
	_, name, ok := strings.Cut(err.Error(), "not defined: -")
	if !ok {
		return ""
	}
	var names []string
	set.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	if near := spelling.Nearest(strings.TrimLeft(name, "-"), names); near != "" {
		return "; did you mean --" + near + "?"
	}
	return ""
}

// Usage lists the flags with their defaults, for a help text.
func Usage() string { return usage(func(Setting) bool { return true }) }

// UsageOf lists the flags of some settings, by their keys.
func UsageOf(keys ...string) string {
	return usage(func(s Setting) bool { return slices.Contains(keys, s.Key) })
}

func usage(shown func(Setting) bool) string {
	var text strings.Builder
	line := func(name, kind, doc, preset string) {
		if preset != "" {
			preset = " (default " + preset + ")"
		}
		_, _ = fmt.Fprintf(&text, "  --%s %s\n        %s%s\n", name, strings.ToUpper(kind), strings.ReplaceAll(doc, "`", ""), preset)
	}
	line(FileFlag, "file", "The configuration file (YAML).", "")
	for _, s := range Settings() {
		if s.Flag != "" && shown(s) {
			line(s.Flag, s.word(), s.Doc, s.Default)
		}
	}
	return text.String()
}

// word is the form of the value, in short.
func (s *Setting) word() string {
	switch s.Kind {
	case Choice:
		return strings.Join(s.Choices, "|")
	case Prefixes:
		return "range,…"
	}
	return string(s.Kind)
}

type flagValue struct {
	name    string
	to      map[string]string
	boolean bool
}

func (v *flagValue) Set(text string) error {
	v.to[v.name] = text
	return nil
}

func (v *flagValue) String() string { return "" }

// IsBoolFlag lets --offer-ollama stand without a value.
func (v *flagValue) IsBoolFlag() bool { return v.boolean }
