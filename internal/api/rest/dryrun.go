package rest

import (
	"net/http"

	"skytower/internal/api/books"
	"skytower/internal/httpx"
	"skytower/internal/prediction"
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
	run, err := books.DryRun(balance, quoted)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, run)
}
