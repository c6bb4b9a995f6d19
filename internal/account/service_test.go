package account

import (
	"context"
	"database/sql"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/fault"
	"skytower/internal/secret"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestLifeOfAKey(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		p := start(t, url)
		s, acct := p.service, newAccount(t, p.service)
		key := newKey(t, s, skytells.KeyRequest{Account: acct.ID, Name: " laptop ", Scopes: []string{"inference", "models:read"}})
		if !secret.HasPrefix(key.Secret, secret.AccountKey) || !secret.WellFormed(key.Secret) || key.Masked != secret.Mask(key.Secret) {
			t.Errorf("key is %+v", key)
		}
		if key.Name != "laptop" || key.Account != acct.ID || !strings.HasPrefix(key.ID, "key_") || key.ExpiresAt != nil || key.RevokedAt != nil {
			t.Errorf("key is %+v", key)
		}
		principal, err := p.index.Authenticate(t.Context(), key.Secret, netip.Addr{})
		if want := (Principal{Account: acct.ID, Key: key.ID, Scopes: Inference | ModelsRead, Tier: "1"}); err != nil || !reflect.DeepEqual(principal, want) {
			t.Errorf("principal %+v, %v; want %+v", principal, err, want)
		}
		shown := key
		shown.Secret = "" // shown once
		for range 2 {
			list, err := s.Keys(t.Context(), acct.ID, Page{})
			if diff := cmp.Diff([]skytells.Key{shown}, list); err != nil || diff != "" {
				t.Errorf("list: %v\n%s", err, diff)
			}
			one, err := s.Key(t.Context(), key.ID)
			if diff := cmp.Diff(shown, one); err != nil || diff != "" {
				t.Errorf("one: %v\n%s", err, diff)
			}
			if shown.RevokedAt == nil {
				shown = revoke(t, s, key.ID)
			}
		}
		if again := revoke(t, s, key.ID); shown.RevokedAt == nil || !reflect.DeepEqual(again, shown) {
			t.Errorf("revoked again: %+v, before %+v", again, shown)
		}
		p.sync(t)
		p.wantKey(t, key.Secret, fault.Unauthorized)
	})
}

// Raw keys appear in no column of any table, and no error holds one.
func TestRawKeysAreNotStored(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := NewService(db, ServiceOptions{})
		first, made, err := s.Bootstrap(t.Context(), nil)
		if err != nil || !made {
			t.Fatalf("bootstrap: %v, %v", made, err)
		}
		key := newKey(t, s, skytells.KeyRequest{Name: "second"})
		revoke(t, s, key.ID)
		var all strings.Builder
		for _, table := range []string{"account", "api_key", "operator", "operator_key", "account_once", "audit", "change"} {
			dumpTable(t, db, table, &all)
		}
		if !strings.Contains(all.String(), key.Masked) {
			t.Fatal("the dump does not hold what is stored")
		}
		for _, raw := range []string{key.Secret, first.APIKey.Secret, first.OperatorKey} {
			if strings.Contains(all.String(), raw[8:len(raw)-4]) {
				t.Error("a raw key is stored")
			}
		}
		ix := NewIndex(db, IndexOptions{Confirmed: time.Now})
		if _, err := ix.Authenticate(t.Context(), key.Secret, netip.Addr{}); err == nil || strings.Contains(err.Error(), key.Secret[8:20]) {
			t.Errorf("error is %v", err)
		}
	})
}

