package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"skytower/internal/blob"
	"skytower/internal/secret"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// load is how many predictions are on their way when a process dies.
const load = 200

// TestKilledWorker kills the process that runs predictions at random moments (chosen by
// what the upstream has seen, from a fixed seed): every prediction ends, no paid work is
// submitted twice, every webhook arrives, and no file is left over.
func TestKilledWorker(t *testing.T) {
	t.Parallel()
	program := buildProgram(t)
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		k := newKilling(t, program)
		k.database = "sqlite:" + filepath.Join(k.data, "skytower.db")
		k.start("serve")
		k.key, k.operator = firstKey(t, k.out.String(), "sk-"), readFile(t, filepath.Join(k.data, "operator.key"))
		k.rounds(killRounds(1, 50))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		k := newKilling(t, program)
		k.database = storetest.Postgres(t)
		k.env = []string{"SKYTOWER_MASTER_KEY=" + strings.Repeat("0123456789abcdef", 4)}
		out, err := k.command("init").Output()
		if err != nil {
			t.Fatalf("init: %v", err)
		}
		k.key, k.operator = firstKey(t, string(out), "sk-"), firstKey(t, string(out), "op-")
		api := k.launch("serve", "--role", "api")
		t.Cleanup(func() { end(api) })
		k.await("the API serves", k.serves)
		k.start("serve", "--role", "worker", "--listen", freeAddress(t))
		k.rounds(killRounds(1, 50))
	})
}

// killRounds is few, and many in the long form of the tests (make proof).
func killRounds(few, many int) int {
	if os.Getenv("SKYTOWER_PROOF") != "" {
		return many
	}
	return few
}

// buildProgram gives the server as people run it: the tests' own binary, under the race
// detector, is too slow to be under load.
func buildProgram(t *testing.T) string {
	t.Helper()
	built.once.Do(func() { built.err = built.build() })
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.program()
}

// built is one program for all tests: to link it takes as long as some of them.
var built program

type program struct {
	once   sync.Once
	folder string
	err    error
}

func (p *program) program() string { return filepath.Join(p.folder, "skytower") }

func (p *program) build() (err error) {
	if p.folder, err = os.MkdirTemp("", "skytower-program-"); err != nil {
		return err
	}
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-w", "-o", p.program(), ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, out)
	}
	return nil
}

// killing is one server with its upstream and its webhook receiver.
type killing struct {
	t        *testing.T
	program  string
	data     string
	database string
	address  string
	env      []string
	key      string
	operator string
	random   *rand.Rand

	out     *safeBuffer
	victim  *exec.Cmd
	args    []string
	up      *paidUpstream
	hooks   *receiver
	created map[string]string // id → token
}

func newKilling(t *testing.T, program string) *killing {
	k := &killing{
		t: t, program: program, data: filepath.Join(t.TempDir(), "data"), address: freeAddress(t), out: &safeBuffer{},
		random: rand.New(rand.NewPCG(4, 2026)), created: map[string]string{},
	}
	k.up, k.hooks = newPaidUpstream(t), newReceiver(t)
	t.Cleanup(func() { end(k.victim) })
	return k
}

func (k *killing) command(args ...string) *exec.Cmd {
	flags := []string{"--data", k.data, "--database", k.database, "--blob", filepath.Join(k.data, "files")}
	if args[0] == "serve" {
		flags = append(flags, "--listen", k.address, "--operations-listen", "off", "--offer-ollama=false",
			"--egress-allow", "127.0.0.0/8", "--log-level", "warn", "--prediction-concurrency", "40", "--retention", "0")
	}
	// The command's own flags come last, since a later one wins.
	cmd := exec.Command(k.program, append(append([]string{args[0]}, flags...), args[1:]...)...)
	cmd.Env = append(append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + k.t.TempDir()}, k.env...), "SKYTOWER_LOG_FORMAT=json")
	cmd.Stderr = k.out
	return cmd
}

