package account

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"skytower/internal/fault"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

// Bounds of how long a key still works after its rotation.
const (
	defaultOverlap = 24 * time.Hour
	maxOverlap     = 90 * 24 * time.Hour
)

// UpdateKey changes the fields that the change names, in every process within two
// seconds. A key that was revoked stays as it is.
func (s *Service) UpdateKey(ctx context.Context, by Operator, id string, c skytells.KeyChange) (skytells.Key, error) {
	var k storedKey
	err := s.change(ctx, by, func(tx *store.Tx) (err error) {
		k, err = s.updateKey(ctx, tx, by, id, c)
		return err
	})
	if err != nil {
		return skytells.Key{}, fmt.Errorf("update key: %w", err)
	}
	return k.wire(), nil
}

func (s *Service) updateKey(ctx context.Context, tx *store.Tx, by Operator, id string, c skytells.KeyChange) (storedKey, error) {
	k, err := lockKey(ctx, tx, id)
	if err != nil {
		return k, err
	}
	before := k
	if k.revoked.Valid {
		return k, fault.Invalid("key", "The key is revoked: nothing of it can be changed.")
	}
	if err := k.edit(c); err != nil || k == before {
		return k, err
	}
	_, err = tx.Exec(ctx, `update api_key set name = $2, addresses = $3, models = $4, budget = $5 where id = $1`,
		id, k.name, k.addresses, k.models, k.budget)
	if err != nil {
		return k, err
	}
	return k, s.record(ctx, tx, by, act{"key.update", id, k.differs(before), ChangeKey, id})
}

// differs says for the audit what an edit changed.
func (k *storedKey) differs(before storedKey) string {
	var d difference
	d.add("name", before.name, k.name)
	d.add("addresses", before.addresses, k.addresses)
	d.add("models", before.models, k.models)
	d.add("budget", string(budgetAmount(before.budget)), string(budgetAmount(k.budget)))
	return d.String()
}

// RotateKey makes a key of the same kind and lets the old one work for an overlap more.
// The Secret of the answer, which is the new key, is its only copy. The new key has the
// old one's lifetime, from now; a budget begins anew with it. A key is rotated once: its
// successor is the one to be rotated next.
func (s *Service) RotateKey(ctx context.Context, by Operator, id string, r skytells.RotateRequest) (skytells.Key, error) {
	overlap, err := parseOverlap(r.Overlap)
	if err != nil {
		return skytells.Key{}, err
	}
	var shown skytells.Key
	err = s.change(ctx, by, func(tx *store.Tx) (err error) {
		shown, err = s.rotateKey(ctx, tx, by, id, overlap)
		return err
	})
	if err != nil {
		return skytells.Key{}, fmt.Errorf("rotate key: %w", err)
	}
	return shown, nil
}

func (s *Service) rotateKey(ctx context.Context, tx *store.Tx, by Operator, id string, overlap time.Duration) (skytells.Key, error) {
	old, err := s.keyToRotate(ctx, tx, id)
	if err != nil {
		return skytells.Key{}, err
	}
	next := old
	raw := s.mint(&next)
	next.lastUsed = 0
	if old.expires.Valid {
		next.expires.Int64 = next.created + old.expires.Int64 - old.created
	}
	if err := s.insertKey(ctx, tx, by, next); err != nil {
		return skytells.Key{}, err
	}
	shown := next.wire()
	shown.Secret = raw
	return shown, s.retire(ctx, tx, by, old, next.id, overlap)
}

// keyToRotate locks the account before the key, in the order of those who change members.
func (s *Service) keyToRotate(ctx context.Context, tx *store.Tx, id string) (storedKey, error) {
	k, err := storedKeyByID(ctx, tx, id)
	if err != nil {
		return k, err
	}
	if _, err := accountByID(ctx, tx, k.account, tx.Dialect().ForUpdate()); err != nil {
		return k, err
	}
	if k, err = lockKey(ctx, tx, id); err != nil {
		return k, err
	}
	switch {
	case k.rotatedTo != "":
		return k, &fault.Error{ID: fault.InvalidParameter, Status: 409, Param: "key",
			Message: fmt.Sprintf("The key was rotated already: %s takes its place. Rotate that one.", k.rotatedTo)}
	case k.revoked.Valid:
		return k, fault.Invalid("key", "The key is revoked: make a new one instead.")
	case over(k.expires.Int64, s.now()):
		return k, fault.Invalid("key", "The key is expired: make a new one instead.")
	}
	return k, nil
}

// retire ends the old key after the overlap, or earlier where it would have ended anyway.
func (s *Service) retire(ctx context.Context, tx *store.Tx, by Operator, old storedKey, next string, overlap time.Duration) error {
	end := sql.NullInt64{Int64: store.Micros(s.now().Add(overlap)), Valid: true}
	if old.expires.Valid && old.expires.Int64 < end.Int64 {
		end = old.expires
	}
	if _, err := tx.Exec(ctx, `update api_key set expires_at = $2, rotated_to = $3 where id = $1`, old.id, end, next); err != nil {
		return err
	}
	return s.record(ctx, tx, by, act{"key.rotate", old.id, fmt.Sprintf("to: %s, overlap: %s", next, overlap), ChangeKey, old.id})
}

func parseOverlap(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return defaultOverlap, nil
	}
	d, ok := parseDays(text, maxOverlap)
	if !ok || d < 0 || d > maxOverlap {
		return 0, fault.Invalid("overlap", "'overlap' must be a duration from 0s to 90d, such as 24h or 7d.")
	}
	return d, nil
}
