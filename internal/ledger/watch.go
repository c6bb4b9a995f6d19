package ledger

import (
	"context"
	"fmt"
	"strings"

	"skytower/internal/money"
	"skytower/internal/store"
)

// Standing is an account's balance, or what is left of a key's budget of this month.
type Standing struct {
	Account string
	Key     string      // "" for an account
	Budget  money.Nanos // of a key
	Balance money.Nanos // what is left
}

// standingsPage bounds what is read at once.
const standingsPage = 1000

// Standings reads where accounts stand, or with budgets where keys do that have one in this
// month, in the order of ids: a page, after the last id of the page before ("": from the
// start). next is "" at the end.
func (l *Ledger) Standings(ctx context.Context, budgets bool, after string) (page []Standing, next string, err error) {
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		now, err := l.clock(ctx, tx)
		if err != nil {
			return err
		}
		kind, suffix := "account", ""
		if budgets {
			kind, suffix = "key", budgetPurse("", store.Time(now))
		}
		rows := 0
		page, next = page[:0], ""
		return tx.Each(ctx, `select p.id, p.owner, p.credit_line, cast(coalesce((select sum(balance) from bucket b where b.purse = p.id), 0) as bigint)
			from purse p where p.id > $1 and p.kind = $2 and p.id like $3 order by p.id limit $4`,
			func(scan func(...any) error) error {
				var id string
				var s Standing
				if err := scan(&id, &s.Account, &s.Budget, &s.Balance); err != nil {
					return err
				}
				if rows++; rows == standingsPage {
					next = id
				}
				if budgets {
					s.Key = strings.TrimSuffix(id, suffix)
				} else {
					s.Budget = 0 // it is the account's credit line
				}
				page = append(page, s)
				return nil
			}, after, kind, "%"+suffix, standingsPage)
	})
	if err != nil {
		return nil, "", fmt.Errorf("read where accounts stand: %w", err)
	}
	return page, next, nil
}

// KeyStandings are those of the keys that have a budget in this month.
func (l *Ledger) KeyStandings(ctx context.Context, keys []string) ([]Standing, error) {
	list := []Standing{}
	err := l.db.Read(ctx, func(tx *store.Tx) error {
		now, err := l.clock(ctx, tx)
		if err != nil {
			return err
		}
		suffix := budgetPurse("", store.Time(now))
		purses := make([]string, len(keys))
		for i, key := range keys {
			purses[i] = key + suffix
		}
		list = list[:0]
		d := tx.Dialect()
		return tx.Each(ctx, `select p.id, p.owner, p.credit_line, cast(coalesce((select sum(balance) from bucket b where b.purse = p.id), 0) as bigint)
			from purse p where `+d.In("p.id", 1)+` order by p.id`, func(scan func(...any) error) error {
			var s Standing
			err := scan(&s.Key, &s.Account, &s.Budget, &s.Balance)
			s.Key = strings.TrimSuffix(s.Key, suffix)
			list = append(list, s)
			return err
		}, d.Strings(purses))
	})
	if err != nil {
		return nil, fmt.Errorf("read the budgets of keys: %w", err)
	}
	return list, nil
}

// Percent is the whole percent of the budget that is spent, at most 1,000. A budget of
// nothing is spent.
func (s Standing) Percent() int {
	const most = 1000
	spent, hundredth := s.Budget-s.Balance, s.Budget/100
	switch {
	case s.Budget <= 0:
		return 100
	case spent <= 0:
		return 0
	case hundredth == 0:
		return int(min(most, spent*100/s.Budget))
	}
	return int(min(most, spent/hundredth))
}
