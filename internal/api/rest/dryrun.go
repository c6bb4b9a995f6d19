package rest

import (
	"net/http"

	"skytower/internal/api/books"
	"skytower/internal/httpx"
	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/prediction"
	"skytower/internal/skytells"
)

// dryRun answers what a prediction would cost. It draws from no limit.
func (h *Handlers) dryRun(c *httpx.Call, want prediction.Create) error {
	quoted, err := h.Predictions.Quote(c.Request.Context(), want)
	if err != nil {
		return err
	}
	c.Record.Model = quoted.Model.Slug
	balance, err := h.Balances.Balance(c.Request.Context(), want.Who.Account)
	if err != nil {
		return err
	}
	run, err := describe(quoted, balance)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, run)
}

// describe puts an estimate beside a balance. What is free can always be had.
func describe(quoted prediction.Quoted, balance ledger.Balance) (skytells.DryRun, error) {
	run := skytells.DryRun{
		DryRun: true, Model: quoted.Model.Slug, Currency: "USD", Lines: []skytells.Explanation{},
		Balance: books.Amount(balance.Balance), Available: books.Amount(balance.Available),
	}
	estimate := money.Nanos(0)
	if q := quoted.Quote; q != nil {
		charge, err := q.Expected()
		if err != nil {
			return run, err
		}
		run.Lines = books.Explanations(quoted.Model.Price.Explain(charge))
		run.PriceVersion, estimate = q.Version, q.Estimate
	}
	run.Estimate, run.After = books.Amount(estimate), books.Amount(balance.Available-estimate)
	run.Sufficient = estimate == 0 || balance.Available >= estimate
	return run, nil
}
