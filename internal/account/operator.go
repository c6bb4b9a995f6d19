package account

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"skytower/internal/fault"
	"skytower/internal/secret"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

// OperatorInfo is an operator as it can be listed.
type OperatorInfo struct {
	ID        string
	Name      string
	Role      Role
	CreatedAt time.Time
	Masked    string // of the newest living key; "" where none is left
	Person    string // per_… who signs in as this operator; "": nobody
	Email     string // of the person, or of whom a living invitation is for
	RevokedAt *time.Time
}

// CreateOperator makes an operator with a key, and returns the key: its only copy.
func (s *Service) CreateOperator(ctx context.Context, by Operator, name string, role Role) (OperatorInfo, string, error) {
	if role != RoleOperator && role != RoleAuditor {
		return OperatorInfo{}, "", fault.Invalid("role", "A role is %q or %q.", RoleOperator, RoleAuditor)
	}
	name = strings.TrimSpace(name)
	if err := checkName(name); err != nil {
		return OperatorInfo{}, "", err
	}
	o, raw := s.newOperator(name, role)
	err := s.change(ctx, by, func(tx *store.Tx) error { return s.insertOperator(ctx, tx, by, o) })
	if err != nil {
		return OperatorInfo{}, "", fmt.Errorf("create operator: %w", err)
	}
	return o.info(), raw, nil
}

// storedOperator is an operator with its first key.
type storedOperator struct {
	id, name, key, masked string
	role                  Role
	digest                digest
	created               int64
}

func (s *Service) newOperator(name string, role Role) (storedOperator, string) {
	raw := secret.NewAPIKey(secret.OperatorKey)
	return storedOperator{id: newID("opr_"), name: name, role: role, key: newID("opk_"),
		digest: secret.Digest(raw), masked: secret.Mask(raw), created: s.micros()}, raw
}

func (o *storedOperator) info() OperatorInfo {
	return OperatorInfo{ID: o.id, Name: o.name, Role: o.role, CreatedAt: store.Time(o.created), Masked: o.masked}
}

func (s *Service) insertOperator(ctx context.Context, tx *store.Tx, by Operator, o storedOperator) error {
	_, err := tx.Exec(ctx, `insert into operator (id, name, role, created_at) values ($1, $2, $3, $4)`,
		o.id, o.name, string(o.role), o.created)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `insert into operator_key (id, operator, digest, masked, created_at) values ($1, $2, $3, $4, $5)`,
		o.key, o.id, o.digest[:], o.masked, o.created)
	if err != nil {
		return err
	}
	return s.record(ctx, tx, by, act{"operator.create", o.id, string(o.role), ChangeOperator, o.key})
}

// Operators lists the operators that were ever made, oldest first; never nil.
func (s *Service) Operators(ctx context.Context) ([]OperatorInfo, error) {
	list := []OperatorInfo{}
	err := s.db.Read(ctx, func(tx *store.Tx) error {
		list = list[:0]
		return tx.Each(ctx, `select o.id, o.name, o.role, o.created_at, o.person, o.revoked_at, coalesce((
			select masked from operator_key k where k.operator = o.id and k.revoked_at is null
			order by k.created_at desc, k.id limit 1), ''),
			coalesce(p.email, (select email from person_link l where l.operator = o.id and l.operator <> '' and l.used_at = 0
			and l.expires_at > $2 order by l.created_at desc limit 1), '')
			from operator o left join person p on p.id = o.person order by o.created_at, o.id limit $1`, func(scan func(...any) error) error {
			var o storedOperator
			var i OperatorInfo
			var revoked int64
			err := scan(&o.id, &o.name, &o.role, &o.created, &i.Person, &revoked, &o.masked, &i.Email)
			one := o.info()
			one.Person, one.Email, one.RevokedAt = i.Person, i.Email, timeOf(sql.NullInt64{Int64: revoked, Valid: revoked != 0})
			list = append(list, one)
			return err
		}, maxPage, s.micros())
	})
	if err != nil {
		return nil, fmt.Errorf("list operators: %w", err)
	}
	return list, nil
}

// RevokeOperator ends all keys of an operator; a second call changes nothing. The
// last one who may change things can't be revoked: nobody could come back in.
func (s *Service) RevokeOperator(ctx context.Context, by Operator, id string) error {
	err := s.change(ctx, by, func(tx *store.Tx) error {
		if err := checkNotLast(ctx, tx, id); err != nil {
			return err
		}
		return s.revokeOperator(ctx, tx, by, id)
	})
	if err != nil {
		return fmt.Errorf("revoke operator: %w", err)
	}
	return nil
}

func (s *Service) revokeOperator(ctx context.Context, tx *store.Tx, by Operator, id string) error {
	keys, err := livingKeysOf(ctx, tx, id)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if _, err := tx.Exec(ctx, `update operator_key set revoked_at = $2 where id = $1`, key, s.micros()); err != nil {
			return err
		}
		if err := s.record(ctx, tx, by, act{"operator.revoke", id, key, ChangeOperator, key}); err != nil {
			return err
		}
	}
	return s.endOperator(ctx, tx, by, id, len(keys) > 0)
}

