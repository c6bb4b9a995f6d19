package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/console/desk"
	"skytower/internal/httpx"
	"skytower/internal/store"
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

// LoseDatabase has every statement fail from now on.
func (a *App) LoseDatabase() error { return a.db.Close() }

// SweepBodies removes what is past its time: kept bodies, and then their content.
func (a *App) SweepBodies(ctx context.Context) error {
	return errors.Join(a.archive.Sweep(ctx), a.files.Sweep(ctx))
}

// AgeBodies makes kept bodies older: the clock of a server is that of its database.
func (a *App) AgeBodies(ctx context.Context, by time.Duration) error {
	return a.db.Write(ctx, func(tx *store.Tx) error {
		for _, statement := range []string{`update body set expires_at = expires_at - $1`, `update file set expires_at = expires_at - $1 where role = 'archived'`} {
			if _, err := tx.Exec(ctx, statement, by.Microseconds()); err != nil {
				return err
			}
		}
		return nil
	})
}
