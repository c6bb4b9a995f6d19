package response

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

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

// inputOf is the rows of what went into the chain's first response: its own input, and
// all of those before it, which its input continues. Oldest first they are sorted by -n
// and place.
const inputOf = ` from chain c join response_item i on i.account = $1 and i.response = c.id and i.expires_at = 0
	where (c.n > 1 or i.place < 0)`

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
		list, err = p.read(ctx, tx, account, id)
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

// sorted is the order of the page over columns n and place of a table.
func (p *Page) sorted(n, place string) string {
	return ` order by ` + n + ` ` + p.Order + `, ` + place + ` ` + p.Order
}

// read reads the page and one item more.
func (p *Page) read(ctx context.Context, tx *store.Tx, account, id string) (list []Item, err error) {
	beyond, args := ``, []any{account, id, maxChain, p.Limit + 1}
	if p.After != "" {
		n, place, err := p.position(ctx, tx, account, id)
		if err != nil {
			return nil, err
		}
		beyond = map[string]string{"asc": ` and (-c.n, i.place) > ($5, $6)`, "desc": ` and (-c.n, i.place) < ($5, $6)`}[p.Order]
		args = append(args, n, place)
	}
	// The bodies are joined last, so that what is sorted is small.
	query := chain + `, page as (select -c.n as n, i.response, i.place` + inputOf + beyond + p.sorted("-c.n", "i.place") + ` limit $4)
		select i.id, i.body from page p join response_item i on i.account = $1 and i.response = p.response and i.place = p.place` + p.sorted("p.n", "p.place")
	err = tx.Each(ctx, query, func(scan func(...any) error) error {
		var item Item
		var body []byte
		err := scan(&item.ID, &body)
		item.Body = body
		list = append(list, item)
		return err
	}, args...)
	if err != nil {
		return nil, fmt.Errorf("read a page of items: %w", err)
	}
	return list, nil
}

// position is where the item stands that the page comes after. Of several with one id it
// is the last in the page's order, so that a reader gets to the end.
func (p *Page) position(ctx context.Context, tx *store.Tx, account, id string) (n, place int64, err error) {
	unknown := fault.Invalid("after", "'after' must be the id of an item of this list.")
	if !plausible(p.After) {
		return 0, 0, unknown
	}
	last := Page{Order: map[string]string{"asc": "desc", "desc": "asc"}[p.Order]}
	err = tx.QueryRow(ctx, chain+`select -c.n, i.place`+inputOf+` and i.id = $4`+last.sorted("-c.n", "i.place")+` limit 1`,
		account, id, maxChain, p.After).Scan(&n, &place)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, unknown
	}
	if err != nil {
		return 0, 0, fmt.Errorf("find an item: %w", err)
	}
	return n, place, nil
}
