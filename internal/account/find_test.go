package account

import (
	"testing"

	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestFindAccounts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := newClock()
		s, ctx := NewService(db, ServiceOptions{Now: c.now}), t.Context()
		ids := map[string]string{}
		for _, name := range []string{"Research lab", "50% off", "Éclair", "Other"} {
			a, err := s.CreateAccount(ctx, System(), skytells.AccountRequest{Name: name})
			wantFault(t, err, "")
			ids[a.ID] = name
			ids[name] = a.ID
		}
		_, err := s.CreateMember(ctx, System(), ids["Other"], skytells.MemberRequest{Name: "Ada", Email: "Ada@Example.com", Role: "owner"})
		wantFault(t, err, "")
		for text, want := range map[string]string{
			"LAB": "Research lab", "%": "50% off", "_": "", `\`: "", "Éclair": "Éclair", "ada@example": "Other", " " + ids["50% off"] + " ": "50% off", "nobody": "",
		} {
			found, err := s.FindAccounts(ctx, text, Page{})
			got := ""
			for _, a := range found {
				got += ids[a.ID]
			}
			if err != nil || got != want || found == nil {
				t.Errorf("%q finds %q, %v; want %q", text, got, err, want)
			}
		}
		page, err := s.FindAccounts(ctx, "", Page{Limit: 3})
		if err != nil || len(page) != 3 {
			t.Fatalf("%v, %v", page, err)
		}
		rest, err := s.FindAccounts(ctx, "", Page{After: page[2].ID})
		if err != nil || len(rest) != 1 {
			t.Errorf("the second page is %v, %v", rest, err)
		}
	})
}