func dumpTable(t *testing.T, db *store.DB, table string, into *strings.Builder) {
	t.Helper()
	wantFault(t, db.Read(t.Context(), func(tx *store.Tx) error {
		rows, err := tx.Query(t.Context(), `select * from `+table)
		if err != nil {
			return err
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		for rows.Next() {
			cells, targets := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
			for i := range cells {
				targets[i] = &cells[i]
			}
			if err := rows.Scan(targets...); err != nil {
				return err
			}
			for _, cell := range cells {
				into.Write(cell)
				into.WriteByte('\n')
			}
		}
		return rows.Err()
	}), "")
}

func TestKeyRequests(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := NewService(db, ServiceOptions{})
		create := func(r skytells.KeyRequest) error {
			_, err := s.CreateKey(t.Context(), System(), r)
			return err
		}
		wantFault(t, create(skytells.KeyRequest{}), fault.InvalidParameter) // no account yet
		acct := newAccount(t, s)
		if k := newKey(t, s, skytells.KeyRequest{}); k.Account != acct.ID || !reflect.DeepEqual(k.Scopes, Everything.Words()) {
			t.Errorf("key of the only account is %+v", k)
		}
		newAccount(t, s)
		past := time.Now().Add(-time.Hour)
		for name, r := range map[string]skytells.KeyRequest{
			"which account":   {},
			"unknown account": {Account: "acct_never"},
			"unknown scope":   {Account: acct.ID, Scopes: []string{"admin"}},
			"expired":         {Account: acct.ID, ExpiresAt: &past},
			"long name":       {Account: acct.ID, Name: strings.Repeat("é", maxName+1)},
		} {
			if err := create(r); !fault.Is(err, fault.InvalidParameter) {
				t.Errorf("%s: %v", name, err)
			}
		}
		wantFault(t, create(skytells.KeyRequest{Account: acct.ID, Name: strings.Repeat("é", maxName)}), "")
	})
}

func TestMissingIDs(t *testing.T) {
	t.Parallel()
	s := NewService(storetest.Open(t, storetest.SQLite(t)), ServiceOptions{})
	ctx, by := t.Context(), System()
	_, account := s.Account(ctx, "acct_x")
	_, suspend := s.Suspend(ctx, by, "acct_x", "")
	_, resume := s.Resume(ctx, by, "acct_x")
	_, key := s.Key(ctx, "key_x")
	_, revoked := s.RevokeKey(ctx, by, "key_x")
	operator := s.RevokeOperator(ctx, by, "opr_x")
	for i, err := range []error{account, suspend, resume, key, revoked, operator} {
		if got := fault.From(err); got.HTTPStatus() != 404 {
			t.Errorf("%d: %v", i, err)
		}
	}
	_, page := s.Keys(ctx, "", Page{After: "key_x"})
	wantFault(t, page, fault.InvalidParameter)
}

func TestPages(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newClock() // stands still now and then, so that only ids tell rows apart
		s := NewService(db, ServiceOptions{Now: c.now})
		accounts, keys := map[string]bool{}, map[string]bool{}
		var last string
		for i := range 7 {
			last = newAccount(t, s).ID
			accounts[last] = true
			for range 2 {
				keys[newKey(t, s, skytells.KeyRequest{Account: last}).ID] = true
			}
			c.add(time.Duration(i%2) * time.Second)
		}
		seen := map[string]bool{}
		for after := ""; ; {
			page, err := s.Accounts(t.Context(), Page{After: after, Limit: 3})
			wantFault(t, err, "")
			if len(page) == 0 {
				break
			}
			for _, a := range page {
				seen[a.ID], after = true, a.ID
			}
		}
		if diff := cmp.Diff(accounts, seen); diff != "" {
			t.Error(diff)
		}
		seen = map[string]bool{}
		for after := ""; ; {
			page, err := s.Keys(t.Context(), "", Page{After: after, Limit: 3})
			wantFault(t, err, "")
			if len(page) == 0 {
				break
			}
			for _, k := range page {
				seen[k.ID], after = true, k.ID
			}
		}
		if diff := cmp.Diff(keys, seen); diff != "" {
			t.Error(diff)
		}
		if page, err := s.Keys(t.Context(), last, Page{}); err != nil || len(page) != 2 {
			t.Errorf("keys of one account: %v, %v", page, err)
		}
		if page, err := s.Keys(t.Context(), "acct_never", Page{}); err != nil || page == nil || len(page) != 0 {
			t.Errorf("keys of no account: %v, %v", page, err)
		}
	})
	if got := (Page{Limit: 5000}).limit(); got != maxPage {
		t.Errorf("a page of 5,000 has %d", got)
	}
}

