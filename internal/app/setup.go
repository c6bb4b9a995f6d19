package app

import (
	"context"
	"fmt"

	"skytower/internal/mail"
)

// offerSetup prints the link by which the first operator gets into the console, as long as
// none has. A server that only works has no console.
func (a *App) offerSetup(ctx context.Context) error {
	if !a.cfg.Serves() {
		return nil
	}
	token, needed, err := a.accounts.SetupLink(ctx)
	if err != nil || !needed {
		return err
	}
	a.print(fmt.Sprintf("\nSet up the console with this link. It works once, for a day (a new start prints a new one):\n\n  %s\n\n", mail.SetupLink(a.base(), token)))
	return nil
}
