package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"skytower/internal/skytells"
)

func TestAccountSettingsAreSent(t *testing.T) {
	t.Parallel()
	acct := skytells.Account{ID: "acct_1", Name: "Research", Retention: "5m", Concurrency: 20}
	f := newFake(t, map[string]any{"PATCH /accounts/acct_1": acct})
	for i, c := range []struct{ args, want string }{
		{"--retention 5m --concurrency 20", `{"retention":"5m","concurrency":20}`},
		{"--retention 0", `{"retention":"0"}`},
		{"--retention default", `{"retention":""}`},
		{"--keep-bodies 7d", `{"keep_bodies":"7d"}`},
		{"--concurrency 0", `{"concurrency":0}`},
		{"--name Lab", `{"name":"Lab"}`},
	} {
		got := f.run(t, "", append([]string{"accounts", "set", "acct_1"}, strings.Fields(c.args)...)...)
		came := f.came["PATCH /accounts/acct_1"]
		if got.code != 0 || !strings.Contains(got.stdout, "retention 5m") || len(came) != i+1 || came[i] != c.want {
			t.Errorf("%s: sent %s, printed %+v", c.args, came, got)
		}
	}
	if got := f.run(t, "", "accounts", "set", "acct_1"); got.code != 2 || !strings.Contains(got.stderr, "--retention") {
		t.Errorf("without a change: %+v", got)
	}
}

func TestWebhookSecretGoesAloneToStandardOutput(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{
		"POST /accounts/acct_1/webhook-secret":   skytells.WebhookSecret{Account: "acct_1", Set: true, Secret: "whsec_new"},
		"DELETE /accounts/acct_1/webhook-secret": skytells.WebhookSecret{Account: "acct_1"},
	})
	got := f.run(t, "", "accounts", "webhook-secret", "acct_1")
	if got.code != 0 || got.stdout != "whsec_new\n" || !strings.Contains(got.stderr, "acct_1") {
		t.Errorf("printed %+v", got)
	}
	got = f.run(t, "", "accounts", "webhook-secret", "acct_1", "--json")
	var shown skytells.WebhookSecret
	if err := json.Unmarshal([]byte(got.stdout), &shown); err != nil || shown.Secret != "whsec_new" || got.stderr != "" {
		t.Errorf("printed %+v (%v)", got, err)
	}
	got = f.run(t, "", "accounts", "webhook-secret", "acct_1", "--remove")
	if got.code != 0 || got.stdout != "acct_1 has no webhook secret.\n" || len(f.came["DELETE /accounts/acct_1/webhook-secret"]) != 1 {
		t.Errorf("printed %+v", got)
	}
	// A secret in the wrong place is not spread further.
	if got := f.run(t, "", "accounts", "webhook-secret", "whsec_0123456789abcdef0123456789"); got.code != 1 || strings.Contains(got.stderr, "whsec_0") {
		t.Errorf("printed %+v", got)
	}
}
