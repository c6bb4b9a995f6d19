package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"skytower/internal/money"
	"skytower/internal/store"
)

// What an account is told where it chose nothing: a balance below five dollars, and a key
// that has spent 80 percent of its budget of the month. That a budget is spent is told in
// any case but where budgets are told of at all.
const (
	DefaultBalanceAlert = 5 * money.Dollar
	DefaultBudgetAlert  = 80
	wholeBudget         = 100
)

// Kinds of alerts, as the table has them.
const (
	alertBalance = "balance"
	alertBudget  = "budget"
	neverAlert   = -1
	toldLow      = "low"
)

// Alerts are what an account is told of.
type Alerts struct {
	Balance money.Nanos // below it; negative: never
	Budget  int         // percent of a key's budget; negative: never
	Told    time.Time   // of a low balance, last; zero: never
	Low     bool        // was told, and has not been above since
	Keys    []AlertKey  // living keys with a budget
}

// AlertKey is a key with a budget.
type AlertKey struct {
	ID, Name string
	Told     time.Time // in any month; zero: never
}

// maxAlertKeys bounds the keys that are shown with alerts.
const maxAlertKeys = 1000

// Alerts reads what an account is told of, and was told last.
func (s *Service) Alerts(ctx context.Context, account string) (Alerts, error) {
	var a Alerts
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		if a, err = readAlerts(ctx, tx, account); err != nil {
			return err
		}
		a.Keys = []AlertKey{}
		return tx.Each(ctx, `select k.id, k.name, coalesce(l.told_at, 0) from api_key k
			left join account_alert l on l.account = k.account and l.kind = 'budget' and l.ref = k.id
			where k.account = $1 and k.budget >= 0 and k.revoked_at is null and k.session = '' order by k.created_at, k.id limit $2`,
			func(scan func(...any) error) error {
				var k AlertKey
				var told int64
				err := scan(&k.ID, &k.Name, &told)
				k.Told = momentOf(told)
				a.Keys = append(a.Keys, k)
				return err
			}, account, maxAlertKeys)
	})
	if err != nil {
		return Alerts{}, fmt.Errorf("read alerts: %w", err)
	}
	return a, nil
}

func momentOf(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return store.Time(micros)
}

func readAlerts(ctx context.Context, tx *store.Tx, account string) (Alerts, error) {
	a := Alerts{Balance: DefaultBalanceAlert, Budget: DefaultBudgetAlert}
	err := tx.Each(ctx, `select kind, level, told_at, told from account_alert where account = $1 and ref = ''`, func(scan func(...any) error) error {
		var kind, told string
		var level, at int64
		if err := scan(&kind, &level, &at, &told); err != nil {
			return err
		}
		if kind == alertBudget {
			a.Budget = int(level)
			return nil
		}
		a.Balance, a.Told, a.Low = money.Nanos(level), momentOf(at), told == toldLow
		return nil
	}, account)
	return a, err
}

// SetAlerts changes the levels that are not nil; negative ones are told of never. by is in
// the audit trail.
func (s *Service) SetAlerts(ctx context.Context, by Operator, account string, balance *money.Nanos, budget *int) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := openAccount(ctx, tx, account); err != nil {
			return err
		}
		if balance != nil {
			if err := setAlert(ctx, tx, account, alertBalance, int64(*balance)); err != nil {
				return err
			}
		}
		if budget != nil {
			if err := setAlert(ctx, tx, account, alertBudget, int64(*budget)); err != nil {
				return err
			}
		}
		return s.audit(ctx, tx, by, "account.alerts", account, "")
	})
	if err != nil {
		return fmt.Errorf("set alerts: %w", err)
	}
	return nil
}

func setAlert(ctx context.Context, tx *store.Tx, account, kind string, level int64) error {
	_, err := tx.Exec(ctx, `insert into account_alert (account, kind, ref, level, told_at, told) values ($1, $2, '', $3, 0, '')
		on conflict (account, kind, ref) do update set level = excluded.level`, account, kind, max(neverAlert, level))
	return err
}

// Watched is where an account stands, or with Key where a key's budget does.
type Watched struct {
	Account string
	Balance money.Nanos // of an account
	Key     string
	Percent int // of the key's budget of this month that is spent
}

// Alert is something that an account has to be told now.
type Alert struct {
	Watched
	AccountName string
	KeyName     string
	Level       money.Nanos // of a balance
	To          []string    // confirmed e-mails of owners and billing members
}

// Watch compares where accounts and keys stand with the levels, notes what is told, and
// returns what has to be: once for each crossing, and for a budget once a month for its
// level and once for all of it. An account is told of a low balance only after it had more.
func (s *Service) Watch(ctx context.Context, now []Watched) ([]Alert, error) {
	var crossed []crossing
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		crossed, err = s.crossings(ctx, tx, now)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for alerts: %w", err)
	}
	var alerts []Alert
	for len(crossed) > 0 {
		step := crossed[:min(closingStep, len(crossed))]
		crossed = crossed[len(step):]
		var told []Alert
		err := s.db.Write(ctx, func(tx *store.Tx) (err error) {
			told, err = s.note(ctx, tx, step)
			return err
		})
		if err != nil {
			return alerts, fmt.Errorf("note alerts: %w", err)
		}
		alerts = append(alerts, told...)
	}
	return alerts, nil
}

