package app

import (
	"context"
	"time"

	"skytower/internal/account"
	"skytower/internal/api"
	"skytower/internal/api/admin"
	"skytower/internal/api/billing"
	"skytower/internal/ledger"
	"skytower/internal/mail"
)

// alertInterval is how often balances and budgets are compared with what accounts want to
// be told of.
const alertInterval = time.Minute

// alertRows are the routes about alerts, and the one that makes the set-up link.
func (a *App) alertRows() []api.Route {
	own := &billing.AlertHandlers{Alerts: a.accounts, Standings: a.ledger, Mail: a.cfg.Console.SMTP != ""}
	first := &admin.SetupHandlers{Links: a.accounts, Public: a.cfg.PublicURL, Now: time.Now}
	return append(own.Rows(), first.Rows()...)
}

// watchStandings tells accounts of a low balance and of spent budgets. It reads pages of a
// thousand: two questions each, however many accounts there are.
func (a *App) watchStandings(ctx context.Context) error {
	for _, budgets := range []bool{false, true} {
		for after, more := "", true; more; {
			page, next, err := a.ledger.Standings(ctx, budgets, after)
			if err != nil {
				return err
			}
			alerts, err := a.accounts.Watch(ctx, watched(page))
			a.tellAlerts(alerts)
			if err != nil {
				return err
			}
			after, more = next, next != ""
		}
	}
	return nil
}

func watched(page []ledger.Standing) []account.Watched {
	list := make([]account.Watched, len(page))
	for i, s := range page {
		list[i] = account.Watched{Account: s.Account, Balance: s.Balance, Key: s.Key}
		if s.Key != "" {
			list[i].Percent = s.Percent()
		}
	}
	return list
}

// tellAlerts sends the mails. Without mail alerts are seen in the console and at
// GET /v1/alerts alone.
func (a *App) tellAlerts(alerts []account.Alert) {
	if !a.mail.On() {
		return
	}
	for _, alert := range alerts {
		for _, to := range alert.To {
			if err := a.mail.Send(a.alertMail(to, alert)); err != nil {
				a.log.Warn("an alert could not be sent", "account", alert.Account, "error", err)
			}
		}
	}
}

func (a *App) alertMail(to string, alert account.Alert) mail.Message {
	if alert.Key == "" {
		return mail.LowBalance(to, a.base(), alert.AccountName, alert.Balance.String(), alert.Level.String())
	}
	return mail.SpentBudget(to, a.base(), alert.AccountName, alert.KeyName, alert.Percent)
}
