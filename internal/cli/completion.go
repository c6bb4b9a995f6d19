package cli

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"skytower/internal/config"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish. For bash: source <(skytower completion bash)"`
}

// Run prints the script. All of them ask the program itself, so that they stay
// true to the version that is there.
func (c *completionCommand) Run(s *session) error {
	script := map[string]string{
		"bash": `_skytower() {
  local IFS=$'\n'
  COMPREPLY=($(skytower complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _skytower skytower
`,
		"zsh": `_skytower() {
  local -a found
  found=(${(f)"$(skytower complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( $#found )); then compadd -a found; else _files; fi
}
compdef _skytower skytower
`,
		"fish": `complete -c skytower -a '(skytower complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
	}[c.Shell]
	_, err := fmt.Fprint(s.Stdout, script)
	return err
}

// completeCommand answers the scripts.
type completeCommand struct {
	Words []string `arg:"" optional:"" passthrough:""`
}

// Run prints what may stand in place of the last word, one a line.
func (c *completeCommand) Run(s *session, k *kong.Kong) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	for _, word := range candidates(k.Model.Node, words) {
		fmt.Fprintln(s.Stdout, word)
	}
	return nil
}

// candidates are what the last word can become: commands or values of an argument, flags
// where it begins with a dash, or what may stand after the flag before it.
func candidates(node *kong.Node, words []string) []string {
	last := ""
	if n := len(words); n > 0 {
		words, last = words[:n-1], words[n-1]
	}
	if last == "=" { // bash takes --flag=value apart
		words, last = append(words, last), ""
	}
	node, flag := walk(node, words)
	name, value, joined := strings.Cut(last, "=")
	switch {
	case flag != nil:
		return beginning(flagValues(flag), last)
	case joined && strings.HasPrefix(last, "--"):
		var all []string
		for _, word := range beginning(flagValues(flagOf(node, name)), value) {
			all = append(all, name+"="+word)
		}
		return all
	case strings.HasPrefix(last, "-"):
		return beginning(flagsOf(node), last)
	}
	var all []string
	for _, child := range node.Children {
		if !child.Hidden {
			all = append(all, child.Name)
		}
	}
	for _, argument := range node.Positional {
		if argument.Enum != "" {
			all = append(all, argument.EnumSlice()...)
		}
	}
	return beginning(all, last)
}

// walk follows the words to the command that they name, and to the flag whose value comes
// next; nil where none does.
func walk(node *kong.Node, words []string) (*kong.Node, *kong.Flag) {
	var flag *kong.Flag
	for _, word := range words {
		switch {
		case word == "=":
		case flag != nil:
			flag = nil
		case strings.HasPrefix(word, "-"):
			if flag = flagOf(node, word); flag != nil && (flag.IsBool() || strings.Contains(word, "=")) {
				flag = nil
			}
		default:
			for _, child := range node.Children {
				if child.Name == word {
					node = child
					break
				}
			}
		}
	}
	return node, flag
}

// flagOf is a command's flag by the way it is written; nil for none.
func flagOf(node *kong.Node, word string) *kong.Flag {
	name, _, _ := strings.Cut(word, "=")
	for _, group := range node.AllFlags(false) {
		for _, flag := range group {
			if name == "--"+flag.Name || flag.Short != 0 && name == "-"+string(flag.Short) {
				return flag
			}
		}
	}
	return nil
}

// flagValues are the words that a flag takes, where they are known: its enumeration, or
// the words of its placeholder (a|b|c).
func flagValues(flag *kong.Flag) []string {
	if flag == nil {
		return nil
	}
	all := flag.EnumSlice()
	if flag.Enum == "" {
		all = strings.FieldsFunc(flag.PlaceHolder, func(r rune) bool { return r == '|' || r == ',' })
		if len(all) < 2 {
			return nil
		}
	}
	var values []string
	for _, word := range all {
		if word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz_") == "" {
			values = append(values, word)
		}
	}
	return values
}

func beginning(all []string, with string) []string {
	var found []string
	for _, word := range all {
		if strings.HasPrefix(word, with) {
			found = append(found, word)
		}
	}
	return found
}

// flagsOf lists a command's flags. Those of the process's own commands are
// settings.
func flagsOf(node *kong.Node) []string {
	var flags []string
	if node.Group != nil && node.Group.Key == ownGroup {
		flags = append(flags, "--"+config.FileFlag, "--help")
		for _, setting := range config.Settings() {
			if setting.Flag != "" {
				flags = append(flags, "--"+setting.Flag)
			}
		}
		return flags
	}
	for _, group := range node.AllFlags(true) {
		for _, flag := range group {
			flags = append(flags, "--"+flag.Name)
		}
	}
	return flags
}