// endOperator ends what a person may do as this operator, and the invitation to it.
func (s *Service) endOperator(ctx context.Context, tx *store.Tx, by Operator, id string, told bool) error {
	var person string
	var revoked int64
	if err := tx.QueryRow(ctx, `select person, revoked_at from operator where id = $1`, id).Scan(&person, &revoked); err != nil || revoked != 0 {
		return err
	}
	if _, err := tx.Exec(ctx, `update operator set revoked_at = $2, person = '' where id = $1`, id, s.micros()); err != nil {
		return err
	}
	tx.AfterCommit(func() { s.sessions.forget(person) })
	if err := dropLinks(ctx, tx, linkInvite, "operator", id); err != nil {
		return err
	}
	if err := s.endViews(ctx, tx, person); err != nil || told {
		return err
	}
	return s.audit(ctx, tx, by, "operator.revoke", id, "")
}

// endViews ends the looks at accounts of a person who is no operator any more.
func (s *Service) endViews(ctx context.Context, tx *store.Tx, person string) error {
	sessions, err := column(ctx, tx, `select id from person_session where person = $1 and viewing <> ''`, person)
	if err != nil {
		return err
	}
	for _, session := range sessions {
		if _, err := tx.Exec(ctx, `update person_session set viewing = '' where id = $1`, session); err != nil {
			return err
		}
		if err := s.endHiddenKeys(ctx, tx, session, 0); err != nil {
			return err
		}
	}
	return nil
}

// checkNotLast locks all operators, so that two of them can't revoke each other at
// the same time.
func checkNotLast(ctx context.Context, tx *store.Tx, id string) error {
	var all []string
	var role Role
	lock := tx.Dialect().ForUpdate()
	err := tx.Each(ctx, `select id, role from operator order by id`+lock, func(scan func(...any) error) error {
		var one string
		var r Role
		err := scan(&one, &r)
		if one == id {
			role = r
		} else if r == RoleOperator {
			all = append(all, one)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case role == "":
		return notFound("operator", id)
	case role == RoleAuditor:
		return nil
	}
	for _, other := range all {
		if keys, err := livingKeysOf(ctx, tx, other); err != nil || len(keys) > 0 {
			return err
		}
	}
	people, err := column(ctx, tx, `select id from operator where role = 'operator' and person <> '' and revoked_at = 0 and id <> $1`, id)
	if err != nil || len(people) > 0 {
		return err
	}
	return fault.Invalid("operator", "This is the last operator: make another one first.")
}

func livingKeysOf(ctx context.Context, tx *store.Tx, operator string) ([]string, error) {
	var keys []string
	err := tx.Each(ctx, `select id from operator_key where operator = $1 and revoked_at is null order by id`,
		func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			keys = append(keys, id)
			return err
		}, operator)
	return keys, err
}

// First is what the first start of a server makes. Its two keys exist nowhere else.
type First struct {
	OperatorKey string
	Account     skytells.Account
	APIKey      skytells.Key // with its Secret
}

const onceBootstrap = "bootstrap"

// Bootstrap makes the first operator, account and key, if this database never had
// an operator, and reports whether it did. Of two processes that start together one
// does it and the other waits.
//
// keep, unless nil, gets the result before the commit and must put the keys away: a
// crash between commit and keep would otherwise lock everybody out for good. It may
// be called again with the same keys, and keys whose commit failed are worthless; so
// it should overwrite what it wrote, and print nothing.
func (s *Service) Bootstrap(ctx context.Context, keep func(First) error) (First, bool, error) {
	op, opRaw := s.newOperator("First operator", RoleOperator)
	acct := s.newAccount("Default")
	key, raw, err := s.newKey(skytells.KeyRequest{Account: acct.id, Name: "First key"})
	if err != nil {
		return First{}, false, fmt.Errorf("make first key: %w", err)
	}
	first := First{OperatorKey: opRaw, Account: acct.wire(), APIKey: key.wire()}
	first.APIKey.Secret = raw
	var made bool
	err = s.change(ctx, System(), func(tx *store.Tx) (err error) {
		if made, err = s.claimFirst(ctx, tx); err != nil || !made {
			return err
		}
		if err := s.insertOperator(ctx, tx, System(), op); err != nil {
			return err
		}
		if err := s.insertAccount(ctx, tx, System(), acct); err != nil {
			return err
		}
		if err := s.insertKey(ctx, tx, System(), key); err != nil || keep == nil {
			return err
		}
		return keep(first)
	})
	if err != nil {
		return First{}, false, fmt.Errorf("make the first operator and account: %w", err)
	}
	if !made {
		return First{}, false, nil
	}
	return first, true, nil
}

// claimFirst reports whether this transaction is the one that begins. On PostgreSQL
// the insert waits for a rival's; so the count below sees what the rival made.
func (s *Service) claimFirst(ctx context.Context, tx *store.Tx) (bool, error) {
	res, err := tx.Exec(ctx, `insert into account_once (act, at) values ($1, $2) on conflict (act) do nothing`,
		onceBootstrap, s.micros())
	if err != nil {
		return false, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return false, err
	}
	var operators int
	err = tx.QueryRow(ctx, `select count(*) from operator`).Scan(&operators)
	return operators == 0, err
}
