package books

import (
	"context"

	"skytower/internal/ledger"
	"skytower/internal/skytells"
)

// chargeLine is a charge with what explains it.
func chargeLine(ctx context.Context, prices Prices, n ledger.Line) (skytells.ChargeLine, error) {
	out := skytells.ChargeLine{
		Request: n.Request, CreatedAt: n.At, Key: n.Key, Model: n.Model, Outcome: n.Outcome, Counted: n.Counted,
		PriceVersion: n.PriceVersion, Amount: Amount(n.Amount), Lines: []skytells.Explanation{},
	}
	return out, nil
}
