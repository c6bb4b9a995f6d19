package limit

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"skytower/internal/fault"
	"skytower/internal/skytells"
	"skytower/internal/store"
)

const (
	// ChangeRules is the kind of change that Rules publish; its reference is an account.
	ChangeRules = "limit"

	// AllModels in a rule's model counts all of them together.
	AllModels = "*"

	maxRules = 500  // of one account
	maxPage  = 1000 // rules in one list
	maxModel = 200  // bytes of a slug
	maxRefs  = 1000 // accounts that are read one by one before all are
)

// Rules are the limits of accounts and keys besides their tiers. They live in the
// database, and in memory for those that count.
type Rules struct {
	db  *store.DB
	now func() time.Time

	mu     sync.Mutex // one reading at a time, so that an older one never lands last
	byName atomic.Pointer[map[string]*ruleSet]
}

// ruleSet are the rules of one account and its keys, the most specific first.
type ruleSet struct{ list []rule }

type rule struct {
	key, surface, route, model string
	limits                     Numbers
}

// fits reports whether a rule is about a call. Where surface, route or model are empty,
// it is about each of them, apart.
func (r *rule) fits(c *Request) bool {
	return (r.key == "" || r.key == c.Key) && (r.surface == "" || r.surface == c.Surface) && (r.route == "" || r.route == c.Route) &&
		(r.model == "" || r.model == AllModels || r.model == c.Model)
}

// weight orders rules that lead to the same windows: one that names the model comes before
// one that names the route, and that before one that names the surface.
func (r *rule) weight() (n int) {
	if r.model != "" && r.model != AllModels {
		n += 4
	}
	if r.route != "" {
		n += 2
	}
	if r.surface != "" {
		n++
	}
	return n
}

// NewRules returns rules that are empty until the first Refresh; now nil is time.Now.
func NewRules(db *store.DB, now func() time.Time) *Rules {
	if now == nil {
		now = time.Now
	}
	r := &Rules{db: db, now: now}
	r.byName.Store(&map[string]*ruleSet{})
	return r
}

// of gives an account's rules; nil: none.
func (r *Rules) of(account string) *ruleSet { return (*r.byName.Load())[account] }

// Put makes a rule, or changes the one of the same scope, in the name of an actor.
func (r *Rules) Put(ctx context.Context, actor string, in skytells.LimitRule) (skytells.LimitRule, error) {
	row, err := newRuleRow(in)
	if err != nil {
		return skytells.LimitRule{}, err
	}
	err = r.db.Write(ctx, func(tx *store.Tx) error {
		if err := row.checkOwner(ctx, tx); err != nil {
			return err
		}
		if err := row.write(ctx, tx, store.Micros(r.now())); err != nil {
			return err
		}
		return r.record(ctx, tx, actor, "limit.put", row)
	})
	if err != nil {
		return skytells.LimitRule{}, fmt.Errorf("put limit rule: %w", err)
	}
	return row.wire(), nil
}

// List gives the rules of an account ("": of all), after the rule of an id, at most limit;
// never nil.
func (r *Rules) List(ctx context.Context, account, after string, limit int) ([]skytells.LimitRule, error) {
	if limit <= 0 || limit > maxPage {
		limit = maxPage
	}
	list := []skytells.LimitRule{}
	err := r.db.Read(ctx, func(tx *store.Tx) error {
		list = list[:0]
		return tx.Each(ctx, selectRule+` where id > $1 and (cast($2 as text) = '' or account = $2) order by id limit $3`, func(scan func(...any) error) error {
			var row ruleRow
			err := row.scan(scan)
			list = append(list, row.wire())
			return err
		}, after, account, limit)
	})
	if err != nil {
		return nil, fmt.Errorf("list limit rules: %w", err)
	}
	return list, nil
}

