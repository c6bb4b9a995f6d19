package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"skytower/internal/ledger"
	"skytower/internal/money"
	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// fleet is some processes of one installation, with an upstream that writes as much as it
// is asked for.
type fleet struct {
	t        *testing.T
	program  string
	database string // as the tests reach it
	away     *gate  // between the processes and PostgreSQL; nil on SQLite
	flags    []string
	env      []string
	nodes    []*node
	operator string
	account  string
	key      string
	up       *writer
	client   *http.Client
}

// node is one process.
type node struct {
	address string
	data    string
	flags   []string // its own
	out     *safeBuffer
	cmd     *exec.Cmd
}

// newFleet starts n processes: one on SQLite, or any number on PostgreSQL.
func newFleet(t *testing.T, program, engine string, n int, flags ...string) *fleet {
	t.Helper()
	f := &fleet{
		t: t, program: program, flags: flags, up: newWriter(t),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2000}},
		env:    []string{"SKYTOWER_MASTER_KEY=" + strings.Repeat("0123456789abcdef", 4)},
	}
	t.Cleanup(f.client.CloseIdleConnections)
	root := t.TempDir()
	for i := range n {
		f.nodes = append(f.nodes, &node{address: freeAddress(t), data: filepath.Join(root, fmt.Sprint("node", i)), out: &safeBuffer{}})
	}
	f.open(engine, root)
	for _, one := range f.nodes {
		f.start(one)
	}
	if engine == "sqlite" {
		f.key, f.operator = firstKey(t, f.nodes[0].out.String(), "sk-"), readFile(t, filepath.Join(f.nodes[0].data, "operator.key"))
	}
	t.Cleanup(func() {
		for _, one := range f.nodes {
			end(one.cmd)
		}
	})
	keys, err := f.admin().Keys(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	f.account = keys[0].Account
	f.model()
	return f
}

// open finds the database and, on PostgreSQL, makes the first operator and key.
func (f *fleet) open(engine, root string) {
	f.t.Helper()
	f.flags = append(f.flags, "--blob", filepath.Join(root, "files"))
	if engine == "sqlite" {
		f.database = "sqlite:" + filepath.Join(f.nodes[0].data, "skytower.db")
		return
	}
	f.database = storetest.Postgres(f.t)
	u, err := url.Parse(f.database)
	if err != nil {
		f.t.Fatal(err)
	}
	f.away = newGate(f.t, u.Host)
	out, err := f.command(f.nodes[0], "init").Output()
	if err != nil {
		f.t.Fatalf("init: %v\n%s", err, f.nodes[0].out)
	}
	f.key, f.operator = firstKey(f.t, string(out), "sk-"), firstKey(f.t, string(out), "op-")
}

func (f *fleet) command(n *node, name string) *exec.Cmd {
	database := f.database
	if f.away != nil {
		u, _ := url.Parse(database) //nolint:errcheck // it was parsed before
		u.Host = f.away.address
		database = u.String()
	}
	args := []string{name, "--data", n.data, "--database", database}
	if name == "serve" {
		args = append(args, "--listen", n.address, "--operations-listen", "off", "--offer-ollama=false", "--log-level", "warn")
		args = append(append(args, f.flags...), n.flags...)
	}
	cmd := exec.Command(f.program, args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + n.data, "SKYTOWER_LOG_FORMAT=json", "SKYTOWER_DRAIN_DELAY=0"}, f.env...)
	cmd.Stderr = n.out
	return cmd
}

// start launches a process and waits until it serves.
func (f *fleet) start(n *node) {
	f.t.Helper()
	n.cmd = f.command(n, "serve")
	n.cmd.Stdout = n.out
	if err := n.cmd.Start(); err != nil {
		f.t.Fatal(err)
	}
	f.await("a process serves", func() bool { return f.serves(n) })
}

