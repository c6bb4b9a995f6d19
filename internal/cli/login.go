package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"skytower/internal/skytells"
)

type loginCommand struct {
	Server string `arg:"" optional:"" name:"url" help:"The server; the one of --url, SKYTOWER_URL or the last login if left out."`
	Use    bool   `help:"Only make it the one that commands talk to, with the keys that are kept of it."`
}

// loggedIn is what a login kept.
type loggedIn struct {
	Server string `json:"server"`
	Kind   string `json:"kind,omitempty"` // api_key or operator_key; "" with --use
	Key    string `json:"key,omitempty"`  // masked
	File   string `json:"file"`
}

// Run asks for a key, tries it, and keeps it.
func (l *loginCommand) Run(ctx context.Context, s *session) error {
	server, err := l.server(s)
	if err != nil {
		return err
	}
	all, err := s.kept()
	if err != nil {
		return err
	}
	if l.Use {
		return l.use(s, all, server)
	}
	key, err := s.askKey(ctx, server)
	if err != nil {
		return err
	}
	kind, err := keyKind(key)
	if err != nil {
		return err
	}
	if err := s.tryKey(ctx, server, key, kind); err != nil {
		return err
	}
	kept := all.Servers[server]
	if kept.Insecure = kept.Insecure || s.Insecure; kind == apiKind {
		kept.APIKey = key
	} else {
		kept.OperatorKey = key
	}
	all.Servers[server], all.Current = kept, server
	path, err := s.keep(all)
	if err != nil {
		return err
	}
	s.warnOverruled(kind)
	return s.show(loggedIn{server, kind, masked(key), path}, func(t *table) {
		t.row(fmt.Sprintf("Logged in to %s with the %s %s, which is kept in %s.", server, kindText(kind), masked(key), path))
	})
}

// server is the address that is logged in to.
func (l *loginCommand) server(s *session) (string, error) {
	address := completeAddress(l.Server)
	if address == "" {
		var err error
		if address, _, err = s.address(); err != nil {
			return "", err
		}
	}
	return serverName(address)
}

// completeAddress puts the scheme before a bare host: http for this machine, else https.
func completeAddress(address string) string {
	if address == "" || strings.Contains(address, "://") {
		return address
	}
	host, _, _ := strings.Cut(address, "/")
	name := host
	if i := strings.LastIndex(host, ":"); i > 0 {
		name = host[:i]
	}
	if ip, err := netip.ParseAddr(strings.Trim(name, "[]")); name == "localhost" || err == nil && ip.IsLoopback() {
		return "http://" + address
	}
	return "https://" + address
}

func (l *loginCommand) use(s *session, all *credentials, server string) error {
	if _, ok := all.Servers[server]; !ok {
		return usagef("no key of %s is kept%s", server, didYouMean(server, serversOf(all)))
	}
	all.Current = server
	path, err := s.keep(all)
	if err != nil {
		return err
	}
	return s.show(loggedIn{Server: server, File: path}, func(t *table) { t.row("Commands talk to " + server + " now.") })
}

func serversOf(all *credentials) []string {
	var names []string
	for name := range all.Servers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Kinds of keys.
const (
	apiKind      = "api_key"
	operatorKind = "operator_key"
)

func kindText(kind string) string {
	if kind == apiKind {
		return "API key"
	}
	return "operator key"
}

func keyKind(key string) (string, error) {
	switch {
	case strings.HasPrefix(key, "sk-"):
		return apiKind, nil
	case strings.HasPrefix(key, "op-"):
		return operatorKind, nil
	case key == "":
		return "", usagef("no key was given")
	}
	return "", usagef("that is no key: an API key begins with sk-, an operator key with op-")
}

// askKey reads a key: hidden from a terminal, else from standard input.
func (s *session) askKey(ctx context.Context, server string) (string, error) {
	file, asked := terminalOf(s.Stdin)
	if !asked {
		text, err := waitFor(ctx, func() ([]byte, error) { return readAll(s.Stdin, maxKeyFile) })
		if err != nil {
			return "", fmt.Errorf("read the key from standard input: %w", err)
		}
		return strings.TrimSpace(string(text)), nil
	}
	fmt.Fprintf(s.Stderr, "An API key (sk-…) comes from the console's page %s; an operator key (op-…)\n"+
		"from the server's first start, or from operator.key in its data folder.\nKey for %s (not shown): ", keysPage(server), server)
	restore, err := hushed(file)
	if err == nil {
		defer restore()
	}
	line, err := waitFor(ctx, func() (string, error) {
		return bufio.NewReader(io.LimitReader(s.Stdin, maxKeyFile)).ReadString('\n')
	})
	fmt.Fprintln(s.Stderr)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimSpace(line), nil
}

// tryKey asks the server something harmless with a key. A key that may not do just that
// is a key all the same.
func (s *session) tryKey(ctx context.Context, server, key, kind string) error {
	c, err := s.newClient(server, key)
	if err != nil {
		return err
	}
	defer c.CloseIdle()
	if kind == apiKind {
		s.keyHint = "Nothing was kept. " + keysPage(server) + " makes keys"
		_, err = c.Models(ctx)
	} else {
		s.keyHint = "Nothing was kept. The operator key is not one of this server's"
		_, err = c.Settings(ctx)
	}
	var no *skytells.APIError
	if errors.As(err, &no) && no.Status == http.StatusForbidden {
		return nil
	}
	return err
}

// warnOverruled tells of variables that win over what was kept just now.
func (s *session) warnOverruled(kind string) {
	names := []string{"SKYTOWER_URL", "SKYTOWER_API_KEY", "SKYTELLS_API_KEY"}
	if kind == operatorKind {
		names = []string{"SKYTOWER_URL", "SKYTOWER_OPERATOR_KEY", "SKYTOWER_DATA"}
	}
	for _, name := range names {
		if s.Getenv(name) != "" {
			s.note("Note: %s is in the environment, and goes before what was kept.", name)
		}
	}
}

type logoutCommand struct {
	Server string `arg:"" optional:"" name:"url" help:"The server; the one of --url, SKYTOWER_URL or the last login if left out."`
	All    bool   `help:"Of all servers."`
}

// loggedOut is what a logout forgot.
type loggedOut struct {
	Servers []string `json:"servers"`
}

// Run forgets keys. They go on working: only the server can end a key.
func (l *logoutCommand) Run(s *session) error {
	all, err := s.kept()
	if err != nil {
		return err
	}
	gone := serversOf(all)
	if !l.All {
		server, err := (&loginCommand{Server: l.Server}).server(s)
		if err != nil {
			return err
		}
		if _, ok := all.Servers[server]; !ok {
			return usagef("no key of %s is kept%s", server, didYouMean(server, gone))
		}
		gone = []string{server}
	}
	for _, server := range gone {
		if delete(all.Servers, server); all.Current == server {
			all.Current = ""
		}
	}
	if rest := serversOf(all); all.Current == "" && len(rest) == 1 {
		all.Current = rest[0]
	}
	if len(gone) > 0 {
		if _, err := s.keep(all); err != nil {
			return err
		}
	}
	s.note("Keys that are forgotten go on working; 'skytower keys revoke' or the console ends one.")
	return s.show(loggedOut{gone}, func(t *table) {
		for _, server := range gone {
			t.row("Forgot the keys of " + server + ".")
		}
		if all.Current != "" {
			t.row("Commands talk to " + all.Current + " now.")
		}
	})
}
