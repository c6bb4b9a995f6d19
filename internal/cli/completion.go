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

// candidates are the commands, or where the last word begins with a dash the
// flags, that it can become.
func candidates(node *kong.Node, words []string) []string {
	last := ""
	if n := len(words); n > 0 {
		words, last = words[:n-1], words[n-1]
	}
	for _, word := range words {
		for _, child := range node.Children {
			if child.Name == word {
				node = child
				break
			}
		}
	}
	var all []string
	if strings.HasPrefix(last, "-") {
		all = flagsOf(node)
	} else {
		for _, child := range node.Children {
			if !child.Hidden {
				all = append(all, child.Name)
			}
		}
	}
	var found []string
	for _, word := range all {
		if strings.HasPrefix(word, last) {
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
