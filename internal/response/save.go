package response

import (
	"context"
	"fmt"

	"skytower/internal/store"
)

// Save keeps a finished response with its items, and its conversation for a retention
// from now. Saving the same again does nothing; an id that has another content is an error.
func (s *Store) Save(ctx context.Context, r Record) error {
	if !r.State.Ended() {
		return fmt.Errorf("save response %s: it is %s", r.ID, r.State)
	}
	now := s.o.Now()
	r.Created, r.Ended = or(r.Created, now), or(r.Ended, now)
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		fresh, err := s.add(ctx, tx, r, "")
		if err != nil || fresh {
			return err
		}
		there, err := bare(ctx, tx, key{r.Account, r.ID})
		if err == nil && (there.Previous != r.Previous || there.State != r.State || string(there.Body) != text(r.Body)) {
			err = errOther
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("save response %s: %w", r.ID, err)
	}
	return nil
}

// add inserts a response and its items, and extends its thread. fresh is false, and
// nothing is done, where its id is there already.
func (s *Store) add(ctx context.Context, tx *store.Tx, r Record, request string) (fresh bool, err error) {
	beat := int64(0)
	if r.Background {
		beat = store.Micros(s.o.Now())
	}
	if fresh, err = insert(ctx, tx, r, request, beat); err != nil || !fresh {
		return false, err
	}
	if err := s.extend(ctx, tx, key{r.Account, r.ID}); err != nil {
		return false, err
	}
	var all items
	all.add(r.Account, r.ID, int64(-len(r.Input)), r.Input, 0)
	all.add(r.Account, r.ID, 0, r.Output, 0)
	return true, all.insert(ctx, tx)
}

// Get returns a response without its items, which InputItems has, and its body. The error
// is an ENDPOINT_NOT_FOUND with the code response_not_found where there is none.
func (s *Store) Get(ctx context.Context, account, id string) (Record, error) {
	var r row
	var ok bool
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		r, ok, err = s.read(ctx, tx, key{account, id}, false)
		return err
	})
	if err != nil {
		return Record{}, err
	}
	if !ok {
		return Record{}, notFound(id)
	}
	return r.Record, nil
}

// Delete removes a response with its items and events. One that is queued or runs is
// cancelled. Responses that continue it stay, but can't be continued any more. A second
// call finds nothing, which is Get's error.
func (s *Store) Delete(ctx context.Context, account, id string) error {
	k := key{account, id}
	ok := false
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		var r row
		var err error
		if r, ok, err = s.read(ctx, tx, k, true); err != nil || !ok {
			return err
		}
		for _, table := range []string{`response where account = $1 and id = $2`,
			`response_item where account = $1 and response = $2`, `response_event where account = $1 and response = $2`} {
			if _, err := tx.Exec(ctx, `delete from `+table, account, id); err != nil {
				return fmt.Errorf("delete response: %w", err)
			}
		}
		if !r.Background {
			return nil
		}
		if !r.State.Ended() {
			if err := s.publishStop(ctx, tx, k); err != nil {
				return err
			}
		}
		return s.publish(ctx, tx, k)
	})
	if err == nil && !ok {
		err = notFound(id)
	}
	return err
}
