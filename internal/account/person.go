package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"skytower/internal/fault"
	"skytower/internal/store"
)

// personRow is a row of the table person.
type personRow struct {
	id, email, name, password string
	checked, created          int64
}

const selectPerson = `select id, email, name, password, checked_at, created_at from person`

func (p *personRow) scan(scan func(...any) error) error {
	return scan(&p.id, &p.email, &p.name, &p.password, &p.checked, &p.created)
}

func (p *personRow) person() Person {
	return Person{ID: p.id, Email: p.email, Name: p.name, Checked: p.checked != 0, Password: p.password != "", CreatedAt: store.Time(p.created)}
}

// actor is a person or a member as the audit names who did something. It is not for
// asking what they may do.
func actor(id string) Operator { return Operator{ID: id, Role: RoleOperator} }

// newPerson checks what a person tells, but for the password.
func (s *Service) newPerson(r PersonRequest) (personRow, error) {
	p := personRow{id: newID("per_"), name: strings.TrimSpace(r.Name), created: s.micros()}
	if err := checkName(p.name); err != nil {
		return p, err
	}
	var err error
	p.email, err = parseEmail(r.Email)
	return p, err
}

// withPassword checks and hashes the password: a slow step, to be taken outside of any
// transaction.
func (s *Service) withPassword(ctx context.Context, p *personRow, password string) error {
	if err := checkPassword(password, p.email); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, password)
	p.password = hash
	return err
}

func (s *Service) insertPerson(ctx context.Context, tx *store.Tx, p personRow) error {
	if _, known, err := personByEmail(ctx, tx, p.email); err != nil || known {
		return errors.Join(err, emailTaken(known))
	}
	_, err := tx.Exec(ctx, `insert into person (id, email, name, password, checked_at, created_at, changed_at)
		values ($1, $2, $3, $4, $5, $6, $6)`, p.id, p.email, p.name, p.password, p.checked, p.created)
	if s.db.IsUnique(err) { // somebody was faster
		return emailTaken(true)
	}
	if err != nil {
		return err
	}
	return s.audit(ctx, tx, actor(p.id), "person.create", p.id, "")
}

func emailTaken(taken bool) error {
	if !taken {
		return nil
	}
	return &fault.Error{ID: fault.InvalidParameter, Status: 409, Param: "email",
		Message: "Somebody signs in with this e-mail already.", Details: "Sign in, or have the password reset."}
}

// personByEmail reads by an e-mail in lower case.
func personByEmail(ctx context.Context, tx *store.Tx, email string) (personRow, bool, error) {
	return onePerson(ctx, tx, ` where email = $1`, email)
}

func onePerson(ctx context.Context, tx *store.Tx, where string, args ...any) (personRow, bool, error) {
	var p personRow
	err := p.scan(tx.QueryRow(ctx, selectPerson+where, args...).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return p, false, nil
	}
	return p, err == nil, err
}

// lockPerson reads a person whom nobody changes meanwhile.
func lockPerson(ctx context.Context, tx *store.Tx, id string) (personRow, error) {
	p, known, err := onePerson(ctx, tx, ` where id = $1`+tx.Dialect().ForUpdate(), id)
	if err == nil && !known {
		err = notFound("person", id)
	}
	return p, err
}

func (s *Service) readPerson(ctx context.Context, id string) (personRow, error) {
	var p personRow
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		var known bool
		if p, known, err = onePerson(ctx, tx, ` where id = $1`, id); err == nil && !known {
			err = notFound("person", id)
		}
		return err
	})
	return p, err
}

