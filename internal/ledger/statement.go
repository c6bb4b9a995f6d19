package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/store"
)

// mostTransfers bounds those of one statement.
const mostTransfers = 10_000

// Statement is an account's month.
//
// Money moves when a charge is written, and a charge counts in ByModel when its request
// was made: around midnight of the last day the two may be of different months.
type Statement struct {
	Account           string
	Month             time.Time // its first moment, UTC
	Opening, Closing  money.Nanos
	Charged, Credited money.Nanos
	Transfers         []Transfer // oldest first
	ByModel           []UsageTotal
}

// Statement reads a month of an account. Closing = Opening + Credited - Charged.
//
// Errors: INVALID_PARAMETER for a month with more transfers than a statement has.
func (l *Ledger) Statement(ctx context.Context, account string, at time.Time) (Statement, error) {
	from, to := month(at)
	s := Statement{Account: account, Month: from}
	err := l.db.Read(ctx, func(tx *store.Tx) error {
		within, err := movement(ctx, tx, account, from, to)
		if err != nil {
			return err
		}
		after, err := movement(ctx, tx, account, to, time.Time{})
		if err != nil {
			return err
		}
		p, err := readPurse(ctx, tx, account, 0)
		if errors.Is(err, errNoPurse) {
			p, err = &purse{}, nil
		}
		if err != nil {
			return err
		}
		s.Charged, s.Credited = within.charged, within.credited
		s.Closing = p.balance() - after.credited + after.charged
		s.Opening = s.Closing - s.Credited + s.Charged
		if s.Transfers, err = transfersOf(ctx, tx, account, from, to); err != nil {
			return err
		}
		s.ByModel, err = usage(ctx, tx, UsageFilter{Account: account, From: from, To: to, ByModel: true})
		return err
	})
	if err != nil {
		return Statement{}, fmt.Errorf("read the statement of %s: %w", account, err)
	}
	return s, nil
}

// moved is what an account's postings of some time add up to.
type moved struct{ charged, credited money.Nanos }

const (
	// The buckets are few, and postings are found by bucket and time.
	movedOut = `select cast(coalesce(sum(case when dest = 'revenue' then amount else 0 end), 0) as bigint),
		cast(coalesce(sum(case when dest = 'revenue' then 0 else amount end), 0) as bigint)
		from bucket b join posting p on p.source = b.id and p.at >= $2 and p.at < $3 where b.purse = $1`
	movedIn = `select cast(coalesce(sum(amount), 0) as bigint)
		from bucket b join posting p on p.dest = b.id and p.dest <> 'revenue' and p.at >= $2 and p.at < $3 where b.purse = $1`
)

// movement adds up the postings of an account's buckets from a time to before another
// (zero: the last).
func movement(ctx context.Context, tx *store.Tx, account string, from, to time.Time) (m moved, err error) {
	end := store.Micros(to)
	if to.IsZero() {
		end = 1<<63 - 1
	}
	var taken, given money.Nanos
	if err := tx.QueryRow(ctx, movedOut, account, store.Micros(from), end).Scan(&m.charged, &taken); err != nil {
		return m, fmt.Errorf("add up what was charged: %w", err)
	}
	if err := tx.QueryRow(ctx, movedIn, account, store.Micros(from), end).Scan(&given); err != nil {
		return m, fmt.Errorf("add up what was credited: %w", err)
	}
	m.credited = given - taken
	return m, nil
}

func transfersOf(ctx context.Context, tx *store.Tx, account string, from, to time.Time) ([]Transfer, error) {
	out := []Transfer{}
	err := tx.Each(ctx, `select `+transferColumns+` from transfer where account = $1 and at >= $2 and at < $3 order by at, id`,
		func(scan func(...any) error) error {
			if len(out) == mostTransfers {
				return fault.Invalid("month", "This month has more than %d transfers.", mostTransfers)
			}
			t, err := scanTransfer(scan)
			out = append(out, t)
			return err
		}, account, store.Micros(from), store.Micros(to))
	return out, err
}
