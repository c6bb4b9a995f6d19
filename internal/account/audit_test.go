package account

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/fault"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// Neither an update nor a delete changes the trail, whoever sends it.
func TestAuditOnlyGrows(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := NewService(db, ServiceOptions{})
		newAccount(t, s)
		newAccount(t, s)
		before, err := s.Audit(t.Context(), AuditQuery{})
		if err != nil || len(before) != 2 {
			t.Fatalf("%v, %v", before, err)
		}
		for _, query := range []string{
			`update audit set actor = 'nobody'`, `update audit set detail = '' where seq = 1`, `delete from audit`,
			`delete from audit where seq = 1`, `update audit set seq = seq + 100`,
		} {
			err := db.Write(t.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec(t.Context(), query)
				return err
			})
			// SQLite says no, PostgreSQL does nothing instead.
			if lite := db.Dialect() == store.SQLite; lite != (err != nil) || lite && !strings.Contains(err.Error(), "only grows") {
				t.Errorf("%s: %v", query, err)
			}
		}
		after, err := s.Audit(t.Context(), AuditQuery{})
		if diff := cmp.Diff(before, after); err != nil || diff != "" {
			t.Errorf("%v\n%s", err, diff)
		}
	})
}

func TestAuditQueries(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newClock()
		s, ctx := NewService(db, ServiceOptions{Now: c.now}), t.Context()
		acct := newAccount(t, s)
		by := Operator{ID: "opr_1", Role: RoleOperator}
		_, err := s.Suspend(ctx, by, acct.ID, "unpaid")
		wantFault(t, err, "")
		_, err = s.Resume(ctx, by, acct.ID)
		wantFault(t, err, "")
		key := newKey(t, s, skytells.KeyRequest{})
		_, err = s.UpdateAccount(ctx, System(), acct.ID, skytells.AccountRequest{Name: "Lab"})
		wantFault(t, err, "")
		show := func(q AuditQuery) string {
			t.Helper()
			list, err := s.Audit(ctx, q)
			wantFault(t, err, "")
			var words []string
			for _, e := range list {
				words = append(words, e.Action)
			}
			return strings.Join(words, " ")
		}
		for want, q := range map[string]AuditQuery{
			"account.update key.create account.resume account.suspend account.create": {},
			"account.resume account.suspend":                                          {Actor: "opr_1"},
			"key.create":                                                              {Subject: key.ID},
			"account.update account.resume account.suspend account.create":            {Subject: acct.ID},
			"account.create":                                                          {Subject: acct.ID, Action: "account.create", Actor: "system"},
			"account.update key.create":                                               {Limit: 2},
			"":                                                                        {Action: "account"},
		} {
			if got := show(q); got != want {
				t.Errorf("%+v: %s, want %s", q, got, want)
			}
		}
		list, err := s.Audit(ctx, AuditQuery{Limit: 1})
		if err != nil || len(list) != 1 || list[0].Detail != `name: "Team" → "Lab"` || !list[0].At.Equal(c.now()) || list[0].Actor != "system" {
			t.Fatalf("newest %+v, %v", list, err)
		}
		var paged []string
		for after := int64(0); ; {
			page, err := s.Audit(ctx, AuditQuery{Subject: acct.ID, After: after, Limit: 3})
			wantFault(t, err, "")
			if len(page) == 0 {
				break
			}
			for _, e := range page {
				paged = append(paged, e.Action)
				after = e.Seq
			}
		}
		if got, want := strings.Join(paged, " "), show(AuditQuery{Subject: acct.ID}); got != want {
			t.Errorf("page by page %s, want %s", got, want)
		}
		if !fault.Is(Operator{Role: RoleAuditor}.MayChange(), fault.Forbidden) {
			t.Error("an auditor may change something")
		}
	})
}

// Each filter reads its own index, newest first, rather than the whole trail.
func TestAuditQueriesUseIndexes(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t))
	for index, q := range map[string]AuditQuery{
		"audit_subject": {Subject: "x", After: 9}, "audit_actor": {Actor: "x", After: 9}, "audit_action": {Action: "x", After: 9}, "PRIMARY KEY": {After: 9},
	} {
		query, args := q.sql()
		var plan strings.Builder
		wantFault(t, db.Read(t.Context(), func(tx *store.Tx) error {
			return tx.Each(t.Context(), `explain query plan `+query, func(scan func(...any) error) error {
				var id, parent, unused int
				var detail string
				err := scan(&id, &parent, &unused, &detail)
				plan.WriteString(detail + "\n")
				return err
			}, args...)
		}), "")
		if got := plan.String(); !strings.Contains(got, index) || strings.Contains(got, "TEMP B-TREE") || !strings.Contains(got, "SEARCH") {
			t.Errorf("%+v: %s", q, got)
		}
	}
}
