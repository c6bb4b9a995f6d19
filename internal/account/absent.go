package account

import (
	"context"
	"fmt"
)

// Absent returns who owns a key, by the ids of account and key, for work that goes on while
// nobody calls. Where the key may be used from does not matter then.
//
// The errors are those of Authenticate but for FORBIDDEN. The database is asked each time.
func (ix *Index) Absent(ctx context.Context, account, key string) (Principal, error) {
	row, err := readOne(ctx, ix.db, keyByID, scanKeyRow, key)
	if err != nil {
		return Principal{}, unavailable(fmt.Errorf("look up key %s: %w", key, err))
	}
	switch {
	case row == nil || row.revoked || row.principal.Account != account:
		return Principal{}, refused(errUnknown)
	case over(row.expires, ix.now()):
		return Principal{}, refused(errExpired)
	case row.standing.suspended:
		return Principal{}, suspended()
	}
	p := row.principal
	p.Tier, p.KeepBodies = row.standing.tier, row.standing.bodies
	return p, nil
}