// Delete takes a rule away.
func (r *Rules) Delete(ctx context.Context, actor, id string) error {
	err := r.db.Write(ctx, func(tx *store.Tx) error {
		var row ruleRow
		err := row.scan(tx.QueryRow(ctx, selectRule+` where id = $1`+tx.Dialect().ForUpdate(), id).Scan)
		if errors.Is(err, sql.ErrNoRows) {
			return &fault.Error{ID: fault.InvalidParameter, Status: 404, Param: "id", Message: fmt.Sprintf("There is no limit rule with the id %q.", id)}
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from limit_rule where id = $1`, id); err != nil {
			return err
		}
		return r.record(ctx, tx, actor, "limit.delete", &row)
	})
	if err != nil {
		return fmt.Errorf("delete limit rule: %w", err)
	}
	return nil
}

func (r *Rules) record(ctx context.Context, tx *store.Tx, actor, action string, row *ruleRow) error {
	_, err := tx.Exec(ctx, `insert into audit (at, actor, action, subject, detail) values ($1, $2, $3, $4, $5)`,
		store.Micros(r.now()), actor, action, row.account, row.describe())
	if err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	return tx.Publish(ctx, ChangeRules, row.account)
}

// Refresh reads the rules of these accounts again; nil means all. It is a subscriber of
// the change feed.
func (r *Rules) Refresh(ctx context.Context, accounts []string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := accounts == nil || len(accounts) > maxRefs
	found := map[string]*ruleSet{}
	err := r.db.Read(ctx, func(tx *store.Tx) error {
		clear(found)
		add := func(scan func(...any) error) error {
			var row ruleRow
			if err := row.scan(scan); err != nil {
				return err
			}
			set := found[row.account]
			if set == nil {
				set = &ruleSet{}
				found[row.account] = set
			}
			set.list = append(set.list, rule{row.key, row.surface, row.route, row.model, row.limits})
			return nil
		}
		if all {
			return tx.Each(ctx, selectRule, add)
		}
		return tx.Each(ctx, selectRule+` where `+tx.Dialect().In("account", 1), add, tx.Dialect().Strings(accounts))
	})
	if err != nil {
		return fmt.Errorf("read limit rules: %w", err)
	}
	r.install(found, all, accounts)
	return nil
}

func (r *Rules) install(found map[string]*ruleSet, all bool, accounts []string) {
	for _, set := range found {
		slices.SortFunc(set.list, func(a, b rule) int { return cmp.Compare(b.weight(), a.weight()) })
	}
	if all {
		r.byName.Store(&found)
		return
	}
	next := maps.Clone(*r.byName.Load())
	for _, account := range accounts {
		if next[account] = found[account]; next[account] == nil {
			delete(next, account)
		}
	}
	r.byName.Store(&next)
}

// ruleRow is a row of limit_rule.
type ruleRow struct {
	id, account, key, surface, route, model string
	limits                                  Numbers
}

const selectRule = `select id, account, api_key, surface, route, model, requests, tokens_in, tokens_out, concurrency from limit_rule`

func (r *ruleRow) scan(scan func(...any) error) error {
	return scan(&r.id, &r.account, &r.key, &r.surface, &r.route, &r.model,
		&r.limits[requests], &r.limits[tokensIn], &r.limits[tokensOut], &r.limits[calls])
}

func newRuleRow(in skytells.LimitRule) (*ruleRow, error) {
	row := &ruleRow{account: in.Account, key: in.Key, surface: in.Surface, route: in.Route, model: in.Model}
	switch {
	case in.Account == "":
		return nil, fault.Invalid("account", "A limit needs an account.")
	case !slices.Contains([]string{"", Standard, Edge}, in.Surface):
		return nil, fault.Invalid("surface", "The surface must be standard, edge, or empty for each of them.")
	case !slices.Contains([]string{"", "chat", "responses", "messages", "embeddings", "predictions"}, in.Route):
		return nil, fault.Invalid("route", "The route must be chat, responses, messages, embeddings, predictions, or empty for each of them.")
	case len(in.Model) > maxModel || !utf8.ValidString(in.Model) || strings.ContainsAny(in.Model, " \r\n\t\x00"):
		return nil, fault.Invalid("model", "The model must be a slug, * for all of them together, or empty for each of them.")
	}
	row.limits = noNumbers()
	some := false
	for dim, field := range [dimensions]struct {
		name string
		n    *int64
	}{{"requests", in.Requests}, {"tokens_in", in.TokensIn}, {"tokens_out", in.TokensOut}, {"concurrency", in.Concurrency}} {
		if field.n == nil {
			continue
		}
		if *field.n < 0 || *field.n > maxLimit {
			return nil, fault.Invalid(field.name, "A limit is a whole number, 0 or more; leave it out for none.")
		}
		row.limits[dim], some = *field.n, true
	}
	if !some {
		return nil, fault.Invalid("requests", "A limit needs at least one number: requests, tokens_in, tokens_out or concurrency.")
	}
	return row, nil
}

// checkOwner refuses a rule for what does not exist: it would never hold, and nobody
// would notice. It locks the account, so that two rules at once don't pass the bound.
func (r *ruleRow) checkOwner(ctx context.Context, tx *store.Tx) error {
	var one int64
	err := tx.QueryRow(ctx, `select 1 from account where id = $1`+tx.Dialect().ForUpdate(), r.account).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return fault.Invalid("account", "There is no account with the id %q.", r.account)
	}
	if err != nil || r.key == "" {
		return err
	}
	err = tx.QueryRow(ctx, `select 1 from api_key where id = $1 and account = $2`, r.key, r.account).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return fault.Invalid("key", "The account has no API key with the id %q.", r.key)
	}
	return err
}

func (r *ruleRow) write(ctx context.Context, tx *store.Tx, now int64) error {
	err := tx.QueryRow(ctx, `select id from limit_rule where account = $1 and api_key = $2 and surface = $3 and route = $4 and model = $5`,
		r.account, r.key, r.surface, r.route, r.model).Scan(&r.id)
	if err == nil {
		_, err = tx.Exec(ctx, `update limit_rule set requests = $2, tokens_in = $3, tokens_out = $4, concurrency = $5 where id = $1`,
			r.id, r.limits[requests], r.limits[tokensIn], r.limits[tokensOut], r.limits[calls])
		return err
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	var count int64
	if err := tx.QueryRow(ctx, `select count(*) from limit_rule where account = $1`, r.account).Scan(&count); err != nil {
		return err
	}
	if count >= maxRules {
		return fault.Invalid("account", "An account has at most %d limits; delete one first.", maxRules)
	}
	r.id = "lim_" + strings.ToLower(rand.Text())
	_, err = tx.Exec(ctx, `insert into limit_rule (id, account, api_key, surface, route, model, requests, tokens_in, tokens_out, concurrency, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		r.id, r.account, r.key, r.surface, r.route, r.model, r.limits[requests], r.limits[tokensIn], r.limits[tokensOut], r.limits[calls], now)
	return err
}

func (r *ruleRow) wire() skytells.LimitRule {
	number := func(dim int) *int64 {
		if r.limits[dim] < 0 {
			return nil
		}
		n := r.limits[dim]
		return &n
	}
	return skytells.LimitRule{ID: r.id, Account: r.account, Key: r.key, Surface: r.surface, Route: r.route, Model: r.model,
		Requests: number(requests), TokensIn: number(tokensIn), TokensOut: number(tokensOut), Concurrency: number(calls)}
}

// describe is the rule in the audit trail.
func (r *ruleRow) describe() string {
	parts := []string{r.id}
	for _, p := range [...]struct{ name, value string }{{"key", r.key}, {"surface", r.surface}, {"route", r.route}, {"model", r.model}} {
		if p.value != "" {
			parts = append(parts, p.name+"="+p.value)
		}
	}
	for dim, name := range [dimensions]string{"requests", "tokens_in", "tokens_out", "concurrency"} {
		if r.limits[dim] >= 0 {
			parts = append(parts, fmt.Sprintf("%s=%d", name, r.limits[dim]))
		}
	}
	return strings.Join(parts, " ")
}
