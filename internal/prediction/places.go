package prediction

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"skytower/internal/store"
)

// Places are how many predictions of an account run or stand in the queue, and how many
// may.
func (s *Service) Places(ctx context.Context, account string) (taken, most int64, err error) {
	err = s.o.DB.Read(ctx, func(tx *store.Tx) error {
		limit, err := s.limit(ctx, tx, account)
		if err != nil {
			return err
		}
		most = int64(limit)
		err = tx.QueryRow(ctx, `select handed from prediction_lane where kind = $1 and name = $2`, accountLane, account).Scan(&taken)
		if errors.Is(err, sql.ErrNoRows) {
			taken, err = 0, nil
		}
		return err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("read the places of %s: %w", account, err)
	}
	return taken, most, nil
}
