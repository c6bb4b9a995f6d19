package app_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"skytower/internal/config"
	"skytower/internal/maintain"
	"skytower/internal/skytells"
	"skytower/internal/store/storetest"
)

// pair starts two servers on one PostgreSQL, as two machines would be.
func pair(t *testing.T) (one, two *server) {
	t.Helper()
	flags := map[string]string{"database": storetest.Postgres(t)}
	env := []string{"SKYTOWER_MASTER_KEY=" + base64.StdEncoding.EncodeToString([]byte("thirty-two bytes of a master key"))}
	cfg, err := config.Load(config.Sources{Flags: flags, Env: env})
	if err != nil {
		t.Fatal(err)
	}
	var printed strings.Builder
	if err := maintain.Init(t.Context(), cfg, &printed); err != nil {
		t.Fatal(err)
	}
	key, op := regexp.MustCompile(`sk-\w+`).FindString(printed.String()), regexp.MustCompile(`op-\w+`).FindString(printed.String())
	for _, s := range []**server{&one, &two} {
		*s = start(t, options{flags: flags, env: env})
		(*s).key, (*s).op = key, op
		if out := (*s).out.String(); strings.Contains(out, "sk-") || strings.Contains(out, "op-") {
			t.Errorf("a server on PostgreSQL prints %q", out)
		}
	}
	return one, two
}

// status asks for the models with the key.
func (s *server) statusOf(key string) (int, string) {
	s.t.Helper()
	r := s.do(s.request(http.MethodGet, "/v1/models", "", "X-Api-Key", key))
	return r.status, r.body
}

// within asks again and again until the answer is as wanted. The limit of two
// seconds is the contract of a revocation (issue: "takes effect in every process
// within 2 s"); some more is allowed for a busy machine.
func (s *server) within(what, key string, want func(status int, body string) bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	began := time.Now()
	for {
		status, body := s.statusOf(key)
		if want(status, body) {
			s.t.Logf("%s: after %v", what, time.Since(began).Round(time.Millisecond))
			return
		}
		select {
		case <-ctx.Done():
			s.t.Fatalf("%s: still %d %s", what, status, body)
		case <-again.C:
		}
	}
}

func TestKeysInTwoProcesses(t *testing.T) {
	t.Parallel()
	one, two := pair(t)
	admin := one.admin()

	made, err := admin.CreateKey(t.Context(), skytells.KeyRequest{Name: "fresh"})
	if err != nil {
		t.Fatal(err)
	}
	// At once: the first question of the other process asks the database.
	if status, body := two.statusOf(made.Secret); status != 200 {
		t.Fatalf("a new key in the other process: %d %s", status, body)
	}
	if status, _ := one.statusOf(made.Secret); status != 200 {
		t.Errorf("a new key in its own process: %d", status)
	}

	if _, err := admin.RevokeKey(t.Context(), made.ID); err != nil {
		t.Fatal(err)
	}
	if status, _ := one.statusOf(made.Secret); status != 401 {
		t.Errorf("a revoked key in its own process: %d", status)
	}
	two.within("a revocation in the other process", made.Secret, func(status int, body string) bool {
		return status == 401 && strings.Contains(body, "UNAUTHORIZED")
	})

	account := one.onlyAccount()
	if _, err := two.admin().SuspendAccount(t.Context(), account, "unpaid"); err != nil {
		t.Fatal(err)
	}
	suspended := func(status int, body string) bool {
		return status == 401 && strings.Contains(body, `"ACCOUNT_SUSPENDED"`)
	}
	one.within("a suspension", one.key, suspended)
	if r := one.post(chatPath, `{"model":"deepbrain-router","messages":[]}`); inferenceError(t, "suspended", r).ErrorID != "ACCOUNT_SUSPENDED" || r.status != 401 {
		t.Errorf("got %d %s", r.status, r.body)
	}
	if _, err := one.admin().ResumeAccount(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	two.within("a resumption", two.key, func(status int, _ string) bool { return status == 200 })
}

func TestModelsInTwoProcesses(t *testing.T) {
	t.Parallel()
	one, two := pair(t)
	up := one.withUpstream()
	up.On(chatPath, jsonScript(chatAnswer))
	// The credential was sealed by one process and is opened by the other.
	two.within("a model in the other process", two.key, func(_ int, body string) bool { return strings.Contains(body, `"`+chatModel+`"`) })
	if r := two.post(chatPath, chatBody); r.status != 200 || up.Last().Header.Get("Authorization") != "Bearer "+upKey {
		t.Errorf("got %d %s", r.status, r.body)
	}
}

func TestKeysAreListedMasked(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	made, err := s.admin().CreateKey(t.Context(), skytells.KeyRequest{Name: "laptop", Scopes: []string{"models:read"}})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := s.admin().Keys(t.Context(), "")
	if err != nil || len(keys) != 2 {
		t.Fatalf("got %v, %v", keys, err)
	}
	for _, k := range keys {
		if k.Secret != "" || !strings.HasPrefix(k.Masked, "sk-") || strings.Contains(k.Masked, made.Secret) {
			t.Errorf("got %+v", k)
		}
	}
	if status, body := s.statusOf(made.Secret); status != 200 {
		t.Errorf("got %d %s", status, body)
	}
	s.key = made.Secret
	if r := s.post(embedPath, embedBody); inferenceError(t, "scope", r).ErrorID != "FORBIDDEN" {
		t.Errorf("got %s", r.body)
	}
	if _, err := s.admin().RevokeKey(t.Context(), made.ID); err != nil {
		t.Fatal(err)
	}
	if status, _ := s.statusOf(made.Secret); status != 401 {
		t.Errorf("a revoked key gives %d", status)
	}
}
