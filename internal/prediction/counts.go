package prediction

import (
	"context"
	"encoding/json"
	"fmt"

	"skytower/internal/provider"
	"skytower/internal/store"
)

// Counted is what the upstream said that a prediction took; nil where it did not say, and
// once the prediction's data are gone. What is charged does not come of it.
func (s *Service) Counted(ctx context.Context, rec Record) (counts *provider.Counts, err error) {
	if rec.EventCount == 0 {
		return nil, nil
	}
	var data []byte
	err = s.o.DB.Read(ctx, func(tx *store.Tx) error {
		err := tx.QueryRow(ctx, `select data from prediction_event where prediction = $1 and kind = $2 order by seq desc limit 1`,
			rec.ID, eventCounts).Scan(&data)
		if missing(err) {
			data, err = nil, nil
		}
		return err
	})
	if err == nil && data != nil {
		err = json.Unmarshal(data, &counts)
	}
	if err != nil {
		return nil, fmt.Errorf("read what prediction %s took: %w", rec.ID, err)
	}
	return counts, nil
}
