package prediction

import (
	"context"

	"skytower/internal/store"
)

// read returns a prediction in tx; locked holds its row until the end of tx. ok is false
// where there is none.
func read(ctx context.Context, tx *store.Tx, id string, locked bool) (rec Record, ok bool, err error) {
	return Record{}, false, nil
}
