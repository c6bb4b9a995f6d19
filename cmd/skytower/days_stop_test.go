package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"skytower/internal/skytells"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

// slowly is an upstream whose streams stop after three tokens, until it is told to go on.
type slowly struct {
	server *httptest.Server
	begun  chan struct{} // a value for each stream
	goOn   chan struct{} // closed: all end
}

const slowChunk = `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"slow","choices":[{"index":0,"delta":{"content":"word"},"finish_reason":null}]}` + "\n\n"

const slowEnd = `data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"slow","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n" +
	`data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"slow","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":3,"total_tokens":6}}` + "\n\ndata: [DONE]\n\n"

func newSlowly(t *testing.T) *slowly {
	s := &slowly{begun: make(chan struct{}, 100), goOn: make(chan struct{})}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, slowChunk+slowChunk+slowChunk)
		w.(http.Flusher).Flush() //nolint:forcetypeassert // of net/http's own
		s.begun <- struct{}{}
		select {
		case <-s.goOn:
			_, _ = io.WriteString(w, slowEnd)
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(s.server.Close)
	return s
}

// slowModel is the fleet's model whose streams wait for the test.
func (f *fleet) slowModel() *slowly {
	f.t.Helper()
	s := newSlowly(f.t)
	_, err := f.admin().Apply(f.t.Context(), skytells.ApplyRequest{Source: "slow", Resources: skytells.Resources{
		Providers: []skytells.ProviderSpec{{Name: "slowly", Kind: "openai", BaseURL: s.server.URL + "/v1", Credential: "token"}},
		Models: []skytells.ModelSpec{{Slug: "slow", Type: "text", API: "chat", Pricing: &skytells.PricingSpec{Unit: "million_token", Input: "0", Output: "100"},
			Targets: []skytells.TargetSpec{{Provider: "slowly", Model: "slow"}}}},
	}})
	if err != nil {
		f.t.Fatal(err)
	}
	f.everywhere("slow")
	return s
}

// answer is what a caller got.
type answer struct {
	status int
	text   string
	header http.Header
	closes bool // the connection ends with it
	err    error
}

// ask makes a call in the background; the channel gives its whole answer.
func (f *fleet) ask(n *node, path, body string) <-chan answer {
	got := make(chan answer, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+n.address+path, strings.NewReader(body))
		if err != nil {
			got <- answer{err: err}
			return
		}
		req.Header.Set("X-Api-Key", f.key)
		req.Header.Set("Content-Type", "application/json")
		res, err := f.client.Do(req)
		if err != nil {
			got <- answer{err: err}
			return
		}
		defer res.Body.Close() //nolint:errcheck // read to its end
		text, err := io.ReadAll(res.Body)
		got <- answer{res.StatusCode, string(text), res.Header, res.Close, err}
	}()
	return got
}

const slowStream = `{"model":"slow","stream":true,"messages":[{"role":"user","content":"Write."}]}`

// withOperations gives every process an address for its health.
func (f *fleet) withOperations() {
	for _, n := range f.nodes {
		n.flags = append(n.flags, "--operations-listen", freeAddress(f.t))
	}
	f.stop()
	for _, n := range f.nodes {
		f.start(n)
	}
}

func (n *node) operations() string { return n.flags[len(n.flags)-1] }

// health is what the process says at a path of its operations listener.
func (f *fleet) health(n *node, path string) (status int, text string) {
	res, err := http.Get("http://" + n.operations() + path)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(body)
}

func (f *fleet) signal(n *node, s syscall.Signal) {
	f.t.Helper()
	if err := n.cmd.Process.Signal(s); err != nil {
		f.t.Fatal(err)
	}
}

// ended waits for a process that was told to end; its exit code must be 0.
func (f *fleet) ended(n *node) {
	f.t.Helper()
	if err := n.cmd.Wait(); err != nil {
		f.t.Errorf("a process did not end well: %v\n%s", err, n.out)
	}
	n.cmd = nil
}

// charged reads the one charge of a model: its output tokens, its outcome and its amount.
func (f *fleet) charged(model string) (lines, tokens, amount int64, outcomes string) {
	f.t.Helper()
	db := storetest.OpenWith(f.t, f.database, store.Options{})
	err := db.Read(f.t.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(f.t.Context(), `select count(*), cast(coalesce(sum(units_out), 0) as bigint), cast(coalesce(sum(amount), 0) as bigint), coalesce(min(outcome) || ' ' || max(outcome), '')
			from charge_line where model = $1`, model).Scan(&lines, &tokens, &amount, &outcomes)
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return lines, tokens, amount, outcomes
}

// SIGTERM: the process says that it drains and goes on serving, its answers end their
// connections, and a stream that ends in time is whole and charged. Another signal ends
// the draining.
func TestStopLetsStreamsEnd(t *testing.T) {
	t.Parallel()
	f := newFleet(t, buildProgram(t), "sqlite", 1, "--drain-delay", "1h")
	n := f.nodes[0]
	f.hurried(n)
	n.flags = []string{"--operations-listen", freeAddress(t)}
	f.start(n)
	f.grant(f.account, "1")
	slow := f.slowModel()
	stream := f.ask(n, "/v1/chat/completions", slowStream)
	<-slow.begun
	f.signal(n, syscall.SIGTERM)
	f.await("the process says that it drains", func() bool {
		status, text := f.health(n, "/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(text, `"draining"`)
	})
	if status, _ := f.health(n, "/healthz"); status != http.StatusOK {
		t.Errorf("healthz says %d", status)
	}
	late := <-f.ask(n, "/v1/chat/completions", chat(10))
	if late.err != nil || late.status != http.StatusOK || !late.closes {
		t.Errorf("while it drains: %d %v, the connection ends: %t", late.status, late.err, late.closes)
	}
	f.signal(n, syscall.SIGTERM)
	f.await("the process stops", func() bool {
		_, text := f.health(n, "/readyz")
		return strings.Contains(text, `"stopping"`)
	})
	close(slow.goOn)
	if got := <-stream; got.err != nil || got.status != http.StatusOK || !strings.HasSuffix(got.text, "data: [DONE]\n\n") || strings.Contains(got.text, "error") {
		t.Errorf("the stream: %d %v %s", got.status, got.err, got.text)
	}
	f.ended(n)
	if lines, tokens, amount, outcomes := f.charged("slow"); lines != 1 || tokens != 3 || amount != 3*int64(token) || outcomes != "ok ok" {
		t.Errorf("%d charges of %d tokens for %d: %s", lines, tokens, amount, outcomes)
	}
	f.audit()
}

// hurried ends a process that would drain for long.
func (f *fleet) hurried(n *node) {
	f.t.Helper()
	f.signal(n, syscall.SIGINT)
	f.ended(n)
}

// A stream that does not end within the grace time is cut with an error event and charged
// for what was sent; a plain call is told to come again. The process ends well.
func TestStopCutsStreamsInBand(t *testing.T) {
	t.Parallel()
	f := newFleet(t, buildProgram(t), "sqlite", 1, "--shutdown-grace", "300ms")
	n := f.nodes[0]
	f.grant(f.account, "1")
	slow := f.slowModel()
	stream := f.ask(n, "/v1/chat/completions", slowStream)
	<-slow.begun
	plain := f.ask(n, "/v1/chat/completions", strings.Replace(slowStream, `"stream":true,`, "", 1))
	<-slow.begun
	fast := f.ask(n, "/v1/chat/completions", endless) // an upstream that never pauses
	f.await("the fast stream has begun", func() bool { return f.up.streams.Load() > 0 })
	f.signal(n, syscall.SIGTERM)
	got := <-stream
	if got.err != nil || strings.Count(got.text, "word") != 3 || !strings.Contains(got.text, "SERVICE_UNAVAILABLE") || !strings.HasSuffix(got.text, "data: [DONE]\n\n") {
		t.Errorf("the stream: %d %v %s", got.status, got.err, got.text)
	}
	if got := <-plain; got.err != nil || got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
		t.Errorf("the plain call: %d %v %s", got.status, got.err, got.text)
	}
	if got := <-fast; got.err != nil || !strings.HasSuffix(got.text, "data: [DONE]\n\n") {
		t.Errorf("the fast stream: %d %v %s", got.status, got.err, got.text[max(0, len(got.text)-300):])
	}
	f.ended(n)
	if lines, tokens, amount, outcomes := f.charged("slow"); lines != 1 || tokens < 3 || tokens > 4 || amount != tokens*int64(token) || outcomes != "cut cut" {
		t.Errorf("%d charges of %d tokens for %d: %s", lines, tokens, amount, outcomes)
	}
	f.audit()
}

// A prediction whose upstream works on goes to another process at once, long before the
// grace time is over; its work is submitted once, and charged once.
func TestStopHandsPredictionsOn(t *testing.T) {
	t.Parallel()
	f := newFleet(t, buildProgram(t), "postgres", 1, "--egress-allow", "127.0.0.0/8", "--shutdown-grace", "1h")
	f.grant(f.account, "1")
	first := f.nodes[0]
	status, text, err := f.send(first, f.key, http.MethodPost, "/v1/predictions", `{"model":"painter","input":{"prompt":"wait for it"}}`)
	if err != nil || status != http.StatusOK {
		t.Fatalf("%d %v %s", status, err, text)
	}
	var p skytells.Prediction
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	f.await("the upstream has the work, and its id is saved", func() bool { return f.upstreamOf(p.ID) != "" })
	second := &node{address: freeAddress(t), data: t.TempDir(), out: &safeBuffer{}}
	f.nodes = append(f.nodes, second)
	f.start(second)
	stream := f.events(second, p.ID)
	f.signal(first, syscall.SIGTERM)
	f.ended(first)
	f.nodes = f.nodes[1:]
	f.up.release(nil)
	f.await("the prediction has succeeded", func() bool {
		_, text, err := f.send(second, f.key, http.MethodGet, "/v1/predictions/"+p.ID, "")
		return err == nil && strings.Contains(text, `"status":"succeeded"`)
	})
	if n := f.up.submitted()["wait for it"]; n != 1 {
		t.Errorf("the work was submitted %d times", n)
	}
	if text := <-stream; !strings.Contains(text, "event: done") {
		t.Errorf("the stream: %s", text)
	}
	f.awaitBalance(f.account, 10_000-300)
	f.stop()
	f.audit()
}

// upstreamOf is the id under which the upstream knows a prediction's work.
func (f *fleet) upstreamOf(id string) (upstream string) {
	db := storetest.OpenWith(f.t, f.database, store.Options{})
	defer db.Close() //nolint:errcheck // it was only read
	err := db.Read(f.t.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(f.t.Context(), `select upstream from prediction where id = $1`, id).Scan(&upstream)
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return upstream
}

// events follows a prediction's stream to its end.
func (f *fleet) events(n *node, id string) <-chan string {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, "http://"+n.address+"/v1/predictions/"+id+"/stream", nil)
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", f.key)
	req.Header.Set("Accept", "text/event-stream")
	res, err := f.client.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	text := make(chan string, 1)
	go func() {
		defer res.Body.Close() //nolint:errcheck // read to its end
		all, _ := io.ReadAll(res.Body)
		text <- string(all)
	}()
	return text
}

// While a process stops, whoever follows a prediction there is let go cleanly, and goes on
// elsewhere after the last event that he saw.
func TestStopLetsFollowersComeAgain(t *testing.T) {
	t.Parallel()
	f := newFleet(t, buildProgram(t), "postgres", 2, "--egress-allow", "127.0.0.0/8")
	f.grant(f.account, "1")
	_, text, err := f.send(f.nodes[0], f.key, http.MethodPost, "/v1/predictions", `{"model":"painter","input":{"prompt":"wait and see"}}`)
	if err != nil {
		t.Fatal(err)
	}
	var p skytells.Prediction
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err, text)
	}
	stream := f.events(f.nodes[0], p.ID)
	f.await("the upstream has the work", func() bool { return f.upstreamOf(p.ID) != "" })
	f.signal(f.nodes[0], syscall.SIGTERM)
	if text := <-stream; strings.Contains(text, "event: error") || strings.Contains(text, "event: done") {
		t.Errorf("the first stream: %s", text)
	}
	f.ended(f.nodes[0])
	f.nodes = f.nodes[1:]
	f.up.release(nil)
	if text := <-f.events(f.nodes[0], p.ID); !strings.Contains(text, "event: done") {
		t.Errorf("the second stream: %s", text)
	}
	f.stop()
	f.audit()
}
