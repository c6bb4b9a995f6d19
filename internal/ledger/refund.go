package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/store"
)

// refundPrefix begins the names of transfers that give a charge back.
const refundPrefix = "unanswered/"

// Unanswered is a request whose answer nobody will get, though it may have been charged.
type Unanswered struct {
	Request, Account, Key, Model string
	Reason                       string // for the statement
}

// Refund makes sure that a request costs nothing, whatever comes of it later. What it was
// charged is given back, once, however often this is asked, and the key's budget has it
// again. Where it was not charged, a line over nothing takes the place of its charge: one
// that is still under way, such as in the spool of a process that died, finds the request
// charged and moves no money.
//
// It gives what was paid back, as deposited credit, since the postings of a commit do not
// tell which of an account's buckets paid for which of its requests.
//
// Errors: SERVICE_UNAVAILABLE while the charges cannot be written to the database.
func (l *Ledger) Refund(ctx context.Context, u Unanswered) (given money.Nanos, err error) {
	at := l.o.Now()
	err = l.Commit(ctx, nil, Charge{Request: u.Request, Account: u.Account, Key: u.Key, Model: u.Model, Outcome: "unanswered", At: at})
	if err != nil {
		return 0, err
	}
	err = l.db.Write(ctx, func(tx *store.Tx) (err error) {
		given, err = l.refund(ctx, tx, u, at)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("refund request %s: %w", u.Request, err)
	}
	return given, nil
}

func (l *Ledger) refund(ctx context.Context, tx *store.Tx, u Unanswered, at time.Time) (given money.Nanos, err error) {
	var budget string
	err = tx.QueryRow(ctx, `select amount, budget from charge_line where request = $1 and account = $2`, u.Request, u.Account).Scan(&given, &budget)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, &fault.Error{ID: fault.ServiceUnavailable, RetryAfter: replayEvery, Message: "The request's charge is not in the database yet; try again later."}
	}
	if err != nil || given == 0 {
		return 0, err
	}
	applied, err := l.Credit(ctx, tx, Credit{
		ID: refundPrefix + u.Request, Account: u.Account, Kind: "adjustment", Amount: given, Actor: "system", Reason: u.Reason, Ref: u.Request, At: at,
	})
	if err == nil && applied && budget != "" {
		err = giveBudgetBack(ctx, tx, budget, given)
	}
	return given, err
}

// giveBudgetBack lets a key spend an amount once more in a month. Its charges stay as they
// are: what the purse knows of the time before its lines is less by it.
func giveBudgetBack(ctx context.Context, tx *store.Tx, budget string, amount money.Nanos) error {
	if _, err := tx.Exec(ctx, `update purse set earlier = earlier - $2 where id = $1`, budget, amount); err != nil {
		return fmt.Errorf("give %s back to the budget %s: %w", amount, budget, err)
	}
	return addToBucket(ctx, tx, bucketID(budget, budgetKind), amount)
}
