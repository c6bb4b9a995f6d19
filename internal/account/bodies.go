package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"skytower/internal/fault"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

// minBodies is the shortest time that an account may have bodies of requests kept.
const minBodies = time.Hour

// editBodies takes over how long bodies of requests are kept, where the request says so.
func (s *Service) editBodies(a *accountRow, text *string) error {
	if text == nil {
		return nil
	}
	micros, err := s.parseBodies(*text)
	if err == nil {
		a.bodies = micros
	}
	return err
}

// parseBodies reads a duration such as 24h or 7d; "", 0 and off keep none.
func (s *Service) parseBodies(text string) (micros int64, err error) {
	text = strings.TrimSpace(text)
	switch text {
	case "", "0", "off":
		return 0, nil
	}
	if s.bodies <= 0 {
		return 0, fault.Invalid("keep_bodies", "This server keeps no bodies of requests: its setting body_retention is 0.")
	}
	d, ok := parseDays(text, s.bodies)
	switch {
	case !ok:
		return 0, fault.Invalid("keep_bodies", "'keep_bodies' must be a duration such as 24h or 7d, or empty to keep none.")
	case d < minBodies || d > s.bodies || d%time.Second != 0:
		return 0, fault.Invalid("keep_bodies", "'keep_bodies' must be whole seconds, from %s to %s (the server's setting body_retention), or empty to keep none.",
			bodiesText(minBodies.Microseconds()), bodiesText(s.bodies.Microseconds()))
	}
	return d.Microseconds(), nil
}

// bodiesText is the shortest text that parseBodies reads as this.
func bodiesText(micros int64) string {
	const day = 24 * time.Hour
	d := time.Duration(micros) * time.Microsecond
	switch {
	case micros == 0:
		return ""
	case d > day && d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	}
	return retentionText(micros)
}

// KeepsBodies is how long the account has bodies of requests kept now, in tx; 0: none are,
// or it is closed. It holds the account until tx ends, so that nobody closes it meanwhile.
func (s *Service) KeepsBodies(ctx context.Context, tx *store.Tx, account string) (time.Duration, error) {
	var micros, closed int64
	err := tx.QueryRow(ctx, `select keep_bodies, closed_at from account where id = $1`+tx.Dialect().Pick("", " for share"), account).Scan(&micros, &closed)
	if errors.Is(err, sql.ErrNoRows) || err == nil && closed != 0 {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read what account %s has kept: %w", account, err)
	}
	return time.Duration(micros) * time.Microsecond, nil
}

// ChangeOwnBodies sets for how long an account has bodies of its requests kept, by one of
// its own keys.
func (s *Service) ChangeOwnBodies(ctx context.Context, who Principal, keep string) (skytells.Account, error) {
	by := who.Key
	if by == "" {
		by = who.Account // a signed-in person, whose page asks for them
	}
	return s.UpdateAccount(ctx, Operator{ID: by, Role: RoleOperator}, who.Account, skytells.AccountRequest{KeepBodies: &keep})
}

// LongestBodies is the longest that an account may have bodies of requests kept, as text;
// "": not at all.
func (s *Service) LongestBodies() string { return bodiesText(max(s.bodies, 0).Microseconds()) }
