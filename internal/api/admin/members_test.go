package admin_test

import (
	"strconv"
	"strings"
	"testing"

	"skytower/internal/skytells"
)

func TestMembersOfAnAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var acct skytells.Account
	s.must("POST", "/admin/v1/accounts", `{"name":"Research"}`, &acct)
	path := "/admin/v1/accounts/" + acct.ID + "/members"
	var owner, viewer, got skytells.Member
	s.must("POST", path, `{"name":"Ada","role":"owner"}`, &owner)
	s.must("POST", path, `{"email":"Bob@example.com","role":"viewer"}`, &viewer)
	var key skytells.Key
	s.must("POST", "/admin/v1/keys", `{"member":"`+viewer.ID+`"}`, &key)
	if viewer.Email != "bob@example.com" || key.Account != acct.ID || key.Member != viewer.ID || len(key.Scopes) != 3 {
		t.Errorf("made %+v and %+v", viewer, key)
	}
	s.must("PATCH", "/admin/v1/members/"+viewer.ID, `{"role":"billing"}`, &got)
	s.must("GET", "/admin/v1/members/"+viewer.ID, "", &got)
	if got.Role != "billing" || s.syncs != 5 {
		t.Errorf("got %+v after %d syncs", got, s.syncs)
	}
	for call, says := range map[string]string{
		`DELETE /admin/v1/members/` + owner.ID + ` `:                                "last owner",
		`POST ` + path + ` {"name":"Eve","role":"root"}`:                            "owner, developer, billing or viewer",
		`POST ` + path + ` {"role":"owner"}`:                                        "a name or an email",
		`POST /admin/v1/keys {"member":"` + viewer.ID + `","scopes":["inference"]}`: "billing, does not allow inference",
		`POST /admin/v1/keys {"member":"` + viewer.ID + `","account":"acct_x"}`:     "acct_x",
		`PATCH /admin/v1/members/` + viewer.ID + ` {"roles":"owner"}`:               "roles",
		`GET /admin/v1/accounts/acct_x/members `:                                    "acct_x",
		`PATCH /admin/v1/members/mem_x {}`:                                          "mem_x",
	} {
		method, rest, _ := strings.Cut(call, " ")
		target, body, _ := strings.Cut(rest, " ")
		if code, text := s.call(method, target, body, "op-boss"); code/100 != 4 || !strings.Contains(text, says) {
			t.Errorf("%s: %d %s", call, code, text)
		}
	}
	for range 2 {
		s.must("DELETE", "/admin/v1/members/"+viewer.ID, "", &got)
		if got.RemovedAt == nil {
			t.Errorf("removed %+v", got)
		}
	}
	var members skytells.List[skytells.Member]
	s.must("GET", path+"?limit=5", "", &members)
	s.must("GET", "/admin/v1/keys/"+key.ID, "", &key)
	if len(members.Data) != 2 || key.RevokedAt == nil {
		t.Errorf("members %+v, key %+v", members, key)
	}
}

func TestRestrictionsAndRotation(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var acct skytells.Account
	s.must("POST", "/admin/v1/accounts", `{"name":"Research","tier":"enterprise"}`, &acct)
	if acct.Tier != "enterprise" || !acct.TierFixed {
		t.Errorf("made %+v", acct)
	}
	s.must("PATCH", "/admin/v1/accounts/"+acct.ID, `{"tier":""}`, &acct)
	if acct.Tier != "1" || acct.TierFixed {
		t.Errorf("changed %+v", acct)
	}
	var key, got skytells.Key
	s.must("POST", "/admin/v1/keys", `{"name":"app","models":["m"],"addresses":["192.0.2.7"],"budget":20}`, &key)
	path := "/admin/v1/keys/" + key.ID
	if key.Budget != "20.00" || key.Addresses[0] != "192.0.2.7/32" || key.Models[0] != "m" {
		t.Errorf("made %+v", key)
	}
	// What is missing stays; null takes the budget away, an empty list a restriction.
	s.must("PATCH", path, `{"models":[]}`, &got)
	if got.Budget != "20.00" || got.Models != nil || len(got.Addresses) != 1 {
		t.Errorf("changed %+v", got)
	}
	got = skytells.Key{}
	s.must("PATCH", path, `{"budget":null}`, &got)
	if got.Budget != "" || len(got.Addresses) != 1 {
		t.Errorf("changed %+v", got)
	}
	s.must("PATCH", path, `{"budget":"0.5"}`, &got)
	if got.Budget != "0.50" {
		t.Errorf("changed %+v", got)
	}
	for body, says := range map[string]string{`{"scopes":[]}`: "scopes", `{"budget":-1}`: "budget", `{"addresses":["x"]}`: "range", `{"budget":[]}`: "amount"} {
		if code, text := s.call("PATCH", path, body, "op-boss"); code != 400 || !strings.Contains(text, says) {
			t.Errorf("%s: %d %s", body, code, text)
		}
	}
	var next skytells.Key
	s.must("POST", path+"/rotate", "", &next)
	got = skytells.Key{}
	s.must("GET", path, "", &got)
	if next.Secret == "" || next.Name != "app" || next.Budget != "0.50" || got.RotatedTo != next.ID || got.ExpiresAt == nil || got.Secret != "" {
		t.Errorf("made %+v in place of %+v", next, got)
	}
	if code, text := s.call("POST", path+"/rotate", `{"overlap":"1h"}`, "op-boss"); code != 409 || !strings.Contains(text, next.ID) {
		t.Errorf("rotated twice: %d %s", code, text)
	}
	if code, text := s.call("POST", "/admin/v1/keys/"+next.ID+"/rotate", `{"overlap":"91d"}`, "op-boss"); code != 400 || !strings.Contains(text, "overlap") {
		t.Errorf("a long overlap: %d %s", code, text)
	}

	var trail, more skytells.List[skytells.AuditEntry]
	s.must("GET", "/admin/v1/audit?subject="+key.ID+"&actor=opr_1&limit=2", "", &trail)
	if len(trail.Data) != 2 || trail.Data[0].Action != "key.rotate" || !strings.Contains(trail.Data[1].Detail, `budget: "" → "0.50"`) {
		t.Errorf("trail %+v", trail)
	}
	s.must("GET", "/admin/v1/audit?subject="+key.ID+"&after="+strconv.FormatInt(trail.Data[1].Seq, 10), "", &more)
	if len(more.Data) != 3 || more.Data[2].Action != "key.create" {
		t.Errorf("further %+v", more)
	}
	for _, query := range []string{"after=x", "after=0", "limit=0"} {
		if code, text := s.call("GET", "/admin/v1/audit?"+query, "", "op-audit"); code != 400 {
			t.Errorf("%s: %d %s", query, code, text)
		}
	}
}
