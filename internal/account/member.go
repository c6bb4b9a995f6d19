package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"skytower/internal/fault"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

const maxEmail = 254 // characters, as mail allows

// CreateMember adds a person to an account.
func (s *Service) CreateMember(ctx context.Context, by Operator, account string, r skytells.MemberRequest) (skytells.Member, error) {
	m, err := s.newMember(account, r)
	if err != nil {
		return skytells.Member{}, err
	}
	err = s.change(ctx, by, func(tx *store.Tx) error { return s.addMember(ctx, tx, by, m) })
	if err != nil {
		return skytells.Member{}, fmt.Errorf("create member: %w", err)
	}
	return m.wire(), nil
}

func (s *Service) newMember(account string, r skytells.MemberRequest) (memberRow, error) {
	m := memberRow{id: newID("mem_"), account: account, created: s.micros()}
	if err := m.edit(r); err != nil {
		return m, err
	}
	if m.role == "" {
		return m, fault.Invalid("role", "A member needs a role: owner, developer, billing or viewer.")
	}
	if m.name == "" && m.email == "" {
		return m, fault.Invalid("name", "A member needs a name or an email.")
	}
	return m, nil
}

// addMember holds the account's row: who is an owner, which email is taken and which
// keys a member has can't change meanwhile.
func (s *Service) addMember(ctx context.Context, tx *store.Tx, by Operator, m memberRow) error {
	if _, err := openAccount(ctx, tx, m.account); err != nil {
		return err
	}
	if err := m.checkEmail(ctx, tx); err != nil {
		return err
	}
	return s.insertMember(ctx, tx, by, m)
}

func (s *Service) insertMember(ctx context.Context, tx *store.Tx, by Operator, m memberRow) error {
	_, err := tx.Exec(ctx, `insert into account_member (id, account, name, email, role, created_at, removed_at)
		values ($1, $2, $3, $4, $5, $6, 0)`, m.id, m.account, m.name, m.email, string(m.role), m.created)
	if err != nil {
		return err
	}
	return s.audit(ctx, tx, by, "member.create", m.id, fmt.Sprintf("account: %s, role: %s", m.account, m.role))
}

// Member returns one member, also one who was removed.
func (s *Service) Member(ctx context.Context, id string) (skytells.Member, error) {
	var m memberRow
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		m, err = memberByID(ctx, tx, id)
		return err
	})
	if err != nil {
		return skytells.Member{}, fmt.Errorf("read member: %w", err)
	}
	return m.wire(), nil
}

// Members lists the people of an account, removed ones included; never nil.
func (s *Service) Members(ctx context.Context, account string, p Page) ([]skytells.Member, error) {
	list := []skytells.Member{}
	query := selectMember + ` where account = $1 and (created_at, id) > ($2, $3) order by created_at, id limit $4`
	err := s.db.Read(ctx, func(tx *store.Tx) error {
		if _, err := accountByID(ctx, tx, account, ""); err != nil {
			return err
		}
		after, err := createdAt(ctx, tx, "account_member", p.After)
		if err != nil {
			return err
		}
		list = list[:0]
		return tx.Each(ctx, query, func(scan func(...any) error) error {
			var m memberRow
			err := m.scan(scan)
			list = append(list, m.wire())
			return err
		}, account, after, p.After, p.limit())
	})
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	return list, nil
}

// UpdateMember changes the fields that the request names. A lower role takes its scopes
// from the member's keys, in every process within two seconds; the last owner of an
// account stays one.
func (s *Service) UpdateMember(ctx context.Context, by Operator, id string, r skytells.MemberRequest) (skytells.Member, error) {
	var m memberRow
	err := s.change(ctx, by, func(tx *store.Tx) (err error) {
		m, err = s.updateMember(ctx, tx, by, id, r)
		return err
	})
	if err != nil {
		return skytells.Member{}, fmt.Errorf("update member: %w", err)
	}
	return m.wire(), nil
}

