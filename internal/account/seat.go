package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"skytower/internal/fault"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

// Principal is a seat as a caller on /v1, for calls inside of this process: the scopes of
// the member's role as it is now, the account's tier, no key. ACCOUNT_SUSPENDED of a member
// whose account is; operators look at it all the same.
func (s *Service) Principal(ctx context.Context, seat Seat) (Principal, error) {
	p := Principal{Account: seat.Account}
	err := s.db.Read(ctx, func(tx *store.Tx) error {
		m, a, err := seated(ctx, tx, seat, "")
		if err != nil {
			return err
		}
		if a.suspended.Valid && seat.Member != "" {
			return suspended()
		}
		p.Scopes, p.Tier = m.role.Scopes(), tierInForce(a.tier, a.autoTier)
		p.KeepBodies = time.Duration(a.bodies) * time.Microsecond
		return nil
	})
	if err != nil {
		return Principal{}, wrapped("read seat", err)
	}
	return p, nil
}

// seated reads the account, with lock behind the query, and the member as they are now. An
// operator who looks at the account is a viewer without an id.
func seated(ctx context.Context, tx *store.Tx, seat Seat, lock string) (memberRow, accountRow, error) {
	a, err := accountByID(ctx, tx, seat.Account, lock)
	if err != nil || seat.Member == "" {
		return memberRow{account: seat.Account, role: RoleViewer}, a, err
	}
	m, err := memberByID(ctx, tx, seat.Member)
	switch {
	case err != nil:
		return m, a, err
	case m.account != seat.Account:
		return m, a, notFound("account", seat.Account)
	case m.removed != 0 || a.closed != 0:
		return m, a, forbidden("Your membership of this account has ended.")
	}
	return m, a, nil
}

// act does what a member may do: it holds the account, so that the role can't change
// meanwhile, and asks for it. The actor in the audit trail is the member.
func (s *Service) act(ctx context.Context, seat Seat, may []MemberRole, fn func(tx *store.Tx, m memberRow, by Operator) error) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		m, a, err := seated(ctx, tx, seat, tx.Dialect().ForUpdate())
		switch {
		case err != nil:
			return err
		case seat.Member == "":
			return &fault.Error{ID: fault.Forbidden, Message: "You look at this account and can't change it here.",
				Details: "Operators change accounts in their own pages."}
		case a.suspended.Valid:
			return suspended()
		case !slices.Contains(may, m.role):
			return forbidden("Your role in this account, %s, does not allow this.", m.role)
		}
		return fn(tx, m, actor(m.id))
	})
}

func owners() []MemberRole    { return []MemberRole{RoleOwner} }
func keyMakers() []MemberRole { return []MemberRole{RoleOwner, RoleDeveloper} }
func everybody() []MemberRole {
	return []MemberRole{RoleOwner, RoleDeveloper, RoleBilling, RoleViewer}
}

