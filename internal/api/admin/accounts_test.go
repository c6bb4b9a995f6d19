package admin_test

import (
	"strings"
	"testing"

	"skytower/internal/skytells"
)

func TestSettingsOfAnAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var made, changed, got skytells.Account
	s.must("POST", "/admin/v1/accounts", `{"name":"Research","retention":"30d"}`, &made)
	if made.Retention != "720h" || made.Concurrency != 0 || made.WebhookSecret {
		t.Errorf("made %+v", made)
	}
	s.must("PATCH", "/admin/v1/accounts/"+made.ID, `{"retention":"5m","concurrency":20}`, &changed)
	s.must("GET", "/admin/v1/accounts/"+made.ID, "", &got)
	if got.Retention != "5m" || got.Concurrency != 20 || got.Name != "Research" || changed.Retention != got.Retention || s.syncs != 2 {
		t.Errorf("changed %+v, got %+v, %d syncs", changed, got, s.syncs)
	}
	// An empty text is the server's default; what is left out stays.
	s.must("PATCH", "/admin/v1/accounts/"+made.ID, `{"retention":""}`, &changed)
	if changed.Retention != "" || changed.Concurrency != 20 {
		t.Errorf("changed %+v", changed)
	}
	for body, says := range map[string]string{
		`{"retention":"soon"}`: "'retention' must be a duration", `{"concurrency":-1}`: "'concurrency' must be",
		`{"retention":5}`: "retention", `{"reason":"unpaid"}`: "suspension",
	} {
		if code, text := s.call("PATCH", "/admin/v1/accounts/"+made.ID, body, "op-boss"); code != 400 || !strings.Contains(text, says) {
			t.Errorf("%s: %d %s", body, code, text)
		}
	}
	if code, text := s.call("PATCH", "/admin/v1/accounts/acct_x", `{}`, "op-boss"); code != 404 {
		t.Errorf("nobody: %d %s", code, text)
	}
}

func TestWebhookSecretOfAnAccount(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var acct, got skytells.Account
	s.must("POST", "/admin/v1/accounts", `{"name":"Research"}`, &acct)
	path := "/admin/v1/accounts/" + acct.ID + "/webhook-secret"
	var first, second, removed skytells.WebhookSecret
	s.must("POST", path, "", &first)
	s.must("POST", path, "{}", &second)
	if !strings.HasPrefix(first.Secret, "whsec_") || first.Secret == second.Secret || !second.Set || second.Account != acct.ID {
		t.Errorf("made %+v, then %+v", first, second)
	}
	s.must("GET", "/admin/v1/accounts/"+acct.ID, "", &got)
	if !got.WebhookSecret {
		t.Errorf("the account is %+v", got)
	}
	if _, text := s.call("GET", "/admin/v1/accounts", "", "op-audit"); strings.Contains(text, "whsec_") {
		t.Errorf("the secret is shown again: %s", text)
	}
	for range 2 {
		s.must("DELETE", path, "", &removed)
		if removed.Set || removed.Secret != "" {
			t.Errorf("removed %+v", removed)
		}
	}
	if code, text := s.call("POST", "/admin/v1/accounts/acct_x/webhook-secret", "", "op-boss"); code != 404 {
		t.Errorf("nobody: %d %s", code, text)
	}
}
