package response

import (
	"context"
	"fmt"
	"time"

	"skytower/internal/httpx"
	"skytower/internal/rawjson"
	"skytower/internal/store"
)

// maxID bounds ids, which stand in indexes.
const maxID = 256

// Named returns the item with its id. An item without one, or with one that nothing could
// be found by, gets a new one in its JSON; all else stays byte for byte. The error is an
// INVALID_REQUEST of package rawjson where it is no JSON object.
func Named(raw []byte) (Item, error) {
	o, err := rawjson.Scan(raw, rawjson.NewFields("id", "type"))
	if err != nil {
		return Item{}, err
	}
	if o.Kind("id") == rawjson.KindString {
		if id, ok, err := o.String("id"); err == nil && ok && plausible(id) {
			return Item{ID: id, Body: raw}, nil
		}
	}
	kind, _, err := o.String("type")
	if err != nil {
		return Item{}, err
	}
	id := httpx.NewID(prefix(kind), time.Now())
	return Item{ID: id, Body: o.Edit().SetString("id", id).Append(nil)}, nil
}

// prefix begins the ids of items of a type; a message need not name its own.
func prefix(kind string) string {
	switch kind {
	case "", "message":
		return "msg_"
	case "function_call":
		return "fc_"
	case "function_call_output":
		return "fco_"
	case "reasoning":
		return "rs_"
	default:
		return "item_"
	}
}

// plausible reports whether id can be one of ours or an upstream's. Others are not asked
// for: PostgreSQL takes no NUL, and no index takes a book.
func plausible(id string) bool {
	if id == "" || len(id) > maxID {
		return false
	}
	for i := range len(id) {
		if c := id[i]; c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// items are rows of response_item, column by column.
type items struct {
	accounts, responses []string
	places              []int64
	ids, bodies         []string
	expires             []int64
}

// add adds the items of one response from a place on. expires is 0 where they go with
// their thread.
func (t *items) add(account, response string, place int64, list []Item, expires int64) {
	for i, item := range list {
		t.accounts, t.responses = append(t.accounts, account), append(t.responses, response)
		t.places, t.expires = append(t.places, place+int64(i)), append(t.expires, expires)
		t.ids, t.bodies = append(t.ids, item.ID), append(t.bodies, text(item.Body))
	}
}

// insert writes the rows; those that are there already stay.
func (t *items) insert(ctx context.Context, tx *store.Tx) error {
	const into = `insert into response_item (account, response, place, id, body, expires_at) `
	const again = ` on conflict (account, response, place) do nothing`
	if len(t.ids) == 0 {
		return nil
	}
	if d := tx.Dialect(); d == store.Postgres {
		_, err := tx.Exec(ctx, into+`select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[])`+again,
			d.Strings(t.accounts), d.Strings(t.responses), d.Int64s(t.places), d.Strings(t.ids), d.Strings(t.bodies), d.Int64s(t.expires))
		return wrapItems(err)
	}
	for i := range t.ids { // there is no way to the server that a long statement would save
		_, err := tx.Exec(ctx, into+`values ($1, $2, $3, $4, $5, $6)`+again,
			t.accounts[i], t.responses[i], t.places[i], t.ids[i], t.bodies[i], t.expires[i])
		if err != nil {
			return wrapItems(err)
		}
	}
	return nil
}

func wrapItems(err error) error {
	if err != nil {
		return fmt.Errorf("insert items: %w", err)
	}
	return nil
}
