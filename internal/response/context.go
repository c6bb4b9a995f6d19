package response

import (
	"context"
	"database/sql"
	"fmt"

	"skytower/internal/fault"
	"skytower/internal/store"
)

// maxChain bounds the responses of one conversation.
const maxChain = 1000

// chain walks a conversation backwards: n counts from 1, the response $2 of account $1. It
// ends with the first that continues none, with one that is gone, whose previous is null,
// or with number $3. What comes before a response is asked for by a query of its own: a
// join would be free to read all responses of the account at each step, and PostgreSQL
// does so where it has no statistics yet.
const chain = `with recursive chain (id, previous, n) as (
	select id, previous, 1 from response where account = $1 and id = $2
	union all
	select c.previous, (select r.previous from response r where r.account = $1 and r.id = c.previous), c.n + 1
		from chain c where c.n < $3 and c.previous <> '')
	select id, previous from chain order by n`

// Context is the conversation up to and with a response, oldest first: the input and
// output items of each. Nothing at all continues "". The error is an INVALID_PARAMETER
// about previous_response_id where the response is not found, has not ended well, or has
// lost some of what came before.
func (s *Store) Context(ctx context.Context, account, previous string) ([]Item, error) {
	if previous == "" {
		return nil, nil
	}
	var list []Item
	err := s.db.Read(ctx, func(tx *store.Tx) error {
		if err := s.mayContinue(ctx, tx, key{account, previous}); err != nil {
			return err
		}
		if err := byIndex(ctx, tx); err != nil {
			return err
		}
		ids, err := s.whole(ctx, tx, key{account, previous})
		if err != nil {
			return err
		}
		list, err = itemsOf(ctx, tx, account, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// mayContinue refuses a response that can't be continued.
func (s *Store) mayContinue(ctx context.Context, tx *store.Tx, k key) error {
	r, ok, err := s.read(ctx, tx, k, false)
	switch {
	case err != nil:
		return err
	case !ok && !plausible(k.id):
		return notContinued("There is no stored response with this id.")
	case !ok:
		return notContinued("There is no stored response '%s': only responses made with store: true can be continued, until their retention is over.", k.id)
	case !r.State.Ended():
		return notContinued("The response '%s' has not ended yet; continue it when it is completed.", k.id)
	case !r.State.continuable():
		return notContinued("The response '%s' is %s, so it has no answer to continue; continue the one before it.", k.id, r.State)
	}
	return nil
}

// walk is the ids of a conversation, youngest first. next is the response before them that
// is gone, or beyond the bound; "" where they are all.
func (s *Store) walk(ctx context.Context, tx *store.Tx, last key) (ids []string, next string, err error) {
	err = tx.Each(ctx, chain, func(scan func(...any) error) error {
		var id string
		var previous sql.NullString
		if err := scan(&id, &previous); err != nil {
			return err
		}
		if !previous.Valid {
			next = id
			return nil
		}
		ids, next = append(ids, id), previous.String
		return nil
	}, last.account, last.id, s.most)
	if err != nil {
		return nil, "", fmt.Errorf("walk a conversation: %w", err)
	}
	return ids, next, nil
}

// whole is walk, which must reach the beginning.
func (s *Store) whole(ctx context.Context, tx *store.Tx, last key) (ids []string, err error) {
	ids, next, err := s.walk(ctx, tx, last)
	switch {
	case err != nil:
		return nil, err
	case next != "" && len(ids) == s.most:
		return nil, notContinued("The conversation has more than %d responses; begin a new one, with what matters of it as its input.", s.most)
	case next != "":
		return nil, notContinued("The response '%s', which this conversation continues, is no longer stored; begin a new one, with what matters of it as its input.", next)
	}
	return ids, nil
}

// itemsOf reads the items of a conversation, oldest first.
func itemsOf(ctx context.Context, tx *store.Tx, account string, ids []string) ([]Item, error) {
	of := make(map[string][]Item, len(ids))
	n, d := 0, tx.Dialect()
	err := tx.Each(ctx, `select response, id, body from response_item where account = $1 and expires_at = 0 and `+d.In("response", 2)+
		` order by response, place`, func(scan func(...any) error) error {
		var response string
		var item Item
		var body []byte
		err := scan(&response, &item.ID, &body)
		item.Body = body
		of[response] = append(of[response], item)
		n++
		return err
	}, account, d.Strings(ids))
	if err != nil {
		return nil, fmt.Errorf("read the items of a conversation: %w", err)
	}
	list := make([]Item, 0, n)
	for i := len(ids) - 1; i >= 0; i-- {
		list = append(list, of[ids[i]]...)
	}
	return list, nil
}

func notContinued(format string, args ...any) error {
	return fault.Invalid("previous_response_id", format, args...)
}
