package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"skytower/internal/fault"
	"skytower/internal/secret"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

// CreateKey makes an API key. The Secret of the answer is the only copy of the key.
// Without an account in the request, the only account is meant; with several it is
// INVALID_PARAMETER. No scopes means all of them.
func (s *Service) CreateKey(ctx context.Context, by Operator, r skytells.KeyRequest) (skytells.Key, error) {
	k, raw, err := s.newKey(r)
	if err != nil {
		return skytells.Key{}, err
	}
	err = s.change(ctx, by, func(tx *store.Tx) (err error) {
		if k.account, err = accountFor(ctx, tx, r.Account); err != nil {
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

// newKey checks the request and makes the row, but for its account, and the raw key.
func (s *Service) newKey(r skytells.KeyRequest) (storedKey, string, error) {
	scopes, err := storedScopes(r.Scopes)
	if err != nil {
		return storedKey{}, "", err
	}
	name := strings.TrimSpace(r.Name)
	if err := checkName(name); err != nil {
		return storedKey{}, "", err
	}
	var expires sql.NullInt64
	if r.ExpiresAt != nil {
		if !r.ExpiresAt.After(s.now()) {
			return storedKey{}, "", fault.Invalid("expires_at", "The key would be expired already.")
		}
		expires = sql.NullInt64{Int64: store.Micros(*r.ExpiresAt), Valid: true}
	}
	raw := secret.NewAPIKey(secret.AccountKey)
	return storedKey{id: newID("key_"), account: r.Account, name: name, masked: secret.Mask(raw), scopes: scopes,
		digest: secret.Digest(raw), created: s.micros(), expires: expires}, raw, nil
}

func (s *Service) insertKey(ctx context.Context, tx *store.Tx, by Operator, k storedKey) error {
	_, err := tx.Exec(ctx, `insert into api_key (id, account, name, digest, masked, scopes, created_at, expires_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		k.id, k.account, k.name, k.digest[:], k.masked, k.scopes, k.created, k.expires)
	if err != nil {
		return err
	}
	return s.record(ctx, tx, by, act{"key.create", k.id, k.account, ChangeKey, k.id})
}

// accountFor returns id if there is such an account, or the only one where id is "".
func accountFor(ctx context.Context, tx *store.Tx, id string) (string, error) {
	if id != "" {
		_, err := accountByID(ctx, tx, id, "")
		return id, err
	}
	var count int
	var only sql.NullString
	err := tx.QueryRow(ctx, `select count(*), min(id) from account`).Scan(&count, &only)
	if err == nil && count != 1 {
		return "", fault.Invalid("account", "Name the account: this server has %d.", count)
	}
	return only.String, err
}

// Key returns one key.
func (s *Service) Key(ctx context.Context, id string) (skytells.Key, error) {
	var k storedKey
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		k, err = storedKeyByID(ctx, tx, id, "")
		return err
	})
	if err != nil {
		return skytells.Key{}, fmt.Errorf("read key: %w", err)
	}
	return k.wire(), nil
}

// Keys lists the keys of an account, or of all where account is "", revoked ones
// included; never nil.
func (s *Service) Keys(ctx context.Context, account string, p Page) ([]skytells.Key, error) {
	list := []skytells.Key{}
	query := selectStoredKey + ` where (created_at, id) > ($1, $2) `
	args := []any{int64(0), p.After, p.limit()}
	if account != "" {
		query += `and account = $4 `
		args = append(args, account)
	}
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		if args[0], err = createdAt(ctx, tx, "api_key", p.After); err != nil {
			return err
		}
		list = list[:0]
		return tx.Each(ctx, query+`order by created_at, id limit $3`, func(scan func(...any) error) error {
			var k storedKey
			err := k.scan(scan)
			list = append(list, k.wire())
			return err
		}, args...)
	})
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	return list, nil
}

// RevokeKey ends a key for good, in every process within two seconds. A second call
// changes nothing and returns the key as the first one left it.
func (s *Service) RevokeKey(ctx context.Context, by Operator, id string) (skytells.Key, error) {
	var k storedKey
	err := s.change(ctx, by, func(tx *store.Tx) (err error) {
		if k, err = storedKeyByID(ctx, tx, id, tx.Dialect().ForUpdate()); err != nil || k.revoked.Valid {
			return err
		}
		k.revoked = sql.NullInt64{Int64: s.micros(), Valid: true}
		if _, err = tx.Exec(ctx, `update api_key set revoked_at = $2 where id = $1`, id, k.revoked); err != nil {
			return err
		}
		return s.record(ctx, tx, by, act{"key.revoke", id, k.account, ChangeKey, id})
	})
	if err != nil {
		return skytells.Key{}, fmt.Errorf("revoke key: %w", err)
	}
	return k.wire(), nil
}

// storedKey is a row of the table api_key. The digest is written but not read here.
type storedKey struct {
	id, account, name, masked, scopes string
	digest                            digest
	created                           int64
	expires, revoked                  sql.NullInt64
}

const selectStoredKey = `select id, account, name, masked, scopes, created_at, expires_at, revoked_at from api_key`

func (k *storedKey) scan(scan func(...any) error) error {
	return scan(&k.id, &k.account, &k.name, &k.masked, &k.scopes, &k.created, &k.expires, &k.revoked)
}

func (k *storedKey) wire() skytells.Key {
	return skytells.Key{ID: k.id, Account: k.account, Name: k.name, Masked: k.masked, Scopes: loadScopes(k.scopes).Words(),
		CreatedAt: store.Time(k.created), ExpiresAt: timeOf(k.expires), RevokedAt: timeOf(k.revoked)}
}

func storedKeyByID(ctx context.Context, tx *store.Tx, id, lock string) (storedKey, error) {
	var k storedKey
	err := k.scan(tx.QueryRow(ctx, selectStoredKey+` where id = $1`+lock, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return k, notFound("key", id)
	}
	return k, err
}
