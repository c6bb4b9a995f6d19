package app

import (
	"context"
	"time"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/api/admin"
	"skytower/internal/fault"
	"skytower/internal/prediction"
)

// operatorRows are the routes by which operators look after the instance, and the
// account's own of what they share with it.
func (a *App) operatorRows() []api.Route {
	rows := (&admin.InstanceHandlers{Instance: a}).Rows()
	rows = append(rows, (&admin.PredictionHandlers{Predictions: a.predictions, Retrier: a, Webhooks: a.webhooks, Public: a.cfg.PublicURL}).Rows()...)
	exports := &admin.ExportHandlers{Exporter: a, Public: a.cfg.PublicURL, Now: time.Now}
	return append(append(rows, exports.Rows()...), exports.OwnRows()...)
}

// RetryPrediction makes a failed prediction of any account anew, under the account's
// limits and credit (admin.Retrier).
func (a *App) RetryPrediction(ctx context.Context, by account.Operator, id, base, requestID string) (prediction.Record, string, error) {
	rec, err := a.predictions.Any(ctx, id)
	if err != nil {
		return prediction.Record{}, "", err
	}
	owner, err := a.accounts.Account(ctx, rec.Account)
	if err != nil {
		return prediction.Record{}, "", err
	}
	if owner.Suspended {
		return prediction.Record{}, "", fault.New(fault.AccountSuspended, "The prediction's account is suspended: resume it first.")
	}
	return a.predictions.Retry(ctx, prediction.Retry{
		Actor: by.ID, Of: rec, Base: base, RequestID: requestID,
		Who: account.Principal{Account: rec.Account, Key: rec.Key, Scopes: account.Everything, Tier: owner.Tier},
	})
}
