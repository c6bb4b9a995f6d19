package deploy

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestUnits(t *testing.T) {
	t.Parallel()
	for name, instance := range map[string]string{"skytower.service": "", "skytower@.service": "worker"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := read(t, "systemd/"+name)
			folder := t.TempDir()
			path := filepath.Join(folder, strings.Replace(name, "@", "@"+instance, 1))
			if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "/usr/local/bin/skytower", shared.program)), 0o600); err != nil {
				t.Fatal(err)
			}
			if out := command(t, nil, "systemd-analyze", "verify", "--man=no", path); strings.Contains(out, filepath.Base(path)) {
				t.Errorf("systemd says:\n%s", out)
			}
			// From 0 to 100: how much of the machine a broken service could reach.
			command(t, nil, "systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=25", path)
			checkUnit(t, strings.ReplaceAll(text, "%i", instance))
		})
	}
}

// checkUnit asks the program whether it would start so.
func checkUnit(t *testing.T, text string) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "skytower.yaml")
	if err := os.WriteFile(config, []byte("log_level: warn\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"SKYTOWER_DATABASE=postgres://u:p@db/skytower", "SKYTOWER_MASTER_KEY=" + masterKey, "SKYTOWER_BLOB=s3://files?region=eu-central-1"}
	for pair := range strings.FieldsSeq(value(t, text, "Environment")) {
		env = append(env, strings.Replace(pair, "/etc/skytower/skytower.yaml", config, 1))
	}
	start := strings.Fields(value(t, text, "ExecStart"))
	if start[0] != "/usr/local/bin/skytower" || start[1] != "serve" {
		t.Fatalf("it starts %q", start)
	}
	all := settings(t, env, start[2:]...)
	if data := setting(t, all, "data"); data != "/var/lib/"+value(t, text, "StateDirectory") {
		t.Errorf("the data folder %s is not the one that systemd makes", data)
	}
	stop, err := time.ParseDuration(value(t, text, "TimeoutStopSec") + "s")
	if err != nil || stop <= shutdown(t, all) {
		t.Errorf("it has %v to end, and may need %v (%v)", stop, shutdown(t, all), err)
	}
	if mode := value(t, text, "KillMode"); mode != "mixed" {
		t.Errorf("KillMode=%s asks the programs of commands to end before their runs", mode)
	}
}

func value(t *testing.T, text, key string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + key + `=(.*)$`).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("the unit has no %s", key)
	}
	return m[1]
}
