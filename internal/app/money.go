package app

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"skytower/internal/api"
	"skytower/internal/api/admin"
	"skytower/internal/api/billing"
	"skytower/internal/egress"
	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/payment"
	"skytower/internal/payment/stripe"
)

// Intervals of what keeps house.
const (
	expireInterval = 15 * time.Second // credit, holds and leases past their time
	tierInterval   = time.Minute
	peopleInterval = 10 * time.Minute // ended sessions, links and short-lived keys
)

func (a *App) makeLedger(context.Context) error {
	a.ledger = ledger.New(a.db, ledger.Options{
		Log: a.log, Retention: a.cfg.RequestLogRetention, Spool: a.path("spool"), AgesBy: a.clock.Now, Steady: a.clock.Steady,
		OnBatch: func(lines int, took time.Duration) {
			a.metrics.LedgerBatchLines.Observe(float64(lines))
			a.metrics.LedgerBatchSeconds.Observe(took.Seconds())
		},
		OnFailed:  a.notWritten,
		OnDropped: func(entries int) { a.metrics.LogDropped.Add(float64(entries)) },
	})
	starting, err := money.Parse(a.cfg.Money.StartingCredit)
	if err != nil {
		return fmt.Errorf("read starting_credit: %w", err)
	}
	a.credits = &credits{db: a.db, ledger: a.ledger, starting: starting}
	a.feed.Subscribe(ledger.FeedKind, a.ledger.Recalled)
	return nil
}

// makePayments makes the payment processor, where one is set up.
func (a *App) makePayments(context.Context) error {
	if a.cfg.Money.StripeKey == "" {
		return nil
	}
	policy := egress.Operator(egress.Rules{DialTimeout: a.cfg.DialTimeout, Log: a.log})
	processor, err := stripe.New(stripe.Options{
		Key: a.cfg.Money.StripeKey.Reveal(), WebhookSecret: a.cfg.Money.StripeWebhookSecret.Reveal(), URL: a.cfg.Money.StripeURL,
		Client: &http.Client{Transport: &http.Transport{DialContext: policy.DialContext, ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute}},
	})
	if err != nil {
		return fmt.Errorf("set up payments: %w", err)
	}
	a.payments = payment.New(payment.Options{DB: a.db, Processor: processor, Book: a.credits, Log: a.log})
	return nil
}

// moneyRows are the routes about credit, for accounts and for operators.
func (a *App) moneyRows() []api.Route {
	own := &billing.Handlers{Ledger: a.ledger, Terms: a.credits, Accounts: a.accounts, Prices: a.catalog, Now: time.Now}
	paid := &billing.PaymentHandlers{Public: a.cfg.PublicURL}
	if a.payments != nil {
		paid.Payments = a.payments
	}
	operators := &admin.MoneyHandlers{Ledger: a.ledger, Credits: a.credits, Accounts: a.accounts, Prices: a.catalog, Now: time.Now, Sync: a.feed.Sync}
	rows := append(own.Rows(), paid.Rows()...)
	rows = append(rows, operators.Rows()...)
	rows = append(rows, a.trafficRows()...)
	return append(rows, (&admin.LimitHandlers{Rules: a.rules, Sync: a.feed.Sync}).Rows()...)
}
