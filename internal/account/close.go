package account

import (
	"context"
	"fmt"

	"skytower/internal/fault"
	"skytower/internal/store"
)

// closingStep are the rows of one transaction: SQLite's writer is held a few milliseconds.
const closingStep = 50

// CloseAccount ends an account for good: its keys stop at once, its members and their
// sessions end, names and e-mails go, and so does what other rooms keep (OnClose). Its
// charges stay: they are books. A second call goes on where the first one was cut off.
func (s *Service) CloseAccount(ctx context.Context, by Operator, account string) error {
	err := s.change(ctx, by, func(tx *store.Tx) error { return s.beginClosing(ctx, tx, by, account) })
	if err != nil {
		return fmt.Errorf("close account: %w", err)
	}
	return wrapped("close account", s.finishClosing(ctx, account))
}

// CloseSeatAccount is CloseAccount by an owner.
func (s *Service) CloseSeatAccount(ctx context.Context, seat Seat) error {
	err := s.act(ctx, seat, owners(), func(tx *store.Tx, _ memberRow, by Operator) error {
		return s.beginClosing(ctx, tx, by, seat.Account)
	})
	if err != nil {
		return fmt.Errorf("close account: %w", err)
	}
	return wrapped("close account", s.finishClosing(ctx, seat.Account))
}

// beginClosing is the step after which nobody gets in: the rest can be done later.
func (s *Service) beginClosing(ctx context.Context, tx *store.Tx, by Operator, account string) error {
	a, err := accountByID(ctx, tx, account, tx.Dialect().ForUpdate())
	if err != nil || a.closed != 0 {
		return err
	}
	now := s.micros()
	_, err = tx.Exec(ctx, `update account set closed_at = $2, changed_at = $2, suspended_at = coalesce(suspended_at, $2),
		suspend_reason = 'closed', name = '', webhook_secret = '' where id = $1`, account, now)
	if err != nil {
		return err
	}
	tx.AfterCommit(func() { s.sessions.forget("") })
	return s.record(ctx, tx, by, act{"account.close", account, "", ChangeAccount, account})
}

// finishClosing does the rest in small steps, each of which may be done again.
func (s *Service) finishClosing(ctx context.Context, account string) error {
	for _, step := range []func(context.Context, *store.Tx, string) (int, error){s.closeKeys, s.closeMembers} {
		if err := s.inSteps(ctx, func(tx *store.Tx) (int, error) { return step(ctx, tx, account) }); err != nil {
			return err
		}
	}
	if s.onClose != nil {
		if err := s.onClose(ctx, account); err != nil {
			return fmt.Errorf("clear account %s: %w", account, err)
		}
	}
	return s.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `delete from account_alert where account = $1`, account); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `update account set cleared_at = $2 where id = $1 and closed_at > 0 and cleared_at = 0`, account, s.micros())
		return err
	})
}

// inSteps repeats a short transaction until it finds fewer rows than a step has.
func (s *Service) inSteps(ctx context.Context, step func(tx *store.Tx) (int, error)) error {
	for {
		var n int
		err := s.db.Write(ctx, func(tx *store.Tx) (err error) {
			n, err = step(tx)
			return err
		})
		if err != nil || n < closingStep {
			return err
		}
	}
}

func (s *Service) closeKeys(ctx context.Context, tx *store.Tx, account string) (int, error) {
	ids, err := column(ctx, tx, `select id from api_key where account = $1 and (revoked_at is null or name <> '') order by created_at, id limit $2`,
		account, closingStep)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	d := tx.Dialect()
	if _, err := tx.Exec(ctx, `update api_key set name = '' where `+d.In("id", 1), d.Strings(ids)); err != nil {
		return 0, err
	}
	return len(ids), s.endKeys(ctx, tx, ids)
}

