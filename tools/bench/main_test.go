package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestMain lets the test binary take the roles in which the program starts itself.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case roleMock, roleReference, roleLoad:
			main()
			return
		}
	}
	// Under the race detector a program sleeps for a second at its end; the many short ones here needn't.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	os.Exit(m.Run())
}

// The whole run with its processes, small, without the server.
func TestMeasureProcesses(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	file := filepath.Join(t.TempDir(), "figures.json")
	s, err := parseSettings([]string{"-without-skytower", "-rounds", "2", "-seconds", "0.01",
		"-scenarios", "chat,stream,slow", "-slow-streams", "20", "-slow-seconds", "0.2", "-json", file})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := s.measure(&out); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Figures) != 5 { // two targets in three scenarios, but the mock is not asked for slow streams
		t.Errorf("%d figures:\n%s", len(r.Figures), out.String())
	}
	for _, f := range r.Figures {
		if f.CPU <= 0 || f.Mock <= 0 || f.Rate <= 0 {
			t.Errorf("%s on %s measured nothing: %+v", f.Scenario, f.Target, f)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for _, bad := range [][]string{
		{"-rounds", "0"}, {"-seconds", "-1"}, {"-slow-streams", "0"}, {"-database", "oracle"}, {"extra"}, {"-nothing"},
	} {
		if _, err := parseSettings(bad); err == nil {
			t.Errorf("%v passes", bad)
		}
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	all := scenarios(1)
	got, err := choose(all, "slow, chat")
	if err != nil || len(got) != 2 || got[0].name != "slow" || got[1].name != "chat" {
		t.Errorf("choose = %v, %v", got, err)
	}
	if got, err := choose(all, ""); err != nil || len(got) != len(all) {
		t.Errorf("choose all = %v, %v", got, err)
	}
	if _, err := choose(all, "chat,talk"); err == nil {
		t.Error("an unknown scenario passes")
	}
}

// Answers are compared by length across targets, so a model has names of one length.
func TestNamesHaveOneLength(t *testing.T) {
	t.Parallel()
	pairs := [][2]string{{upstreamNames.chat, skytowerNames.chat}, {upstreamNames.slow, skytowerNames.slow}, {upstreamNames.embed, skytowerNames.embed},
		{upstreamNames.secure, skytowerNames.secure}, {upstreamNames.messages, skytowerNames.messages}}
	for _, p := range pairs {
		if len(p[0]) != len(p[1]) || p[0] == p[1] {
			t.Errorf("%q and %q", p[0], p[1])
		}
	}
}

func TestKeysAreFoundAndHidden(t *testing.T) {
	t.Parallel()
	text := []byte("listening\n  operator key  op-Zy98\n  your key: sk-Ab12xyz\n curl … \"x-api-key: sk-Ab12xyz\" task-force top-up\n")
	var s skytower
	s.findKeys(text)
	if s.apiKey != "sk-Ab12xyz" || s.operatorKey != "op-Zy98" {
		t.Errorf("keys %q and %q", s.apiKey, s.operatorKey)
	}
	got := string(redact(text))
	if strings.Contains(got, "Ab12xyz") || strings.Contains(got, "Zy98") || !strings.Contains(got, "task-force top-up") {
		t.Errorf("redacted: %s", got)
	}
}

// A server that can't start is an error that quotes its output, and leaves nothing behind that could hang.
func TestProcessThatEndsAtOnce(t *testing.T) {
	t.Parallel()
	p, err := startProcess("server", exec.Command("false"))
	if err != nil {
		t.Fatal(err)
	}
	err = p.await(func() error { return errors.New("nobody listens") })
	if err == nil || !strings.Contains(err.Error(), "ended at its start") || !strings.Contains(err.Error(), "nobody listens") {
		t.Errorf("await = %v", err)
	}
	p.stop()
	p.stop()
}

func TestCommitTime(t *testing.T) {
	t.Parallel()
	took, err := commitTime("sqlite", "file:"+filepath.Join(t.TempDir(), "a.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil || took <= 0 {
		t.Errorf("%v, %v", took, err)
	}
}

// PostgreSQL as it is started for a run.
func TestPostgresStartsAndStops(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p, err := startPostgres()
	if err != nil {
		t.Fatal(err)
	}
	clocks, err := familyClocks(p.process.pid())
	if err != nil || len(clocks) < 2 {
		t.Errorf("clocks %v, %v; want the server's and its helpers'", clocks, err)
	}
	p.stop()
	if _, err := os.Stat(p.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is left: %v", err)
	}
}
