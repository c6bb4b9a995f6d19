package account

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/fault"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestTierReachesEveryProcess(t *testing.T) {
	t.Parallel()
	storetest.EachURL(t, func(t *testing.T, url string) {
		p, other := start(t, url), start(t, url)
		s, ctx := p.service, t.Context()
		acct := newAccount(t, s)
		first := newKey(t, s, skytells.KeyRequest{Account: acct.ID})
		apart := newKey(t, s, skytells.KeyRequest{Account: newAccount(t, s).ID})
		check := func(want string, fixed bool) {
			t.Helper()
			if a, err := s.Account(ctx, acct.ID); err != nil || a.Tier != want || a.TierFixed != fixed {
				t.Errorf("account %+v, %v; want tier %s", a, err, want)
			}
			for range 2 {
				for _, where := range []*process{p, other} {
					where.sync(t)
					for raw, tier := range map[string]string{first.Secret: want, apart.Secret: "1"} {
						if who, err := where.principal(t, raw, ""); err != nil || who.Tier != tier {
							t.Errorf("tier %q, %v; want %s", who.Tier, err, tier)
						}
					}
				}
				wantFault(t, other.index.RefreshAccounts(ctx, nil), "")
				wantFault(t, p.index.RefreshKeys(ctx, nil), "")
			}
			unwatched := &process{index: NewIndex(p.db, IndexOptions{Confirmed: time.Now})}
			if who, err := unwatched.principal(t, first.Secret, ""); err != nil || who.Tier != want {
				t.Errorf("asked: tier %q, %v; want %s", who.Tier, err, want)
			}
		}
		set := func(tier string) {
			t.Helper()
			_, err := s.UpdateAccount(ctx, System(), acct.ID, skytells.AccountRequest{Tier: &tier})
			wantFault(t, err, "")
		}
		check("1", false)
		set("enterprise")
		check("enterprise", true)
		// As the room of limits does it.
		wantFault(t, p.db.Write(ctx, func(tx *store.Tx) error {
			if _, err := tx.Exec(ctx, `update account set auto_tier = 3 where id = $1`, acct.ID); err != nil {
				return err
			}
			return tx.Publish(ctx, ChangeAccount, acct.ID)
		}), "")
		check("enterprise", true)
		set("")
		check("3", false)
		_, err := s.Suspend(ctx, System(), acct.ID, "")
		wantFault(t, err, "")
		other.sync(t)
		other.wantKey(t, first.Secret, fault.AccountSuspended)
		_, err = s.Resume(ctx, System(), acct.ID)
		wantFault(t, err, "")
		check("3", false)
	})
}

func TestTierRequests(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t))
	s := NewService(db, ServiceOptions{Tiers: []string{"1", "2", "enterprise"}})
	try := func(s *Service, tier string) error {
		_, err := s.CreateAccount(t.Context(), System(), skytells.AccountRequest{Name: "Team", Tier: &tier})
		return err
	}
	wantFault(t, try(s, "enterprise"), "")
	wantFault(t, try(s, ""), "")
	if err := try(s, "enterprize"); fault.From(err).Param != "tier" || !strings.Contains(err.Error(), "1, 2, enterprise") {
		t.Errorf("error %v", err)
	}
	free := NewService(db, ServiceOptions{})
	wantFault(t, try(free, "gold_2"), "")
	for _, tier := range []string{"two words", "a/b", strings.Repeat("x", maxTierName+1), "é"} {
		if err := try(free, tier); !fault.Is(err, fault.InvalidParameter) {
			t.Errorf("%s: %v", tier, err)
		}
	}
	list, err := s.Accounts(t.Context(), Page{})
	var tiers []string
	for _, a := range list {
		tiers = append(tiers, a.Tier)
	}
	if err != nil || len(tiers) != 3 {
		t.Errorf("tiers %v, %v", tiers, err)
	}
}

// What a new account gets from other rooms is in its transaction: all or nothing.
func TestOnCreate(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		var seen []string
		var broken error
		s := NewService(db, ServiceOptions{OnCreate: func(ctx context.Context, tx *store.Tx, account string, by Operator) error {
			if _, err := accountByID(ctx, tx, account, ""); err != nil {
				return err
			}
			seen = append(seen, by.ID+" "+account)
			if _, err := tx.Exec(ctx, `insert into account_once (act, at) values ($1, 1)`, account); err != nil {
				return err
			}
			return broken
		}})
		first, made, err := s.Bootstrap(t.Context(), nil)
		if err != nil || !made {
			t.Fatalf("%v, %v", made, err)
		}
		second, err := s.CreateAccount(t.Context(), Operator{ID: "opr_1", Role: RoleOperator}, skytells.AccountRequest{Name: "Team"})
		wantFault(t, err, "")
		if diff := cmp.Diff([]string{"system " + first.Account.ID, "opr_1 " + second.ID}, seen); diff != "" {
			t.Error(diff)
		}
		broken = errors.New("no credit today")
		if _, err := s.CreateAccount(t.Context(), System(), skytells.AccountRequest{Name: "Third"}); !errors.Is(err, broken) {
			t.Errorf("error %v", err)
		}
		var rows int
		wantFault(t, db.Read(t.Context(), func(tx *store.Tx) error {
			return tx.QueryRow(t.Context(), `select count(*) from account_once where act like 'acct%'`).Scan(&rows)
		}), "")
		if list, err := s.Accounts(t.Context(), Page{}); err != nil || len(list) != 2 || rows != 2 {
			t.Errorf("%d accounts, %d rows, %v", len(list), rows, err)
		}
	})
}
