package response

import (
	"context"
	"errors"
	"fmt"

	"skytower/internal/fault"
	"skytower/internal/store"
)

// accountBatch is how many responses of an account are in memory at once.
const accountBatch = 50

// Each calls fn with all stored responses of an account, in the order of their ids, one
// at a time, without their items.
func (s *Store) Each(ctx context.Context, account string, fn func(Record) error) error {
	last := ""
	for {
		batch, err := s.after(ctx, account, last)
		if err != nil {
			return err
		}
		for _, r := range batch {
			if err := fn(r); err != nil {
				return err
			}
			last = r.ID
		}
		if len(batch) < accountBatch {
			return nil
		}
	}
}

func (s *Store) after(ctx context.Context, account, last string) (batch []Record, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		batch = nil
		return tx.Each(ctx, `select `+columns+` from response r where account = $1 and id > $2 and `+alive(3)+` order by id limit $4`,
			func(from func(...any) error) error {
				r, err := scan(from)
				batch = append(batch, r.Record)
				return err
			}, account, last, store.Micros(s.o.Now()), accountBatch)
	})
	if err != nil {
		return nil, fmt.Errorf("list the responses of account %s: %w", account, err)
	}
	return batch, nil
}

// RemoveAccount deletes all stored responses of an account, as Delete does. What lingers
// for item_reference is gone some minutes later.
func (s *Store) RemoveAccount(ctx context.Context, account string) error {
	return s.Each(ctx, account, func(r Record) error {
		err := s.Delete(ctx, account, r.ID)
		if told := new(fault.Error); errors.As(err, &told) && told.ID == fault.EndpointNotFound {
			return nil // somebody was quicker
		}
		return err
	})
}
