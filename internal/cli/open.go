package cli

import (
	"context"
	"os/exec"
	"runtime"
	"strings"
)

type openCommand struct {
	Page  string `arg:"" optional:"" help:"A page, such as keys or docs; the console's first if left out."`
	Print bool   `short:"p" help:"Only print the address."`
}

// Run prints the address, and shows it in a browser where there is a terminal and a
// program that can.
func (o *openCommand) Run(ctx context.Context, s *session) error {
	address, _, err := s.address()
	if err != nil {
		return err
	}
	server, err := serverName(address)
	if err != nil {
		return err
	}
	page := server + "/" + strings.TrimLeft(o.Page, "/")
	if !o.Print && isTerminal(s.Stdout) {
		opener := map[string]string{"darwin": "open", "windows": "explorer"}[runtime.GOOS]
		if path, err := exec.LookPath(firstOf(opener, "xdg-open")); err == nil {
			_ = exec.CommandContext(ctx, path, page).Run() //nolint:gosec // an address, checked, as one argument; it is printed as well
		}
	}
	return s.show(map[string]string{"url": page}, func(t *table) { t.row(page) })
}
