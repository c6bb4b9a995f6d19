package account

import (
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/fault"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestRolesAllow(t *testing.T) {
	t.Parallel()
	for role, want := range map[MemberRole]string{
		RoleOwner:     Everything.String(),
		RoleDeveloper: "models:read, predictions:read, predictions:create, inference, files, usage:read",
		RoleBilling:   "models:read, usage:read, billing:read, billing:write",
		RoleViewer:    "models:read, predictions:read, usage:read",
		"":            "", "root": "",
	} {
		if got := role.Scopes().String(); got != want {
			t.Errorf("%q allows %s, want %s", role, got, want)
		}
	}
}

func TestLifeOfAMember(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, ctx := NewService(db, ServiceOptions{}), t.Context()
		acct := newAccount(t, s)
		owner := newMember(t, s, acct.ID, RoleOwner)
		made, err := s.CreateMember(ctx, System(), acct.ID, skytells.MemberRequest{Name: " Bob ", Email: " Bob@Example.COM ", Role: "viewer"})
		wantFault(t, err, "")
		if made.Name != "Bob" || made.Email != "bob@example.com" || made.Account != acct.ID || !strings.HasPrefix(made.ID, "mem_") || made.RemovedAt != nil {
			t.Errorf("made %+v", made)
		}
		changed, err := s.UpdateMember(ctx, System(), made.ID, skytells.MemberRequest{Role: "developer"})
		want := made
		want.Role = "developer"
		if diff := cmp.Diff(want, changed); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
		removed, err := s.RemoveMember(ctx, System(), made.ID)
		wantFault(t, err, "")
		again, err := s.RemoveMember(ctx, System(), made.ID)
		if diff := cmp.Diff(removed, again); err != nil || diff != "" || removed.RemovedAt == nil {
			t.Errorf("%v\n%s", err, diff)
		}
		_, err = s.UpdateMember(ctx, System(), made.ID, skytells.MemberRequest{Role: "owner"})
		wantFault(t, err, fault.InvalidParameter)
		// The row stays, and its email is free again.
		second, err := s.CreateMember(ctx, System(), acct.ID, skytells.MemberRequest{Email: "bob@example.com", Role: "billing"})
		wantFault(t, err, "")
		list, err := s.Members(ctx, acct.ID, Page{})
		byID := map[string]skytells.Member{}
		for _, m := range list {
			byID[m.ID] = m
		}
		if diff := cmp.Diff(map[string]skytells.Member{owner.ID: owner, made.ID: removed, second.ID: second}, byID); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
		one, err := s.Member(ctx, made.ID)
		if diff := cmp.Diff(removed, one); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
		var seen int
		for after := ""; ; seen++ {
			page, err := s.Members(ctx, acct.ID, Page{After: after, Limit: 1})
			wantFault(t, err, "")
			if len(page) == 0 {
				break
			}
			after = page[0].ID
		}
		if seen != 3 {
			t.Errorf("%d members page by page", seen)
		}
		wantActs(t, db, "member.create", "member.create", "member.update", "member.remove", "member.create")
	})
}

