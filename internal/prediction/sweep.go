package prediction

import (
	"context"
	"fmt"

	"skytower/internal/store"
)

// sweep repairs the lanes' counts and hands out what no end of a run handed out: after
// bounds were raised, where more waited than a look ahead sees, and after a process died
// between an end and what follows from it. The leader runs it.
func (s *Service) sweep(ctx context.Context) error {
	if err := s.recount(ctx); err != nil {
		return fmt.Errorf("recount places of predictions: %w", err)
	}
	accounts, err := s.waitingAccounts(ctx)
	if err != nil {
		return err
	}
	for _, account := range accounts {
		for {
			handed, err := s.handAccount(ctx, account, deepLookahead)
			if err != nil {
				return err
			}
			if !handed {
				break // its places are bounded, so this comes
			}
		}
	}
	return nil
}

const waitingAccountsQuery = `with recursive waiting (account, n) as (
				select (select min(account) from prediction where status = 'pending' and not handed), 1
				union all
				select (select min(p.account) from prediction p
					where p.account > waiting.account and p.status = 'pending' and not p.handed), n + 1
				from waiting where waiting.account is not null and n < $1)
			select waiting.account from waiting left join prediction_lane l on l.kind = 'account' and l.name = waiting.account
			where waiting.account is not null order by coalesce(l.last_at, 0), waiting.account`

// waitingAccounts lists accounts with waiting predictions, the longest unserved first,
// hopping over the index as waitingFor does.
func (s *Service) waitingAccounts(ctx context.Context) (accounts []string, err error) {
	err = s.o.DB.Read(ctx, func(tx *store.Tx) error {
		accounts = nil
		return tx.Each(ctx, waitingAccountsQuery,
			func(row func(...any) error) error {
				var account string
				err := row(&account)
				accounts = append(accounts, account)
				return err
			}, sweepAccounts)
	})
	if err != nil {
		return nil, fmt.Errorf("list accounts with waiting predictions: %w", err)
	}
	return accounts, nil
}

type lane struct{ kind, name string }

// recount corrects the lanes whose count is not the number of rows that hold a place.
func (s *Service) recount(ctx context.Context) error {
	wrong, err := s.wrongLanes(ctx)
	if err != nil {
		return err
	}
	for _, l := range wrong {
		if err := s.o.DB.Write(ctx, func(tx *store.Tx) error { return recountLane(ctx, tx, l) }); err != nil {
			return err
		}
	}
	return nil
}

// held is the condition of a row with a place, in the words that lead SQLite to the index
// of just these rows and no further (as does the ` || ”` below): by account or model it
// would read whole histories.
const held = `handed and beat >= 0`

// heldQuery counts the places that are held, by account or by model.
func heldQuery(kind string) string {
	return `select max(` + kind + `), count(*) from prediction where ` + held + ` group by ` + kind + ` || ''`
}

// heldOfQuery counts those of one lane, its first argument.
func heldOfQuery(kind string) string {
	return `select count(*) from prediction where ` + held + ` and ` + kind + ` || '' = $1`
}

// wrongLanes compares without locks: what it finds is looked at again under one.
func (s *Service) wrongLanes(ctx context.Context) (wrong []lane, err error) {
	err = s.o.DB.Read(ctx, func(tx *store.Tx) error {
		real := map[lane]int64{}
		for _, kind := range []string{accountLane, modelLane} {
			err := tx.Each(ctx, heldQuery(kind), func(row func(...any) error) error {
				l := lane{kind: kind}
				var n int64
				err := row(&l.name, &n)
				real[l] = n
				return err
			})
			if err != nil {
				return err
			}
		}
		wrong = nil
		return tx.Each(ctx, `select kind, name, handed from prediction_lane`, func(row func(...any) error) error {
			var l lane
			var n int64
			err := row(&l.kind, &l.name, &n)
			if real[l] != n && (l.kind == accountLane || bounded(s.model(l.name))) {
				wrong = append(wrong, l)
			}
			return err
		})
	})
	return wrong, err
}

func recountLane(ctx context.Context, tx *store.Tx, l lane) error {
	var was int64
	err := tx.QueryRow(ctx, `select handed from prediction_lane where kind = $1 and name = $2`+tx.Dialect().ForUpdate(), l.kind, l.name).Scan(&was)
	if err != nil {
		return fmt.Errorf("lock lane of %s %s: %w", l.kind, l.name, err)
	}
	// Whoever changes handed holds the lane: what this counts is exact.
	_, err = tx.Exec(ctx, `update prediction_lane set handed = (`+heldOfQuery(l.kind)+`),
		front = case when exists (select 1 from prediction where id = front and handed) then front else '' end
		where name = $1 and kind = $2`, l.name, l.kind)
	if err != nil {
		return fmt.Errorf("count lane of %s %s: %w", l.kind, l.name, err)
	}
	return nil
}
