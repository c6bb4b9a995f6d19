package response

import (
	"context"
	"fmt"
	"math"
	"slices"

	"skytower/internal/fault"
	"skytower/internal/store"
)

// Bounds of a page of items.
const (
	defaultLimit = 20
	maxLimit     = 100
)

// Page asks for a part of a list.
type Page struct {
	After string // id of the item before it; "" begins
	Limit int    // 1 to 100; 0 is 20
	Order string // asc or desc (newest first); "" is desc
}

// InputItems is a page of what went into a response: the items of the conversation
// before it, and its own. What has been deleted of them is left out. more tells whether
// others follow. The error is Get's where there is no response, and an INVALID_PARAMETER
// where the page does not name one.
func (s *Store) InputItems(ctx context.Context, account, id string, p Page) (list []Item, more bool, err error) {
	if err := p.check(); err != nil {
		return nil, false, err
	}
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		_, ok, err := s.read(ctx, tx, key{account, id}, false)
		if err != nil {
			return err
		}
		if !ok {
			return notFound(id)
		}
		if err := byIndex(ctx, tx); err != nil {
			return err
		}
		ids, _, err := s.walk(ctx, tx, key{account, id})
		if err != nil {
			return err
		}
		list, err = p.read(ctx, tx, account, ids)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	if len(list) > p.Limit {
		return list[:p.Limit], true, nil
	}
	return list, false, nil
}

func (p *Page) check() error {
	if p.Limit == 0 {
		p.Limit = defaultLimit
	}
	if p.Order == "" {
		p.Order = "desc"
	}
	if p.Limit < 1 || p.Limit > maxLimit {
		return fault.Invalid("limit", "'limit' must be from 1 to %d.", maxLimit)
	}
	if p.Order != "asc" && p.Order != "desc" {
		return fault.Invalid("order", "'order' must be 'asc' or 'desc'.")
	}
	return nil
}

// read reads the page and one item more, from one response after the other: each query
// goes by the key, and reads no more than the page needs. The first of ids is the
// response itself, whose output is not part of the list.
func (p *Page) read(ctx context.Context, tx *store.Tx, account string, ids []string) (list []Item, err error) {
	at, from, to := 0, int64(math.MinInt64), int64(math.MaxInt64) // places between from and to are left of ids[at]
	if p.Order == "asc" {
		at = len(ids) - 1
	}
	if p.After != "" {
		var place int64
		if at, place, err = p.position(ctx, tx, account, ids); err != nil {
			return nil, err
		}
		if p.Order == "asc" {
			from = place
		} else {
			to = place
		}
	}
	for at >= 0 && at < len(ids) && len(list) <= p.Limit {
		if at == 0 {
			to = min(to, 0)
		}
		if list, err = p.part(ctx, tx, list, key{account, ids[at]}, from, to); err != nil {
			return nil, err
		}
		at, from, to = at+p.step(), math.MinInt64, math.MaxInt64
	}
	return list, nil
}

// step leads from a response to the next in the page's order; ids are youngest first.
func (p *Page) step() int {
	if p.Order == "asc" {
		return -1
	}
	return 1
}

// part appends the items of one response between two places, as far as there is room.
func (p *Page) part(ctx context.Context, tx *store.Tx, list []Item, k key, from, to int64) ([]Item, error) {
	err := tx.Each(ctx, `select id, body from response_item where account = $1 and response = $2 and place > $3 and place < $4
		and expires_at = 0 order by place `+p.Order+` limit $5`, func(scan func(...any) error) error {
		var item Item
		var body []byte
		err := scan(&item.ID, &body)
		item.Body = body
		list = append(list, item)
		return err
	}, k.account, k.id, from, to, p.Limit+1-len(list))
	if err != nil {
		return nil, fmt.Errorf("read a page of items: %w", err)
	}
	return list, nil
}

// position is where the item stands that the page comes after. Of several with one id it
// is the last in the page's order, so that a reader gets to the end.
func (p *Page) position(ctx context.Context, tx *store.Tx, account string, ids []string) (at int, place int64, err error) {
	d := tx.Dialect()
	found := false
	if plausible(p.After) {
		err = tx.Each(ctx, `select response, place from response_item where account = $1 and id = $2 and expires_at = 0 and `+d.In("response", 3),
			func(scan func(...any) error) error {
				var response string
				var there int64
				if err := scan(&response, &there); err != nil {
					return err
				}
				i := slices.Index(ids, response)
				if i == 0 && there >= 0 {
					return nil
				}
				if !found || (i-at)*p.step() > 0 || i == at && (there-place)*int64(-p.step()) > 0 {
					at, place, found = i, there, true
				}
				return nil
			}, account, p.After, d.Strings(ids))
	}
	if err != nil {
		return 0, 0, fmt.Errorf("find an item: %w", err)
	}
	if !found {
		return 0, 0, fault.Invalid("after", "'after' must be the id of an item of this list.")
	}
	return at, place, nil
}
