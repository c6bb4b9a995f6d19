package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"skytower/internal/fault"
	"skytower/internal/store"
)

const (
	hiddenLives   = 15 * time.Minute
	maxHiddenKeys = 20 // living ones of a session; older ones end
)

// HiddenKey makes an API key for what runs in a signed-in browser (playground, explorer). It
// lives for a quarter of an hour, has the scopes of the seat's role, ends with its session
// and its membership, and is never listed. Any replica accepts it at once.
func (s *Service) HiddenKey(ctx context.Context, seat Seat, session string) (raw string, expires time.Time, err error) {
	k := storedKey{account: seat.Account, member: seat.Member, budget: noBudget}
	raw = s.mint(&k)
	expires = s.now().Add(hiddenLives)
	k.expires = sql.NullInt64{Int64: store.Micros(expires), Valid: true}
	err = s.db.Write(ctx, func(tx *store.Tx) error {
		role, err := s.hiddenRole(ctx, tx, seat, session)
		if err != nil {
			return err
		}
		k.scopes = strings.Join(role.Scopes().Words(), " ")
		if err := s.endHiddenKeys(ctx, tx, session, maxHiddenKeys-1); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `insert into api_key (id, account, name, digest, masked, scopes, created_at, expires_at, member, budget, session)
			values ($1, $2, '', $3, $4, $5, $6, $7, $8, $9, $10)`,
			k.id, k.account, k.digest[:], k.masked, k.scopes, k.created, k.expires, k.member, k.budget, session)
		return err
	})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("make hidden key: %w", err)
	}
	return raw, store.Time(k.expires.Int64), nil
}

// hiddenRole is what the session may do in the account right now. The account and the
// session are held, so that neither ends unseen.
func (s *Service) hiddenRole(ctx context.Context, tx *store.Tx, seat Seat, session string) (MemberRole, error) {
	a, err := openAccount(ctx, tx, seat.Account)
	if err != nil {
		return "", err
	}
	var person, viewing string
	var expires int64
	err = tx.QueryRow(ctx, `select person, viewing, expires_at from person_session where id = $1`+tx.Dialect().ForUpdate(), session).
		Scan(&person, &viewing, &expires)
	if errors.Is(err, sql.ErrNoRows) || err == nil && over(expires, s.now()) {
		return "", signedOut()
	}
	if err != nil {
		return "", err
	}
	if seat.Member == "" {
		o, err := operatorOf(ctx, tx, person)
		if err == nil && (o.ID == "" || viewing != seat.Account) {
			err = notFound("account", seat.Account)
		}
		return RoleViewer, err
	}
	m, err := memberByID(ctx, tx, seat.Member)
	switch {
	case err != nil:
		return "", err
	case m.account != seat.Account || m.person != person:
		return "", notFound("member", seat.Member)
	case m.removed != 0:
		return "", memberIsGone(seat.Member)
	case a.suspended.Valid:
		return "", suspended()
	}
	return m.role, nil
}

// endHiddenKeys ends all hidden keys of a session but the newest ones.
func (s *Service) endHiddenKeys(ctx context.Context, tx *store.Tx, session string, keep int) error {
	ids, err := column(ctx, tx, `select id from api_key where session = $1 and session <> '' and revoked_at is null order by created_at, id`, session)
	if err != nil || len(ids) <= keep {
		return err
	}
	return s.endKeys(ctx, tx, ids[:len(ids)-keep])
}

// endKeys revokes keys without a row in the audit trail: nobody asked for it.
func (s *Service) endKeys(ctx context.Context, tx *store.Tx, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	d := tx.Dialect()
	if _, err := tx.Exec(ctx, `update api_key set revoked_at = $2 where `+d.In("id", 1)+` and revoked_at is null`, d.Strings(ids), s.micros()); err != nil {
		return err
	}
	for _, id := range ids {
		if err := tx.Publish(ctx, ChangeKey, id); err != nil {
			return err
		}
	}
	return nil
}

// forbidden is the answer to who may not do something by their role.
func forbidden(format string, args ...any) error {
	return &fault.Error{ID: fault.Forbidden, Message: fmt.Sprintf(format, args...), Details: "Ask an owner of the account."}
}