// ChangePerson changes the name and the e-mail, where they are not empty. Another e-mail is
// unchecked, ends the links that went to the old one, and asks a person who has a password
// for it: who finds a browser open can't take the person over.
func (s *Service) ChangePerson(ctx context.Context, person string, r PersonRequest) (Person, error) {
	p, err := s.readPerson(ctx, person)
	if err != nil {
		return Person{}, fmt.Errorf("change person: %w", err)
	}
	next := p
	if name := strings.TrimSpace(r.Name); name != "" {
		next.name = name
	}
	if err := checkName(next.name); err != nil {
		return Person{}, err
	}
	if r.Email != "" {
		if next.email, err = parseEmail(r.Email); err != nil {
			return Person{}, err
		}
	}
	if next.email != p.email && p.password != "" {
		if err := s.prove(ctx, p, r.Password); err != nil {
			return Person{}, err
		}
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error { return s.storePerson(ctx, tx, p.password, &next) })
	if err != nil {
		return Person{}, fmt.Errorf("change person: %w", err)
	}
	s.sessions.forget(person)
	return next.person(), nil
}

// storePerson writes name and e-mail, unless the password that was asked for is another one
// by now.
func (s *Service) storePerson(ctx context.Context, tx *store.Tx, password string, next *personRow) error {
	p, err := lockPerson(ctx, tx, next.id)
	if err != nil {
		return err
	}
	if p.password != password {
		return wrongPassword()
	}
	next.checked = p.checked
	if p.email == next.email && p.name == next.name {
		return nil
	}
	detail := "name"
	if p.email != next.email {
		detail, next.checked = "email", 0
		if other, known, err := personByEmail(ctx, tx, next.email); err != nil || known && other.id != next.id {
			return errors.Join(err, emailTaken(known))
		}
		for _, kind := range []string{linkReset, linkCheck} {
			if err := dropLinks(ctx, tx, kind, "person", next.id); err != nil {
				return err
			}
		}
	}
	_, err = tx.Exec(ctx, `update person set name = $2, email = $3, checked_at = $4, changed_at = $5 where id = $1`,
		next.id, next.name, next.email, next.checked, s.micros())
	if s.db.IsUnique(err) {
		return emailTaken(true)
	}
	if err != nil {
		return err
	}
	return s.audit(ctx, tx, actor(next.id), "person.update", next.id, detail)
}

// prove asks for the password of somebody who is signed in, throttled by person.
func (s *Service) prove(ctx context.Context, p personRow, password string) error {
	try, err := s.tries.begin(s.now(), p.id, "")
	if err != nil {
		return err
	}
	ok, err := s.hasher.matches(ctx, password, p.password)
	switch {
	case err != nil:
		try.undone()
		return err
	case !ok:
		return wrongPassword()
	}
	try.good()
	return nil
}

func wrongPassword() error {
	return fault.Invalid("password", "The present password is needed, and this is not it.")
}

// ChangePassword sets a password; old is the present one, ignored where there is none. All
// sessions but keep end, and with them the reset links.
func (s *Service) ChangePassword(ctx context.Context, person, old, new string, keep string) error {
	p, err := s.readPerson(ctx, person)
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	if p.password != "" {
		if err := s.prove(ctx, p, old); err != nil {
			return err
		}
	}
	next := p
	if err := s.withPassword(ctx, &next, new); err != nil {
		return err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		now, err := lockPerson(ctx, tx, person)
		if err != nil {
			return err
		}
		if now.password != p.password {
			return wrongPassword()
		}
		return s.storePassword(ctx, tx, next, "person.password", keep)
	})
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	return nil
}

// storePassword also ends what an intruder may have begun: other sessions and reset links.
func (s *Service) storePassword(ctx context.Context, tx *store.Tx, p personRow, action, keep string) error {
	_, err := tx.Exec(ctx, `update person set password = $2, checked_at = $3, changed_at = $4 where id = $1`,
		p.id, p.password, p.checked, s.micros())
	if err != nil {
		return err
	}
	if err := dropLinks(ctx, tx, linkReset, "person", p.id); err != nil {
		return err
	}
	if err := s.endSessionsOf(ctx, tx, p.id, keep); err != nil {
		return err
	}
	return s.audit(ctx, tx, actor(p.id), action, p.id, "")
}