// closeMembers ends memberships and takes out who the members were. People who are nothing
// else here go with it.
func (s *Service) closeMembers(ctx context.Context, tx *store.Tx, account string) (int, error) {
	ids, err := column(ctx, tx, `select id from account_member where account = $1 and (removed_at = 0 or name <> '' or email <> '' or person <> '')
		order by created_at, id limit $2`, account, closingStep)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		m, err := memberByID(ctx, tx, id)
		if err != nil {
			return 0, err
		}
		if err := s.eraseMember(ctx, tx, m); err != nil {
			return 0, err
		}
		if err := s.dropIfAlone(ctx, tx, m.person); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// eraseMember leaves of a member the id and the role.
func (s *Service) eraseMember(ctx context.Context, tx *store.Tx, m memberRow) error {
	if m.removed == 0 {
		m.removed = s.micros()
	}
	if err := s.revokeKeysOf(ctx, tx, System(), m.id, m.removed); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `delete from person_link where member = $1 and member <> ''`, m.id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `update account_member set name = '', email = '', person = '', removed_at = $2 where id = $1`, m.id, m.removed)
	return err
}

// dropIfAlone removes a person who has no other seat and is no operator.
func (s *Service) dropIfAlone(ctx context.Context, tx *store.Tx, person string) error {
	if person == "" {
		return nil
	}
	ties, err := column(ctx, tx, `select id from account_member where person = $1 and person <> '' and removed_at = 0
		union all select id from operator where person = $1 and person <> ''`, person)
	if err != nil || len(ties) > 0 {
		return err
	}
	return s.dropPerson(ctx, tx, person)
}

func (s *Service) dropPerson(ctx context.Context, tx *store.Tx, person string) error {
	p, known, err := onePerson(ctx, tx, ` where id = $1`, person)
	if err != nil || !known {
		return err
	}
	if err := s.endSessionsOf(ctx, tx, person, ""); err != nil {
		return err
	}
	for _, query := range []string{`delete from person_identity where person = $1`, `delete from person_link where person = $1 and person <> ''`,
		`update account_member set person = '', name = '', email = '' where person = $1 and person <> ''`, `delete from person where id = $1`} {
		if _, err := tx.Exec(ctx, query, person); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `delete from person_link where email = $1`, p.email)
	if err != nil {
		return err
	}
	return s.audit(ctx, tx, actor(person), "person.delete", person, "")
}

// DeletePerson removes a person with their seats, keys, sessions and operator's power. The
// last owner of an account closes it or makes somebody else an owner first; the last
// operator makes another one.
func (s *Service) DeletePerson(ctx context.Context, person string) error {
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		seats, err := column(ctx, tx, `select id from account_member where person = $1 and person <> '' and removed_at = 0 order by account, id`, person)
		if err != nil {
			return err
		}
		for _, id := range seats {
			if err := s.leave(ctx, tx, person, id); err != nil {
				return err
			}
		}
		operators, err := column(ctx, tx, `select id from operator where person = $1 and person <> '' and revoked_at = 0 order by id`, person)
		if err != nil {
			return err
		}
		for _, id := range operators {
			if err := checkNotLast(ctx, tx, id); err != nil {
				return err
			}
			if err := s.revokeOperator(ctx, tx, actor(person), id); err != nil {
				return err
			}
		}
		if _, err := lockPerson(ctx, tx, person); err != nil {
			return err
		}
		return s.dropPerson(ctx, tx, person)
	})
	if err != nil {
		return fmt.Errorf("delete person: %w", err)
	}
	return nil
}

func (s *Service) leave(ctx context.Context, tx *store.Tx, person, member string) error {
	m, err := s.removeMember(ctx, tx, actor(person), member)
	if fault.Is(err, fault.InvalidParameter) {
		return &fault.Error{ID: fault.InvalidParameter, Status: 409, Param: "person",
			Message: fmt.Sprintf("You are the last owner of the account %s.", m.account),
			Details: "Close it, or make somebody else an owner, first.", Err: err}
	}
	if err != nil {
		return err
	}
	return s.eraseMember(ctx, tx, m)
}
