package cli_test

import (
	"strings"
	"testing"
	"time"

	"skytower/internal/skytells"
)

func TestMembers(t *testing.T) {
	t.Parallel()
	gone := time.Unix(1, 0)
	ada := skytells.Member{ID: "mem_1", Account: "acct_1", Name: "Ada", Email: "ada@example.com", Role: "developer"}
	removed := ada
	removed.RemovedAt = &gone
	f := newFake(t, map[string]any{
		"POST /accounts/acct_1/members": ada, "PATCH /members/mem_1": ada, "DELETE /members/mem_1": removed,
		"GET /accounts/acct_1/members": list(ada, removed),
	})
	for _, c := range []struct{ args, act, sent, says string }{
		{"add acct_1 --name Ada --email ada@example.com --role developer", "POST /accounts/acct_1/members",
			`{"name":"Ada","email":"ada@example.com","role":"developer"}`, "mem_1  Ada  ada@example.com  developer"},
		{"set mem_1 --role viewer", "PATCH /members/mem_1", `{"role":"viewer"}`, "mem_1"},
		{"remove mem_1", "DELETE /members/mem_1", ``, "Removed mem_1 (Ada)"},
		{"list acct_1", "GET /accounts/acct_1/members", ``, "developer  removed"},
	} {
		got := f.run(t, "", append([]string{"members"}, strings.Fields(c.args)...)...)
		came := f.came[c.act]
		if got.code != 0 || len(came) != 1 || came[0] != c.sent || !strings.Contains(got.stdout, c.says) {
			t.Errorf("%s: sent %q, printed %+v", c.args, came, got)
		}
	}
	for args, says := range map[string]string{
		"add acct_1 --name Ada": "--role", "add acct_1 --role owner": "--name", "set mem_1": "--role", "remove": "<member>",
	} {
		if got := f.run(t, "", append([]string{"members"}, strings.Fields(args)...)...); got.code != 2 || !strings.Contains(got.stderr, says) {
			t.Errorf("%s: printed %+v", args, got)
		}
	}
}

func TestTierOfAnAccount(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{"PATCH /accounts/acct_1": skytells.Account{ID: "acct_1", Name: "Research", Tier: "enterprise", TierFixed: true}})
	for i, c := range []struct{ tier, want string }{{"enterprise", `{"tier":"enterprise"}`}, {"auto", `{"tier":""}`}} {
		got := f.run(t, "", "accounts", "set", "acct_1", "--tier", c.tier)
		came := f.came["PATCH /accounts/acct_1"]
		if got.code != 0 || !strings.Contains(got.stdout, "tier enterprise (fixed)") || len(came) != i+1 || came[i] != c.want {
			t.Errorf("%s: sent %s, printed %+v", c.tier, came, got)
		}
	}
}

func TestAuditTrail(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{"GET /audit": list(
		skytells.AuditEntry{Seq: 7, Actor: "opr_1", Action: "key.revoke", Subject: "key_1", Detail: "acct_1"},
		skytells.AuditEntry{Seq: 6, Actor: "system", Action: "key.create", Subject: "key_1"},
	)})
	got := f.run(t, "", "audit", "--subject", "key_1", "--limit", "3")
	lines := strings.Split(got.stdout, "\n")
	if got.code != 0 || len(lines) != 4 || !strings.Contains(lines[1], "opr_1   key.revoke  key_1    acct_1") || !strings.Contains(lines[2], "system") {
		t.Errorf("printed %+v", got)
	}
	if got := f.run(t, "", "audit", "--json", "--limit", "2"); !strings.Contains(got.stdout, `"seq": 7`) {
		t.Errorf("printed %+v", got)
	}
	if got := f.run(t, "", "audit", "--limit", "0"); got.code != 2 || !strings.Contains(got.stderr, "--limit") {
		t.Errorf("printed %+v", got)
	}
}
