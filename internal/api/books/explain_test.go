package books

import (
	"context"
	"strings"
	"testing"

	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/price"
)

type onePrice struct{ price.Price }

func (p *onePrice) PriceAt(context.Context, int64) (*price.Price, error) { return &p.Price, nil }

// A charge that is a share of the price says what the price was, and why less was charged.
func TestSharesAreExplained(t *testing.T) {
	t.Parallel()
	prices := &onePrice{price.Price{Version: 3, Unit: price.MillionTokens, Input: 1_000_000_000, Output: 4_000_000_000}}
	line := ledger.Line{Kind: "tokens", Charge: ledger.Charge{Request: "req_1", Model: "m", Input: 11, Output: 4, PriceVersion: 3}}
	for _, c := range []struct {
		target string
		amount money.Nanos
		last   string
		less   string
	}{
		{"up/m", 27_000, "output tokens", "0.000016"},
		{"cache", 2700, "kept answer: charged at its share of the price", "-0.0000243"},
		{"up/m", 13_500, "discount, such as that of batches", "-0.0000135"},
	} {
		n := line
		n.Target, n.Amount = c.target, c.amount
		got, err := chargeLine(t.Context(), prices, n)
		if err != nil {
			t.Fatal(err)
		}
		last := got.Lines[len(got.Lines)-1]
		if got.Lines[0].What != "input tokens" || last.What != c.last || string(last.Amount) != c.less || strings.Contains(string(got.Amount), "-") {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}