func TestAuditorChangesNothing(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t))
	s := NewService(db, ServiceOptions{})
	key := newKey(t, s, skytells.KeyRequest{Account: newAccount(t, s).ID})
	before := acts(t, db)
	ctx := t.Context()
	for _, by := range []Operator{{ID: "opr_a", Role: RoleAuditor}, {}} {
		_, create := s.CreateAccount(ctx, by, skytells.AccountRequest{Name: "x"})
		_, suspend := s.Suspend(ctx, by, key.Account, "")
		_, resume := s.Resume(ctx, by, key.Account)
		_, makeKey := s.CreateKey(ctx, by, skytells.KeyRequest{})
		_, revokeKey := s.RevokeKey(ctx, by, key.ID)
		_, _, makeOperator := s.CreateOperator(ctx, by, "x", RoleOperator)
		for _, err := range []error{create, suspend, resume, makeKey, revokeKey, makeOperator, s.RevokeOperator(ctx, by, "opr_a")} {
			wantFault(t, err, fault.Forbidden)
		}
	}
	if diff := cmp.Diff(before, acts(t, db)); diff != "" {
		t.Error(diff)
	}
}

// acts are the audit rows as text, in order.
func acts(t *testing.T, db *store.DB) []string {
	t.Helper()
	var list []string
	wantFault(t, db.Read(t.Context(), func(tx *store.Tx) error {
		list = nil
		return tx.Each(t.Context(), `select actor, action, subject from audit order by seq`, func(scan func(...any) error) error {
			var actor, action, subject string
			err := scan(&actor, &action, &subject)
			list = append(list, actor+" "+action+" "+subject)
			return err
		})
	}), "")
	return list
}

func TestEveryActIsAudited(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, ctx := NewService(db, ServiceOptions{}), t.Context()
		op, _, err := s.CreateOperator(ctx, System(), "Ops", RoleOperator)
		wantFault(t, err, "")
		by := Operator{ID: op.ID, Role: RoleOperator}
		acct, err := s.CreateAccount(ctx, by, skytells.AccountRequest{Name: "Team"})
		wantFault(t, err, "")
		key, err := s.CreateKey(ctx, by, skytells.KeyRequest{})
		wantFault(t, err, "")
		for range 2 { // the second time nothing happens, and nothing is written
			_, err = s.Suspend(ctx, by, acct.ID, "unpaid")
			wantFault(t, err, "")
			_, err = s.RevokeKey(ctx, by, key.ID)
			wantFault(t, err, "")
		}
		for range 2 {
			_, err = s.Resume(ctx, by, acct.ID)
			wantFault(t, err, "")
		}
		other, _, err := s.CreateOperator(ctx, by, "Other", RoleAuditor)
		wantFault(t, err, "")
		for range 2 {
			wantFault(t, s.RevokeOperator(ctx, by, other.ID), "")
		}
		want := []string{
			"system operator.create " + op.ID,
			op.ID + " account.create " + acct.ID,
			op.ID + " key.create " + key.ID,
			op.ID + " account.suspend " + acct.ID,
			op.ID + " key.revoke " + key.ID,
			op.ID + " account.resume " + acct.ID,
			op.ID + " operator.create " + other.ID,
			op.ID + " operator.revoke " + other.ID,
		}
		if diff := cmp.Diff(want, acts(t, db)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestOperators(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		p := start(t, url)
		s, ctx := p.service, t.Context()
		one, oneRaw, err := s.CreateOperator(ctx, System(), "One", RoleOperator)
		wantFault(t, err, "")
		two, twoRaw, err := s.CreateOperator(ctx, System(), "Two", RoleOperator)
		wantFault(t, err, "")
		eye, _, err := s.CreateOperator(ctx, System(), "Eye", RoleAuditor)
		wantFault(t, err, "")
		_, _, err = s.CreateOperator(ctx, System(), "Root", "root")
		wantFault(t, err, fault.InvalidParameter)

		list, err := s.Operators(ctx)
		if err != nil || len(list) != 3 || list[0].Masked != secret.Mask(oneRaw) && list[1].Masked != secret.Mask(oneRaw) && list[2].Masked != secret.Mask(oneRaw) {
			t.Errorf("operators %+v, %v", list, err)
		}
		by, err := p.index.AuthenticateOperator(ctx, twoRaw)
		if err != nil || by.ID != two.ID || by.Role != RoleOperator || by.Key == "" {
			t.Fatalf("operator %+v, %v", by, err)
		}
		wantFault(t, s.RevokeOperator(ctx, by, one.ID), "")
		p.sync(t)
		_, err = p.index.AuthenticateOperator(ctx, oneRaw)
		wantFault(t, err, fault.Unauthorized)
		// Neither a revoked operator nor an auditor could open the door again.
		wantFault(t, s.RevokeOperator(ctx, by, two.ID), fault.InvalidParameter)
		wantFault(t, s.RevokeOperator(ctx, by, eye.ID), "")
		_, err = p.index.AuthenticateOperator(ctx, twoRaw)
		wantFault(t, err, "")
	})
}

