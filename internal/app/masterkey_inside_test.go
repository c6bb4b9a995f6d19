package app

import "context"

// Reseal does what the server that leads does each minute.
func (a *App) Reseal(ctx context.Context) error {
	service, err := a.newReseal()
	if err != nil {
		return err
	}
	return a.reseal(ctx, service)
}
