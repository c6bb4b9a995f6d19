package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/app"
	"skytower/internal/config"
	"skytower/internal/jobs/jobstest"
	"skytower/internal/maintain"
	"skytower/internal/provider/providertest"
	"skytower/internal/skytells"
)

// keyText is a master key as a setting has it.
func keyText(fill string) string { return strings.Repeat(fill, 16) }

// keyring is an installation on PostgreSQL whose servers are started with one master key
// and others that open.
type keyring struct {
	t         *testing.T
	url, blob string
	op, key   string
}

func newKeyring(t *testing.T) *keyring {
	t.Helper()
	r := &keyring{t: t, url: jobstest.Postgres(t), blob: filepath.Join(t.TempDir(), "files")}
	var told bytes.Buffer
	if err := maintain.Init(t.Context(), r.config(keyText("a1b2")), &told); err != nil {
		t.Fatal(err)
	}
	r.op = regexp.MustCompile(`op-[0-9A-Za-z]+`).FindString(told.String())
	r.key = regexp.MustCompile(`sk-[0-9A-Za-z]+`).FindString(told.String())
	return r
}

func (r *keyring) env(current string, old ...string) []string {
	return []string{"SKYTOWER_DATABASE=" + r.url, "SKYTOWER_MASTER_KEY=" + current, "SKYTOWER_MASTER_KEY_OLD=" + strings.Join(old, ",")}
}

func (r *keyring) config(current string, old ...string) *config.Config {
	r.t.Helper()
	cfg, err := config.Load(config.Sources{Env: r.env(current, old...), Flags: map[string]string{
		"data": r.t.TempDir(), "listen": "127.0.0.1:0", "operations-listen": "off", "offer-ollama": "false", "blob": r.blob, "egress-allow": "127.0.0.0/8", "webhook-http": "true", "drain-delay": "0s",
	}})
	if err != nil {
		r.t.Fatal(err)
	}
	return cfg
}

// start starts a server; the last one to start leads once the others are gone.
func (r *keyring) start(current string, old ...string) *server {
	r.t.Helper()
	cfg := r.config(current, old...)
	s := &server{t: r.t, data: cfg.Data, op: r.op, key: r.key, out: &output{}, log: &output{}, client: &http.Client{Transport: &http.Transport{}}}
	var err error
	if s.app, err = app.Build(r.t.Context(), cfg, app.Options{Stdout: s.out, Stderr: s.log, Version: "test"}); err != nil {
		r.t.Fatalf("build: %v", err)
	}
	r.t.Cleanup(s.stop)
	if err := s.app.Start(r.t.Context()); err != nil {
		r.t.Fatalf("start: %v\n%s", err, s.log)
	}
	s.base = "http://" + s.app.Addr().String()
	return s
}

// status is what 'skytower master-key status --json' prints.
func (r *keyring) status(current string, old ...string) (state struct {
	skytells.SystemMasterKey
	Next string `json:"next"`
}) {
	r.t.Helper()
	var out, complaint bytes.Buffer
	if code := app.MasterKey(r.t.Context(), []string{"status", "--json", "--data", r.t.TempDir()}, r.env(current, old...), &out, &complaint); code != 0 {
		r.t.Fatalf("exit %d: %s", code, complaint.String())
	}
	decode(r.t, out.String(), &state)
	return state
}

// traffic calls one of the living servers again and again, as a load balancer would.
type traffic struct {
	mu     sync.RWMutex
	alive  []*server
	calls  atomic.Int64
	failed atomic.Pointer[string]
	stop   context.CancelFunc
	done   sync.WaitGroup
}

func newTraffic(t *testing.T, alive ...*server) *traffic {
	ctx, stop := context.WithCancel(t.Context())
	x := &traffic{alive: alive, stop: stop}
	for range 4 {
		x.done.Go(func() {
			for ctx.Err() == nil {
				x.call()
			}
		})
	}
	t.Cleanup(func() { stop(); x.done.Wait() })
	return x
}

