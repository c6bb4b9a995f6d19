package app_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"skytower/internal/app"
	"skytower/internal/config"
	"skytower/internal/jobs/jobstest"
	"skytower/internal/limit/limittest"
	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

// checkOf is the check of a name.
func checkOf(t *testing.T, checks []skytells.Check, name string) skytells.Check {
	t.Helper()
	for _, c := range checks {
		if c.Name == name {
			if c.State != skytells.CheckOK && c.Advice == "" {
				t.Errorf("no advice in %+v", c)
			}
			return c
		}
	}
	t.Fatalf("no check %q in %+v", name, checks)
	return skytells.Check{}
}

func allFine(t *testing.T, checks []skytells.Check) {
	t.Helper()
	for _, c := range checks {
		slow := c.State == skytells.CheckWarn && c.Name == "database" && strings.Contains(c.Message, "answers a small question only after")
		if slow { // it is told, and no fault of the server
			continue
		}
		if c.State != skytells.CheckOK || c.Message == "" {
			t.Errorf("%+v", c)
		}
	}
}

// A running server finds itself well, and says of each upstream what is wrong with it.
func TestDoctorOfARunningServer(t *testing.T) {
	t.Parallel()
	s := start(t, options{flags: map[string]string{"redis": ""}})
	checks, err := s.admin().Doctor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	allFine(t, checks)
	up := providertest.NewUpstream(t, providertest.HTTP1)
	up.On("/v1/models", jsonScript(`{"data":[{"id":"llama-3"}]}`))
	up.On("/locked/models", func(x *providertest.Exchange) {
		x.Head(401, "Content-Type", "application/json")
		x.Say(`{"error":{"message":"Incorrect API key provided: hunter2hunter2"}}`)
	})
	for name, p := range map[string]skytells.ProviderSpec{
		"well":    {BaseURL: up.URL.JoinPath("v1").String()},
		"locked":  {BaseURL: up.URL.JoinPath("locked").String(), Credential: "hunter2hunter2"},
		"gone":    {BaseURL: "http://127.0.0.1:1/v1"},
		"keyless": {BaseURL: up.URL.JoinPath("v1").String(), Credential: "env:NO_SUCH_VARIABLE_ANYWHERE"},
	} {
		p.Name, p.Kind = name, "openai"
		if _, err := s.admin().PutProvider(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.admin().PutModel(t.Context(), skytells.ModelSpec{Slug: "m", Type: "text", API: "chat", Free: true,
		Targets: []skytells.TargetSpec{{Provider: "well", Model: "llama-4"}}}); err != nil {
		t.Fatal(err)
	}
	if checks, err = s.admin().Doctor(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]string{
		"provider well": {"warn", "llama-4"}, "provider locked": {"fail", "401"}, "provider gone": {"fail", "refused"},
		"provider keyless": {"fail", "NO_SUCH_VARIABLE_ANYWHERE"}, "master key": {"ok", "all 1 sealed"},
	} {
		c := checkOf(t, checks, name)
		if c.State != want[0] || !strings.Contains(c.Message, want[1]) || strings.Contains(c.Message+c.Advice, "hunter2hunter2") {
			t.Errorf("%+v", c)
		}
	}
}

// settings loads a configuration on a folder.
func settings(t *testing.T, flags map[string]string, env ...string) *config.Config {
	t.Helper()
	cfg, err := config.Load(config.Sources{Flags: flags, Env: env})
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func diagnose(t *testing.T, cfg *config.Config) []skytells.Check {
	t.Helper()
	return app.Diagnose(t.Context(), cfg, app.Options{Stdout: io.Discard, Stderr: io.Discard, Version: "test"})
}

// Before the first start nothing is wrong, and nothing is made.
func TestDoctorBeforeTheFirstStart(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	checks := diagnose(t, settings(t, map[string]string{"data": data}))
	allFine(t, checks)
	if c := checkOf(t, checks, "database"); !strings.Contains(c.Message, "first start") {
		t.Errorf("%+v", c)
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("the data folder was made")
	}
}

// Beside a running server, whose folder is locked, and after its stop.
func TestDoctorBesideAServer(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	cfg := settings(t, map[string]string{"data": s.data})
	allFine(t, diagnose(t, cfg))
	s.stop()
	allFine(t, diagnose(t, cfg))
	// What a restore without the master key's file meets.
	again := start(t, options{data: s.data})
	if _, err := again.admin().PutProvider(t.Context(), skytells.ProviderSpec{Name: "up", Kind: "openai", BaseURL: "http://127.0.0.1:1/v1", Credential: "a-secret"}); err != nil {
		t.Fatal(err)
	}
	again.stop()
	if err := os.Remove(filepath.Join(s.data, "master.key")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(s.data, "operator.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	checks := diagnose(t, cfg)
	if c := checkOf(t, checks, "master key"); c.State != "fail" || !strings.Contains(c.Message, "1 of 1") {
		t.Errorf("%+v", c)
	}
	if c := checkOf(t, checks, "secret files"); c.State != "warn" || !strings.Contains(c.Message, "operator.key") {
		t.Errorf("%+v", c)
	}
	if _, err := os.Stat(filepath.Join(s.data, "master.key")); err == nil {
		t.Error("a new master key was made")
	}
}

func TestDoctorOnPostgres(t *testing.T) {
	t.Parallel()
	redis := limittest.StartRedis(t)
	env := []string{"SKYTOWER_DATABASE=" + jobstest.Postgres(t), "SKYTOWER_REDIS=" + redis, "SKYTOWER_MASTER_KEY=" + masterKeyText()}
	data := t.TempDir()
	checks := diagnose(t, settings(t, map[string]string{"data": data, "blob": t.TempDir()}, env...))
	allFine(t, checks)
	if c := checkOf(t, checks, "clock"); !strings.Contains(c.Message, "the database's") {
		t.Errorf("%+v", c)
	}
	checkOf(t, checks, "redis")
	// Nothing answers.
	env = []string{"SKYTOWER_DATABASE=postgres://u:hunter2@127.0.0.1:1/x", "SKYTOWER_REDIS=redis://u:hunter2@127.0.0.1:1/0", "SKYTOWER_MASTER_KEY=" + masterKeyText()}
	checks = diagnose(t, settings(t, map[string]string{"data": data, "blob": filepath.Join(data, "none")}, env...))
	for _, name := range []string{"database", "redis"} {
		if c := checkOf(t, checks, name); c.State != "fail" || strings.Contains(c.Message+c.Advice, "hunter2") {
			t.Errorf("%+v", c)
		}
	}
}

// A check that hangs does not hold up the others.
func TestDoctorIsForOperators(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	if r := s.call(http.MethodGet, "/admin/v1/doctor", ""); r.status != 401 {
		t.Errorf("an account's key: %d", r.status)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.admin().Doctor(ctx); err == nil {
		t.Error("no error")
	}
}
