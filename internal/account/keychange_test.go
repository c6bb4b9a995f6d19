package account

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/fault"
	"skytower/internal/money"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestKeyForSomeAddresses(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := NewService(db, ServiceOptions{})
		p := &process{index: NewIndex(db, IndexOptions{Confirmed: time.Now})}
		k := newKey(t, s, skytells.KeyRequest{Account: newAccount(t, s).ID, Addresses: []string{"203.0.113.9/24", "10.1.2.3", "2001:db8::/32", "::ffff:192.0.2.0/120", "10.1.2.3"}})
		if diff := cmp.Diff([]string{"203.0.113.0/24", "10.1.2.3/32", "2001:db8::/32", "192.0.2.0/24"}, k.Addresses); diff != "" {
			t.Error(diff)
		}
		for from, inside := range map[string]bool{
			"203.0.113.0": true, "203.0.113.255": true, "203.0.112.255": false, "203.0.114.0": false,
			"10.1.2.3": true, "10.1.2.2": false, "::ffff:10.1.2.3": true, "::ffff:10.1.2.4": false,
			"2001:db8::1": true, "2001:db8:ffff:ffff::1%eth0": true, "2001:db9::": false, "::1": false,
			"192.0.2.77": true, "192.0.3.0": false, "": false,
		} {
			_, err := p.principal(t, k.Secret, from)
			if inside {
				wantFault(t, err, "")
				continue
			}
			wantFault(t, err, fault.Forbidden)
			if text := fmt.Sprintf("%+v", *fault.From(err)); fault.From(err).HTTPStatus() != 403 || strings.Contains(text, "203.0.113") {
				t.Errorf("from %q: %s", from, text)
			}
		}
		free := newKey(t, s, skytells.KeyRequest{Account: k.Account})
		for _, from := range []string{"", "192.0.2.1", "::1"} {
			_, err := p.principal(t, free.Secret, from)
			wantFault(t, err, "")
		}
	})
}

