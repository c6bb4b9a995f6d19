package ledger

import (
	"context"

	"skytower/internal/store"
)

// VerifyIn is Verify inside of a transaction, which then undoes the damage.
func (l *Ledger) VerifyIn(ctx context.Context, tx *store.Tx) (Report, error) {
	return l.verify(ctx, tx)
}
