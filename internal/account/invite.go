package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"skytower/internal/fault"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

// Invite makes the link by which a person takes a member's seat, in place of an older one.
// It works for seven days. The member needs an e-mail, and nobody in the seat yet.
func (s *Service) Invite(ctx context.Context, by Operator, member string) (token string, _ skytells.Member, err error) {
	var m memberRow
	err = s.change(ctx, by, func(tx *store.Tx) (err error) {
		token, m, err = s.invite(ctx, tx, by, member, true)
		return err
	})
	if err != nil {
		return "", skytells.Member{}, fmt.Errorf("invite member: %w", err)
	}
	return token, m.wire(), nil
}

// invite is the act; proves says whether using the link shows that the e-mail is theirs.
func (s *Service) invite(ctx context.Context, tx *store.Tx, by Operator, member string, proves bool) (string, memberRow, error) {
	m, err := memberByID(ctx, tx, member)
	if err != nil {
		return "", m, err
	}
	if _, err := openAccount(ctx, tx, m.account); err != nil {
		return "", m, err
	}
	if m, err = memberByID(ctx, tx, member); err != nil {
		return "", m, err
	}
	switch {
	case m.removed != 0:
		return "", m, memberIsGone(member)
	case m.person != "":
		return "", m, &fault.Error{ID: fault.InvalidParameter, Status: 409, Param: "member", Message: "This member has joined already."}
	case m.email == "":
		return "", m, fault.Invalid("email", "Give the member an e-mail first: the invitation is for whoever has it.")
	}
	if err := dropLinks(ctx, tx, linkInvite, "member", member); err != nil {
		return "", m, err
	}
	token := newToken()
	l := linkRow{kind: linkInvite, member: member, email: m.email, inviter: by.ID, proves: proves}
	if err := s.insertLink(ctx, tx, token, l, inviteLives); err != nil {
		return "", m, err
	}
	return token, m, s.audit(ctx, tx, by, "member.invite", member, "account: "+m.account)
}