// SeatKeys lists the keys that the seat is for: an owner's are those of the account, as are
// an operator's who looks at it; everybody else's are their own.
func (s *Service) SeatKeys(ctx context.Context, seat Seat, p Page) ([]skytells.Key, error) {
	var list []skytells.Key
	err := s.db.Read(ctx, func(tx *store.Tx) error {
		m, _, err := seated(ctx, tx, seat, "")
		switch {
		case err != nil:
			return err
		case m.id != "" && m.role != RoleOwner:
			list, err = listKeys(ctx, tx, p, "and k.account = $4 and k.member = $5", seat.Account, m.id)
		default:
			list, err = listKeys(ctx, tx, p, "and k.account = $4", seat.Account)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	return list, nil
}

// CreateSeatKey makes a key of the member's own; an owner may make it for another member.
// Its Secret is its only copy.
func (s *Service) CreateSeatKey(ctx context.Context, seat Seat, r skytells.KeyRequest) (skytells.Key, error) {
	if r.Account != "" && r.Account != seat.Account {
		return skytells.Key{}, notFound("account", r.Account)
	}
	r.Account = seat.Account
	if r.Member == "" {
		r.Member = seat.Member
	}
	k, raw, err := s.newKey(r)
	if err != nil {
		return skytells.Key{}, err
	}
	err = s.act(ctx, seat, keyMakers(), func(tx *store.Tx, m memberRow, by Operator) error {
		if err := ofAccount(ctx, tx, r.Member, seat.Account); err != nil {
			return err
		}
		if r.Member != m.id && m.role != RoleOwner {
			return forbidden("Only an owner makes keys for other members.")
		}
		if err := k.assign(ctx, tx, r); err != nil {
			return err
		}
		return s.insertKey(ctx, tx, by, k)
	})
	if err != nil {
		return skytells.Key{}, fmt.Errorf("create key: %w", err)
	}
	shown := k.wire()
	shown.Secret = raw
	return shown, nil
}

// ofAccount is a 404 for a member of another account.
func ofAccount(ctx context.Context, tx *store.Tx, member, account string) error {
	m, err := memberByID(ctx, tx, member)
	if err == nil && m.account != account {
		err = notFound("member", member)
	}
	return err
}

// ownKey is a 404 for a key of another account, or of another member for who is no owner.
func ownKey(ctx context.Context, tx *store.Tx, m memberRow, id string) error {
	k, err := storedKeyByID(ctx, tx, id)
	if err == nil && (k.account != m.account || m.role != RoleOwner && k.member != m.id) {
		err = notFound("key", id)
	}
	return err
}

// UpdateSeatKey is UpdateKey by a member.
func (s *Service) UpdateSeatKey(ctx context.Context, seat Seat, id string, c skytells.KeyChange) (skytells.Key, error) {
	var k storedKey
	err := s.act(ctx, seat, keyMakers(), func(tx *store.Tx, m memberRow, by Operator) (err error) {
		if err := ownKey(ctx, tx, m, id); err != nil {
			return err
		}
		k, err = s.updateKey(ctx, tx, by, id, c)
		return err
	})
	if err != nil {
		return skytells.Key{}, fmt.Errorf("update key: %w", err)
	}
	return k.wire(), nil
}

// RotateSeatKey is RotateKey by a member.
func (s *Service) RotateSeatKey(ctx context.Context, seat Seat, id string, r skytells.RotateRequest) (skytells.Key, error) {
	overlap, err := parseOverlap(r.Overlap)
	if err != nil {
		return skytells.Key{}, err
	}
	var shown skytells.Key
	err = s.act(ctx, seat, keyMakers(), func(tx *store.Tx, m memberRow, by Operator) (err error) {
		if err := ownKey(ctx, tx, m, id); err != nil {
			return err
		}
		shown, err = s.rotateKey(ctx, tx, by, id, overlap)
		return err
	})
	if err != nil {
		return skytells.Key{}, fmt.Errorf("rotate key: %w", err)
	}
	return shown, nil
}

// RevokeSeatKey is RevokeKey by a member.
func (s *Service) RevokeSeatKey(ctx context.Context, seat Seat, id string) (skytells.Key, error) {
	var k storedKey
	err := s.act(ctx, seat, keyMakers(), func(tx *store.Tx, m memberRow, by Operator) (err error) {
		if err := ownKey(ctx, tx, m, id); err != nil {
			return err
		}
		k, err = s.revokeKey(ctx, tx, by, id)
		return err
	})
	if err != nil {
		return skytells.Key{}, fmt.Errorf("revoke key: %w", err)
	}
	return k.wire(), nil
}

// SeatMembers lists the people of the account, for everybody in it; removed ones included.
func (s *Service) SeatMembers(ctx context.Context, seat Seat, p Page) ([]skytells.Member, error) {
	err := s.db.Read(ctx, func(tx *store.Tx) error {
		_, _, err := seated(ctx, tx, seat, "")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	return s.Members(ctx, seat.Account, p)
}

// AddSeatMember adds a member, by an owner.
func (s *Service) AddSeatMember(ctx context.Context, seat Seat, r skytells.MemberRequest) (skytells.Member, error) {
	m, err := s.newMember(seat.Account, r)
	if err != nil {
		return skytells.Member{}, err
	}
	err = s.act(ctx, seat, owners(), func(tx *store.Tx, _ memberRow, by Operator) error { return s.addMember(ctx, tx, by, m) })
	if err != nil {
		return skytells.Member{}, fmt.Errorf("add member: %w", err)
	}
	return m.wire(), nil
}

// InviteSeatMember is Invite by an owner. Who holds such a link has not shown that the
// e-mail is theirs: the owner might have taken it themselves.
func (s *Service) InviteSeatMember(ctx context.Context, seat Seat, member string) (token string, _ skytells.Member, err error) {
	var m memberRow
	err = s.act(ctx, seat, owners(), func(tx *store.Tx, _ memberRow, by Operator) (err error) {
		if err := ofAccount(ctx, tx, member, seat.Account); err != nil {
			return err
		}
		token, m, err = s.invite(ctx, tx, by, member, false)
		return err
	})
	if err != nil {
		return "", skytells.Member{}, fmt.Errorf("invite member: %w", err)
	}
	return token, m.wire(), nil
}

// UpdateSeatMember is UpdateMember by an owner.
func (s *Service) UpdateSeatMember(ctx context.Context, seat Seat, id string, r skytells.MemberRequest) (skytells.Member, error) {
	var m memberRow
	err := s.act(ctx, seat, owners(), func(tx *store.Tx, _ memberRow, by Operator) (err error) {
		if err := ofAccount(ctx, tx, id, seat.Account); err != nil {
			return err
		}
		m, err = s.updateMember(ctx, tx, by, id, r)
		return err
	})
	if err != nil {
		return skytells.Member{}, fmt.Errorf("update member: %w", err)
	}
	return m.wire(), nil
}

// RemoveSeatMember is RemoveMember by an owner, or by the member, who leaves.
func (s *Service) RemoveSeatMember(ctx context.Context, seat Seat, id string) (skytells.Member, error) {
	var gone memberRow
	err := s.act(ctx, seat, everybody(), func(tx *store.Tx, m memberRow, by Operator) (err error) {
		if err := ofAccount(ctx, tx, id, seat.Account); err != nil {
			return err
		}
		if id != m.id && m.role != RoleOwner {
			return forbidden("Your role in this account, %s, does not allow this.", m.role)
		}
		gone, err = s.removeMember(ctx, tx, by, id)
		return err
	})
	if err != nil {
		return skytells.Member{}, fmt.Errorf("remove member: %w", err)
	}
	return gone.wire(), nil
}

// SeatSettings is the account as its members see it: the concurrency is what is in force of
// what the account was given and what it chose; 0: the server's default.
func (s *Service) SeatSettings(ctx context.Context, seat Seat) (skytells.Account, error) {
	var a accountRow
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		_, a, err = seated(ctx, tx, seat, "")
		return err
	})
	if err != nil {
		return skytells.Account{}, fmt.Errorf("read settings: %w", err)
	}
	return s.seen(a), nil
}

func (s *Service) seen(a accountRow) skytells.Account {
	shown := a.wire()
	shown.Concurrency = int(s.runs(a.concurrency, a.own))
	return shown
}

// ChangeSeatSettings changes name, retention, concurrency and keep_bodies, by an owner. An account may
// choose less concurrency than the operator gives it, never more; 0 takes the choice back.
func (s *Service) ChangeSeatSettings(ctx context.Context, seat Seat, r skytells.AccountRequest) (skytells.Account, error) {
	if r.Tier != nil || r.Reason != "" {
		return skytells.Account{}, &fault.Error{ID: fault.Forbidden, Message: "The operator of this server sets the tier.", Details: "Ask the operator."}
	}
	own := r.Concurrency
	r.Concurrency = nil
	var a accountRow
	err := s.act(ctx, seat, owners(), func(tx *store.Tx, _ memberRow, by Operator) (err error) {
		if a, err = accountByID(ctx, tx, seat.Account, ""); err != nil {
			return err
		}
		before := a
		if err := a.edit(r); err != nil {
			return err
		}
		if err := s.editBodies(&a, r.KeepBodies); err != nil {
			return err
		}
		if err := s.choose(&a, own); err != nil || a == before {
			return err
		}
		return s.storeAccount(ctx, tx, by, before, &a)
	})
	if err != nil {
		return skytells.Account{}, fmt.Errorf("change settings: %w", err)
	}
	s.sessions.forget("") // the name stands in every member's seat
	return s.seen(a), nil
}

func (s *Service) choose(a *accountRow, own *int) error {
	if own == nil {
		return nil
	}
	most := s.ceiling(a.concurrency)
	if *own < 0 || int64(*own) > most {
		return fault.Invalid("concurrency", "'concurrency' must be from 1 to %d, which is what this account is given, or 0 for all of it.", most)
	}
	a.own = int64(*own)
	return nil
}

// MakeSeatWebhookSecret is MakeWebhookSecret by an owner.
func (s *Service) MakeSeatWebhookSecret(ctx context.Context, seat Seat) (skytells.WebhookSecret, error) {
	if s.sealer == nil {
		return skytells.WebhookSecret{}, fmt.Errorf("make webhook secret: %w", errNoSealer)
	}
	raw := newWebhookSecret()
	sealed := s.sealer.Seal([]byte(raw), webhookSecretContext(seat.Account))
	err := s.act(ctx, seat, owners(), func(tx *store.Tx, _ memberRow, by Operator) error {
		return s.replaceWebhookSecret(ctx, tx, by, seat.Account, sealed)
	})
	if err != nil {
		return skytells.WebhookSecret{}, fmt.Errorf("make webhook secret: %w", err)
	}
	return skytells.WebhookSecret{Account: seat.Account, Set: true, Secret: raw}, nil
}

// RemoveSeatWebhookSecret is RemoveWebhookSecret by an owner.
func (s *Service) RemoveSeatWebhookSecret(ctx context.Context, seat Seat) (skytells.WebhookSecret, error) {
	err := s.act(ctx, seat, owners(), func(tx *store.Tx, _ memberRow, by Operator) error {
		return s.dropWebhookSecret(ctx, tx, by, seat.Account)
	})
	if err != nil {
		return skytells.WebhookSecret{}, fmt.Errorf("remove webhook secret: %w", err)
	}
	return skytells.WebhookSecret{Account: seat.Account}, nil
}