// call keeps its server alive until it has its answer.
func (x *traffic) call() {
	x.mu.RLock()
	defer x.mu.RUnlock()
	s := x.alive[int(x.calls.Add(1))%len(x.alive)]
	req, err := http.NewRequest(http.MethodPost, s.base+chatPath, strings.NewReader(chatBody))
	if err != nil {
		x.fail(err.Error())
		return
	}
	req.Header.Set("X-Api-Key", s.key)
	req.Header.Set("Content-Type", "application/json")
	res, err := s.client.Do(req)
	if err != nil {
		x.fail(err.Error())
		return
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		x.fail(res.Status)
	}
}

func (x *traffic) fail(what string) { x.failed.CompareAndSwap(nil, &what) }

// replace puts another server in place of one, which gets no calls any more.
func (x *traffic) replace(before, after *server) {
	x.mu.Lock()
	for i := range x.alive {
		if x.alive[i] == before {
			x.alive[i] = after
		}
	}
	x.mu.Unlock()
	before.stop()
}

// The whole procedure of the manual, with two servers under load.
func TestMasterKeyChangesUnderLoad(t *testing.T) {
	t.Parallel()
	r := newKeyring(t)
	first, second := keyText("a1b2"), keyText("c3d4")
	one, two := r.start(first), r.start(first)
	up := one.withUpstream()
	up.On(chatPath, answerToKey)
	accounts, err := one.admin().Keys(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.admin().MakeWebhookSecret(t.Context(), accounts[0].Account); err != nil {
		t.Fatal(err)
	}
	link := r.upload(one)
	eventually(t, "the other server knows the model", func() bool { return two.post(chatPath, chatBody).status == http.StatusOK })
	load := newTraffic(t, one, two)

	step := func(current string, old ...string) {
		a := r.start(current, old...)
		load.replace(one, a)
		b := r.start(current, old...)
		load.replace(two, b)
		one, two = a, b
	}
	before := r.status(first)
	if before.Left != 0 || len(before.Sealed) != 2 {
		t.Errorf("at first %+v", before)
	}
	step(first, second) // 1. all can read what the new key will seal
	step(second, first) // 2. it is the current one
	eventually(t, "all is sealed anew", func() bool {
		s, err := two.admin().System(t.Context())
		return err == nil && s.MasterKey.Left == 0 && s.MasterKey.Current != before.Current
	})
	if s := r.status(second); s.Left != 0 || s.Lost != 0 || len(s.Sealed) != 2 || s.Next != "Nothing is to be done." {
		t.Errorf("with the new key alone: %+v", s)
	}
	r.wantLink(two, link) // made before
	step(second)          // 3. the earlier one is dropped
	if n := load.calls.Load(); n < 20 {
		t.Errorf("only %d calls", n)
	}
	load.stop()
	load.done.Wait()
	if what := load.failed.Load(); what != nil {
		t.Errorf("a call failed: %s", *what)
	}
	for _, s := range []*server{one, two} {
		if got := s.post(chatPath, chatBody); got.status != http.StatusOK {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
}

// answerToKey is an upstream that wants its credential.
func answerToKey(x *providertest.Exchange) {
	if x.Request.Header.Get("Authorization") != "Bearer "+upKey {
		x.Head(http.StatusUnauthorized)
		return
	}
	providertest.JSON(http.StatusOK, chatAnswer)(x)
}

// upload keeps a small file and returns its link.
func (r *keyring) upload(s *server) string {
	r.t.Helper()
	c, err := skytells.NewClient(skytells.ClientOptions{BaseURL: s.base, Key: s.key})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(c.CloseIdle)
	f, err := c.UploadFile(r.t.Context(), "a.txt", "", strings.NewReader("kept"), 4)
	if err != nil {
		r.t.Fatal(err)
	}
	if f.URLs.Get == "" {
		r.t.Fatalf("no link: %+v", f)
	}
	return f.URLs.Get
}

// wantLink opens a link at a server.
func (r *keyring) wantLink(s *server, link string) {
	r.t.Helper()
	u, err := url.Parse(link)
	if err != nil {
		r.t.Fatal(err)
	}
	if got := s.do(s.request(http.MethodGet, u.RequestURI(), "")); got.status != http.StatusOK || got.body != "kept" {
		r.t.Errorf("%s: %d %s", link, got.status, got.body)
	}
}

// eventually asks until the answer is yes. Nothing is timed by the pause.
func eventually(t *testing.T, what string, ask func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for !ask() {
		select {
		case <-deadline:
			t.Fatalf("never happened: %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Nothing is sealed anew while a server lives that could not open it.
func TestMasterKeyWaitsForAllServers(t *testing.T) {
	t.Parallel()
	r := newKeyring(t)
	first, second := keyText("a1b2"), keyText("c3d4")
	one := r.start(first)
	one.withUpstream()
	two := r.start(second, first)
	// The first one leads, and the second begins to when that one is gone.
	state := r.status(second, first)
	if state.Left != 1 || !strings.Contains(state.Next, "master_key_old") {
		t.Errorf("%+v", state)
	}
	if err := two.app.Reseal(t.Context()); err == nil || !strings.Contains(err.Error(), "master_key_old") {
		t.Errorf("sealed anew beside a server without the key: %v", err)
	}
	one.stop()
	if err := two.app.Reseal(t.Context()); err != nil {
		t.Error(err)
	}
	if state := r.status(second); state.Left != 0 {
		t.Errorf("%+v", state)
	}
}

// A server whose key is wrong starts, and says how much does not open.
func TestWrongMasterKeyIsTold(t *testing.T) {
	t.Parallel()
	r := newKeyring(t)
	one := r.start(keyText("a1b2"))
	one.withUpstream()
	one.stop()
	two := r.start(keyText("c3d4"))
	if log := two.log.String(); !strings.Contains(log, "sealed values can't be opened") || !strings.Contains(log, "credentials of providers") {
		t.Errorf("log:\n%s", log)
	}
	if got := two.call(http.MethodGet, "/v1/models", ""); got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.body)
	}
	checks := two.app.Doctor(t.Context())
	for _, c := range checks {
		if c.Name == "master key" && (c.State != skytells.CheckFail || !strings.Contains(c.Advice, "master_key_old")) {
			t.Errorf("%+v", c)
		}
	}
	if s := r.status(keyText("c3d4")); s.Lost != 1 || s.Left != 1 {
		t.Errorf("%+v", s)
	}
}

// A data folder: rotate beside the running server, start again, drop.
func TestMasterKeyOfAFolder(t *testing.T) {
	t.Parallel()
	flags := map[string]string{"drain-delay": "0s"}
	s := start(t, options{flags: flags})
	up := s.withUpstream()
	up.On(chatPath, answerToKey)
	visitor := s.owner()
	command := func(code int, want string, args ...string) string {
		t.Helper()
		var out, complaint bytes.Buffer
		if got := app.MasterKey(t.Context(), append(args, "--data", s.data), nil, &out, &complaint); got != code || !strings.Contains(out.String()+complaint.String(), want) {
			t.Errorf("%v: exit %d, want %d with %q: %s%s", args, got, code, want, out.String(), complaint.String())
		}
		return out.String()
	}
	command(1, "no earlier master keys", "drop")
	command(0, "Start the server again", "rotate")
	command(1, "stop the server first", "drop")
	if !strings.Contains(command(0, "to be sealed anew", "status"), "credentials of providers") {
		t.Error("status does not name what is sealed")
	}
	if got := s.post(chatPath, chatBody); got.status != http.StatusOK {
		t.Errorf("after the rotation: %d %s", got.status, got.body)
	}
	s.stop()
	command(1, "are still sealed by an earlier master key", "drop")
	again := start(t, options{data: s.data, flags: flags})
	again.key = s.key
	eventually(t, "all is sealed anew", func() bool {
		now, err := again.admin().System(t.Context())
		return err == nil && now.MasterKey.Left == 0 && len(now.MasterKey.Others) == 1
	})
	if got := again.post(chatPath, chatBody); got.status != http.StatusOK {
		t.Errorf("sealed anew: %d %s", got.status, got.body)
	}
	// The form of the page that was open before, and the session, are still good.
	visitor.s = again
	if got := visitor.post("/session/theme", "theme", "dark", "to", "/"); got.status >= http.StatusBadRequest {
		t.Errorf("a form from before: %d %s", got.status, plainText(got.body))
	}
	again.stop()
	command(0, "Dropped 1", "drop")
	last := start(t, options{data: s.data, flags: flags})
	last.key = s.key
	if got := last.post(chatPath, chatBody); got.status != http.StatusOK {
		t.Errorf("at the end: %d %s", got.status, got.body)
	}
}

func TestMasterKeyCommandRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := []string{"SKYTOWER_MASTER_KEY=" + keyText("a1b2")}
	for name, c := range map[string]struct {
		args, env []string
		code      int
		want      string
	}{
		"no command":        {nil, nil, 0, "Usage:"},
		"help":              {[]string{"status", "--help"}, nil, 0, "--data"},
		"unknown":           {[]string{"turn"}, nil, 2, "there is no command"},
		"unknown flag":      {[]string{"status", "--keys"}, nil, 2, "not defined"},
		"set elsewhere":     {[]string{"rotate", "--data", dir}, env, 2, "SKYTOWER_MASTER_KEY"},
		"drop elsewhere":    {[]string{"drop", "--data", dir}, env, 2, "master_key_old"},
		"no folder":         {[]string{"rotate", "--data", dir}, nil, 1, "there is no master key"},
		"no key for status": {[]string{"status", "--data", dir}, nil, 1, "master.key"},
		"a new one":         {[]string{"new", "--json"}, nil, 0, `"key": "`},
	} {
		var out, complaint bytes.Buffer
		if code := app.MasterKey(t.Context(), c.args, c.env, &out, &complaint); code != c.code || !strings.Contains(out.String()+complaint.String(), c.want) {
			t.Errorf("%s: exit %d, %s%s", name, code, out.String(), complaint.String())
		}
	}
	var out bytes.Buffer
	var made struct{ ID, Key string }
	app.MasterKey(t.Context(), []string{"new", "--json"}, nil, &out, &out)
	if err := json.Unmarshal(out.Bytes(), &made); err != nil || len(made.ID) != 8 {
		t.Fatalf("%v in %s", err, out.String())
	}
	if _, err := config.Load(config.Sources{Env: []string{"SKYTOWER_MASTER_KEY=" + made.Key}}); err != nil {
		t.Error(err)
	}
}

// Whoever seals something that the database keeps must describe its column to
// sealedColumns (masterkey.go), or the change of the master key would lose it. These are
// the calls of Seal that there are.
func TestEverySealedColumnIsCovered(t *testing.T) {
	t.Parallel()
	got := map[string]int{}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		dir := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../")
		if dir == "secret" || dir == "reseal" || dir == "cache" { // kept answers are in Redis, and no loss
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return fmt.Errorf("parse %s: %w", path, err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Seal" {
				got[dir]++
			}
			return true
		})
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	want := map[string]int{
		"account":    2, // both account.webhook_secret
		"archive":    2, // body.sealed_key; the content of a body, by a key of its own
		"catalog":    1, // catalog_provider.credential_sealed
		"prediction": 1, // prediction.webhook_key
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls of Seal; a new one needs a column in sealedColumns, and a number here (-want +got):\n%s", diff)
	}
}