// InviteOperator makes an operator who has no key and signs in, and the link by which a
// person becomes this operator. It works for seven days.
func (s *Service) InviteOperator(ctx context.Context, by Operator, email, name string, role Role) (token string, err error) {
	if role != RoleOperator && role != RoleAuditor {
		return "", fault.Invalid("role", "A role is %q or %q.", RoleOperator, RoleAuditor)
	}
	o := storedOperator{id: newID("opr_"), name: strings.TrimSpace(name), role: role, created: s.micros()}
	if err := checkName(o.name); err != nil {
		return "", err
	}
	if email, err = parseEmail(email); err != nil {
		return "", err
	}
	err = s.change(ctx, by, func(tx *store.Tx) error {
		if err := s.insertKeylessOperator(ctx, tx, by, o); err != nil {
			return err
		}
		token, err = s.inviteOperator(ctx, tx, by, o.id, email)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("invite operator: %w", err)
	}
	return token, nil
}

// InviteOperatorAgain makes a new link, in place of an older one, for an operator whom no
// person is yet: one whose link has expired, or who has had only a key.
func (s *Service) InviteOperatorAgain(ctx context.Context, by Operator, operator, email string) (token string, err error) {
	if email, err = parseEmail(email); err != nil {
		return "", err
	}
	err = s.change(ctx, by, func(tx *store.Tx) error {
		var person string
		var revoked int64
		err := tx.QueryRow(ctx, `select person, revoked_at from operator where id = $1`+tx.Dialect().ForUpdate(), operator).Scan(&person, &revoked)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return notFound("operator", operator)
		case err != nil:
			return err
		case revoked != 0:
			return fault.Invalid("operator", "This operator was revoked: make another one.")
		case person != "":
			return &fault.Error{ID: fault.InvalidParameter, Status: 409, Param: "operator", Message: "This operator has joined already."}
		}
		if err := dropLinks(ctx, tx, linkInvite, "operator", operator); err != nil {
			return err
		}
		token, err = s.inviteOperator(ctx, tx, by, operator, email)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("invite operator: %w", err)
	}
	return token, nil
}

func (s *Service) inviteOperator(ctx context.Context, tx *store.Tx, by Operator, operator, email string) (string, error) {
	token := newToken()
	l := linkRow{kind: linkInvite, operator: operator, email: email, inviter: by.ID, proves: true}
	if err := s.insertLink(ctx, tx, token, l, inviteLives); err != nil {
		return "", err
	}
	return token, s.audit(ctx, tx, by, "operator.invite", operator, "")
}

// Invitation tells what accepting a link means.
func (s *Service) Invitation(ctx context.Context, token string) (Invite, error) {
	var i Invite
	err := s.db.Read(ctx, func(tx *store.Tx) error {
		l, err := s.link(ctx, tx, token, linkInvite, "")
		if err != nil {
			return err
		}
		if i, err = s.invited(ctx, tx, l); err != nil {
			return err
		}
		if i.By, err = inviterName(ctx, tx, l.inviter); err != nil {
			return err
		}
		_, i.Known, err = personByEmail(ctx, tx, l.email)
		return err
	})
	if err != nil {
		return Invite{}, fmt.Errorf("read invitation: %w", err)
	}
	return i, nil
}

// invited is what an invitation is to, or that the link is gone: the seat was taken or
// removed meanwhile.
func (s *Service) invited(ctx context.Context, tx *store.Tx, l linkRow) (Invite, error) {
	i := Invite{Email: l.email, ExpiresAt: store.Time(l.expires)}
	var err error
	if l.operator != "" {
		err = tx.QueryRow(ctx, `select name, role from operator where id = $1 and person = '' and revoked_at = 0`, l.operator).Scan(&i.Name, &i.Operator)
	} else {
		err = tx.QueryRow(ctx, `select a.id, a.name, m.name, m.role from account_member m join account a on a.id = m.account
			where m.id = $1 and m.email = $2 and m.person = '' and m.removed_at = 0 and a.closed_at = 0`, l.member, l.email).
			Scan(&i.Account, &i.AccountName, &i.Name, &i.Role)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return i, linkGone()
	}
	return i, err
}

func inviterName(ctx context.Context, tx *store.Tx, id string) (string, error) {
	names, err := column(ctx, tx, `select name from operator where id = $1 union all select name from account_member where id = $1`, id)
	if err != nil || len(names) == 0 {
		return "", err
	}
	return names[0], nil
}

// Accept takes what a link invites to, once. person is who is signed in, "" for somebody
// new, whom r makes with the invitation's e-mail; a person with that e-mail has to sign in.
func (s *Service) Accept(ctx context.Context, token string, r PersonRequest, person string, w Where) (Person, error) {
	l, err := s.tryLink(ctx, token, linkInvite, w)
	if err != nil {
		return Person{}, fmt.Errorf("accept invitation: %w", err)
	}
	var p personRow
	if person == "" {
		if p, err = s.newPerson(PersonRequest{Name: r.Name, Email: l.email}); err != nil {
			return Person{}, err
		}
		if err := s.mayBeNew(ctx, l.email); err != nil {
			return Person{}, err
		}
		if err := s.withPassword(ctx, &p, r.Password); err != nil {
			return Person{}, err
		}
	}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		l, err := s.useLink(ctx, tx, token, linkInvite)
		if err != nil {
			return err
		}
		if p, err = s.accepting(ctx, tx, l, p, person); err != nil {
			return err
		}
		return s.join(ctx, tx, l, p)
	})
	if err != nil {
		return Person{}, fmt.Errorf("accept invitation: %w", err)
	}
	return p.person(), nil
}

// mayBeNew spares the hash where the e-mail is taken.
func (s *Service) mayBeNew(ctx context.Context, email string) error {
	return s.db.Read(ctx, func(tx *store.Tx) error {
		_, known, err := personByEmail(ctx, tx, email)
		return errors.Join(err, emailTaken(known))
	})
}

// accepting is who accepts: somebody who is signed in, or the new person.
func (s *Service) accepting(ctx context.Context, tx *store.Tx, l linkRow, p personRow, person string) (personRow, error) {
	if person != "" {
		return lockPerson(ctx, tx, person)
	}
	if l.proves {
		p.checked = p.created
	}
	return p, s.insertPerson(ctx, tx, p)
}

// join takes the seat of a used invitation.
func (s *Service) join(ctx context.Context, tx *store.Tx, l linkRow, p personRow) error {
	if l.operator != "" {
		return s.joinAsOperator(ctx, tx, l, p)
	}
	m, err := memberByID(ctx, tx, l.member)
	if err != nil {
		return errors.Join(linkGone(), err)
	}
	if _, err := openAccount(ctx, tx, m.account); err != nil {
		return err
	}
	if _, err := s.invited(ctx, tx, l); err != nil {
		return err
	}
	return s.takeSeat(ctx, tx, m, p.id)
}

func (s *Service) joinAsOperator(ctx context.Context, tx *store.Tx, l linkRow, p personRow) error {
	if _, err := s.invited(ctx, tx, l); err != nil {
		return err
	}
	o, err := operatorOf(ctx, tx, p.id)
	if err != nil {
		return err
	}
	if o.ID != "" {
		return &fault.Error{ID: fault.InvalidParameter, Status: 409, Param: "operator", Message: "You are an operator of this server already."}
	}
	tx.AfterCommit(func() { s.sessions.forget(p.id) })
	return s.seatOperator(ctx, tx, l.operator, p.id)
}
