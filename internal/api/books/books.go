// Package books gives the ledger's values the form of the wire: balances, usage,
// charges with what explains them, and statements as JSON, CSV or a page to print. The
// rows of accounts and those of operators share it.
//
// It reads nothing and decides nothing. Its one invariant: an amount leaves as the exact
// decimal that the ledger holds.
package books

import (
	"time"

	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/skytells"
)

// currency of every amount.
const currency = "USD"

// Amount is an exact decimal number of dollars.
func Amount(n money.Nanos) skytells.Amount { return skytells.Amount(n.String()) }

// Balance is an account's credit.
func Balance(b ledger.Balance) skytells.Balance {
	out := skytells.Balance{
		Account: b.Account, Currency: currency, Balance: Amount(b.Balance), CreditLine: Amount(b.CreditLine),
		Reserved: Amount(b.Reserved), Available: Amount(b.Available), DrawOrder: b.DrawOrder, Buckets: []skytells.BalanceBucket{},
	}
	for _, bucket := range b.Buckets {
		out.Buckets = append(out.Buckets, skytells.BalanceBucket{
			ID: bucket.ID, Kind: bucket.Kind, Balance: Amount(bucket.Balance), ExpiresAt: momentOr(bucket.Expires),
		})
	}
	return out
}

func momentOr(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Transfers are movements that were no charges; never nil.
func Transfers(all []ledger.Transfer) []skytells.Transfer {
	out := []skytells.Transfer{}
	for _, t := range all {
		out = append(out, Transfer(t))
	}
	return out
}

// Transfer is one of them.
func Transfer(t ledger.Transfer) skytells.Transfer {
	return skytells.Transfer{
		ID: t.ID, Account: t.Account, Kind: t.Kind, Amount: Amount(t.Amount), CreatedAt: t.At, Actor: t.Actor, Reason: t.Reason, Reference: t.Ref,
	}
}

// Usage is what was used, with the sum of it. Costs are for operators alone.
func Usage(f ledger.UsageFilter, totals []ledger.UsageTotal, costs bool) skytells.Usage {
	out := skytells.Usage{
		Account: f.Account, From: f.From.Format(time.DateOnly), To: f.To.AddDate(0, 0, -1).Format(time.DateOnly), Data: rows(totals, costs),
	}
	var sum ledger.UsageTotal
	for _, t := range totals {
		sum.Add(t)
	}
	out.Total = row(sum, costs)
	return out
}

func rows(totals []ledger.UsageTotal, costs bool) []skytells.UsageRow {
	out := []skytells.UsageRow{}
	for _, t := range totals {
		out = append(out, row(t, costs))
	}
	return out
}

func row(t ledger.UsageTotal, costs bool) skytells.UsageRow {
	r := skytells.UsageRow{
		Day: t.Day, Model: t.Model, Key: t.Key, Requests: t.Requests, TokensIn: t.Input, TokensOut: t.Output,
		Cached: t.Cached, Reasoning: t.Reasoning, Amount: Amount(t.Amount),
	}
	if costs {
		r.Cost = Amount(t.Cost)
	}
	return r
}

// Statement is an account's month; name is the account's.
func Statement(s ledger.Statement, name string, now time.Time) skytells.Statement {
	return skytells.Statement{
		Account: s.Account, Name: name, Month: s.Month.Format("2006-01"), Currency: currency, Opening: Amount(s.Opening), Closing: Amount(s.Closing),
		Charged: Amount(s.Charged), Credited: Amount(s.Credited), Transfers: Transfers(s.Transfers), ByModel: rows(s.ByModel, false), GeneratedAt: now,
	}
}
