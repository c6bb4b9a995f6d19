package app

import (
	"context"
	"net/http"
)

// QueuePages is riverUI, for tests of package app_test.
func (a *App) QueuePages(prefix string) (http.Handler, error) { return a.riverUI(prefix) }

// RemoveAccount is removeAccount, likewise.
func (a *App) RemoveAccount(ctx context.Context, id string) error { return a.removeAccount(ctx, id) }