func (s *Service) updateMember(ctx context.Context, tx *store.Tx, by Operator, id string, r skytells.MemberRequest) (memberRow, error) {
	m, err := lockMember(ctx, tx, id)
	if err != nil {
		return m, err
	}
	before := m
	if m.removed != 0 {
		return m, memberIsGone(id)
	}
	if err := m.edit(r); err != nil || m == before {
		return m, err
	}
	if err := m.checkEmail(ctx, tx); err != nil {
		return m, err
	}
	if before.role == RoleOwner && m.role != RoleOwner {
		if err := checkOtherOwner(ctx, tx, before); err != nil {
			return m, err
		}
	}
	if before.email != m.email { // the link went to the other one
		if err := dropLinks(ctx, tx, linkInvite, "member", id); err != nil {
			return m, err
		}
	}
	return m, s.storeMember(ctx, tx, by, "member.update", before, m)
}

// RemoveMember ends a membership and revokes the member's keys, in every process within
// two seconds. The row stays, for the record; a second call changes nothing. The last
// owner of an account can't be removed.
func (s *Service) RemoveMember(ctx context.Context, by Operator, id string) (skytells.Member, error) {
	var m memberRow
	err := s.change(ctx, by, func(tx *store.Tx) (err error) {
		m, err = s.removeMember(ctx, tx, by, id)
		return err
	})
	if err != nil {
		return skytells.Member{}, fmt.Errorf("remove member: %w", err)
	}
	return m.wire(), nil
}

func (s *Service) removeMember(ctx context.Context, tx *store.Tx, by Operator, id string) (memberRow, error) {
	m, err := lockMember(ctx, tx, id)
	if err != nil || m.removed != 0 {
		return m, err
	}
	before := m
	if m.role == RoleOwner {
		if err := checkOtherOwner(ctx, tx, before); err != nil {
			return m, err
		}
	}
	m.removed = s.micros()
	return m, s.endMember(ctx, tx, by, before, m)
}

// endMember writes the end of a membership, and ends its keys and its invitation.
func (s *Service) endMember(ctx context.Context, tx *store.Tx, by Operator, before, m memberRow) error {
	if err := s.revokeKeysOf(ctx, tx, by, m.id, m.removed); err != nil {
		return err
	}
	if err := dropLinks(ctx, tx, linkInvite, "member", m.id); err != nil {
		return err
	}
	return s.storeMember(ctx, tx, by, "member.remove", before, m)
}

// lockMember reads a member under the lock of the account, which a member never changes.
func lockMember(ctx context.Context, tx *store.Tx, id string) (memberRow, error) {
	m, err := memberByID(ctx, tx, id)
	if err != nil {
		return m, err
	}
	if _, err = accountByID(ctx, tx, m.account, tx.Dialect().ForUpdate()); err != nil {
		return m, err
	}
	return memberByID(ctx, tx, id)
}

// storeMember writes the row, and tells the indexes where the keys' scopes may differ.
func (s *Service) storeMember(ctx context.Context, tx *store.Tx, by Operator, action string, before, m memberRow) error {
	_, err := tx.Exec(ctx, `update account_member set name = $2, email = $3, role = $4, removed_at = $5 where id = $1`,
		m.id, m.name, m.email, string(m.role), m.removed)
	if err != nil {
		return err
	}
	if m.person != "" {
		tx.AfterCommit(func() { s.sessions.forget(m.person) })
	}
	if m.role != before.role {
		keys, err := livingKeysOfMember(ctx, tx, m.id)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if err := tx.Publish(ctx, ChangeKey, key.id); err != nil {
				return err
			}
		}
	}
	return s.audit(ctx, tx, by, action, m.id, m.differs(before))
}

