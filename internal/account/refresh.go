package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"skytower/internal/money"
	"skytower/internal/store"
)

// RefreshKeys reads the keys with these ids again; nil means all of them. It is a
// subscriber of the change feed, as the two below are.
func (ix *Index) RefreshKeys(ctx context.Context, ids []string) error {
	ix.refreshing.Lock()
	defer ix.refreshing.Unlock()
	ix.beginRefresh()
	if ids == nil || len(ids) > maxRefs {
		return ix.reloadKeys(ctx)
	}
	rows, err := readEach(ctx, ix.db, keyByID, scanKeyRow, ids)
	if err != nil {
		return fmt.Errorf("read changed keys: %w", err)
	}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	for i, row := range rows {
		switch {
		case row == nil:
			drop(&ix.keys, func(e *keyEntry) bool { return e.principal.Key == ids[i] })
		case row.revoked:
			ix.keys.set(row.digest, nil)
		default:
			ix.keys.set(row.digest, row.entry(ix.stateOf(row)))
		}
	}
	return nil
}

// reloadKeys replaces everything that is known of keys and accounts.
func (ix *Index) reloadKeys(ctx context.Context) error {
	entries, states := map[digest]*keyEntry{}, map[string]*accountState{}
	err := readAll(ctx, ix.db, livingKeys, scanKeyRow, func(row *keyRow) {
		if row.revoked { // by the end of a membership
			return
		}
		state := states[row.principal.Account]
		if state == nil {
			state = newState(row.standing)
			states[row.principal.Account] = state
		}
		entries[row.digest] = row.entry(state)
	}, ix.now().UnixMicro())
	if err != nil {
		return fmt.Errorf("read all keys: %w", err)
	}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.accounts = states
	ix.keys.replace(entries)
	return nil
}

// RefreshAccounts reads again whether these accounts are suspended, their tiers, and for how
// long the bodies of their requests are kept; nil
// means all of them. Only accounts with a key in memory matter.
func (ix *Index) RefreshAccounts(ctx context.Context, ids []string) error {
	ix.refreshing.Lock()
	defer ix.refreshing.Unlock()
	ix.beginRefresh()
	if ids == nil || len(ids) > maxRefs {
		return ix.reloadAccounts(ctx)
	}
	rows, err := readEach(ctx, ix.db, standingByID, scanStanding, ids)
	if err != nil {
		return fmt.Errorf("read changed accounts: %w", err)
	}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	for i, row := range rows {
		state := ix.accounts[ids[i]]
		switch {
		case state == nil:
		case row == nil:
			state.set(standing{suspended: true, tier: firstTier}) // nobody's key
		default:
			state.set(row.standing)
		}
	}
	return nil
}

func (ix *Index) reloadAccounts(ctx context.Context) error {
	odd := map[string]standing{}
	err := readAll(ctx, ix.db, oddAccounts, scanStanding, func(row *standingRow) { odd[row.account] = row.standing })
	if err != nil {
		return fmt.Errorf("read accounts: %w", err)
	}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	for id, state := range ix.accounts {
		now, ok := odd[id]
		if !ok {
			now = standing{tier: firstTier}
		}
		state.set(now)
	}
	return nil
}

// RefreshOperators reads the operator keys with these ids again; nil means all.
func (ix *Index) RefreshOperators(ctx context.Context, ids []string) error {
	ix.refreshing.Lock()
	defer ix.refreshing.Unlock()
	ix.beginRefresh()
	if ids == nil || len(ids) > maxRefs {
		return ix.reloadOperators(ctx)
	}
	rows, err := readEach(ctx, ix.db, operatorByID, scanOperatorRow, ids)
	if err != nil {
		return fmt.Errorf("read changed operator keys: %w", err)
	}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	for i, row := range rows {
		switch {
		case row == nil:
			drop(&ix.operators, func(e *operatorEntry) bool { return e.operator.Key == ids[i] })
		case row.revoked:
			ix.operators.set(row.digest, nil)
		default:
			ix.operators.set(row.digest, &row.operatorEntry)
		}
	}
	return nil
}

func (ix *Index) reloadOperators(ctx context.Context) error {
	entries := map[digest]*operatorEntry{}
	err := readAll(ctx, ix.db, livingOperators, scanOperatorRow, func(row *operatorRow) {
		entries[row.digest] = &row.operatorEntry
	}, ix.now().UnixMicro())
	if err != nil {
		return fmt.Errorf("read all operator keys: %w", err)
	}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	ix.operators.replace(entries)
	return nil
}

// drop removes an entry whose row is gone, so that only its id is known.
func drop[T any](t *table[T], match func(*T) bool) {
	if d, ok := t.find(match); ok {
		t.set(d, nil)
	}
}

