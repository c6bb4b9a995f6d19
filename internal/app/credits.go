package app

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"skytower/internal/account"
	"skytower/internal/fault"
	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/payment"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

// credits are the acts about money that touch more than one room, each in one
// transaction.
type credits struct {
	db       *store.DB
	ledger   *ledger.Ledger
	accounts *account.Service
	starting money.Nanos
}

// GiveCredit gives an account credit, or takes some away where the amount is below zero.
func (c *credits) GiveCredit(ctx context.Context, by account.Operator, id string, r skytells.CreditRequest) (ledger.Transfer, error) {
	credit, err := creditOf(by, id, r)
	if err != nil {
		return ledger.Transfer{}, err
	}
	if _, err := c.accounts.Account(ctx, id); err != nil {
		return ledger.Transfer{}, err
	}
	err = c.db.Write(ctx, func(tx *store.Tx) error {
		_, err := c.ledger.Credit(ctx, tx, credit)
		return err
	})
	if err != nil {
		return ledger.Transfer{}, err
	}
	return c.ledger.Transfer(ctx, credit.ID)
}

// creditOf reads a request. Without a reference each request is an act of its own.
func creditOf(by account.Operator, id string, r skytells.CreditRequest) (ledger.Credit, error) {
	amount, err := money.Parse(string(r.Amount))
	if err != nil || amount == 0 {
		return ledger.Credit{}, fault.Invalid("amount", "'amount' must be dollars with at most nine decimals, such as 10 or 0.50, and not 0.")
	}
	if strings.TrimSpace(r.Reason) == "" {
		return ledger.Credit{}, fault.Invalid("reason", "Say why, for the record.")
	}
	kind, bucket := "grant", ledger.Sponsored
	if r.Kind != "" {
		bucket = r.Kind
	}
	if bucket != ledger.Sponsored && bucket != ledger.Deposited {
		return ledger.Credit{}, fault.Invalid("kind", "'kind' must be sponsored or deposited.")
	}
	if bucket == ledger.Deposited {
		kind = "deposit"
	}
	if amount < 0 {
		kind = "adjustment"
	}
	name := r.Reference
	if name == "" {
		name = strings.ToLower(rand.Text())
	}
	credit := ledger.Credit{
		ID: "operator/" + id + "/" + name, Account: id, Kind: kind, Bucket: bucket, Amount: amount, Actor: by.ID, Reason: r.Reason, Ref: r.Reference, At: time.Now(),
	}
	if r.ExpiresAt != nil {
		if bucket != ledger.Sponsored || amount < 0 {
			return ledger.Credit{}, fault.Invalid("expires_at", "Only sponsored credit expires.")
		}
		credit.Expires = *r.ExpiresAt
	}
	return credit, nil
}

// SetTerms changes how an account may spend.
func (c *credits) SetTerms(ctx context.Context, by account.Operator, id string, t skytells.CreditTerms) error {
	terms := ledger.Terms{DrawOrder: t.DrawOrder, Actor: by.ID}
	if t.CreditLine != nil {
		line, err := money.Parse(string(*t.CreditLine))
		if err != nil {
			return fault.Invalid("credit_line", "'credit_line' must be dollars with at most nine decimals.")
		}
		terms.CreditLine = &line
	}
	if _, err := c.accounts.Account(ctx, id); err != nil {
		return err
	}
	return c.db.Write(ctx, func(tx *store.Tx) error { return c.ledger.SetTerms(ctx, tx, id, terms) })
}

// SetDrawOrder is an account's own choice of its terms.
func (c *credits) SetDrawOrder(ctx context.Context, actor, id string, order []string) error {
	terms := ledger.Terms{DrawOrder: order, Actor: actor}
	return c.db.Write(ctx, func(tx *store.Tx) error { return c.ledger.SetTerms(ctx, tx, id, terms) })
}

// welcome gives a new account its starting credit, in the transaction that makes it.
func (c *credits) welcome(ctx context.Context, tx *store.Tx, id string, by account.Operator) error {
	return c.ledger.Welcome(ctx, tx, id, c.starting, by.ID)
}

// Deposit is what payments move (payment.Book).
func (c *credits) Deposit(ctx context.Context, tx *store.Tx, d payment.Deposit) error {
	_, err := c.ledger.Credit(ctx, tx, ledger.Credit{
		ID: d.Name, Account: d.Account, Kind: d.Kind, Bucket: ledger.Deposited, Amount: d.Amount, Place: d.Place, Actor: "system", Reason: d.Reason, Ref: d.Ref, At: d.At,
	})
	return err
}

// Spent is what limits ask for tiers.
func (c *credits) Spent(ctx context.Context, tx *store.Tx, id string) (money.Nanos, error) {
	return c.ledger.Spent(ctx, tx, id)
}
