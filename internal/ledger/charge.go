package ledger

import (
	"context"
	"fmt"
)

// ChargeOf reads the charge of one request or prediction of an account: one line, or none
// where nothing was charged.
func (l *Ledger) ChargeOf(ctx context.Context, account, request string) ([]Line, error) {
	lines, err := list(ctx, l.db, selectLine+` where request = $1 and account = $2`, []any{request, account}, scanLine)
	if err != nil {
		return nil, fmt.Errorf("read the charge of %s: %w", request, err)
	}
	return lines, nil
}
