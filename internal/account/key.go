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
// INVALID_PARAMETER. No scopes means all of them, or all that the member's role allows.
func (s *Service) CreateKey(ctx context.Context, by Operator, r skytells.KeyRequest) (skytells.Key, error) {
	k, raw, err := s.newKey(r)
	if err != nil {
		return skytells.Key{}, err
	}
	err = s.change(ctx, by, func(tx *store.Tx) error {
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

// newKey checks the request and makes the row, but for its account, and the raw key.
func (s *Service) newKey(r skytells.KeyRequest) (storedKey, string, error) {
	scopes, err := storedScopes(r.Scopes)
	if err != nil {
		return storedKey{}, "", err
	}
	k := storedKey{account: r.Account, scopes: scopes}
	if err := k.edit(skytells.KeyChange{Name: &r.Name, Addresses: &r.Addresses, Models: &r.Models, Budget: &r.Budget}); err != nil {
		return storedKey{}, "", err
	}
	if r.ExpiresAt != nil {
		if !r.ExpiresAt.After(s.now()) {
			return storedKey{}, "", fault.Invalid("expires_at", "The key would be expired already.")
		}
		k.expires = sql.NullInt64{Int64: store.Micros(*r.ExpiresAt), Valid: true}
	}
	return k, s.mint(&k), nil
}

// mint gives the row an id and a new key, which it returns.
func (s *Service) mint(k *storedKey) string {
	raw := secret.NewAPIKey(secret.AccountKey)
	k.id, k.masked, k.digest, k.created = newID("key_"), secret.Mask(raw), secret.Digest(raw), s.micros()
	return raw
}

// assign finds the account and the member that the key is for.
func (k *storedKey) assign(ctx context.Context, tx *store.Tx, r skytells.KeyRequest) (err error) {
	if r.Member == "" {
		k.account, err = accountFor(ctx, tx, r.Account)
		return err
	}
	m, err := memberByID(ctx, tx, r.Member)
	if err != nil {
		return err
	}
	if k.account = r.Account; k.account == "" {
		k.account = m.account
	}
	// Under the lock the role can't change unseen: it tells the keys that it knows.
	if _, err := openAccount(ctx, tx, k.account); err != nil {
		return err
	}
	if m, err = memberFor(ctx, tx, r.Member, k.account); err != nil {
		return err
	}
	k.member, k.role = m.id, m.role
	return m.role.permits(k.scopes)
}

func (s *Service) insertKey(ctx context.Context, tx *store.Tx, by Operator, k storedKey) error {
	_, err := tx.Exec(ctx, `insert into api_key
		(id, account, name, digest, masked, scopes, created_at, expires_at, member, addresses, models, budget)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		k.id, k.account, k.name, k.digest[:], k.masked, k.scopes, k.created, k.expires, k.member, k.addresses, k.models, k.budget)
	if err != nil {
		return err
	}
	return s.record(ctx, tx, by, act{"key.create", k.id, k.account, ChangeKey, k.id})
}

// accountFor returns id if there is such an account, or the only one where id is "".
func accountFor(ctx context.Context, tx *store.Tx, id string) (string, error) {
	if id != "" {
		_, err := openAccount(ctx, tx, id)
		return id, err
	}
	var count int
	var only sql.NullString
	err := tx.QueryRow(ctx, `select count(*), min(id) from account where closed_at = 0`).Scan(&count, &only)
	if err == nil && count != 1 {
		return "", fault.Invalid("account", "Name the account: this server has %d.", count)
	}
	return only.String, err
}

// Key returns one key.
func (s *Service) Key(ctx context.Context, id string) (skytells.Key, error) {
	var k storedKey
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		k, err = storedKeyByID(ctx, tx, id)
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
	var list []skytells.Key
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		if account == "" {
			list, err = listKeys(ctx, tx, p, "")
		} else {
			list, err = listKeys(ctx, tx, p, "and k.account = $4", account)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	return list, nil
}

// listKeys lists a page of the keys that meet a further condition, whose arguments are
// numbered from $4; never nil.
func listKeys(ctx context.Context, tx *store.Tx, p Page, condition string, args ...any) ([]skytells.Key, error) {
	after, err := createdAt(ctx, tx, "api_key", p.After)
	if err != nil {
		return nil, err
	}
	list := []skytells.Key{}
	query := selectStoredKey + ` where (k.created_at, k.id) > ($1, $2) and k.session = '' ` + condition + ` order by k.created_at, k.id limit $3`
	err = tx.Each(ctx, query, func(scan func(...any) error) error {
		var k storedKey
		err := k.scan(scan)
		list = append(list, k.wire())
		return err
	}, append([]any{after, p.After, p.limit()}, args...)...)
	return list, err
}

// RevokeKey ends a key for good, in every process within two seconds. A second call
// changes nothing and returns the key as the first one left it.
func (s *Service) RevokeKey(ctx context.Context, by Operator, id string) (skytells.Key, error) {
	var k storedKey
	err := s.change(ctx, by, func(tx *store.Tx) (err error) {
		k, err = s.revokeKey(ctx, tx, by, id)
		return err
	})
	if err != nil {
		return skytells.Key{}, fmt.Errorf("revoke key: %w", err)
	}
	return k.wire(), nil
}

func (s *Service) revokeKey(ctx context.Context, tx *store.Tx, by Operator, id string) (storedKey, error) {
	k, err := lockKey(ctx, tx, id)
	if err != nil || k.revoked.Valid {
		return k, err
	}
	k.revoked = sql.NullInt64{Int64: s.micros(), Valid: true}
	if _, err = tx.Exec(ctx, `update api_key set revoked_at = $2 where id = $1`, id, k.revoked); err != nil {
		return k, err
	}
	return k, s.record(ctx, tx, by, act{"key.revoke", id, k.account, ChangeKey, id})
}

// storedKey is a row of the table api_key, with the role of its member. The digest is
// written but not read here.
type storedKey struct {
	id, account, name, masked, scopes string
	digest                            digest
	created, lastUsed                 int64
	expires, revoked                  sql.NullInt64
	member                            string // "": an operator made it
	role                              MemberRole
	addresses, models                 string // words; "": all
	budget                            int64  // nanos a month, or noBudget
	rotatedTo                         string
}

const selectStoredKey = `select k.id, k.account, k.name, k.masked, k.scopes, k.created_at, k.expires_at, k.revoked_at,
	k.member, coalesce(m.role, ''), k.addresses, k.models, k.budget, k.rotated_to, k.last_used_at
	from api_key k left join account_member m on m.id = k.member`

func (k *storedKey) scan(scan func(...any) error) error {
	return scan(&k.id, &k.account, &k.name, &k.masked, &k.scopes, &k.created, &k.expires, &k.revoked,
		&k.member, &k.role, &k.addresses, &k.models, &k.budget, &k.rotatedTo, &k.lastUsed)
}

func (k *storedKey) wire() skytells.Key {
	scopes := loadScopes(k.scopes)
	if k.member != "" {
		scopes &= k.role.Scopes()
	}
	shown := skytells.Key{ID: k.id, Account: k.account, Name: k.name, Masked: k.masked, Scopes: scopes.Words(),
		CreatedAt: store.Time(k.created), ExpiresAt: timeOf(k.expires), RevokedAt: timeOf(k.revoked),
		Member: k.member, Models: wordsOf(k.models), Budget: budgetAmount(k.budget), RotatedTo: k.rotatedTo,
		LastUsedAt: timeOf(sql.NullInt64{Int64: k.lastUsed, Valid: k.lastUsed != 0})}
	for _, p := range loadAddresses(k.addresses) {
		shown.Addresses = append(shown.Addresses, p.String())
	}
	return shown
}

// edit takes over what the change names.
func (k *storedKey) edit(c skytells.KeyChange) (err error) {
	if c.Name != nil {
		k.name = strings.TrimSpace(*c.Name)
		if err := checkName(k.name); err != nil {
			return err
		}
	}
	if c.Addresses != nil {
		if k.addresses, err = parseAddresses(*c.Addresses); err != nil {
			return err
		}
	}
	if c.Models != nil {
		if k.models, err = parseModels(*c.Models); err != nil {
			return err
		}
	}
	if c.Budget != nil {
		k.budget, err = parseBudget(*c.Budget)
	}
	return err
}

func storedKeyByID(ctx context.Context, tx *store.Tx, id string) (storedKey, error) {
	var k storedKey
	err := k.scan(tx.QueryRow(ctx, selectStoredKey+` where k.id = $1 and k.session = ''`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return k, notFound("key", id)
	}
	return k, err
}

// lockKey locks the row first: PostgreSQL can't lock what an outer join adds.
func lockKey(ctx context.Context, tx *store.Tx, id string) (storedKey, error) {
	var found string
	err := tx.QueryRow(ctx, `select id from api_key where id = $1`+tx.Dialect().ForUpdate(), id).Scan(&found)
	if errors.Is(err, sql.ErrNoRows) {
		return storedKey{}, notFound("key", id)
	}
	if err != nil {
		return storedKey{}, err
	}
	return storedKeyByID(ctx, tx, id)
}