// crossing is a change of what an account was told.
type crossing struct {
	Watched
	kind, before, after string
	level               int64
	tell                bool
}

// alertRow is a row of the table.
type alertRow struct {
	level int64
	told  string
}

// crossings are the changes among those who are watched, by two questions for all of them.
func (s *Service) crossings(ctx context.Context, tx *store.Tx, now []Watched) ([]crossing, error) {
	rows, err := s.alertRows(ctx, tx, now)
	if err != nil {
		return nil, err
	}
	var list []crossing
	month := s.now().UTC().Format("2006-01")
	for _, w := range now {
		own, known := rows[[3]string{w.Account, alertBalance, ""}]
		if w.Key == "" {
			if c, ok := balanceCrossing(w, own, known); ok {
				list = append(list, c)
			}
			continue
		}
		level, set := rows[[3]string{w.Account, alertBudget, ""}]
		if !set {
			level.level = DefaultBudgetAlert
		}
		if c, ok := budgetCrossing(w, level.level, rows[[3]string{w.Account, alertBudget, w.Key}].told, month); ok {
			list = append(list, c)
		}
	}
	return list, nil
}

// balanceCrossing: an account without a row was never seen above the level.
func balanceCrossing(w Watched, row alertRow, known bool) (crossing, bool) {
	c := crossing{Watched: w, kind: alertBalance, before: row.told, level: row.level}
	if !known {
		c.level = int64(DefaultBalanceAlert)
	}
	below := c.level >= 0 && int64(w.Balance) < c.level
	switch {
	case !known && !below: // from now on it can fall
		return c, true
	case known && below && row.told != toldLow:
		c.after, c.tell = toldLow, true
		return c, true
	case known && !below && row.told == toldLow:
		return c, true
	}
	return c, false
}

// budgetCrossing: told is "2026-11:80" after the level, "2026-11:100" after all of it.
func budgetCrossing(w Watched, level int64, told, month string) (crossing, bool) {
	if level < 0 || int64(w.Percent) < min(level, wholeBudget) {
		return crossing{}, false
	}
	step := min(level, wholeBudget)
	if w.Percent >= wholeBudget {
		step = wholeBudget
	}
	c := crossing{Watched: w, kind: alertBudget, before: told, after: fmt.Sprintf("%s:%d", month, step), level: level, tell: true}
	return c, told != c.after && told != fmt.Sprintf("%s:%d", month, wholeBudget)
}

func (s *Service) alertRows(ctx context.Context, tx *store.Tx, now []Watched) (map[[3]string]alertRow, error) {
	seen, accounts := map[string]bool{}, []string{}
	for _, w := range now {
		if !seen[w.Account] {
			seen[w.Account] = true
			accounts = append(accounts, w.Account)
		}
	}
	rows := map[[3]string]alertRow{}
	d := tx.Dialect()
	err := tx.Each(ctx, `select account, kind, ref, level, told from account_alert where `+d.In("account", 1), func(scan func(...any) error) error {
		var key [3]string
		var r alertRow
		err := scan(&key[0], &key[1], &key[2], &r.level, &r.told)
		rows[key] = r
		return err
	}, d.Strings(accounts))
	return rows, err
}

// note writes changes, unless another process did, and returns what they tell.
func (s *Service) note(ctx context.Context, tx *store.Tx, step []crossing) ([]Alert, error) {
	var alerts []Alert
	for _, c := range step {
		var at int64
		if c.tell {
			at = s.micros()
		}
		done, err := tx.Exec(ctx, `insert into account_alert (account, kind, ref, level, told_at, told)
			select $1, $2, $3, $4, $5, $6 from account where id = $1 and closed_at = 0
			on conflict (account, kind, ref) do update set told = excluded.told,
				told_at = case when excluded.told_at > 0 then excluded.told_at else account_alert.told_at end
			where account_alert.told = $7`, c.Account, c.kind, c.Key, c.level, at, c.after, c.before)
		if err != nil {
			return nil, err
		}
		n, err := done.RowsAffected()
		if err != nil {
			return nil, err
		}
		if n == 0 || !c.tell {
			continue
		}
		a, err := s.alert(ctx, tx, c)
		if err != nil {
			return nil, err
		}
		alerts = append(alerts, a)
	}
	return alerts, nil
}

// alert is a crossing with the names and people that its mail needs.
func (s *Service) alert(ctx context.Context, tx *store.Tx, c crossing) (Alert, error) {
	a := Alert{Watched: c.Watched, Level: money.Nanos(c.level)}
	err := tx.QueryRow(ctx, `select name from account where id = $1`, c.Account).Scan(&a.AccountName)
	if err != nil {
		return a, err
	}
	if c.Key != "" {
		err := tx.QueryRow(ctx, `select name from api_key where id = $1`, c.Key).Scan(&a.KeyName)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return a, err
		}
	}
	a.To, err = column(ctx, tx, `select p.email from account_member m join person p on p.id = m.person
		where m.account = $1 and m.removed_at = 0 and m.role in ('owner', 'billing') and p.checked_at > 0 order by m.created_at, m.id limit $2`, c.Account, maxTold)
	return a, err
}

// maxTold bounds the people who are told.
const maxTold = 50