// wantActs compares the audited acts but for those that made accounts and keys.
func wantActs(t *testing.T, db *store.DB, want ...string) {
	t.Helper()
	var got []string
	for _, act := range acts(t, db) {
		if word := strings.Fields(act)[1]; word != "account.create" && word != "key.create" {
			got = append(got, word)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMemberRequests(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, ctx := NewService(db, ServiceOptions{}), t.Context()
		acct := newAccount(t, s)
		_, err := s.CreateMember(ctx, System(), acct.ID, skytells.MemberRequest{Email: "a@example.com", Role: "viewer"})
		wantFault(t, err, "")
		for name, r := range map[string]skytells.MemberRequest{
			"nobody":         {Role: "owner"},
			"no role":        {Name: "Ada"},
			"another role":   {Name: "Ada", Role: "operator"},
			"a long name":    {Name: strings.Repeat("é", maxName+1), Role: "owner"},
			"no email":       {Email: "ada", Role: "owner"},
			"a broken email": {Email: "ada @example.com", Role: "owner"},
			"two emails":     {Email: "ada@b@example.com", Role: "owner"},
			"a long email":   {Email: strings.Repeat("a", maxEmail) + "@example.com", Role: "owner"},
			"a taken email":  {Email: "A@EXAMPLE.COM", Role: "owner"},
		} {
			if _, err := s.CreateMember(ctx, System(), acct.ID, r); !fault.Is(err, fault.InvalidParameter) {
				t.Errorf("%s: %v", name, err)
			}
		}
		other := newMember(t, s, acct.ID, RoleViewer)
		_, err = s.UpdateMember(ctx, System(), other.ID, skytells.MemberRequest{Email: "a@example.com"})
		if got := fault.From(err); got.HTTPStatus() != 409 || got.Param != "email" {
			t.Errorf("a taken email: %v", err)
		}
		_, err = s.CreateMember(ctx, System(), newAccount(t, s).ID, skytells.MemberRequest{Email: "a@example.com", Role: "viewer"})
		wantFault(t, err, "") // of another account
		_, none := s.CreateMember(ctx, System(), "acct_x", skytells.MemberRequest{Name: "Ada", Role: "viewer"})
		_, list := s.Members(ctx, "acct_x", Page{})
		_, get := s.Member(ctx, "mem_x")
		_, update := s.UpdateMember(ctx, System(), "mem_x", skytells.MemberRequest{})
		_, remove := s.RemoveMember(ctx, System(), "mem_x")
		for i, err := range []error{none, list, get, update, remove} {
			if got := fault.From(err); got.HTTPStatus() != 404 {
				t.Errorf("%d: %v", i, err)
			}
		}
		auditor := Operator{ID: "opr_a", Role: RoleAuditor}
		_, create := s.CreateMember(ctx, auditor, acct.ID, skytells.MemberRequest{Name: "Ada", Role: "viewer"})
		_, update = s.UpdateMember(ctx, auditor, other.ID, skytells.MemberRequest{Name: "x"})
		_, remove = s.RemoveMember(ctx, auditor, other.ID)
		for _, err := range []error{create, update, remove} {
			wantFault(t, err, fault.Forbidden)
		}
	})
}

func TestLastOwnerStays(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, ctx := NewService(db, ServiceOptions{}), t.Context()
		acct := newAccount(t, s)
		viewer := newMember(t, s, acct.ID, RoleViewer)
		_, err := s.RemoveMember(ctx, System(), viewer.ID) // there was never an owner
		wantFault(t, err, "")
		one := newMember(t, s, acct.ID, RoleOwner)
		newMember(t, s, newAccount(t, s).ID, RoleOwner) // of another account: no help
		_, err = s.RemoveMember(ctx, System(), one.ID)
		wantFault(t, err, fault.InvalidParameter)
		_, err = s.UpdateMember(ctx, System(), one.ID, skytells.MemberRequest{Role: "developer"})
		wantFault(t, err, fault.InvalidParameter)
		_, err = s.UpdateMember(ctx, System(), one.ID, skytells.MemberRequest{Role: "owner", Name: "Bea"})
		wantFault(t, err, "")
		newMember(t, s, acct.ID, RoleOwner)
		_, err = s.RemoveMember(ctx, System(), one.ID)
		wantFault(t, err, "")
	})
}

// Two owners who lower each other at the same moment must not both succeed.
func TestOwnersLowerEachOther(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := [2]*Service{}
		for i := range s {
			s[i] = NewService(storetest.Open(t, url), ServiceOptions{})
		}
		acct := newAccount(t, s[0])
		owners := [2]string{newMember(t, s[0], acct.ID, RoleOwner).ID, newMember(t, s[0], acct.ID, RoleOwner).ID}
		var failed [2]error
		var group sync.WaitGroup
		for i := range s {
			group.Go(func() {
				_, failed[i] = s[i].UpdateMember(t.Context(), System(), owners[i], skytells.MemberRequest{Role: "viewer"})
			})
		}
		group.Wait()
		if (failed[0] == nil) == (failed[1] == nil) {
			t.Errorf("both or neither: %v, %v", failed[0], failed[1])
		}
	})
}

func TestKeyOfAMemberIsCheckedAtItsCreation(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s, ctx := NewService(db, ServiceOptions{}), t.Context()
		acct, other := newAccount(t, s), newAccount(t, s)
		viewer := newMember(t, s, acct.ID, RoleViewer)
		_, err := s.CreateKey(ctx, System(), skytells.KeyRequest{Member: viewer.ID, Scopes: []string{"models:read", "inference", "files"}})
		const says = "The member's role, viewer, does not allow inference, files; it allows models:read, predictions:read, usage:read."
		if got := fault.From(err); got.ID != fault.InvalidParameter || got.Param != "scopes" || got.Message != says {
			t.Errorf("error %v", err)
		}
		k := newKey(t, s, skytells.KeyRequest{Member: viewer.ID, Scopes: []string{"models:read"}}) // its account follows
		if k.Account != acct.ID || k.Member != viewer.ID || strings.Join(k.Scopes, " ") != "models:read" {
			t.Errorf("made %+v", k)
		}
		all := newKey(t, s, skytells.KeyRequest{Member: viewer.ID, Account: acct.ID})
		if diff := cmp.Diff(RoleViewer.Scopes().Words(), all.Scopes); diff != "" {
			t.Error(diff)
		}
		_, err = s.CreateKey(ctx, System(), skytells.KeyRequest{Member: viewer.ID, Account: other.ID})
		wantFault(t, err, fault.InvalidParameter)
		_, err = s.CreateKey(ctx, System(), skytells.KeyRequest{Member: "mem_x"})
		wantFault(t, err, fault.InvalidParameter)
		_, err = s.RemoveMember(ctx, System(), viewer.ID)
		wantFault(t, err, "")
		_, err = s.CreateKey(ctx, System(), skytells.KeyRequest{Member: viewer.ID})
		wantFault(t, err, fault.InvalidParameter)
		if got, err := s.Key(ctx, k.ID); err != nil || got.RevokedAt == nil {
			t.Errorf("after the membership: %+v, %v", got, err)
		}
		wantActs(t, db, "member.create", "key.revoke", "key.revoke", "member.remove")
	})
}

