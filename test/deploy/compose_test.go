package deploy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// project reads a Compose file as Compose does.
func project(t *testing.T, name string, env types.Mapping) *types.Project {
	t.Helper()
	folder, err := filepath.Abs(files)
	if err != nil {
		t.Fatal(err)
	}
	p, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir: folder, Environment: env,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(folder, name)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func installation() types.Mapping {
	return types.Mapping{"SKYTOWER_PUBLIC_URL": "https://ai.example.com", "SKYTOWER_HOST": "ai.example.com"}
}

func TestComposeFiles(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"compose.yaml", "compose.fleet.yaml"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := project(t, name, installation())
			for _, s := range p.Services {
				checkService(t, s)
				if strings.HasPrefix(s.Image, "skytower:") {
					checkSkytower(t, p, s)
				}
			}
		})
	}
}

// checkService is what every container keeps to.
func checkService(t *testing.T, s types.ServiceConfig) {
	t.Helper()
	if floating(s.Image) {
		t.Errorf("%s: the image %s has no version", s.Name, s.Image)
	}
	if s.Privileged {
		t.Errorf("%s is privileged", s.Name)
	}
	if s.Deploy == nil || s.Deploy.Resources.Limits == nil || s.Deploy.Resources.Limits.MemoryBytes == 0 {
		t.Errorf("%s has no limit of memory", s.Name)
	}
	if once := s.Restart == ""; once && s.Name != "buckets" {
		t.Errorf("%s does not start again", s.Name)
	} else if !once && s.HealthCheck == nil && !strings.HasPrefix(s.Image, "skytower:") {
		t.Errorf("%s has no health check", s.Name)
	}
	for name, value := range s.Environment {
		if value != nil && *value != "" && secretName(name) {
			t.Errorf("%s: the secret %s stands in the file", s.Name, name)
		}
	}
}

func secretName(name string) bool {
	for _, word := range []string{"PASSWORD", "SECRET", "MASTER_KEY", "ACCESS_KEY"} {
		if strings.Contains(name, word) && !strings.HasSuffix(name, "_FILE") {
			return true
		}
	}
	return false
}

// checkSkytower asks the program whether it would start so, with the secrets that
// make-secrets.sh makes.
func checkSkytower(t *testing.T, p *types.Project, s types.ServiceConfig) {
	t.Helper()
	secrets := madeSecrets(t)
	env := []string{"SKYTOWER_DATA=/var/lib/skytower", "SKYTOWER_LISTEN=0.0.0.0:8080"} // as the image has them
	for name, value := range s.Environment {
		if value != nil {
			env = append(env, name+"="+strings.ReplaceAll(*value, "/run/secrets/", secrets+"/"))
		}
	}
	var flags []string
	if len(s.Command) > 0 {
		if s.Command[0] != "serve" {
			t.Fatalf("%s: the command is %q", s.Name, s.Command)
		}
		flags = s.Command[1:]
	}
	all := settings(t, env, flags...)
	if s.StopGracePeriod == nil || time.Duration(*s.StopGracePeriod) <= shutdown(t, all) {
		t.Errorf("%s: it has %v to end, and may need %v", s.Name, s.StopGracePeriod, shutdown(t, all))
	}
	if !s.ReadOnly || len(s.CapDrop) != 1 || s.CapDrop[0] != "ALL" || s.Ulimits["nofile"] == nil {
		t.Errorf("%s: read-only %v, capabilities dropped %q, ulimits %v", s.Name, s.ReadOnly, s.CapDrop, s.Ulimits)
	}
	checkVolume(t, p, s)
	if role := setting(t, all, "role"); role != "all" && (!strings.HasPrefix(setting(t, all, "database"), "postgres://") || !strings.HasPrefix(setting(t, all, "blob"), "s3://")) {
		t.Errorf("%s: a %s without PostgreSQL or storage", s.Name, role)
	}
}

// shutdown is the longest that the end of a server takes: to drain, to let requests end,
// and 15 seconds to write what they owe.
func shutdown(t *testing.T, all string) time.Duration {
	t.Helper()
	sum := 15 * time.Second
	for _, key := range []string{"drain_delay", "shutdown_grace"} {
		d, err := time.ParseDuration(setting(t, all, key))
		if err != nil {
			t.Fatal(err)
		}
		sum += d
	}
	return sum
}

// checkVolume: charges wait in the data folder, so it outlives the container and is nobody
// else's.
func checkVolume(t *testing.T, p *types.Project, s types.ServiceConfig) {
	t.Helper()
	for _, v := range s.Volumes {
		if v.Target != "/var/lib/skytower" {
			continue
		}
		for _, other := range p.Services {
			for _, o := range other.Volumes {
				if other.Name != s.Name && o.Source == v.Source {
					t.Errorf("%s and %s share the volume %s", s.Name, other.Name, v.Source)
				}
			}
		}
		return
	}
	t.Errorf("%s has no volume for its data", s.Name)
}

// madeSecrets are what the script makes; a second run changes nothing.
func madeSecrets(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "secrets")
	command(t, nil, "sh", files+"/make-secrets.sh", folder)
	before := contents(t, folder)
	command(t, nil, "sh", files+"/make-secrets.sh", folder)
	if after := contents(t, folder); after != before {
		t.Errorf("a second run changed the secrets")
	}
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("others may enter the folder of the secrets: %v, %v", info.Mode(), err)
	}
	return folder
}

func contents(t *testing.T, folder string) string {
	t.Helper()
	names, err := filepath.Glob(folder + "/*")
	if err != nil || len(names) == 0 {
		t.Fatalf("no files in %s: %v", folder, err)
	}
	var all strings.Builder
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(name + "\n" + string(text))
	}
	return all.String()
}

// The secrets of the file are those that the script makes.
func TestComposeSecretsAreMade(t *testing.T) {
	t.Parallel()
	folder := madeSecrets(t)
	for name, s := range project(t, "compose.fleet.yaml", installation()).Secrets {
		if _, err := os.Stat(filepath.Join(folder, filepath.Base(s.File))); err != nil {
			t.Errorf("the secret %s: %v", name, err)
		}
	}
}

// Two servers, a worker, and a Redis that throws no limits away.
func TestFleetOfCompose(t *testing.T) {
	t.Parallel()
	p := project(t, "compose.fleet.yaml", installation())
	roles := map[string]int{}
	for _, s := range p.Services {
		if strings.HasPrefix(s.Image, "skytower:") {
			roles[s.Command[len(s.Command)-1]]++
		}
	}
	if roles["api"] != 2 || roles["worker"] != 1 {
		t.Errorf("the roles are %v", roles)
	}
	if redis := strings.Join(p.Services["valkey"].Command, " "); !strings.Contains(redis, "--maxmemory-policy noeviction") {
		t.Errorf("Valkey is started as %s", redis)
	}
	upstreams := *p.Services["caddy"].Environment["SKYTOWER_UPSTREAMS"]
	for _, upstream := range strings.Fields(upstreams) {
		name, port, _ := strings.Cut(upstream, ":")
		if _, ok := p.Services[name]; !ok || port != "8080" {
			t.Errorf("Caddy leads to %s, where nobody is", upstream)
		}
	}
	if !p.Networks["inside"].Internal {
		t.Error("the databases' network leads out")
	}
}
