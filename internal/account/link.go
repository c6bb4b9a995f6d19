package account

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"time"

	"skytower/internal/secret"
	"skytower/internal/store"
)

// Kinds of links.
const (
	linkSetup  = "setup"
	linkInvite = "invite"
	linkReset  = "reset"
	linkCheck  = "check"
)

// How long links work.
const (
	setupLives  = 24 * time.Hour
	inviteLives = 7 * 24 * time.Hour
	resetLives  = time.Hour
	checkLives  = 3 * 24 * time.Hour
)

const tokenBytes = 32

// newToken is 256 random bits that fit into an address. Only its SHA-256 is stored.
func newToken() string {
	var b [tokenBytes]byte
	rand.Read(b[:]) //nolint:errcheck // crypto/rand never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// tokenLike spares the database what can't be a token.
func tokenLike(text string) bool {
	b, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && len(b) == tokenBytes
}

// linkRow is a row of the table person_link.
type linkRow struct {
	kind, person, member, operator, email, inviter string
	proves                                         bool
	created, expires, used                         int64
}

const selectLink = `select kind, person, member, operator, email, inviter, proves, created_at, expires_at, used_at from person_link`

func (l *linkRow) scan(scan func(...any) error) error {
	return scan(&l.kind, &l.person, &l.member, &l.operator, &l.email, &l.inviter, &l.proves, &l.created, &l.expires, &l.used)
}

func (s *Service) insertLink(ctx context.Context, tx *store.Tx, token string, l linkRow, lives time.Duration) error {
	d, now := secret.Digest(token), s.now()
	_, err := tx.Exec(ctx, `insert into person_link
		(digest, kind, person, member, operator, email, inviter, proves, created_at, expires_at, used_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)`,
		d[:], l.kind, l.person, l.member, l.operator, l.email, l.inviter, l.proves, store.Micros(now), store.Micros(now.Add(lives)))
	return err
}

// link reads a link that still works.
func (s *Service) link(ctx context.Context, tx *store.Tx, token, kind, lock string) (linkRow, error) {
	var l linkRow
	if !tokenLike(token) {
		return l, linkGone()
	}
	d := secret.Digest(token)
	err := l.scan(tx.QueryRow(ctx, selectLink+` where digest = $1 and kind = $2`+lock, d[:], kind).Scan)
	if errors.Is(err, sql.ErrNoRows) || err == nil && (l.used != 0 || over(l.expires, s.now())) {
		return l, linkGone()
	}
	return l, err
}

// liveLink is link in a transaction of its own, before the work of hashing is done.
func (s *Service) liveLink(ctx context.Context, token, kind string) (linkRow, error) {
	var l linkRow
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		l, err = s.link(ctx, tx, token, kind, "")
		return err
	})
	return l, err
}

// tryLink is liveLink for a caller who may be guessing: their address is throttled, unless
// the link is good.
func (s *Service) tryLink(ctx context.Context, token, kind string, w Where) (linkRow, error) {
	try, err := s.tries.begin(s.now(), "", w.Address)
	if err != nil {
		return linkRow{}, err
	}
	l, err := s.liveLink(ctx, token, kind)
	if err != nil {
		return l, err
	}
	try.good()
	return l, nil
}

// useLink ends a link that still works. Of two who use it together the second one waits
// for the row and finds it used.
func (s *Service) useLink(ctx context.Context, tx *store.Tx, token, kind string) (linkRow, error) {
	l, err := s.link(ctx, tx, token, kind, tx.Dialect().ForUpdate())
	if err != nil {
		return l, err
	}
	d := secret.Digest(token)
	_, err = tx.Exec(ctx, `update person_link set used_at = $2 where digest = $1`, d[:], s.micros())
	return l, err
}

// dropLinks ends the unused links of a kind about a person, a member or an operator.
func dropLinks(ctx context.Context, tx *store.Tx, kind, column, id string) error {
	_, err := tx.Exec(ctx, `delete from person_link where `+column+` = $1 and `+column+` <> '' and kind = $2 and used_at = 0`, id, kind)
	return err
}
