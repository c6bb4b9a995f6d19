package app_test

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"skytower/internal/app"
	"skytower/internal/config"
	"skytower/internal/jobs/jobstest"
	"skytower/internal/maintain"
)

// masterKeyText is the master key of servers on PostgreSQL, which make none.
func masterKeyText() string { return strings.Repeat("00112233445566778899aabbccddeeff", 2) }

// startPostgres starts a server on a database of its own, with its first operator.
func startPostgres(t *testing.T, flags map[string]string) *server {
	t.Helper()
	return startPostgresAt(t, jobstest.Postgres(t), flags)
}

func startPostgresAt(t *testing.T, url string, flags map[string]string) *server {
	t.Helper()
	data := t.TempDir()
	all := map[string]string{"data": data, "listen": "127.0.0.1:0", "operations-listen": "off", "offer-ollama": "false", "log-level": "debug"}
	for name, value := range flags {
		all[name] = value
	}
	cfg, err := config.Load(config.Sources{Flags: all, Env: []string{"SKYTOWER_DATABASE=" + url, "SKYTOWER_MASTER_KEY=" + masterKeyText()}})
	if err != nil {
		t.Fatal(err)
	}
	var told bytes.Buffer
	if err := maintain.Init(t.Context(), cfg, &told); err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, data: data, out: &output{}, log: &output{}, client: &http.Client{Transport: &http.Transport{}}}
	s.op = regexp.MustCompile(`op-[0-9A-Za-z]+`).FindString(told.String())
	s.key = regexp.MustCompile(`sk-[0-9A-Za-z]+`).FindString(told.String())
	if s.app, err = app.Build(t.Context(), cfg, app.Options{Stdout: s.out, Stderr: s.log, Version: "test"}); err != nil {
		t.Fatalf("build: %v", err)
	}
	t.Cleanup(s.stop)
	if err := s.app.Start(t.Context()); err != nil {
		t.Fatalf("start: %v\n%s", err, s.log)
	}
	s.base = "http://" + s.app.Addr().String()
	return s
}
