package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"skytower/internal/skytells"
)

func TestCreditsGrant(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{"POST /accounts/acct_1/credit": skytells.Transfer{ID: "grant/1", Kind: "grant", Amount: "10.50", Reason: "Welcome"}})
	r := f.run(t, "", "credits", "grant", "acct_1", "10.5", "--reason", "Welcome", "--expires", "2030-01-31", "--reference", "w1")
	if r.code != 0 || !strings.Contains(r.stdout, "$10.50") {
		t.Fatalf("%+v", r)
	}
	want := `{"amount":10.5,"kind":"sponsored","expires_at":"2030-01-31T00:00:00Z","reason":"Welcome","reference":"w1"}`
	if got := f.came["POST /accounts/acct_1/credit"]; len(got) != 1 || strings.TrimSpace(got[0]) != want {
		t.Errorf("sent %s, want %s", got, want)
	}
	for _, args := range [][]string{
		{"credits", "grant", "acct_1", "ten", "--reason", "x"},
		{"credits", "grant", "acct_1", "1e3", "--reason", "x"},
		{"credits", "grant", "acct_1", "10"},
		{"credits", "terms", "acct_1"},
		{"limits", "set", "--account", "acct_1"},
	} {
		if r := f.run(t, "", args...); r.code != 2 || r.stderr == "" {
			t.Errorf("%v: %+v", args, r)
		}
	}
	if n := len(f.came); n != 1 {
		t.Errorf("wrong use reached the server: %v", f.came)
	}
}

func TestCreditsTake(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{"POST /accounts/acct_1/credit": skytells.Transfer{ID: "adjustment/1", Kind: "adjustment", Amount: "-3.00"}})
	if r := f.run(t, "", "credits", "take", "acct_1", "3", "--reason", "Mistake"); r.code != 0 || !strings.Contains(r.stdout, "-$3.00") {
		t.Errorf("%+v", r)
	}
	if got := f.came["POST /accounts/acct_1/credit"][0]; !strings.Contains(got, `"amount":-3,"kind":"deposited"`) {
		t.Errorf("sent %s", got)
	}
}

func TestLedgerVerifySaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{"GET /ledger/verify": skytells.Verification{
		Checked: map[string]int64{"buckets": 3}, Problems: []string{"bucket acct_1:payg has 5 and its postings sum to 4"},
	}})
	if r := f.run(t, "", "ledger", "verify"); r.code != 1 || !strings.Contains(r.stdout, "postings sum to 4") {
		t.Errorf("%+v", r)
	}
	f = newFake(t, map[string]any{"GET /ledger/verify": skytells.Verification{Clean: true, Checked: map[string]int64{"buckets": 3}}})
	if r := f.run(t, "", "ledger", "verify"); r.code != 0 || !strings.Contains(r.stdout, "clean") {
		t.Errorf("%+v", r)
	}
}

func TestLedgerStatement(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{"GET /accounts/acct_1/statement": skytells.Statement{
		Account: "acct_1", Name: "Research", Month: "2026-11", Opening: "5.00", Closing: "3.00",
		ByModel: []skytells.UsageRow{{Model: "m", Requests: 7, Amount: "2.00"}},
	}})
	r := f.run(t, "", "ledger", "statement", "--account", "acct_1", "--month", "2026-11")
	for _, want := range []string{"Research", "$5.00", "m (7 requests)", "-$2.00", "$3.00"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("%q is not in\n%s", want, r.stdout)
		}
	}
	path := filepath.Join(t.TempDir(), "s.html")
	if r := f.run(t, "", "ledger", "statement", "--account", "acct_1", "--format", "html", "-o", path); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	if content, err := os.ReadFile(path); err != nil || !strings.Contains(string(content), "Research") {
		t.Errorf("%q, %v", content, err)
	}
}

func TestUsageAndLimits(t *testing.T) {
	t.Parallel()
	n := int64(60)
	f := newFake(t, map[string]any{
		"GET /usage":  skytells.Usage{Data: []skytells.UsageRow{{Day: "2026-11-25", Model: "m", Requests: 2, Amount: "0.10", Cost: "0.04"}}, Total: skytells.UsageRow{Requests: 2, Amount: "0.10", Cost: "0.04"}},
		"PUT /limits": skytells.LimitRule{ID: "lim_1", Account: "acct_1", Model: "*", Requests: &n},
	})
	if r := f.run(t, "", "usage", "--by", "day,model"); r.code != 0 || !strings.Contains(r.stdout, "$0.04") || !strings.Contains(r.stdout, "total") {
		t.Errorf("%+v", r)
	}
	if r := f.run(t, "", "limits", "set", "--account", "acct_1", "--model", "*", "--requests", "60"); r.code != 0 || !strings.Contains(r.stdout, "lim_1") {
		t.Errorf("%+v", r)
	}
	if got := f.came["PUT /limits"][0]; !strings.Contains(got, `"model":"*","requests":60`) {
		t.Errorf("sent %s", got)
	}
}
