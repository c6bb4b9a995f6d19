// Package maintain holds the commands that work on a database without a server: making
// the first operator, bringing the schema up to date, copying a database into another
// one, making and restoring backups.
//
// It refuses to know HTTP, and everything that a running server can do for itself: that is
// in the admin API. Its invariant: each command is safe to run twice, and one that was
// killed leaves nothing that a server would take for whole.
package maintain

import (
	"context"
	"fmt"
	"io"

	"skytower/internal/account"
	"skytower/internal/config"
	"skytower/internal/jobs"
	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/store"
)

// Init makes the first operator, account and API key of a database that has none,
// and prints them, the one time that they can be shown. It is the way on
// PostgreSQL; a server on SQLite does the same at its first start.
func Init(ctx context.Context, cfg *config.Config, out io.Writer) error {
	db, err := store.Open(ctx, cfg.Database.Reveal(), store.Options{})
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer db.Close()
	if err := jobs.Migrate(ctx, db); err != nil {
		return err
	}
	starting, err := money.Parse(cfg.Money.StartingCredit)
	if err != nil {
		return fmt.Errorf("read starting_credit: %w", err)
	}
	books := ledger.New(db, ledger.Options{})
	accounts := account.NewService(db, account.ServiceOptions{OnCreate: func(ctx context.Context, tx *store.Tx, id string, by account.Operator) error {
		return books.Welcome(ctx, tx, id, starting, by.ID)
	}})
	first, made, err := accounts.Bootstrap(ctx, nil)
	if err != nil {
		return fmt.Errorf("make the first operator: %w", err)
	}
	if !made {
		_, err := fmt.Fprintln(out, "This database has its first operator already; nothing was changed.")
		return err
	}
	_, err = fmt.Fprintf(out, `Made the first operator, an account and its API key. They are shown this once:

  operator key  %s
  account       %s
  API key       %s

Commands from any machine: SKYTOWER_URL=https://your-server SKYTOWER_OPERATOR_KEY=op-… skytower keys list
`, first.OperatorKey, first.Account.ID, first.APIKey.Secret)
	if err != nil {
		return err
	}
	return offerSetup(ctx, cfg, accounts, out)
}

// offerSetup prints the link by which the first operator gets into the console.
func offerSetup(ctx context.Context, cfg *config.Config, accounts *account.Service, out io.Writer) error {
	token, needed, err := accounts.SetupLink(ctx)
	if err != nil || !needed {
		return err
	}
	base := "https://your-server"
	if cfg.PublicURL != nil {
		base = cfg.PublicURL.String()
	}
	_, err = fmt.Fprintf(out, "\nSet up the console with this link, which works once, for a day (a server prints a new one when it starts):\n\n  %s/setup/%s\n", base, token)
	return err
}
