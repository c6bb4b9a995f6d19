package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"time"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/store"
)

// Transfer is a movement that was no charge.
type Transfer struct {
	ID, Kind, Account  string
	Amount             money.Nanos
	At                 time.Time
	Actor, Reason, Ref string
}

const transferColumns = `id, kind, account, amount, at, actor, reason, ref`

func scanTransfer(scan func(...any) error) (t Transfer, err error) {
	var at int64
	err = scan(&t.ID, &t.Kind, &t.Account, &t.Amount, &at, &t.Actor, &t.Reason, &t.Ref)
	t.At = store.Time(at)
	return t, err
}

// Transfer reads one transfer. One that does not exist is INVALID_PARAMETER with status
// 404.
func (l *Ledger) Transfer(ctx context.Context, id string) (t Transfer, err error) {
	err = l.db.Read(ctx, func(tx *store.Tx) (err error) {
		t, err = scanTransfer(tx.QueryRow(ctx, `select `+transferColumns+` from transfer where id = $1`, id).Scan)
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return t, &fault.Error{ID: fault.InvalidParameter, Status: http.StatusNotFound, Param: "id", Message: "There is no transfer with this id."}
	}
	if err != nil {
		return t, fmt.Errorf("read transfer %.64q: %w", id, err)
	}
	return t, nil
}

// Transfers lists an account's transfers, newest first; never nil.
func (l *Ledger) Transfers(ctx context.Context, account string, p Page) ([]Transfer, error) {
	var w where
	w.add("account = ", account)
	transfers, err := list(ctx, l.db, `select `+transferColumns+` from transfer`+w.page(p, "id"), w.args, scanTransfer)
	if err != nil {
		return nil, fmt.Errorf("read the transfers of %s: %w", account, err)
	}
	return transfers, nil
}
