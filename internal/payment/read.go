package payment

import (
	"context"
	"fmt"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

// Page is a part of a list.
type Page struct {
	After string // id of the last checkout of the page before
	Limit int    // 0: 50; at most 500
}

// Bounds of a page.
const (
	usualPage = 50
	maxPage   = 500
)

// Get gives one checkout of the account. ENDPOINT_NOT_FOUND where it has none of the id.
func (s *Service) Get(ctx context.Context, account, id string) (skytells.Checkout, error) {
	var row checkout
	err := s.o.DB.Read(ctx, func(tx *store.Tx) (err error) {
		row, err = ownCheckout(ctx, tx, account, id)
		return err
	})
	if err != nil {
		return skytells.Checkout{}, fmt.Errorf("read checkout: %w", err)
	}
	if row.id == "" {
		return skytells.Checkout{}, fault.New(fault.EndpointNotFound, "There is no checkout with this id.")
	}
	return row.show(), nil
}

// List gives checkouts of the account, newest first; never nil. INVALID_PARAMETER where
// the page begins after a checkout that it does not have.
func (s *Service) List(ctx context.Context, account string, p Page) ([]skytells.Checkout, error) {
	if p.Limit <= 0 {
		p.Limit = usualPage
	}
	list := []skytells.Checkout{}
	err := s.o.DB.Read(ctx, func(tx *store.Tx) error {
		from := newest()
		if p.After != "" {
			last, err := ownCheckout(ctx, tx, account, p.After)
			if err != nil {
				return err
			}
			if last.id == "" {
				return fault.Invalid("after", "'after' must be the id of a checkout of the list.")
			}
			from = last
		}
		rows, err := checkoutsBefore(ctx, tx, account, from, min(p.Limit, maxPage))
		for _, row := range rows {
			list = append(list, row.show())
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list checkouts: %w", err)
	}
	return list, nil
}

// show is the row for its account. The payer's address is not kept: it is told once.
func (c checkout) show() skytells.Checkout {
	return skytells.Checkout{
		ID: c.id, Account: c.account, Amount: amountText(c.amount), State: string(c.state), CreatedAt: c.created.UTC(),
	}
}

func amountText(n money.Nanos) skytells.Amount { return skytells.Amount(n.String()) }