const (
	// A key of somebody who is no living member of its account is no key.
	selectKey = `select k.id, k.account, k.digest, k.scopes, k.expires_at, k.revoked_at is not null,
		k.addresses, k.models, k.budget, k.last_used_at, k.member, m.role,
		a.suspended_at is not null, a.tier, a.auto_tier, a.keep_bodies
		from api_key k join account a on a.id = k.account
		left join account_member m on m.id = k.member and m.account = k.account and m.removed_at = 0 `
	keyByDigest = selectKey + `where k.digest = $1`
	keyByID     = selectKey + `where k.id = $1`
	livingKeys  = selectKey + `where k.revoked_at is null and (k.expires_at is null or k.expires_at > $1)`

	selectOperator = `select o.id, k.id, o.role, k.digest, k.expires_at, k.revoked_at is not null
		from operator_key k join operator o on o.id = k.operator `
	operatorByDigest = selectOperator + `where k.digest = $1`
	operatorByID     = selectOperator + `where k.id = $1`
	livingOperators  = selectOperator + `where k.revoked_at is null and (k.expires_at is null or k.expires_at > $1)`

	selectStanding = `select id, suspended_at is not null, tier, auto_tier, keep_bodies from account `
	standingByID   = selectStanding + `where id = $1`
	oddAccounts    = selectStanding + `where suspended_at is not null or tier <> '' or auto_tier <> 1 or keep_bodies <> 0`
)

// keyRow is a key with its account, as the index reads it.
type keyRow struct {
	principal Principal
	addresses []netip.Prefix
	digest    digest
	expires   int64
	used      int64
	revoked   bool
	standing  standing
}

func (r *keyRow) entry(state *accountState) *keyEntry {
	e := &keyEntry{principal: r.principal, addresses: r.addresses, expires: r.expires, account: state}
	e.used.Store(r.used)
	return e
}

func scanKeyRow(scan func(...any) error) (*keyRow, error) {
	var r keyRow
	var sum []byte
	var scopes, addresses, models, member, tier string
	var budget, autoTier, bodies int64
	var expires sql.NullInt64
	var role sql.NullString
	err := scan(&r.principal.Key, &r.principal.Account, &sum, &scopes, &expires, &r.revoked,
		&addresses, &models, &budget, &r.used, &member, &role, &r.standing.suspended, &tier, &autoTier, &bodies)
	if err != nil {
		return nil, err
	}
	r.principal.Scopes, r.expires = loadScopes(scopes), expires.Int64
	if member != "" {
		r.principal.Scopes &= MemberRole(role.String).Scopes()
		r.revoked = r.revoked || !role.Valid
	}
	r.addresses, r.principal.Models = loadAddresses(addresses), wordsOf(models)
	if budget >= 0 {
		r.principal.Budget, r.principal.Budgeted = money.Nanos(budget), true
	}
	r.standing.tier, r.standing.bodies = tierInForce(tier, autoTier), time.Duration(bodies)*time.Microsecond
	return &r, copyDigest(&r.digest, sum)
}

type operatorRow struct {
	operatorEntry
	digest  digest
	revoked bool
}

func scanOperatorRow(scan func(...any) error) (*operatorRow, error) {
	var r operatorRow
	var sum []byte
	var expires sql.NullInt64
	if err := scan(&r.operator.ID, &r.operator.Key, &r.operator.Role, &sum, &expires, &r.revoked); err != nil {
		return nil, err
	}
	r.expires = expires.Int64
	return &r, copyDigest(&r.digest, sum)
}

func copyDigest(d *digest, sum []byte) error {
	if copy(d[:], sum) != len(d) {
		return fmt.Errorf("stored digest has %d bytes", len(sum))
	}
	return nil
}

type standingRow struct {
	account  string
	standing standing
}

func scanStanding(scan func(...any) error) (*standingRow, error) {
	var r standingRow
	var tier string
	var autoTier, bodies int64
	err := scan(&r.account, &r.standing.suspended, &tier, &autoTier, &bodies)
	r.standing.tier, r.standing.bodies = tierInForce(tier, autoTier), time.Duration(bodies)*time.Microsecond
	return &r, err
}

type scanner[R any] func(scan func(...any) error) (*R, error)

// readOne returns nil, nil where there is no row.
func readOne[R any](ctx context.Context, db *store.DB, query string, scan scanner[R], arg any) (*R, error) {
	var row *R
	err := db.Read(ctx, func(tx *store.Tx) (err error) {
		row, err = queryOne(ctx, tx, query, scan, arg)
		return err
	})
	return row, err
}

// readEach reads one row for each id, in one transaction; nil where there is none.
func readEach[R any](ctx context.Context, db *store.DB, query string, scan scanner[R], ids []string) ([]*R, error) {
	var rows []*R
	err := db.Read(ctx, func(tx *store.Tx) error {
		rows = make([]*R, len(ids))
		for i, id := range ids {
			row, err := queryOne(ctx, tx, query, scan, id)
			if err != nil {
				return err
			}
			rows[i] = row
		}
		return nil
	})
	return rows, err
}

func queryOne[R any](ctx context.Context, tx *store.Tx, query string, scan scanner[R], arg any) (*R, error) {
	row, err := scan(tx.QueryRow(ctx, query, arg).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return row, err
}

func readAll[R any](ctx context.Context, db *store.DB, query string, scan scanner[R], each func(*R), args ...any) error {
	return db.Read(ctx, func(tx *store.Tx) error {
		return tx.Each(ctx, query, func(fields func(...any) error) error {
			row, err := scan(fields)
			if err == nil {
				each(row)
			}
			return err
		}, args...)
	})
}