// Two operators who revoke each other at the same moment must not both succeed.
func TestOperatorsRevokeEachOther(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := [2]*Service{}
		for i := range s {
			s[i] = NewService(storetest.Open(t, url), ServiceOptions{})
		}
		var ids [2]string
		for i := range ids {
			o, _, err := s[0].CreateOperator(t.Context(), System(), "Ops", RoleOperator)
			wantFault(t, err, "")
			ids[i] = o.ID
		}
		var failed [2]error
		var group sync.WaitGroup
		for i := range s {
			group.Go(func() { failed[i] = s[i].RevokeOperator(t.Context(), System(), ids[i]) })
		}
		group.Wait()
		if (failed[0] == nil) == (failed[1] == nil) {
			t.Errorf("both or neither: %v, %v", failed[0], failed[1])
		}
	})
}

func TestBootstrap(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		p := start(t, url)
		broken := errors.New("disk full")
		_, _, err := p.service.Bootstrap(t.Context(), func(First) error { return broken })
		if !errors.Is(err, broken) {
			t.Fatalf("error %v", err)
		}
		if list, err := p.service.Operators(t.Context()); err != nil || len(list) != 0 {
			t.Fatalf("after a failure: %v, %v", list, err)
		}
		var kept First
		first, made, err := p.service.Bootstrap(t.Context(), func(f First) error { kept = f; return nil })
		if err != nil || !made || !reflect.DeepEqual(first, kept) {
			t.Fatalf("bootstrap: %v, %v; kept the same: %v", made, err, reflect.DeepEqual(first, kept))
		}
		principal, err := p.index.Authenticate(t.Context(), first.APIKey.Secret, netip.Addr{})
		if err != nil || principal.Account != first.Account.ID || principal.Scopes != Everything {
			t.Errorf("principal %+v, %v", principal, err)
		}
		if o, err := p.index.AuthenticateOperator(t.Context(), first.OperatorKey); err != nil || o.MayChange() != nil {
			t.Errorf("operator %+v, %v", o, err)
		}
		again, made, err := p.service.Bootstrap(t.Context(), func(First) error { t.Error("kept twice"); return nil })
		if err != nil || made || !reflect.DeepEqual(again, First{}) {
			t.Errorf("second start: %v, %v", made, err)
		}
		if list, err := p.service.Accounts(t.Context(), Page{}); err != nil || len(list) != 1 {
			t.Errorf("accounts %v, %v", list, err)
		}
	})
}

func TestBootstrapOfTwoProcesses(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		const n = 4
		var made [n]bool
		var group sync.WaitGroup
		for i := range n {
			s := NewService(storetest.Open(t, url), ServiceOptions{})
			group.Go(func() {
				var err error
				if _, made[i], err = s.Bootstrap(context.WithoutCancel(t.Context()), nil); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		count := 0
		for _, m := range made {
			if m {
				count++
			}
		}
		if count != 1 {
			t.Errorf("%d processes began", count)
		}
	})
}

// A database whose operators were made in another way has no need of a first one.
func TestBootstrapWithOperators(t *testing.T) {
	t.Parallel()
	s := NewService(storetest.Open(t, storetest.SQLite(t)), ServiceOptions{})
	_, _, err := s.CreateOperator(t.Context(), System(), "Ops", RoleAuditor)
	wantFault(t, err, "")
	if _, made, err := s.Bootstrap(t.Context(), nil); err != nil || made {
		t.Errorf("bootstrap: %v, %v", made, err)
	}
}
