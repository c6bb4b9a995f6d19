package ledger

import (
	"context"
	"time"

	"skytower/internal/money"
	"skytower/internal/store"
)

// Welcome gives a new account its starting credit, in the transaction that makes it; 0 is
// none. A second call changes nothing.
func (l *Ledger) Welcome(ctx context.Context, tx *store.Tx, account string, amount money.Nanos, actor string) error {
	if amount == 0 {
		return nil
	}
	_, err := l.Credit(ctx, tx, Credit{
		ID: "welcome/" + account, Account: account, Kind: "grant", Bucket: Sponsored, Amount: amount, Actor: actor, Reason: "Starting credit", At: time.Now(),
	})
	return err
}