func (k *killing) launch(args ...string) *exec.Cmd {
	k.t.Helper()
	cmd := k.command(args...)
	cmd.Stdout = k.out
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	return cmd
}

// start launches the process that will be killed, and waits until the API serves.
func (k *killing) start(args ...string) {
	k.t.Helper()
	k.args = args
	k.victim = k.launch(args...)
	k.await("the API serves", k.serves)
}

func end(cmd *exec.Cmd) {
	if cmd != nil && cmd.Process != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

func (k *killing) serves() bool {
	res, err := http.Get("http://" + k.address + "/openapi.json")
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// await asks until the answer is yes. Nothing is timed by the pause.
func (k *killing) await(what string, ask func() bool) {
	k.t.Helper()
	deadline := time.After(patience)
	for !ask() {
		select {
		case <-deadline:
			k.t.Fatalf("never happened: %s\n%s", what, k.out)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (k *killing) rounds(n int) {
	k.applyModel()
	for range n {
		k.round()
	}
	k.check(n)
}

func (k *killing) applyModel() {
	k.t.Helper()
	client, err := skytells.NewClient(skytells.ClientOptions{BaseURL: "http://" + k.address, Key: k.operator})
	if err != nil {
		k.t.Fatal(err)
	}
	defer client.CloseIdle()
	_, err = client.Apply(k.t.Context(), skytells.ApplyRequest{Source: "test", Resources: skytells.Resources{
		Providers: []skytells.ProviderSpec{{Name: "paid", Kind: "replicate", BaseURL: k.up.server.URL + "/v1", Credential: "token"}},
		Models: []skytells.ModelSpec{{
			Slug: "painter", Type: "image", API: "prediction", Free: true,
			Targets: []skytells.TargetSpec{{Provider: "paid", Model: "acme/painter"}},
		}},
	}})
	if err != nil {
		k.t.Fatalf("apply: %v\n%s", err, k.out)
	}
}

// round creates the load, kills the worker somewhere within it, starts it anew and waits
// for all ends.
func (k *killing) round() {
	k.t.Helper()
	dead := make(chan struct{})
	k.up.after(1+k.random.IntN(3*load), func() {
		_ = k.victim.Process.Kill()
		close(dead)
	})
	restarted := make(chan struct{})
	go func() {
		defer close(restarted)
		<-dead
		_ = k.victim.Wait()
		k.victim = k.launch(k.args...)
	}()
	for range load {
		k.create(fmt.Sprintf("token-%d", len(k.created)))
	}
	select {
	case <-restarted:
	case <-time.After(patience):
		k.t.Fatalf("the moment to kill never came\n%s", k.out)
	}
	k.await("all predictions ended", func() bool { return k.hooks.ended() >= len(k.created) })
}

// create asks until it is answered: the key makes a repeat harmless.
func (k *killing) create(token string) {
	k.t.Helper()
	body := fmt.Sprintf(`{"model":"painter","input":{"prompt":%q},"webhook":{"url":%q,"events":["completed","failed","canceled"]}}`, token, k.hooks.server.URL)
	k.await("a prediction was created", func() bool {
		reply, err := k.call(http.MethodPost, "/v1/predictions", body, "Idempotency-Key", token)
		if err != nil {
			return false
		}
		var p skytells.Prediction
		if err := json.Unmarshal(reply, &p); err != nil || p.ID == "" {
			return false
		}
		k.created[p.ID] = token
		return true
	})
}

func (k *killing) call(method, path, body string, header ...string) ([]byte, error) {
	req, err := http.NewRequestWithContext(k.t.Context(), method, "http://"+k.address+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Api-Key", k.key)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	reply, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, reply)
	}
	return reply, err
}

// check looks at what all rounds left.
func (k *killing) check(rounds int) {
	k.t.Helper()
	outcomes := map[string]int{}
	for id := range k.created {
		reply, err := k.call(http.MethodGet, "/v1/predictions/"+id, "")
		if err != nil {
			k.t.Fatal(err)
		}
		var p skytells.Prediction
		if err := json.Unmarshal(reply, &p); err != nil {
			k.t.Fatal(err)
		}
		outcomes[p.Status]++
		k.checkOne(p)
	}
	for token, times := range k.up.submitted() {
		if times > 1 {
			k.t.Errorf("the work of %s was submitted %d times", token, times)
		}
	}
	if bad := k.hooks.wrong(k.key); bad > 0 {
		k.t.Errorf("%d webhooks have a wrong signature", bad)
	}
	end(k.victim)
	k.checkFiles()
	k.t.Logf("%d kills, %d predictions: %v", rounds, len(k.created), outcomes)
}

func (k *killing) checkOne(p skytells.Prediction) {
	k.t.Helper()
	times := k.up.submitted()[k.created[p.ID]]
	switch {
	case !skytells.Terminal(p.Status):
		k.t.Errorf("%s is still %s", p.ID, p.Status)
	case p.Status == skytells.StatusSucceeded && (times != 1 || len(p.Metadata.Storage.Files) != 1):
		k.t.Errorf("%s succeeded with %d submissions and %d files", p.ID, times, len(p.Metadata.Storage.Files))
	case p.Status == skytells.StatusFailed && (p.Error == nil || *p.Error == ""):
		k.t.Errorf("%s failed without a reason", p.ID)
	}
	if !k.hooks.told(p.ID) {
		k.t.Errorf("no webhook told the end of %s", p.ID)
	}
}

// checkFiles lets the sweeps of a day pass, two days later, and compares the folder with
// what is kept: half-written content, which has no name of its own yet, is looked for in
// one of 1,024 folders at a time.
func (k *killing) checkFiles() {
	k.t.Helper()
	db := storetest.OpenWith(k.t, k.database, store.Options{})
	key, err := secret.NewMasterKey(bytes.Repeat([]byte("0123456789abcdef"), 2))
	if err != nil {
		k.t.Fatal(err)
	}
	folder := filepath.Join(k.data, "files")
	now := time.Now().Add(48 * time.Hour)
	files, err := blob.Open(k.t.Context(), blob.Options{DB: db, URL: "file://" + folder, Links: secret.NewRing(key), Now: func() time.Time { return now }})
	if err != nil {
		k.t.Fatal(err)
	}
	defer files.Close() //nolint:errcheck // only read
	for end := now.Add(25 * time.Hour); now.Before(end); now = now.Add(time.Minute) {
		if err := files.Sweep(k.t.Context()); err != nil {
			k.t.Fatal(err)
		}
	}
	kept := 0
	err = db.Read(k.t.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(k.t.Context(), `select count(*) from file where state = 'kept'`).Scan(&kept)
	})
	if err != nil {
		k.t.Fatal(err)
	}
	found := 0
	_ = filepath.WalkDir(folder, func(_ string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			found++
		}
		return err
	})
	if found != kept || kept == 0 {
		k.t.Errorf("%d files lie in the folder, %d are kept", found, kept)
	}
}

// paidUpstream speaks Replicate's API and counts what is submitted.
type paidUpstream struct {
	server *httptest.Server
	base   string // of the links in its answers

	mu    sync.Mutex
	works map[string]*work // by the upstream's id
	seen  map[string]int   // submissions by token
	free  bool             // work whose prompt says "wait" may end
	left  int
	fire  func()
	ended func() // called with the lock held by the first look that finds an end
}

type work struct {
	polls int
	waits bool
}

func newPaidUpstream(t *testing.T) *paidUpstream {
	u := &paidUpstream{works: map[string]*work{}, seen: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/models/acme/painter/predictions", u.submit)
	mux.HandleFunc("POST /v1/predictions", u.submit)
	mux.HandleFunc("GET /v1/predictions/{id}", u.poll)
	mux.HandleFunc("POST /v1/predictions/{id}/cancel", u.poll)
	mux.HandleFunc("GET /files/{id}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		_, _ = io.WriteString(w, "\x89PNG\r\n\x1a\n"+r.PathValue("id"))
	})
	u.server = httptest.NewServer(mux)
	u.base = u.server.URL
	t.Cleanup(u.server.Close)
	return u
}

// after calls fire when n more requests have come.
func (u *paidUpstream) after(n int, fire func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.left, u.fire = n, fire
}

// release lets work end that waits. Ended, which may be nil, is called when somebody has
// looked and found an end.
func (u *paidUpstream) release(ended func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.free, u.ended = true, ended
}

// count is called with the lock held.
func (u *paidUpstream) count() {
	u.left--
	if u.left == 0 && u.fire != nil {
		u.fire()
		u.fire = nil
	}
}

func (u *paidUpstream) submit(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Input struct{ Prompt string }
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	u.mu.Lock()
	u.seen[body.Input.Prompt]++
	id := fmt.Sprintf("up-%d", len(u.works))
	u.works[id] = &work{waits: strings.HasPrefix(body.Input.Prompt, "wait")}
	u.count()
	u.mu.Unlock()
	u.answer(w, id, "starting", http.StatusCreated)
}

func (u *paidUpstream) poll(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	u.mu.Lock()
	found := u.works[id]
	polls := 0
	if found != nil {
		found.polls++
		if polls = found.polls; found.waits && !u.free {
			polls = 1
		}
	}
	if polls >= 2 && u.ended != nil {
		u.ended()
		u.ended = nil
	}
	u.count()
	u.mu.Unlock()
	switch {
	case found == nil:
		http.Error(w, `{"detail":"not found"}`, http.StatusNotFound)
	case polls < 2:
		u.answer(w, id, "processing", http.StatusOK)
	default:
		u.answer(w, id, "succeeded", http.StatusOK)
	}
}

func (u *paidUpstream) answer(w http.ResponseWriter, id, status string, code int) {
	reply := map[string]any{"id": id, "status": status, "output": nil, "error": nil, "logs": "",
		"urls": map[string]string{"get": u.base + "/v1/predictions/" + id}}
	if status == "succeeded" {
		reply["output"] = []string{u.base + "/files/" + id}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(reply)
}

func (u *paidUpstream) submitted() map[string]int {
	u.mu.Lock()
	defer u.mu.Unlock()
	seen := make(map[string]int, len(u.seen))
	for token, times := range u.seen {
		seen[token] = times
	}
	return seen
}

// receiver takes webhooks.
type receiver struct {
	server *httptest.Server

	mu    sync.Mutex
	ends  map[string]bool
	calls []hook
}

type hook struct {
	body      []byte
	signature string
}

func newReceiver(t *testing.T) *receiver {
	h := &receiver{ends: map[string]bool{}}
	h.server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var p skytells.Prediction
		if err != nil || json.Unmarshal(body, &p) != nil {
			return
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.calls = append(h.calls, hook{body, r.Header.Get("X-Skytells-Signature")})
		if skytells.Terminal(p.Status) {
			h.ends[p.ID] = true
		}
	}))
	t.Cleanup(h.server.Close)
	return h
}

func (h *receiver) ended() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.ends)
}

func (h *receiver) told(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ends[id]
}

// wrong counts the signatures that are not the key's.
func (h *receiver) wrong(key string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	bad := 0
	for _, c := range h.calls {
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write(c.body)
		if hex.EncodeToString(mac.Sum(nil)) != c.signature {
			bad++
		}
	}
	return bad
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // it was only asked for its address
	return l.Addr().String()
}

func firstKey(t *testing.T, text, prefix string) string {
	t.Helper()
	key := regexp.MustCompile(prefix + `[0-9A-Za-z]{20,}`).FindString(text)
	if key == "" {
		t.Fatalf("no key %s… in:\n%s", prefix, text)
	}
	return key
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// safeBuffer collects what processes print while it is read.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
