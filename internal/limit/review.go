package limit

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"skytower/internal/money"
	"skytower/internal/store"
)

const (
	// changeAccount is the kind of change that the account room listens to.
	changeAccount = "account"
	// reviewBatch is how many accounts one transaction looks at.
	reviewBatch = 200
)

// Spending says what an account has spent in all; app fills it with the ledger.
type Spending interface {
	Spent(ctx context.Context, tx *store.Tx, account string) (money.Nanos, error)
}

// Tiers moves accounts up as they spend.
type Tiers struct {
	DB       *store.DB
	Table    Table
	Spending Spending
	Now      func() time.Time // nil: time.Now
}

// Review looks at every account with credit: its tier is that of what it spent in this
// month or the last one (UTC), whichever is more. Within a month it only rises: the
// rows of spend_month never go down. It is safe to run in two processes at once.
func (t *Tiers) Review(ctx context.Context) error {
	now := time.Now
	if t.Now != nil {
		now = t.Now
	}
	m := newMonths(now())
	for after := ""; ; {
		list, err := t.look(ctx, m, after)
		if err != nil {
			return fmt.Errorf("review tiers: %w", err)
		}
		if err := t.write(ctx, m, list); err != nil {
			return fmt.Errorf("review tiers: %w", err)
		}
		if len(list) < reviewBatch {
			return nil
		}
		after = list[len(list)-1].account
	}
}

// months are the names of the month and of the one before it.
type months struct {
	this, last string
	begins     int64 // microseconds
}

func newMonths(now time.Time) months {
	year, month, _ := now.UTC().Date()
	first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	return months{this: first.Format("2006-01"), last: first.AddDate(0, -1, 0).Format("2006-01"), begins: store.Micros(first)}
}

// spender is an account as it was found, and what it becomes.
type spender struct {
	account    string
	level      int64
	opened     int64 // when its purse was made
	before     sql.NullInt64
	spent      sql.NullInt64 // of this month, as written
	lastBefore sql.NullInt64
	lastSpent  sql.NullInt64

	total money.Nanos // now
}

// look reads a batch without holding the writer.
func (t *Tiers) look(ctx context.Context, m months, after string) (list []spender, err error) {
	err = t.DB.Read(ctx, func(tx *store.Tx) error {
		list = list[:0]
		err := tx.Each(ctx, `select a.id, a.auto_tier, p.created_at, this.before, this.spent, last.before, last.spent
			from purse p join account a on a.id = p.id
			left join spend_month this on this.account = a.id and this.month = $1
			left join spend_month last on last.account = a.id and last.month = $2
			where p.kind = 'account' and p.id > $3 order by p.id limit $4`, func(scan func(...any) error) error {
			var s spender
			err := scan(&s.account, &s.level, &s.opened, &s.before, &s.spent, &s.lastBefore, &s.lastSpent)
			list = append(list, s)
			return err
		}, m.this, m.last, after, reviewBatch)
		if err != nil {
			return err
		}
		for i := range list {
			if list[i].total, err = t.Spending.Spent(ctx, tx, list[i].account); err != nil {
				return fmt.Errorf("what %s spent: %w", list[i].account, err)
			}
		}
		return nil
	})
	return list, err
}

// write writes what has changed, if anything has.
func (t *Tiers) write(ctx context.Context, m months, list []spender) error {
	var changed []change
	for i := range list {
		if c, any := t.judge(m, &list[i]); any {
			changed = append(changed, c)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	return t.DB.Write(ctx, func(tx *store.Tx) error {
		for i := range changed {
			if err := changed[i].write(ctx, tx, m); err != nil {
				return fmt.Errorf("account %s: %w", changed[i].account, err)
			}
		}
		return nil
	})
}

// change is what is to be written of one account.
type change struct {
	account       string
	before, spent int64 // of this month
	lastSpent     int64 // of the last month; -1: as it is
	seen, level   int64 // as it was, and as it becomes; 0: as it is
}

// judge works out the month. The row made at the first look in a month holds what was
// spent before it; what came since the last look belongs to the month that ended. All
// that a purse made in this month has spent is of this month.
func (t *Tiers) judge(m months, s *spender) (change, bool) {
	c := change{account: s.account, seen: s.level, before: s.before.Int64, lastSpent: -1}
	lastSpent := s.lastSpent.Int64
	if !s.before.Valid {
		if c.before = int64(s.total); s.opened >= m.begins {
			c.before = 0
		}
		if total := c.before - s.lastBefore.Int64; s.lastBefore.Valid && total > lastSpent {
			lastSpent, c.lastSpent = total, total
		}
	}
	c.spent = max(int64(s.total)-c.before, s.spent.Int64)
	if level := t.Table.Level(money.Nanos(max(c.spent, lastSpent))); level != s.level {
		c.level = level
	}
	return c, !s.before.Valid || c.spent != s.spent.Int64 || c.lastSpent >= 0 || c.level > 0
}

func (c *change) write(ctx context.Context, tx *store.Tx, m months) error {
	_, err := tx.Exec(ctx, `insert into spend_month (account, month, before, spent) values ($1, $2, $3, $4)
		on conflict (account, month) do update set spent = excluded.spent where excluded.spent > spend_month.spent`,
		c.account, m.this, c.before, c.spent)
	if err != nil {
		return err
	}
	if c.lastSpent >= 0 {
		_, err := tx.Exec(ctx, `update spend_month set spent = $3 where account = $1 and month = $2 and spent < $3`, c.account, m.last, c.lastSpent)
		if err != nil {
			return err
		}
	}
	if c.level == 0 {
		return nil
	}
	done, err := tx.Exec(ctx, `update account set auto_tier = $2 where id = $1 and auto_tier = $3`, c.account, c.level, c.seen)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return err
	}
	return tx.Publish(ctx, changeAccount, c.account)
}
