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

const (
	maxIssuer  = 500
	maxSubject = 255 // as OpenID Connect Core, section 2, has it
)

func wrongSignIn() error {
	return &fault.Error{ID: fault.Unauthorized, Message: "The e-mail or the password is wrong."}
}

// SetupLink makes the link by which the first operator gets a person: needed is false where
// an operator has one already. It works for a day, and a new one replaces the old.
func (s *Service) SetupLink(ctx context.Context) (token string, needed bool, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) (err error) {
		needed, err = setupNeeded(ctx, tx, "")
		return err
	})
	if err != nil || !needed {
		return "", false, wrapped("look for operators", err)
	}
	token = newToken()
	err = s.db.Write(ctx, func(tx *store.Tx) (err error) {
		if needed, err = setupNeeded(ctx, tx, ""); err != nil || !needed {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from person_link where kind = $1`, linkSetup); err != nil {
			return err
		}
		return s.insertLink(ctx, tx, token, linkRow{kind: linkSetup}, setupLives)
	})
	if err != nil || !needed {
		return "", false, wrapped("make set-up link", err)
	}
	return token, true, nil
}

func wrapped(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

func setupNeeded(ctx context.Context, tx *store.Tx, lock string) (bool, error) {
	people, err := column(ctx, tx, `select person from operator where role = 'operator' and revoked_at = 0 order by id`+lock)
	for _, person := range people {
		if person != "" {
			return false, err
		}
	}
	return err == nil, err
}

// SetUp makes the first person: operator of the server and owner of its first account.
// Operators from before there were people keep their keys; the oldest becomes this person.
func (s *Service) SetUp(ctx context.Context, token string, r PersonRequest, w Where) (Person, error) {
	if _, err := s.tryLink(ctx, token, linkSetup, w); err != nil {
		return Person{}, fmt.Errorf("set up: %w", err)
	}
	p, err := s.newPerson(r)
	if err != nil {
		return Person{}, err
	}
	if err := s.withPassword(ctx, &p, r.Password); err != nil {
		return Person{}, err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := s.useLink(ctx, tx, token, linkSetup); err != nil {
			return err
		}
		if needed, err := setupNeeded(ctx, tx, tx.Dialect().ForUpdate()); err != nil || !needed {
			return errors.Join(err, goneUnless(needed || err != nil))
		}
		if err := s.insertPerson(ctx, tx, p); err != nil {
			return err
		}
		if err := s.seatFirstOperator(ctx, tx, p); err != nil {
			return err
		}
		return s.seatFirstOwner(ctx, tx, p)
	})
	if err != nil {
		return Person{}, fmt.Errorf("set up: %w", err)
	}
	return p.person(), nil
}

func goneUnless(ok bool) error {
	if ok {
		return nil
	}
	return linkGone()
}

func (s *Service) seatFirstOperator(ctx context.Context, tx *store.Tx, p personRow) error {
	ids, err := column(ctx, tx, `select id from operator where role = 'operator' and revoked_at = 0 order by created_at, id limit 1`)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		o := storedOperator{id: newID("opr_"), name: p.name, role: RoleOperator, created: s.micros()}
		if err := s.insertKeylessOperator(ctx, tx, System(), o); err != nil {
			return err
		}
		ids = []string{o.id}
	}
	return s.seatOperator(ctx, tx, ids[0], p.id)
}

func (s *Service) seatOperator(ctx context.Context, tx *store.Tx, operator, person string) error {
	if _, err := tx.Exec(ctx, `update operator set person = $2 where id = $1`, operator, person); err != nil {
		return err
	}
	return s.audit(ctx, tx, actor(person), "operator.join", operator, person)
}

// insertKeylessOperator adds an operator who signs in and has no key.
func (s *Service) insertKeylessOperator(ctx context.Context, tx *store.Tx, by Operator, o storedOperator) error {
	_, err := tx.Exec(ctx, `insert into operator (id, name, role, created_at) values ($1, $2, $3, $4)`, o.id, o.name, string(o.role), o.created)
	if err != nil {
		return err
	}
	return s.audit(ctx, tx, by, "operator.create", o.id, string(o.role))
}

// seatFirstOwner makes the person an owner of the oldest account, or of a new one.
func (s *Service) seatFirstOwner(ctx context.Context, tx *store.Tx, p personRow) error {
	ids, err := column(ctx, tx, `select id from account where closed_at = 0 order by created_at, id limit 1`)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return s.openOwnAccount(ctx, tx, "Default", p)
	}
	if _, err := openAccount(ctx, tx, ids[0]); err != nil {
		return err
	}
	return s.seatOwner(ctx, tx, ids[0], p)
}

// openOwnAccount makes an account that the person owns.
func (s *Service) openOwnAccount(ctx context.Context, tx *store.Tx, name string, p personRow) error {
	a := s.newAccount(name)
	if err := s.insertAccount(ctx, tx, actor(p.id), a); err != nil {
		return err
	}
	return s.seatOwner(ctx, tx, a.id, p)
}

// seatOwner takes the untaken seat with the person's e-mail, if there is one, or adds one.
func (s *Service) seatOwner(ctx context.Context, tx *store.Tx, account string, p personRow) error {
	m := memberRow{account: account, name: p.name, email: p.email}
	err := m.scan(tx.QueryRow(ctx, selectMember+` where account = $1 and email = $2 and email <> '' and removed_at = 0`, account, p.email).Scan)
	switch {
	case err == nil && m.person == "":
		before := m
		m.role = RoleOwner
		if err := s.storeMember(ctx, tx, actor(p.id), "member.update", before, m); err != nil {
			return err
		}
		return s.takeSeat(ctx, tx, m, p.id)
	case err == nil:
		m = memberRow{account: account, name: p.name} // the e-mail is another member's
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	m.id, m.role, m.created = newID("mem_"), RoleOwner, s.micros()
	if err := s.insertMember(ctx, tx, actor(p.id), m); err != nil {
		return err
	}
	return s.takeSeat(ctx, tx, m, p.id)
}

// takeSeat gives a seat to a person, who may have one in each account.
func (s *Service) takeSeat(ctx context.Context, tx *store.Tx, m memberRow, person string) error {
	has, err := column(ctx, tx, `select id from account_member where person = $1 and person <> '' and account = $2 and removed_at = 0`, person, m.account)
	if err == nil && len(has) > 0 {
		return &fault.Error{ID: fault.InvalidParameter, Status: 409, Param: "member", Message: "You are a member of this account already."}
	}
	if err != nil {
		return err
	}
	res, err := tx.Exec(ctx, `update account_member set person = $2 where id = $1 and person = '' and removed_at = 0`, m.id, person)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, goneUnless(err != nil))
	}
	if err := dropLinks(ctx, tx, linkInvite, "member", m.id); err != nil {
		return err
	}
	tx.AfterCommit(func() { s.sessions.forget(person) })
	return s.audit(ctx, tx, actor(person), "member.join", m.id, "account: "+m.account)
}

// SignIn is who has this e-mail and password: UNAUTHORIZED with one sentence whichever is
// wrong, in the same time, and RATE_LIMIT_EXCEEDED after too many wrong ones.
func (s *Service) SignIn(ctx context.Context, email, password string, w Where) (Person, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	if len(email) > maxEmail || len(password) > maxPassword*4 {
		return Person{}, wrongSignIn()
	}
	try, err := s.tries.begin(s.now(), email, w.Address)
	if err != nil {
		return Person{}, err
	}
	var p personRow
	err = s.db.Read(ctx, func(tx *store.Tx) (err error) {
		p, _, err = personByEmail(ctx, tx, email)
		return err
	})
	if err != nil {
		try.undone()
		return Person{}, fmt.Errorf("sign in: %w", err)
	}
	ok, err := s.hasher.matches(ctx, password, p.password)
	switch {
	case err != nil:
		try.undone()
		return Person{}, fmt.Errorf("sign in: %w", err)
	case !ok:
		return Person{}, wrongSignIn()
	}
	try.good()
	return p.person(), nil
}

// SignUp makes a person with an account of their own. The e-mail is unchecked until the
// link of AskCheck is used.
func (s *Service) SignUp(ctx context.Context, r PersonRequest, w Where) (Person, error) {
	p, err := s.newPerson(r)
	if err != nil {
		return Person{}, err
	}
	if err := checkPassword(r.Password, p.email); err != nil {
		return Person{}, err
	}
	if _, err := s.tries.begin(s.now(), "", w.Address); err != nil {
		return Person{}, err
	}
	if err := s.withPassword(ctx, &p, r.Password); err != nil {
		return Person{}, err
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		if err := s.insertPerson(ctx, tx, p); err != nil {
			return err
		}
		return s.openOwnAccount(ctx, tx, accountNameOf(p), p)
	})
	if err != nil {
		return Person{}, fmt.Errorf("sign up: %w", err)
	}
	return p.person(), nil
}

func accountNameOf(p personRow) string {
	if p.name != "" {
		return p.name
	}
	name, _, _ := strings.Cut(p.email, "@")
	return name
}

// SignInWith is who signed in at an OpenID provider. Somebody new there is linked, by an
// e-mail that the provider vouches for, to the person who has proved the same one, or takes
// what this e-mail is invited to; otherwise they get an account of their own where open,
// else FORBIDDEN that says what to do.
func (s *Service) SignInWith(ctx context.Context, id Identity, open bool) (Person, error) {
	if id.Issuer == "" || id.Subject == "" || len(id.Issuer) > maxIssuer || len(id.Subject) > maxSubject {
		return Person{}, fault.New(fault.Forbidden, "The sign-in provider did not say who you are.")
	}
	var p personRow
	err := s.db.Write(ctx, func(tx *store.Tx) (err error) {
		p, err = s.personOfIdentity(ctx, tx, id, open)
		return err
	})
	if s.db.IsUnique(err) { // the same browser, twice at the same time: it is linked now
		err = s.db.Write(ctx, func(tx *store.Tx) (err error) {
			p, err = s.personOfIdentity(ctx, tx, id, open)
			return err
		})
	}
	if err != nil {
		return Person{}, fmt.Errorf("sign in with a provider: %w", err)
	}
	return p.person(), nil
}

func (s *Service) personOfIdentity(ctx context.Context, tx *store.Tx, id Identity, open bool) (personRow, error) {
	p, known, err := onePerson(ctx, tx, ` where id = (select person from person_identity where issuer = $1 and subject = $2)`, id.Issuer, id.Subject)
	if err != nil || known {
		return p, err
	}
	email, err := parseEmail(id.Email)
	if err != nil {
		return p, fault.New(fault.Forbidden, "The sign-in provider did not tell your e-mail, which this server needs.")
	}
	p, known, err = personByEmail(ctx, tx, email)
	switch {
	case err != nil:
		return p, err
	case known && id.Checked && p.checked != 0:
		return p, s.linkIdentity(ctx, tx, id, p)
	case known:
		return p, &fault.Error{ID: fault.Forbidden, Message: "Somebody signs in here with this e-mail and a password.",
			Details: "Sign in with the password and confirm the e-mail, or have the password reset; then this way works too."}
	}
	return s.newcomer(ctx, tx, id, email, open)
}

func (s *Service) linkIdentity(ctx context.Context, tx *store.Tx, id Identity, p personRow) error {
	_, err := tx.Exec(ctx, `insert into person_identity (issuer, subject, person, created_at) values ($1, $2, $3, $4)`,
		id.Issuer, id.Subject, p.id, s.micros())
	if err != nil {
		return err
	}
	return s.audit(ctx, tx, actor(p.id), "person.link", p.id, id.Issuer)
}

// newcomer makes a person for an identity that nobody here has.
func (s *Service) newcomer(ctx context.Context, tx *store.Tx, id Identity, email string, open bool) (personRow, error) {
	p := personRow{id: newID("per_"), email: email, name: strings.TrimSpace(id.Name), created: s.micros()}
	if checkName(p.name) != nil {
		p.name = ""
	}
	var invitations []linkRow
	if id.Checked {
		var err error
		p.checked = p.created
		if invitations, err = s.invitationsOf(ctx, tx, email); err != nil {
			return p, err
		}
	}
	if len(invitations) == 0 && !open {
		return p, &fault.Error{ID: fault.Forbidden, Message: "Nobody here has invited this e-mail.",
			Details: "Ask an owner of an account, or the operator of this server, for an invitation."}
	}
	if err := s.insertPerson(ctx, tx, p); err != nil {
		return p, err
	}
	if err := s.linkIdentity(ctx, tx, id, p); err != nil {
		return p, err
	}
	for _, l := range invitations {
		if err := s.join(ctx, tx, l, p); err != nil {
			return p, err
		}
	}
	if len(invitations) == 0 {
		return p, s.openOwnAccount(ctx, tx, accountNameOf(p), p)
	}
	return p, nil
}

// invitationsOf uses up the living invitations of an e-mail.
func (s *Service) invitationsOf(ctx context.Context, tx *store.Tx, email string) ([]linkRow, error) {
	var list []linkRow
	now := s.micros()
	err := tx.Each(ctx, selectLink+` where email = $1 and kind = $2 and used_at = 0 and expires_at > $3 order by created_at`+tx.Dialect().ForUpdate(),
		func(scan func(...any) error) error {
			var l linkRow
			err := l.scan(scan)
			list = append(list, l)
			return err
		}, email, linkInvite, now)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `update person_link set used_at = $3 where email = $1 and kind = $2 and used_at = 0`, email, linkInvite, now); err != nil {
		return nil, err
	}
	living := list[:0]
	for _, l := range list {
		_, err := s.invited(ctx, tx, l)
		if fault.Is(err, fault.InvalidParameter) { // the seat is gone
			continue
		}
		if err != nil {
			return nil, err
		}
		living = append(living, l)
	}
	return living, nil
}
