package ledger

import (
	"context"
	"fmt"

	"skytower/internal/store"
)

// Charged reports whether a request of the account has its charge in the database.
func (l *Ledger) Charged(ctx context.Context, account, request string) (charged bool, err error) {
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		return tx.QueryRow(ctx, `select exists (select 1 from charge_line where request = $1 and account = $2)`, request, account).Scan(&charged)
	})
	if err != nil {
		return false, fmt.Errorf("look for the charge of request %s: %w", request, err)
	}
	return charged, nil
}
