package app_test

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"skytower/internal/app"
	"skytower/internal/config"
	"skytower/internal/skytells"
)

func TestFirstStartPrintsAKeyOnce(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	printed := s.out.String()
	if s.key == "" || !strings.HasPrefix(s.op, "op-") {
		t.Fatalf("no keys: %s", printed)
	}
	if strings.Contains(printed, s.op) || strings.Contains(s.log.String(), s.key) || strings.Contains(s.log.String(), s.op) {
		t.Error("a key is shown where it must not be")
	}
	if !strings.Contains(printed, s.base+"/docs") {
		t.Errorf("the manual's address is missing: %s", printed)
	}
	for _, name := range []string{"operator.key", "master.key"} {
		info, err := os.Stat(filepath.Join(s.data, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	curls := regexp.MustCompile(`(?m)^  curl (?:.*\\\n)*.*$`).FindAllString(printed, -1)
	if len(curls) != 3 {
		t.Fatalf("%d lines to paste: %s", len(curls), printed)
	}
	for i, want := range []string{`"namespace":"skytower-docs"`, `"finish_reason":"stop"`, `"embedding":[`} {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", strings.TrimSpace(curls[i])+" --silent --show-error --fail").CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s\n%v: %.500s", curls[i], err, out)
		}
	}
}

func TestSecondStartKeepsEverything(t *testing.T) {
	t.Parallel()
	first := start(t, options{})
	up := first.withUpstream()
	up.On(chatPath, jsonScript(chatAnswer))
	made, err := first.admin().CreateKey(t.Context(), skytells.KeyRequest{Name: "second"})
	if err != nil {
		t.Fatal(err)
	}
	first.stop()
	second := start(t, options{data: first.data})
	if out := second.out.String(); strings.Contains(out, "sk-") || !strings.Contains(out, second.base+"/setup/") {
		t.Errorf("the second start prints %q", out)
	}
	if second.op != first.op {
		t.Error("the operator's key was replaced")
	}
	for _, key := range []string{first.key, made.Secret} {
		second.key = key
		if r := second.post(chatPath, chatBody); r.status != 200 || !strings.Contains(r.body, "Hello!") {
			t.Errorf("got %d %s", r.status, r.body)
		}
	}
	if h := up.Last().Header.Get("Authorization"); h != "Bearer "+upKey {
		t.Errorf("the stored credential reads %q", h)
	}
	if raw, _ := os.ReadFile(filepath.Join(first.data, "skytower.db")); strings.Contains(string(raw), upKey) || strings.Contains(string(raw), first.key) || strings.Contains(string(raw), first.op) {
		t.Error("a secret stands in the database as it is")
	}
}

func TestOneServerAFolder(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	cfg, err := config.Load(config.Sources{Flags: map[string]string{"data": s.data, "listen": "127.0.0.1:0", "operations-listen": "off"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.Build(t.Context(), cfg, app.Options{Stdout: io.Discard, Stderr: io.Discard}); err == nil || !strings.Contains(err.Error(), "another Skytower") {
		t.Errorf("got %v", err)
	}
	if r := s.call(http.MethodGet, "/v1/models", ""); r.status != 200 {
		t.Errorf("the first server suffers: %d", r.status)
	}
}

func TestDocsAndDocument(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	page := s.do(s.request(http.MethodGet, "/docs", ""))
	if page.status != 200 || !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") || !strings.Contains(page.body, "/docs/api") {
		t.Errorf("got %d %v", page.status, page.header)
	}
	document := s.do(s.request(http.MethodGet, "/openapi.json", ""))
	var doc struct {
		OpenAPI string
		Paths   map[string]any
	}
	decode(t, document.body, &doc)
	if !strings.HasPrefix(doc.OpenAPI, "3.1") || doc.Paths["/v1/chat/completions"] == nil {
		t.Errorf("got %+v", doc)
	}
	off := start(t, options{flags: map[string]string{"docs": "off"}})
	for _, path := range []string{"/docs"} {
		if r := off.do(off.request(http.MethodGet, path, "")); r.status != 404 {
			t.Errorf("%s is served although it is off: %d", path, r.status)
		}
	}
}

// The listener for operations is a second one, with health, readiness and metrics.
func TestOperations(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/debug/pprof/"} {
		if r := s.do(s.request(http.MethodGet, path, "")); r.status != 404 {
			t.Errorf("%s is served to callers: %d", path, r.status)
		}
	}
}