func TestRestrictionsOfAKey(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, ctx := NewService(db, ServiceOptions{}), t.Context()
		p := &process{index: NewIndex(db, IndexOptions{Confirmed: time.Now})}
		acct := newAccount(t, s)
		k := newKey(t, s, skytells.KeyRequest{Account: acct.ID, Models: []string{"llama-3", " org/m ", "llama-3"}, Budget: "12.5"})
		if diff := cmp.Diff([]string{"llama-3", "org/m"}, k.Models); diff != "" || k.Budget != "12.50" {
			t.Errorf("budget %s, models %s", k.Budget, diff)
		}
		got, err := p.principal(t, k.Secret, "")
		want := Principal{Account: acct.ID, Key: k.ID, Scopes: Everything, Tier: "1", Models: []string{"llama-3", "org/m"},
			Budget: 12_500_000_000 * money.Nanos(1), Budgeted: true}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
		nothing := newKey(t, s, skytells.KeyRequest{Account: acct.ID, Budget: "0"})
		if got, err := p.principal(t, nothing.Secret, ""); err != nil || !got.Budgeted || got.Budget != 0 || got.Models != nil || nothing.Budget != "0.00" {
			t.Errorf("a budget of nothing: %+v, %v", got, err)
		}
		for name, r := range map[string]skytells.KeyRequest{
			"an address that is none": {Addresses: []string{"office"}},
			"a range that is none":    {Addresses: []string{"10.0.0.0/33"}},
			"an address with a zone":  {Addresses: []string{"fe80::1%eth0"}},
			"an empty address":        {Addresses: []string{""}},
			"many addresses":          {Addresses: make([]string, maxRanges+1)},
			"an empty slug":           {Models: []string{" "}},
			"two slugs in one":        {Models: []string{"a b"}},
			"a long slug":             {Models: []string{strings.Repeat("a", maxSlug+1)}},
			"many models":             {Models: make([]string, maxModels+1)},
			"a negative budget":       {Budget: "-1"},
			"a budget too fine":       {Budget: "0.0000000001"},
			"a budget too large":      {Budget: "1000000000.01"},
			"a budget that is none":   {Budget: "much"},
		} {
			r.Account = acct.ID
			if _, err := s.CreateKey(ctx, System(), r); !fault.Is(err, fault.InvalidParameter) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func FuzzLoadAddresses(f *testing.F) {
	for _, s := range []string{"", "10.0.0.0/8", "10.0.0.0/8 ::/0", "newer:form", "0.0.0.0/0 x", "::ffff:0:0/96"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, stored string) {
		ranges := loadAddresses(stored)
		if (ranges == nil) != (stored == "") {
			t.Fatalf("%q gives %v: a restriction is lost or made up", stored, ranges)
		}
		for _, r := range ranges {
			again, err := parseAddresses([]string{r.String()})
			if err != nil || again != r.String() {
				t.Fatalf("%q gives %s, which is read as %q, %v", stored, r, again, err)
			}
		}
	})
}

func TestChangesOfAKeyReachTheOtherProcess(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		p, other := start(t, url), start(t, url)
		s, ctx := p.service, t.Context()
		k := newKey(t, s, skytells.KeyRequest{Account: newAccount(t, s).ID, Name: "old"})
		where := func() (Principal, error) {
			t.Helper()
			other.sync(t)
			return other.principal(t, k.Secret, "192.0.2.1")
		}
		_, err := where()
		wantFault(t, err, "")
		name, budget, none := "new", skytells.Amount("3"), skytells.Amount("")
		change := func(c skytells.KeyChange) skytells.Key {
			t.Helper()
			changed, err := s.UpdateKey(ctx, System(), k.ID, c)
			wantFault(t, err, "")
			read, err := s.Key(ctx, k.ID)
			if diff := cmp.Diff(changed, read); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
			return changed
		}
		change(skytells.KeyChange{Addresses: &[]string{"10.0.0.0/8"}})
		_, err = where()
		wantFault(t, err, fault.Forbidden)
		got := change(skytells.KeyChange{Name: &name, Addresses: &[]string{}, Models: &[]string{"m"}, Budget: &budget})
		if got.Name != "new" || got.Addresses != nil || got.Budget != "3.00" || len(got.Models) != 1 {
			t.Errorf("changed %+v", got)
		}
		if who, err := where(); err != nil || !who.Budgeted || who.Budget != 3*money.Dollar || len(who.Models) != 1 {
			t.Errorf("principal %+v, %v", who, err)
		}
		for range 2 { // the second time nothing changes, and nothing is audited
			change(skytells.KeyChange{Models: &[]string{}, Budget: &none})
		}
		if who, err := where(); err != nil || who.Budgeted || who.Models != nil {
			t.Errorf("principal %+v, %v", who, err)
		}
		_, err = s.UpdateKey(ctx, System(), k.ID, skytells.KeyChange{Addresses: &[]string{"x"}})
		wantFault(t, err, fault.InvalidParameter)
		_, err = s.UpdateKey(ctx, Operator{Role: RoleAuditor}, k.ID, skytells.KeyChange{Name: &name})
		wantFault(t, err, fault.Forbidden)
		_, err = s.UpdateKey(ctx, System(), "key_x", skytells.KeyChange{Name: &name})
		wantFault(t, err, fault.InvalidParameter)
		revoke(t, s, k.ID)
		_, err = s.UpdateKey(ctx, System(), k.ID, skytells.KeyChange{Name: &name})
		wantFault(t, err, fault.InvalidParameter)
		wantActs(t, p.db, "key.update", "key.update", "key.update", "key.revoke")
	})
}

func TestRotation(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newClock()
		s, ctx := NewService(db, ServiceOptions{Now: c.now}), t.Context()
		p := &process{index: NewIndex(db, IndexOptions{Now: c.now, Confirmed: c.now})}
		acct := newAccount(t, s)
		m := newMember(t, s, acct.ID, RoleDeveloper)
		end := c.now().Add(30 * 24 * time.Hour)
		old := newKey(t, s, skytells.KeyRequest{Name: "app", Member: m.ID, Scopes: []string{"inference"}, ExpiresAt: &end,
			Addresses: []string{"192.0.2.0/24"}, Models: []string{"m"}, Budget: "5"})
		c.add(24 * time.Hour)
		next, err := s.RotateKey(ctx, System(), old.ID, skytells.RotateRequest{})
		wantFault(t, err, "")
		lifetime := c.now().Add(30 * 24 * time.Hour)
		want := old
		want.ID, want.Secret, want.Masked, want.CreatedAt, want.ExpiresAt = next.ID, next.Secret, next.Masked, c.now(), &lifetime
		if diff := cmp.Diff(want, next); diff != "" || next.ID == old.ID || next.Secret == old.Secret {
			t.Error(diff)
		}
		for _, raw := range []string{old.Secret, next.Secret} {
			who, err := p.principal(t, raw, "192.0.2.1")
			if err != nil || who.Scopes != Inference || !who.Budgeted || len(who.Models) != 1 || who.Account != acct.ID {
				t.Errorf("principal %+v, %v", who, err)
			}
		}
		shown, err := s.Key(ctx, old.ID)
		if err != nil || shown.RotatedTo != next.ID || !shown.ExpiresAt.Equal(c.now().Add(24*time.Hour)) || shown.RevokedAt != nil {
			t.Errorf("the old key is %+v, %v", shown, err)
		}
		_, err = s.RotateKey(ctx, System(), old.ID, skytells.RotateRequest{})
		if got := fault.From(err); got.HTTPStatus() != 409 || !strings.Contains(got.Message, next.ID) {
			t.Errorf("rotated twice: %v", err)
		}
		wantFault(t, p.index.RefreshKeys(ctx, nil), "")
		c.add(24 * time.Hour)
		_, err = p.principal(t, old.Secret, "192.0.2.1")
		wantFault(t, err, fault.Unauthorized)
		_, err = p.principal(t, next.Secret, "192.0.2.1")
		wantFault(t, err, "")
		// The successor of the successor, at once; without a lifetime before, there is none.
		last, err := s.RotateKey(ctx, System(), next.ID, skytells.RotateRequest{Overlap: "0s"})
		wantFault(t, err, "")
		wantFault(t, p.index.RefreshKeys(ctx, []string{next.ID, last.ID}), "")
		_, err = p.principal(t, next.Secret, "192.0.2.1")
		wantFault(t, err, fault.Unauthorized)
		_, err = p.principal(t, last.Secret, "192.0.2.1")
		wantFault(t, err, "")
		wantActs(t, db, "member.create", "key.rotate", "key.rotate")
	})
}

