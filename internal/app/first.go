package app

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"

	"skytower/internal/account"
)

// operatorKeyFile is where the command line on the same machine finds its key.
const operatorKeyFile = "operator.key"

// bootstrap makes the first operator, account and key of a new SQLite database.
// PostgreSQL is shared, so there it is an act of its own (`skytower init`).
func (a *App) bootstrap(ctx context.Context) (*account.First, error) {
	if a.cfg.Database.Engine() != "sqlite" {
		return nil, nil
	}
	first, made, err := a.accounts.Bootstrap(ctx, func(f account.First) error {
		return writeSecret(a.path(operatorKeyFile), f.OperatorKey)
	})
	if err != nil {
		return nil, fmt.Errorf("make the first operator and key: %w", err)
	}
	if !made {
		return nil, nil
	}
	return &first, nil
}

// writeSecret replaces a file that only its owner may read.
func writeSecret(path, text string) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, []byte(text+"\n"), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// base is the address that people on this machine use.
func (a *App) base() string {
	if a.cfg.PublicURL != nil {
		return strings.TrimRight(a.cfg.PublicURL.String(), "/")
	}
	address := a.cfg.Listen
	if a.apiAddr != nil {
		address = a.apiAddr.String()
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "http://" + address
	}
	if host == "" || host == "::" || host == "0.0.0.0" {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// docsURL is known before the listener is, so it keeps to what is configured.
func (a *App) docsURL() string { return a.base() + "/docs" }

// greet prints the first key, the one time that it can be shown, with lines to
// paste.
func (a *App) greet(first *account.First) {
	base := a.base()
	a.log.Info("serving", "api", base+"/v1", "docs", base+"/docs", "database", a.cfg.Database.Engine())
	if first == nil {
		return
	}
	key := first.APIKey.Secret
	fmt.Fprintf(a.opts.Stdout, `
Skytower is ready. Your first API key (shown once; make more with 'skytower keys create'):

  %[2]s

Try it:

  curl %[1]s/v1/models -H "x-api-key: %[2]s"

  curl %[1]s/v1/chat/completions -H "x-api-key: %[2]s" \
    -H "Content-Type: application/json" \
    -d '{"model": "deepbrain-router", "messages": [{"role": "user", "content": "How do I add a model?"}]}'

  curl %[1]s/v1/embeddings -H "x-api-key: %[2]s" \
    -H "Content-Type: application/json" \
    -d '{"model": "deepbrain-router", "input": "a lighthouse at dusk"}'

Manual: %[1]s/docs

`, base, key)
}
