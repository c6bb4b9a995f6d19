package response

import (
	"context"
	"encoding/json"
	"fmt"

	"skytower/internal/store"
)

// Waiting reads a response that is queued, for what must be known before it is claimed. ok
// is false where it is not queued, or gone.
func (s *Store) Waiting(ctx context.Context, account, id string) (t Task, ok bool, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		r, there, err := s.read(ctx, tx, key{account, id}, false)
		t, ok = Task{Record: r.Record, Request: json.RawMessage(r.request)}, there && r.State == Queued
		return err
	})
	if err != nil {
		return Task{}, false, fmt.Errorf("read queued response %s: %w", id, err)
	}
	return t, ok, nil
}