// What a member may do now bounds the keys that were made before, in every process.
func TestRoleBoundsLivingKeys(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		p, other := start(t, url), start(t, url)
		s, ctx := p.service, t.Context()
		acct := newAccount(t, s)
		newMember(t, s, acct.ID, RoleOwner)
		m := newMember(t, s, acct.ID, RoleOwner)
		some := newKey(t, s, skytells.KeyRequest{Member: m.ID, Scopes: []string{"inference", "models:read", "billing:read"}})
		all := newKey(t, s, skytells.KeyRequest{Member: m.ID})
		apart := newKey(t, s, skytells.KeyRequest{Account: acct.ID})
		check := func(someScopes, allScopes Scopes) {
			t.Helper()
			unwatched := &process{index: NewIndex(p.db, IndexOptions{Confirmed: time.Now})}
			loaded := &process{index: NewIndex(p.db, IndexOptions{Confirmed: time.Now})}
			wantFault(t, loaded.index.RefreshKeys(ctx, nil), "")
			for _, where := range []*process{p, other} {
				where.sync(t)
			}
			for i, where := range []*process{p, other, unwatched, loaded} {
				for raw, want := range map[string]Scopes{some.Secret: someScopes, all.Secret: allScopes, apart.Secret: Everything} {
					got, err := where.principal(t, raw, "")
					if want == 0 {
						wantFault(t, err, fault.Unauthorized)
					} else if err != nil || got.Scopes != want {
						t.Errorf("process %d: %s (%v), want %s", i, got.Scopes, err, want)
					}
				}
			}
		}
		set := func(role MemberRole) {
			t.Helper()
			_, err := s.UpdateMember(ctx, System(), m.ID, skytells.MemberRequest{Role: string(role)})
			wantFault(t, err, "")
		}
		check(Inference|ModelsRead|BillingRead, Everything)
		set(RoleDeveloper)
		check(Inference|ModelsRead, RoleDeveloper.Scopes())
		set(RoleViewer)
		check(ModelsRead, RoleViewer.Scopes())
		if k, err := s.Key(ctx, some.ID); err != nil || strings.Join(k.Scopes, " ") != "models:read" {
			t.Errorf("the key is shown with %v, %v", k.Scopes, err)
		}
		set(RoleOwner) // what was asked for comes back
		check(Inference|ModelsRead|BillingRead, Everything)
		_, err := s.RemoveMember(ctx, System(), m.ID)
		wantFault(t, err, "")
		check(0, 0)
	})
}

// The index does not lean on the revocation: a key of nobody is no key.
func TestKeyWithoutItsMemberIsNone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := NewService(db, ServiceOptions{})
		acct := newAccount(t, s)
		m := newMember(t, s, acct.ID, RoleViewer)
		k := newKey(t, s, skytells.KeyRequest{Member: m.ID})
		set := func(query string, args ...any) {
			t.Helper()
			wantFault(t, db.Write(t.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec(t.Context(), query, args...)
				return err
			}), "")
		}
		wantNone := func() {
			t.Helper()
			asked := &process{index: NewIndex(db, IndexOptions{Confirmed: time.Now})}
			asked.wantKey(t, k.Secret, fault.Unauthorized)
			wantFault(t, asked.index.RefreshKeys(t.Context(), nil), "")
			asked.wantKey(t, k.Secret, fault.Unauthorized)
		}
		set(`update account_member set removed_at = 1 where id = $1`, m.ID)
		wantNone()
		set(`update account_member set removed_at = 0 where id = $1`, m.ID)
		(&process{index: NewIndex(db, IndexOptions{Confirmed: time.Now})}).wantKey(t, k.Secret, "")
		set(`update account_member set account = $2 where id = $1`, m.ID, newAccount(t, s).ID)
		wantNone()
	})
}

// A key that is made while its member's role is lowered has the lower role's scopes, in
// whatever order the two arrive.
func TestKeyIsMadeWhileTheRoleChanges(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		p := start(t, url)
		acct := newAccount(t, p.service)
		newMember(t, p.service, acct.ID, RoleOwner)
		for range 5 {
			m := newMember(t, p.service, acct.ID, RoleOwner)
			var k skytells.Key
			var makeErr, lowerErr error
			var both sync.WaitGroup
			both.Go(func() {
				k, makeErr = p.service.CreateKey(t.Context(), System(), skytells.KeyRequest{Member: m.ID, Scopes: []string{"inference"}})
				_, _ = p.index.Authenticate(t.Context(), k.Secret, netip.Addr{})
			})
			both.Go(func() {
				_, lowerErr = p.service.UpdateMember(t.Context(), System(), m.ID, skytells.MemberRequest{Role: "viewer"})
			})
			both.Wait()
			wantFault(t, lowerErr, "")
			if makeErr != nil { // the role came first
				wantFault(t, makeErr, fault.InvalidParameter)
				continue
			}
			p.sync(t)
			if got, err := p.principal(t, k.Secret, ""); err != nil || got.Scopes != 0 {
				t.Errorf("scopes %s, %v", got.Scopes, err)
			}
		}
	})
}
