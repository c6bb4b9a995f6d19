package app

import (
	"context"
	"fmt"
	"net/http"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/console/desk"
	"skytower/internal/httpx"
)

// QueuePages is riverUI, for tests of package app_test.
func (a *App) QueuePages(prefix string) (http.Handler, error) { return a.riverUI(prefix) }

// RemoveAccount is removeAccount, likewise.
func (a *App) RemoveAccount(ctx context.Context, id string) error { return a.removeAccount(ctx, id) }

// WatchStandings is watchStandings, likewise.
func (a *App) WatchStandings(ctx context.Context) error { return a.watchStandings(ctx) }

// Routes are all rows of the API.
func (a *App) Routes() []api.Route { return a.rows() }

// Sync waits until this process knows what was changed.
func (a *App) Sync(ctx context.Context) error { return a.feed.Sync(ctx) }

// People are the accounts and those who sign in.
func (a *App) People() *account.Service { return a.accounts }

// Pages are all rows of the console.
func (a *App) Pages() ([]desk.Row, error) {
	pages, err := a.makeConsole(&httpx.Server{Log: a.log}, &api.Inside{}, a.rows())
	if err != nil {
		return nil, err
	}
	mux, ok := pages.(*desk.Mux)
	if !ok {
		return nil, fmt.Errorf("the console is a %T", pages)
	}
	return mux.Rows(), nil
}