func (s *Service) revokeKeysOf(ctx context.Context, tx *store.Tx, by Operator, member string, at int64) error {
	keys, err := livingKeysOfMember(ctx, tx, member)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if _, err := tx.Exec(ctx, `update api_key set revoked_at = $2 where id = $1`, key.id, at); err != nil {
			return err
		}
		if key.hidden { // nobody knows that there was one
			err = tx.Publish(ctx, ChangeKey, key.id)
		} else {
			err = s.record(ctx, tx, by, act{"key.revoke", key.id, "member: " + member, ChangeKey, key.id})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

type livingKey struct {
	id     string
	hidden bool
}

func livingKeysOfMember(ctx context.Context, tx *store.Tx, member string) ([]livingKey, error) {
	var keys []livingKey
	err := tx.Each(ctx, `select id, session <> '' from api_key where member = $1 and member <> '' and revoked_at is null order by id`,
		func(scan func(...any) error) error {
			var k livingKey
			err := scan(&k.id, &k.hidden)
			keys = append(keys, k)
			return err
		}, member)
	return keys, err
}

// checkOtherOwner refuses to take the last owner: an account that has had one keeps one.
func checkOtherOwner(ctx context.Context, tx *store.Tx, m memberRow) error {
	var others int
	err := tx.QueryRow(ctx, `select count(*) from account_member
		where account = $1 and role = 'owner' and removed_at = 0 and id <> $2`, m.account, m.id).Scan(&others)
	if err == nil && others == 0 {
		return fault.Invalid("member", "This is the account's last owner: make somebody else an owner first.")
	}
	return err
}

// memberFor is the living member who a key of the account is for.
func memberFor(ctx context.Context, tx *store.Tx, id, account string) (memberRow, error) {
	m, err := memberByID(ctx, tx, id)
	switch {
	case err != nil:
		return m, err
	case m.account != account:
		return m, fault.Invalid("member", "The member %s is not one of the account %s.", quoted(id), account)
	case m.removed != 0:
		return m, memberIsGone(id)
	}
	return m, nil
}

func memberIsGone(id string) error {
	return fault.Invalid("member", "The member %s was removed.", quoted(id))
}

// memberRow is a row of the table account_member.
type memberRow struct {
	id, account, name, email string
	role                     MemberRole
	created, removed         int64
	person                   string // "": nobody has taken the seat
}

const selectMember = `select id, account, name, email, role, created_at, removed_at, person from account_member`

func (m *memberRow) scan(scan func(...any) error) error {
	return scan(&m.id, &m.account, &m.name, &m.email, &m.role, &m.created, &m.removed, &m.person)
}

func (m *memberRow) wire() skytells.Member {
	return skytells.Member{ID: m.id, Account: m.account, Name: m.name, Email: m.email, Role: string(m.role),
		Joined:    m.person != "",
		CreatedAt: store.Time(m.created), RemovedAt: timeOf(sql.NullInt64{Int64: m.removed, Valid: m.removed != 0})}
}

// edit takes over what the request names.
func (m *memberRow) edit(r skytells.MemberRequest) error {
	if name := strings.TrimSpace(r.Name); name != "" {
		m.name = name
	}
	if err := checkName(m.name); err != nil {
		return err
	}
	if r.Email != "" {
		email, err := parseEmail(r.Email)
		if err != nil {
			return err
		}
		m.email = email
	}
	if r.Role != "" {
		role, err := parseMemberRole(r.Role)
		if err != nil {
			return err
		}
		m.role = role
	}
	return nil
}

// checkEmail runs under the account's lock; the index of the table is the last word.
func (m *memberRow) checkEmail(ctx context.Context, tx *store.Tx) error {
	if m.email == "" {
		return nil
	}
	var taken int
	err := tx.QueryRow(ctx, `select count(*) from account_member
		where account = $1 and email = $2 and email <> '' and removed_at = 0 and id <> $3`, m.account, m.email, m.id).Scan(&taken)
	if err == nil && taken > 0 {
		return &fault.Error{ID: fault.InvalidParameter, Status: 409, Param: "email",
			Message: "Another member of the account has this email."}
	}
	return err
}

// differs says for the audit what an edit changed, but not who somebody is: the audit trail
// can't forget.
func (m *memberRow) differs(before memberRow) string {
	var d difference
	d.note("name", before.name != m.name)
	d.note("email", before.email != m.email)
	d.add("role", string(before.role), string(m.role))
	return d.String()
}

// parseEmail brings an address into lower case. It only has to look like one: nothing is
// sent there.
func parseEmail(text string) (string, error) {
	email := strings.ToLower(strings.TrimSpace(text))
	name, host, _ := strings.Cut(email, "@")
	odd := strings.ContainsFunc(email, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
	if name == "" || host == "" || odd || strings.Contains(host, "@") || len(email) > maxEmail {
		return "", fault.Invalid("email", "%s is not an email address.", quoted(text))
	}
	return email, nil
}

func memberByID(ctx context.Context, tx *store.Tx, id string) (memberRow, error) {
	var m memberRow
	err := m.scan(tx.QueryRow(ctx, selectMember+` where id = $1`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return m, notFound("member", id)
	}
	return m, err
}
