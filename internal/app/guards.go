package app

import (
	"context"
	"encoding/json"

	"skytower/internal/api"
	"skytower/internal/api/admin"
	"skytower/internal/catalog"
	"skytower/internal/guard"
	"skytower/internal/prediction"
	"skytower/internal/skytells"
)

// guardOf makes a guard ready, once for each change of it.
func guardOf(spec skytells.GuardSpec) any { return guard.New(spec) }

// guardTold counts what guards say.
func (a *App) guardTold(verdict guard.Verdict) { a.metrics.Guards.Inc(verdict.String()) }

// guardInput shows a prediction's input to the model's guards.
func (a *App) guardInput(ctx context.Context, model *catalog.Model, input json.RawMessage) (json.RawMessage, error) {
	return a.inference.GuardInput(ctx, model.Guards, input)
}

// screen is the guards before what a prediction puts out. Those of a model that is gone are
// not known any more: then all guards look.
func (a *App) screen(model *catalog.Model) prediction.Screen {
	var guards []*catalog.Guard
	if model != nil {
		guards = model.Guards
	} else {
		guards = a.catalog.Snapshot().Guards()
	}
	if guards == nil {
		return nil
	}
	if g := a.inference.GuardOutput(guards); g != nil {
		return g
	}
	return nil // not an interface that holds nil
}

// TryGuard shows a text to one guard (admin.Guards).
func (a *App) TryGuard(ctx context.Context, name, text string) (skytells.GuardTrial, error) {
	spec, err := a.catalog.Guard(ctx, name)
	if err != nil {
		return skytells.GuardTrial{}, err
	}
	return a.inference.TryGuard(ctx, guard.New(spec), text)
}

func (a *App) guardRows() []api.Route {
	return (&admin.GuardHandlers{Guards: a.catalog, Trier: a, Sync: a.feed.Sync}).Rows()
}
