package books

import (
	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/prediction"
	"skytower/internal/skytells"
)

// DryRun puts what predictions of one model would cost together beside a balance. What is
// free can always be had.
func DryRun(balance ledger.Balance, quoted ...prediction.Quoted) (skytells.DryRun, error) {
	run := skytells.DryRun{
		DryRun: true, Currency: "USD", Lines: []skytells.Explanation{}, Balance: Amount(balance.Balance), Available: Amount(balance.Available),
	}
	estimate := money.Nanos(0)
	for _, one := range quoted {
		run.Model = one.Model.Slug
		if one.Quote == nil {
			continue
		}
		charge, err := one.Quote.Expected()
		if err != nil {
			return run, err
		}
		run.Lines = append(run.Lines, Explanations(one.Model.Price.Explain(charge))...)
		run.PriceVersion = one.Quote.Version
		estimate += one.Quote.Estimate
	}
	run.Estimate, run.After = Amount(estimate), Amount(balance.Available-estimate)
	run.Sufficient = estimate == 0 || balance.Available >= estimate
	return run, nil
}
