package prediction

import (
	"context"

	"skytower/internal/skytells"
	"skytower/internal/store"
)

// Show renders records as the contract's objects, with links below base.
func (s *Service) Show(ctx context.Context, records []Record, base string) ([]skytells.Prediction, error) {
	return nil, nil
}

// show is Show within a transaction.
func (s *Service) show(ctx context.Context, tx *store.Tx, records []Record, base string) ([]skytells.Prediction, error) {
	return nil, nil
}
