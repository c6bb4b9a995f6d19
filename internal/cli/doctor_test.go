package cli_test

import (
	"context"
	"strings"
	"testing"

	"skytower/internal/cli"
	"skytower/internal/config"
	"skytower/internal/skytells"
)

func TestDoctorTellsWhatToDo(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{"GET /doctor": list(
		skytells.Check{Name: "database", State: "ok", Message: "SQLite answers"},
		skytells.Check{Name: "clock", State: "warn", Message: "2 s off", Advice: "run an NTP client"},
	)})
	got := f.run(t, "", "doctor")
	if got.code != 0 || !strings.Contains(got.stdout, "✓ database  SQLite answers\n! clock     2 s off\n            → run an NTP client\n") ||
		!strings.Contains(got.stdout, "1 well, 1 to look at, 0 that fail") {
		t.Errorf("printed %+v", got)
	}
	f.answers["GET /doctor"] = list(skytells.Check{Name: "redis", State: "fail", Message: "refused"})
	if got = f.run(t, "", "doctor"); got.code != 1 || !strings.Contains(got.stdout, "✗ redis") {
		t.Errorf("a failure: %+v", got)
	}
	if got = f.run(t, "", "doctor", "--json"); got.code != 1 || !strings.Contains(got.stdout, `"state": "fail"`) {
		t.Errorf("as JSON: %+v", got)
	}
}

func TestDoctorLooksHereWithoutAServer(t *testing.T) {
	t.Parallel()
	var stdout, stderr strings.Builder
	diagnose := func(_ context.Context, cfg *config.Config, tag string) []skytells.Check {
		return []skytells.Check{{Name: tag, State: "ok", Message: cfg.Data}}
	}
	env := map[string]string{"SKYTOWER_URL": "http://127.0.0.1:1", "SKYTOWER_OPERATOR_KEY": operatorKey}
	code := cli.Run(context.Background(), []string{"doctor", "--data", "here"}, cli.Options{
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Getenv: func(name string) string { return env[name] },
		Diagnose: cli.Diagnosis(diagnose, "folder"),
	})
	if code != 0 || !strings.Contains(stdout.String(), "folder  here") || !strings.Contains(stderr.String(), "No server answers") {
		t.Errorf("%d, %s, %s", code, stdout.String(), stderr.String())
	}
	env["SKYTOWER_URL"] = "https://192.0.2.1"
	env["SKYTOWER_OPERATOR_KEY"] = ""
	if code = cli.Run(context.Background(), []string{"doctor"}, cli.Options{
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Getenv: func(name string) string { return env[name] },
		Diagnose: cli.Diagnosis(diagnose, "folder"),
	}); code != 2 {
		t.Errorf("another machine: exit code %d", code)
	}
}
