package limit

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/fault"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func exec(t *testing.T, db *store.DB, query string, args ...any) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(t.Context(), query, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// fill runs a statement n times in one transaction, with a name made by a format.
func fill(t *testing.T, db *store.DB, n int, query, format string) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		for i := range n {
			if _, err := tx.Exec(t.Context(), query, fmt.Sprintf(format, i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// newAccount writes an account with a key.
func newAccount(t *testing.T, db *store.DB, id string) {
	t.Helper()
	digest := sha256.Sum256([]byte(id))
	exec(t, db, `insert into account (id, name, created_at) values ($1, 'A', 1)`, id)
	exec(t, db, `insert into api_key (id, account, name, masked, digest, scopes, created_at) values ($1, $2, '', '', $3, '*', 1)`,
		"key_"+id, id, digest[:])
}

func ptr(n int64) *int64 { return &n }

func TestRulesAreKept(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		newAccount(t, db, "acct_a")
		newAccount(t, db, "acct_b")
		ctx, r := t.Context(), NewRules(db, nil)
		feed := db.NewFeed(store.FeedOptions{})
		feed.Subscribe(ChangeRules, r.Refresh)
		if err := feed.Start(ctx); err != nil {
			t.Fatal(err)
		}
		defer feed.Stop()
		s := New(Options{Rules: r})
		first := put(t, r, skytells.LimitRule{Account: "acct_a", Model: "m", Requests: ptr(2)})
		other := put(t, r, skytells.LimitRule{Account: "acct_a", Key: "key_acct_a", Surface: Edge, Route: "chat", Model: AllModels,
			TokensIn: ptr(0), TokensOut: ptr(7), Concurrency: ptr(1)})
		put(t, r, skytells.LimitRule{Account: "acct_b", Requests: ptr(9)})
		wantLeft(t, feed, s, 1)

		changed := put(t, r, skytells.LimitRule{Account: "acct_a", Model: "m", Requests: ptr(5), Concurrency: ptr(3)})
		if changed.ID != first.ID {
			t.Errorf("the same scope got another rule: %+v", changed)
		}
		wantLeft(t, feed, s, 3)
		list, err := r.List(ctx, "acct_a", "", 0)
		if err != nil || len(list) != 2 {
			t.Fatalf("got %+v, %v", list, err)
		}
		for _, rule := range list {
			if rule.ID != other.ID {
				continue
			}
			if diff := cmp.Diff(other, rule); diff != "" {
				t.Error(diff)
			}
		}
		rest, err := r.List(ctx, "acct_a", list[0].ID, 10)
		if diff := cmp.Diff(list[1:], rest); err != nil || diff != "" {
			t.Errorf("after the first: %v\n%s", err, diff)
		}
		if all, err := r.List(ctx, "", "", 0); err != nil || len(all) != 3 {
			t.Errorf("all: %+v, %v", all, err)
		}
		for _, rule := range list {
			if err := r.Delete(ctx, "opr_1", rule.ID); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Delete(ctx, "opr_1", first.ID); !fault.Is(err, fault.InvalidParameter) || fault.From(err).HTTPStatus() != 404 {
			t.Errorf("deleted twice: %v", err)
		}
		if err := feed.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		if _, d, err := s.Take(ctx, asked("m")); err != nil || d.Requests.Limited {
			t.Errorf("without rules: %+v, %v", d, err)
		}
		if set := r.of("acct_a"); set != nil {
			t.Errorf("an account without rules has %+v", set)
		}
		wantAudit(t, db, "limit.put acct_a "+first.ID+" model=m requests=2",
			"limit.put acct_a "+other.ID+" key=key_acct_a surface=edge route=chat model=* tokens_in=0 tokens_out=7 concurrency=1",
			"limit.delete acct_a "+first.ID+" model=m requests=5 concurrency=3")
	})
}

func put(t *testing.T, r *Rules, in skytells.LimitRule) skytells.LimitRule {
	t.Helper()
	got, err := r.Put(t.Context(), "opr_1", in)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(got.ID, "lim_") {
		t.Errorf("the id is %q", got.ID)
	}
	in.ID = got.ID
	if diff := cmp.Diff(in, got); diff != "" {
		t.Error(diff)
	}
	return got
}

// wantLeft makes a request once the feed has told the rules.
func wantLeft(t *testing.T, feed interface{ Sync(context.Context) error }, s *Service, want int64) {
	t.Helper()
	if err := feed.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, d, err := s.Take(t.Context(), asked("m"))
	if err != nil || !d.Allowed || d.Requests.Remaining != want {
		t.Errorf("got %+v, %v; want %d left", d, err, want)
	}
}

func wantAudit(t *testing.T, db *store.DB, want ...string) {
	t.Helper()
	var all strings.Builder
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		return tx.Each(t.Context(), `select actor, action, subject, detail from audit order by seq`, func(scan func(...any) error) error {
			var actor, action, subject, detail string
			err := scan(&actor, &action, &subject, &detail)
			fmt.Fprintln(&all, actor, action, subject, detail)
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range want {
		if !strings.Contains(all.String(), "opr_1 "+line+"\n") {
			t.Errorf("the audit trail lacks %q:\n%s", line, all.String())
		}
	}
}

func TestRulesThatAreWrong(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		newAccount(t, db, "acct_a")
		newAccount(t, db, "acct_b")
		r := NewRules(db, nil)
		for param, in := range map[string]skytells.LimitRule{
			"account":     {Requests: ptr(1)},
			"account ":    {Account: "acct_none", Requests: ptr(1)},
			"key":         {Account: "acct_a", Key: "key_acct_b", Requests: ptr(1)},
			"surface":     {Account: "acct_a", Surface: "inside", Requests: ptr(1)},
			"route":       {Account: "acct_a", Route: "completions", Requests: ptr(1)},
			"model":       {Account: "acct_a", Model: "two words", Requests: ptr(1)},
			"requests":    {Account: "acct_a"},
			"tokens_in":   {Account: "acct_a", TokensIn: ptr(-1)},
			"concurrency": {Account: "acct_a", Concurrency: ptr(1 << 60)},
		} {
			_, err := r.Put(t.Context(), "opr_1", in)
			if f := fault.From(err); f == nil || f.ID != fault.InvalidParameter || f.Param != strings.TrimSpace(param) {
				t.Errorf("%s: got %v", param, err)
			}
		}
		fill(t, db, maxRules, `insert into limit_rule (id, account, api_key, surface, route, model, requests, tokens_in, tokens_out, concurrency, created_at)
			values ($1, 'acct_a', '', '', '', $1, 1, -1, -1, -1, 1)`, "m%d")
		if _, err := r.Put(t.Context(), "opr_1", skytells.LimitRule{Account: "acct_a", Requests: ptr(1)}); !fault.Is(err, fault.InvalidParameter) {
			t.Errorf("one too many: %v", err)
		}
		if _, err := r.Put(t.Context(), "opr_1", skytells.LimitRule{Account: "acct_a", Model: "m7", Requests: ptr(2)}); err != nil {
			t.Errorf("a change of one that is there: %v", err)
		}
	})
}
