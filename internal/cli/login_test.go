package cli_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"skytower/internal/skytells"
)

// newTower answers a few routes to those who have the right key, and others with 401.
func newTower(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers := map[string]any{
			"/v1/models": []skytells.Model{{Namespace: "echo", Type: "text", Status: "operational", Billable: true, Pricing: &skytells.Pricing{Input: "0.5", Output: "1.25"}},
				{Namespace: "paint", Type: "image"}},
			"/v1/balance": skytells.Balance{Account: "acct_1", Balance: "5"}, "/v1/usage": skytells.Usage{Account: "acct_1"},
			"/admin/v1/settings": skytells.Settings{}, "/admin/v1/models": list(skytells.ModelSpec{Slug: "hidden"}),
			"/admin/v1/accounts/acct_2/balance": skytells.Balance{Account: "acct_2"},
		}
		allowed := r.Header.Get("X-Api-Key") == apiKey && strings.HasPrefix(r.URL.Path, "/v1/") || r.Header.Get("Authorization") == "Bearer "+operatorKey
		answer, ok := answers[r.URL.Path]
		if !allowed || !ok {
			w.WriteHeader(http.StatusUnauthorized)
			answer = skytells.ErrorEnvelope{Error: skytells.RESTError{Message: "no", ErrorID: "UNAUTHORIZED"}}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestLoginKeepsAKeyThatWorks(t *testing.T) {
	t.Parallel()
	url, home := newTower(t), t.TempDir()
	env := map[string]string{"HOME": home}
	for text, code := range map[string]int{"sk-wrong": 1, "hunter2": 2, "": 2} {
		if got := run(t, env, text, "login", url); got.code != code || strings.Contains(got.stderr, "hunter2") {
			t.Errorf("%q: %+v", text, got)
		}
	}
	path := filepath.Join(home, ".config", "skytower", "credentials.json")
	if _, err := os.Stat(path); err == nil {
		t.Error("a key that is none was kept")
	}
	got := run(t, env, apiKey+"\n", "login", strings.TrimPrefix(url, "http://")+"/v1")
	if got.code != 0 || strings.Contains(got.stdout, apiKey) || !strings.Contains(got.stdout, url) {
		t.Fatalf("login: %+v", got)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the file: %v, %v", info, err)
	}
	got = run(t, env, "", "models", "list")
	if got.code != 0 || !strings.Contains(got.stdout, "$0.5 in, $1.25 out") || strings.Contains(got.stdout, "hidden") {
		t.Errorf("models with the kept key: %+v", got)
	}
	if got = run(t, env, "", "credits", "balance"); got.code != 0 || !strings.Contains(got.stdout, "acct_1") {
		t.Errorf("the balance with the kept key: %+v", got)
	}
	if got = run(t, env, "", "whoami"); got.code != 0 || !strings.Contains(got.stdout, "acct_1") || strings.Contains(got.stdout, apiKey) {
		t.Errorf("whoami: %+v", got)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if got = run(t, env, "", "models", "list"); got.code != 2 || !strings.Contains(got.stderr, "chmod 600") {
		t.Errorf("a file that others can read: %+v", got)
	}
}

func TestWhereKeysComeFrom(t *testing.T) {
	t.Parallel()
	url, home := newTower(t), t.TempDir()
	env := map[string]string{"XDG_CONFIG_HOME": home}
	for _, key := range []string{apiKey, operatorKey} {
		if got := run(t, env, key, "login", url, "--json"); got.code != 0 {
			t.Fatalf("login: %+v", got)
		}
	}
	// With an operator key models are shown as operators see them, unless --key asks otherwise.
	if got := run(t, env, "", "models", "list", "--all"); !strings.Contains(got.stdout, "hidden") {
		t.Errorf("models of operators: %+v", got)
	}
	if got := run(t, env, "", "models", "list", "--key", apiKey); !strings.Contains(got.stdout, "paint") {
		t.Errorf("models of the key: %+v", got)
	}
	if got := run(t, env, "", "credits", "balance", "acct_2"); !strings.Contains(got.stdout, "acct_2") {
		t.Errorf("balance of another: %+v", got)
	}
	// Flags go before the environment, and that before what is kept.
	wrong := map[string]string{"XDG_CONFIG_HOME": home, "SKYTOWER_API_KEY": "sk-wrong", "SKYTOWER_OPERATOR_KEY": "op-wrong"}
	if got := run(t, wrong, "", "credits", "balance"); got.code != 1 || !strings.Contains(got.stderr, "SKYTOWER_API_KEY") {
		t.Errorf("the environment's key: %+v", got)
	}
	if got := run(t, wrong, "", "credits", "balance", "--key", apiKey); got.code != 0 {
		t.Errorf("the flag's key: %+v", got)
	}
	if got := run(t, wrong, "", "settings"); got.code != 1 {
		t.Errorf("the environment's operator key: %+v", got)
	}
	// A kept key goes to its own server alone.
	if got := run(t, env, "", "settings", "--url", "https://192.0.2.1"); got.code != 2 || !strings.Contains(got.stderr, "skytower login") {
		t.Errorf("another server: %+v", got)
	}
	if got := run(t, env, "", "logout"); got.code != 0 {
		t.Errorf("logout: %+v", got)
	}
	if got := run(t, env, "", "models", "list", "--url", url); got.code != 2 {
		t.Errorf("after the logout: %+v", got)
	}
}

func TestServersCanBeChanged(t *testing.T) {
	t.Parallel()
	one, two := newTower(t), newTower(t)
	env := map[string]string{"HOME": t.TempDir()}
	for _, url := range []string{one, two} {
		run(t, env, apiKey, "login", url)
	}
	if got := run(t, env, "", "open", "-p", "keys"); got.stdout != two+"/keys\n" {
		t.Errorf("the last login: %+v", got)
	}
	if got := run(t, env, "", "login", "--use", one); got.code != 0 {
		t.Errorf("use: %+v", got)
	}
	if got := run(t, env, "", "open", "-p"); got.stdout != one+"/\n" {
		t.Errorf("after use: %+v", got)
	}
	if got := run(t, env, "", "login", "--use", one+"0"); got.code != 2 || !strings.Contains(got.stderr, "did you mean") {
		t.Errorf("use of an unknown one: %+v", got)
	}
	if got := run(t, env, "", "logout"); !strings.Contains(got.stdout, "talk to "+two) {
		t.Errorf("logout: %+v", got)
	}
}