// AskReset makes a reset link for who signs in with an e-mail; the token is "" where nobody
// does. Both take the same way, so that time tells nothing; what the caller shows must not
// either. The link works for an hour and proves the e-mail.
func (s *Service) AskReset(ctx context.Context, email string, w Where) (token string, p Person, err error) {
	if email, err = parseEmail(email); err != nil {
		return "", Person{}, err
	}
	if _, err := s.tries.begin(s.now(), "reset "+email, w.Address); err != nil {
		return "", Person{}, err
	}
	token = newToken()
	var row personRow
	var known bool
	err = s.db.Write(ctx, func(tx *store.Tx) (err error) {
		if row, known, err = personByEmail(ctx, tx, email); err != nil {
			return err
		}
		return s.insertLink(ctx, tx, token, linkRow{kind: linkReset, person: row.id, email: email}, resetLives)
	})
	if err != nil {
		return "", Person{}, fmt.Errorf("make reset link: %w", err)
	}
	if !known {
		return "", Person{}, nil
	}
	return token, row.person(), nil
}

// Reset sets the password of whom a reset link is for, and ends all of their sessions.
func (s *Service) Reset(ctx context.Context, token, password string, w Where) (Person, error) {
	l, err := s.tryLink(ctx, token, linkReset, w)
	if err != nil {
		return Person{}, fmt.Errorf("reset password: %w", err)
	}
	hashed := personRow{email: l.email}
	if err := s.withPassword(ctx, &hashed, password); err != nil {
		return Person{}, err
	}
	var p personRow
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		l, err := s.useLink(ctx, tx, token, linkReset)
		if err != nil {
			return err
		}
		if p, err = s.personOfLink(ctx, tx, l); err != nil {
			return err
		}
		p.password = hashed.password
		if p.checked == 0 {
			p.checked = s.micros()
		}
		return s.storePassword(ctx, tx, p, "person.reset", "")
	})
	if err != nil {
		return Person{}, fmt.Errorf("reset password: %w", err)
	}
	s.tries.forget(p.email)
	return p.person(), nil
}

// personOfLink is whom a link of reset or check is for, as long as the e-mail is still the
// one that it went to.
func (s *Service) personOfLink(ctx context.Context, tx *store.Tx, l linkRow) (personRow, error) {
	p, known, err := onePerson(ctx, tx, ` where id = $1`+tx.Dialect().ForUpdate(), l.person)
	if err == nil && (!known || p.email != l.email) {
		err = linkGone()
	}
	return p, err
}

// AskCheck makes a link that proves the person's e-mail; it works for three days.
func (s *Service) AskCheck(ctx context.Context, person string) (token string, err error) {
	if _, err := s.tries.begin(s.now(), "check "+person, ""); err != nil {
		return "", err
	}
	token = newToken()
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		p, err := lockPerson(ctx, tx, person)
		if err != nil {
			return err
		}
		return s.insertLink(ctx, tx, token, linkRow{kind: linkCheck, person: person, email: p.email}, checkLives)
	})
	if err != nil {
		return "", fmt.Errorf("make check link: %w", err)
	}
	return token, nil
}

// Check notes that the e-mail which the link went to is the person's.
func (s *Service) Check(ctx context.Context, token string) (Person, error) {
	var p personRow
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		l, err := s.useLink(ctx, tx, token, linkCheck)
		if err != nil {
			return err
		}
		if p, err = s.personOfLink(ctx, tx, l); err != nil || p.checked != 0 {
			return err
		}
		p.checked = s.micros()
		if _, err := tx.Exec(ctx, `update person set checked_at = $2 where id = $1`, p.id, p.checked); err != nil {
			return err
		}
		return s.audit(ctx, tx, actor(p.id), "person.check", p.id, "")
	})
	if err != nil {
		return Person{}, fmt.Errorf("check e-mail: %w", err)
	}
	s.sessions.forget(p.id)
	return p.person(), nil
}