func (f *fleet) serves(n *node) bool {
	res, err := f.client.Get("http://" + n.address + "/openapi.json")
	if err != nil {
		return false
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// await asks until the answer is yes. Nothing is timed by the pause.
func (f *fleet) await(what string, ask func() bool) {
	f.t.Helper()
	f.awaitOr(what, ask, func() string { return "" })
}

// awaitOr is await that says more where it was in vain.
func (f *fleet) awaitOr(what string, ask func() bool, more func() string) {
	f.t.Helper()
	deadline := time.After(patience)
	for !ask() {
		select {
		case <-deadline:
			f.t.Fatalf("never happened: %s\n%s%s", what, more(), f.nodes[0].out)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop ends all processes as an operator does.
func (f *fleet) stop() {
	f.t.Helper()
	for _, one := range f.nodes {
		if one.cmd == nil {
			continue
		}
		_ = one.cmd.Process.Signal(syscall.SIGTERM)
		if err := one.cmd.Wait(); err != nil {
			f.t.Errorf("a process did not end well: %v\n%s", err, one.out)
		}
		one.cmd = nil
	}
}

func (f *fleet) admin() *skytells.Client { return f.adminAt(f.nodes[0]) }

func (f *fleet) adminAt(n *node) *skytells.Client {
	f.t.Helper()
	c, err := skytells.NewClient(skytells.ClientOptions{BaseURL: "http://" + n.address, Key: f.operator})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(c.CloseIdle)
	return c
}

// model makes one whose output tokens cost a ten-thousandth of a dollar each; its input is
// free, so that what a call costs is known before.
func (f *fleet) model() {
	f.t.Helper()
	_, err := f.admin().Apply(f.t.Context(), skytells.ApplyRequest{Source: "test", Resources: skytells.Resources{
		Providers: []skytells.ProviderSpec{
			{Name: "writer", Kind: "openai", BaseURL: f.up.server.URL + "/v1", Credential: "token"},
			{Name: "painter", Kind: "replicate", BaseURL: f.up.server.URL + "/v1", Credential: "token"},
		},
		Models: []skytells.ModelSpec{
			{Slug: "book", Type: "text", API: "chat", Pricing: &skytells.PricingSpec{Unit: "million_token", Input: "0", Output: "100"},
				Targets: []skytells.TargetSpec{{Provider: "writer", Model: "book"}}},
			{Slug: "painter", Type: "image", API: "prediction", Pricing: &skytells.PricingSpec{Unit: "image", Amount: "0.03"},
				Targets: []skytells.TargetSpec{{Provider: "painter", Model: "acme/painter"}}},
		},
	}})
	if err != nil {
		f.t.Fatalf("apply: %v\n%s", err, f.nodes[0].out)
	}
	f.everywhere("book")
}

// everywhere waits until every process knows a model.
func (f *fleet) everywhere(slug string) {
	f.t.Helper()
	for _, one := range f.nodes {
		f.await("a process knows the model", func() bool {
			status, _, err := f.send(one, f.key, http.MethodGet, "/v1/models/"+slug, "")
			return err == nil && status == http.StatusOK
		})
	}
}

func (f *fleet) grant(account, dollars string) {
	f.t.Helper()
	_, err := f.admin().GiveCredit(f.t.Context(), account, skytells.CreditRequest{Amount: skytells.Amount(dollars), Reason: "test"})
	if err != nil {
		f.t.Fatal(err)
	}
}

// customer makes another account, with credit and a key.
func (f *fleet) customer(dollars string, key skytells.KeyRequest) (account, secret string) {
	f.t.Helper()
	a, err := f.admin().CreateAccount(f.t.Context(), skytells.AccountRequest{Name: "Customer"})
	if err != nil {
		f.t.Fatal(err)
	}
	f.grant(a.ID, dollars)
	key.Account = a.ID
	k, err := f.admin().CreateKey(f.t.Context(), key)
	if err != nil {
		f.t.Fatal(err)
	}
	return a.ID, k.Secret
}

// send makes a call and reads its answer to the end.
func (f *fleet) send(n *node, key, method, path, body string) (status int, answer string, err error) {
	status, answer, _, err = f.sendNamed(n, key, method, path, body)
	return status, answer, err
}

// sendNamed is send with the request's id, which is known once the head has come.
func (f *fleet) sendNamed(n *node, key, method, path, body string) (status int, answer, id string, err error) {
	ctx, cancel := context.WithTimeout(f.t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+n.address+path, strings.NewReader(body))
	if err != nil {
		return 0, "", "", err
	}
	req.Header.Set("X-Api-Key", key)
	req.Header.Set("Content-Type", "application/json")
	res, err := f.client.Do(req)
	if err != nil {
		return 0, "", "", err
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), res.Header.Get("X-Request-Id"), err
}

func chat(tokens int) string {
	return fmt.Sprintf(`{"model":"book","max_tokens":%d,"messages":[{"role":"user","content":"Write."}]}`, tokens)
}

const endless = `{"model":"book","stream":true,"messages":[{"role":"user","content":"Write a book."}]}`

// token is what the fleet's model takes for one.
const token = money.Dollar / 10_000

// balance is what an account has, in tokens of the model. It is exact: a balance of whole
// tokens times ten thousand in floating point would be a whole number for most of them only.
func (f *fleet) balance(account string) int64 {
	f.t.Helper()
	b, err := f.admin().Balance(f.t.Context(), account)
	if err != nil {
		f.t.Fatal(err)
	}
	amount, err := money.Parse(string(b.Balance))
	if err != nil || amount%token != 0 {
		f.t.Fatalf("the balance of %s is %q dollars, not whole tokens: %v", account, b.Balance, err)
	}
	return int64(amount / token)
}

// awaitBalance waits until the account has so many tokens. Where it never does, it says
// what it has, and what processes still keep in their spools.
func (f *fleet) awaitBalance(account string, want int64) {
	f.t.Helper()
	var got int64
	f.awaitOr(fmt.Sprintf("a balance of %d tokens", want), func() bool {
		got = f.balance(account)
		return got == want
	}, func() string { return fmt.Sprintf("it is %d (%+d); spooled: %s\n", got, got-want, f.spooled()) })
}

// spooled names the files of all spools, with their sizes.
func (f *fleet) spooled() string {
	var all []string
	for _, n := range f.nodes {
		files, err := filepath.Glob(filepath.Join(n.data, "spool", "*"))
		if err != nil {
			f.t.Fatal(err)
		}
		for _, file := range files {
			if info, err := os.Stat(file); err == nil {
				all = append(all, fmt.Sprintf("%s (%d bytes)", filepath.Base(file), info.Size()))
			}
		}
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, ", ")
}

// verify fails unless the ledger is clean.
func (f *fleet) verify() {
	f.t.Helper()
	v, err := f.admin().VerifyLedger(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	if !v.Clean {
		f.t.Errorf("the ledger is not clean: %s", strings.Join(v.Problems, "; "))
	}
}

// audit looks at what stopped processes left, two minutes later: no lease and no hold may
// be left by then.
func (f *fleet) audit() {
	f.t.Helper()
	db := storetest.OpenWith(f.t, f.database, store.Options{})
	later := func() time.Time { return time.Now().Add(2 * time.Minute) }
	l := ledger.New(db, ledger.Options{Now: later, DatabaseNow: later})
	if err := l.Expire(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	report, err := l.Verify(f.t.Context())
	if err != nil || !report.Clean() {
		f.t.Errorf("the ledger is not clean: %v, %v", report.Problems, err)
	}
	for what, query := range map[string]string{
		"live leases":    `select count(*) from lease where state = 'live'`,
		"held credit":    `select count(*) from purse where held <> 0`,
		"open holds":     `select count(*) from hold h where not exists (select 1 from hold_end e where e.hold = h.id)`,
		"repeated lines": `select count(*) - count(distinct request) from charge_line`,
	} {
		if n := f.count(db, query); n != 0 {
			f.t.Errorf("%s: %d", what, n)
		}
	}
}

func (f *fleet) count(db *store.DB, query string, args ...any) (n int64) {
	f.t.Helper()
	err := db.Read(f.t.Context(), func(tx *store.Tx) error { return tx.QueryRow(f.t.Context(), query, args...).Scan(&n) })
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

// writer is an upstream that writes as many tokens as it is asked for, and for ever where
// no number is named. It also paints, as Replicate does.
type writer struct {
	*paidUpstream
	server  *httptest.Server
	streams atomic.Int64 // that have begun
}

func newWriter(t *testing.T) *writer {
	w := &writer{paidUpstream: newPaidUpstream(t)}
	mux := http.NewServeMux()
	mux.Handle("/", w.paidUpstream.server.Config.Handler)
	mux.HandleFunc("POST /v1/chat/completions", w.chat)
	w.server = httptest.NewServer(mux)
	t.Cleanup(w.server.Close)
	w.paidUpstream.base = w.server.URL
	return w
}

func (w *writer) chat(rw http.ResponseWriter, r *http.Request) {
	var body struct {
		MaxTokens int `json:"max_tokens"`
		Stream    bool
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	if body.Stream {
		w.stream(rw, r, body.MaxTokens)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(rw, `{"id":"c","object":"chat.completion","created":1,"model":"book","choices":[{"index":0,"message":{"role":"assistant","content":%q},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":%d,"total_tokens":%d}}`,
		strings.Repeat("word", body.MaxTokens), body.MaxTokens, body.MaxTokens+3)
}

// stream writes a token of four bytes in each chunk. Its usage comes with the end, where
// there is one.
func (w *writer) stream(rw http.ResponseWriter, r *http.Request, tokens int) {
	rw.Header().Set("Content-Type", "text/event-stream")
	w.streams.Add(1)
	for i := 0; tokens == 0 || i < tokens; i++ {
		if _, err := io.WriteString(rw, `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"book","choices":[{"index":0,"delta":{"content":"word"},"finish_reason":null}]}`+"\n\n"); err != nil || r.Context().Err() != nil {
			return
		}
		rw.(http.Flusher).Flush() //nolint:forcetypeassert // of net/http's own
	}
	_, _ = fmt.Fprintf(rw, "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"book\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"+
		"data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"book\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":%d,\"total_tokens\":%d}}\n\ndata: [DONE]\n\n", tokens, tokens+3)
}

// gate stands before a server: while it is shut, connections break and none is made.
type gate struct {
	address string
	target  string

	mu    sync.Mutex
	shut  bool
	conns map[net.Conn]bool
}

func newGate(t *testing.T, target string) *gate {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{address: listener.Addr().String(), target: target, conns: map[net.Conn]bool{}}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			done.Go(func() { g.pass(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		g.set(true)
		done.Wait()
	})
	return g
}

// set shuts or opens the gate.
func (g *gate) set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = shut
	if !shut {
		return
	}
	for conn := range g.conns {
		_ = conn.Close()
	}
}

// keep remembers a connection, unless the gate is shut.
func (g *gate) keep(conn net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		_ = conn.Close()
		return false
	}
	g.conns[conn] = true
	return true
}

func (g *gate) drop(conn net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, conn)
	_ = conn.Close()
}

func (g *gate) pass(in net.Conn) {
	if !g.keep(in) {
		return
	}
	defer g.drop(in)
	out, err := net.Dial("tcp", g.target)
	if err != nil || !g.keep(out) {
		return
	}
	defer g.drop(out)
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(out, in); _ = out.Close() })
	_, _ = io.Copy(in, out)
	_ = in.Close()
	both.Wait()
}