func TestRotationRequests(t *testing.T) {
	t.Parallel()
	c := newClock()
	s, ctx := NewService(storetest.Open(t, storetest.SQLite(t)), ServiceOptions{Now: c.now}), t.Context()
	acct := newAccount(t, s)
	soon := c.now().Add(time.Hour)
	key := newKey(t, s, skytells.KeyRequest{Account: acct.ID})
	short := newKey(t, s, skytells.KeyRequest{Account: acct.ID, ExpiresAt: &soon})
	expired := newKey(t, s, skytells.KeyRequest{Account: acct.ID, ExpiresAt: &soon})
	dead := newKey(t, s, skytells.KeyRequest{Account: acct.ID})
	revoke(t, s, dead.ID)
	for _, overlap := range []string{"-1s", "91d", "2161h", "soon", "1", "99999999999999999999d", "-1d"} {
		if _, err := s.RotateKey(ctx, System(), key.ID, skytells.RotateRequest{Overlap: overlap}); !fault.Is(err, fault.InvalidParameter) || fault.From(err).Param != "overlap" {
			t.Errorf("%s: %v", overlap, err)
		}
	}
	next, err := s.RotateKey(ctx, System(), key.ID, skytells.RotateRequest{Overlap: "90d"})
	if err != nil || next.ExpiresAt != nil {
		t.Errorf("got %+v, %v", next, err)
	}
	_, err = s.RotateKey(ctx, System(), short.ID, skytells.RotateRequest{Overlap: "7d"})
	wantFault(t, err, "")
	if got, err := s.Key(ctx, short.ID); err != nil || !got.ExpiresAt.Equal(soon) { // never longer than before
		t.Errorf("got %+v, %v", got, err)
	}
	c.add(2 * time.Hour)
	for _, id := range []string{dead.ID, expired.ID, "key_x"} {
		_, err := s.RotateKey(ctx, System(), id, skytells.RotateRequest{})
		wantFault(t, err, fault.InvalidParameter)
	}
	_, err = s.RotateKey(ctx, Operator{Role: RoleAuditor}, next.ID, skytells.RotateRequest{})
	wantFault(t, err, fault.Forbidden)
}

// Of many who rotate a key at the same moment one succeeds.
func TestParallelRotations(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := NewService(storetest.Open(t, url), ServiceOptions{})
		k := newKey(t, s, skytells.KeyRequest{Account: newAccount(t, s).ID})
		var failed [4]error
		var group sync.WaitGroup
		for i := range failed {
			group.Go(func() { _, failed[i] = s.RotateKey(t.Context(), System(), k.ID, skytells.RotateRequest{}) })
		}
		group.Wait()
		won := 0
		for _, err := range failed {
			if err == nil {
				won++
			} else if fault.From(err).HTTPStatus() != 409 {
				t.Error(err)
			}
		}
		if list, err := s.Keys(t.Context(), k.Account, Page{}); err != nil || won != 1 || len(list) != 2 {
			t.Errorf("%d won, %d keys, %v", won, len(list), err)
		}
	})
}
