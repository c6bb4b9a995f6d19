package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"skytower/internal/api"
	"skytower/internal/app"
	"skytower/internal/config"
	"skytower/internal/jobs/jobstest"
	"skytower/internal/skytells"
)

// bodyFuzz is a server whose routes with a body of JSON are called with anything.
type bodyFuzz struct {
	routes  []api.Route
	base    string
	client  *http.Client
	keys    map[string]string // by who calls: nobody, somebody with an account's key, an operator
	victim  map[string]string // ids that paths are filled with, by the kind (kinds())
	secrets []string          // what no answer may hold
	log     *output
}

// callers are who calls, by the number that the fuzzer chooses.
func callers() []string { return []string{"account", "operator", "nobody"} }

func newBodies(f *testing.F) *bodyFuzz {
	f.Helper()
	data := filepath.Join(f.TempDir(), "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		f.Fatal(err)
	}
	content, err := os.ReadFile(strings.TrimPrefix(jobstest.SQLite(f), "sqlite:"))
	if err != nil {
		f.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "skytower.db"), content, 0o600); err != nil {
		f.Fatal(err)
	}
	cfg, err := config.Load(config.Sources{Flags: map[string]string{
		"data": data, "listen": "127.0.0.1:0", "operations-listen": "off", "offer-ollama": "false", "await-max": "1s", "drain-delay": "0s", "shutdown-grace": "1s",
		"dial-timeout": "100ms", "first-byte-timeout": "1s", "idle-timeout": "1s",
	}})
	if err != nil {
		f.Fatal(err)
	}
	b := &bodyFuzz{client: &http.Client{Transport: &http.Transport{}, Timeout: patience}, log: &output{}}
	var told output
	server, err := app.Build(f.Context(), cfg, app.Options{Stdout: &told, Stderr: b.log, Version: "test"})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		b.client.CloseIdleConnections()
		_ = stopNow(server) // what it still does for the fuzzer is of no interest
	})
	if err := server.Start(f.Context()); err != nil {
		f.Fatalf("start: %v\n%s", err, b.log)
	}
	b.base = "http://" + server.Addr().String()
	for _, r := range server.Routes() {
		if r.Request != nil && !r.Multipart {
			b.routes = append(b.routes, r)
		}
	}
	operator, err := os.ReadFile(filepath.Join(data, "operator.key"))
	if err != nil {
		f.Fatal(err)
	}
	b.keys = map[string]string{"account": regexp.MustCompile(`sk-[0-9A-Za-z]+`).FindString(told.String()), "operator": strings.TrimSpace(string(operator))}
	b.furnish(f, data)
	return b
}

func stopNow(a *app.App) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return a.Stop(ctx)
}

// furnish makes what the paths of routes name: an account apart, so that no act of an
// operator takes the caller's own away.
func (b *bodyFuzz) furnish(f *testing.F, data string) {
	f.Helper()
	master, err := os.ReadFile(filepath.Join(data, "master.key"))
	if err != nil {
		f.Fatal(err)
	}
	b.secrets = []string{strings.TrimSpace(string(master)), upKey, b.keys["account"], b.keys["operator"]}
	c, err := skytells.NewClient(skytells.ClientOptions{BaseURL: b.base, Key: b.keys["operator"]})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(c.CloseIdle)
	account, err := c.CreateAccount(f.Context(), skytells.AccountRequest{Name: "victim"})
	if err != nil {
		f.Fatal(err)
	}
	key, err := c.CreateKey(f.Context(), skytells.KeyRequest{Account: account.ID, Name: "victim"})
	if err != nil {
		f.Fatal(err)
	}
	member, err := c.CreateMember(f.Context(), account.ID, skytells.MemberRequest{Name: "Victim", Role: "viewer"})
	if err != nil {
		f.Fatal(err)
	}
	// A provider that nothing listens at.
	if _, err := c.PutProvider(f.Context(), skytells.ProviderSpec{Name: "victim", Kind: "openai", BaseURL: "http://127.0.0.1:1/v1", Credential: upKey}); err != nil {
		f.Fatal(err)
	}
	b.victim = map[string]string{"account": account.ID, "key": key.ID, "member": member.ID, "provider": "victim", "model": "victim", "page": "keys", "folder": "victim"}
}

// fillPath names things of the victim, or what is none.
func (b *bodyFuzz) fillPath(pattern string) string {
	path := strings.TrimSuffix(pattern, "{$}")
	for _, at := range regexp.MustCompile(`\{[a-z_]+(\.\.\.)?\}`).FindAllString(pattern, -1) {
		kind := kinds()[pattern[:strings.Index(pattern, at)+len(at)]]
		id, ok := b.victim[kind]
		if !ok {
			id = "00000000-0000-4000-8000-000000000000"
		}
		path = strings.Replace(path, at, id, 1)
	}
	return path
}

// quietHosts turns addresses to a port where nobody listens: nothing is sent to strangers.
func quietHosts(body string) string {
	return regexp.MustCompile(`https?://[A-Za-z0-9.-]+`).ReplaceAllString(body, "http://127.0.0.1:1")
}

// call sends a body, and returns the answer.
func (b *bodyFuzz) call(t *testing.T, method, path, who string, body []byte) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.base+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if key := b.keys[who]; key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := b.client.Do(req)
	if err != nil {
		t.Fatalf("%s %s as %s with %q: %v", method, path, who, body, err)
	}
	defer res.Body.Close() //nolint:errcheck // read to its end
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s as %s with %q: %v", method, path, who, body, err)
	}
	return res, answer
}

// upstreamFailed are faults of others, which a request may lead to.
func upstreamFailed(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

// check looks at an answer: no fault of ours, an envelope for a refusal, no secret.
func (b *bodyFuzz) check(t *testing.T, what string, res *http.Response, answer, sent []byte) {
	t.Helper()
	if res.StatusCode >= 500 && !upstreamFailed(res.StatusCode) {
		t.Errorf("%s: %s: %s\n%s", what, res.Status, answer, tail(b.log.String()))
	}
	if res.StatusCode >= 400 {
		var envelope map[string]json.RawMessage
		if err := json.Unmarshal(answer, &envelope); err != nil || envelope["error"] == nil {
			t.Errorf("%s: %s has no envelope: %.300s", what, res.Status, answer)
		}
	}
	for i, secret := range b.secrets {
		if bytes.Contains(answer, []byte(secret)) && !bytes.Contains(sent, []byte(secret)) {
			t.Errorf("%s: the answer holds secret %d: %.300s", what, i, answer)
		}
	}
}

func tail(text string) string { return text[max(0, len(text)-2000):] }

// mutated puts a value at a field of the example, at any depth where the field is there.
func mutated(example, field, value string) []byte {
	var whole any
	if json.Unmarshal([]byte(example), &whole) != nil {
		return []byte(example)
	}
	var put any = value
	var parsed any
	if json.Unmarshal([]byte(value), &parsed) == nil {
		put = parsed
	}
	if !replaceField(whole, field, put) {
		if object, ok := whole.(map[string]any); ok {
			object[field] = put
		}
	}
	text, err := json.Marshal(whole)
	if err != nil {
		return []byte(example)
	}
	return text
}

func replaceField(in any, field string, value any) (done bool) {
	switch in := in.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(in)) {
			if name == field {
				in[name], done = value, true
			} else {
				done = replaceField(in[name], field, value) || done
			}
		}
	case []any:
		for _, item := range in {
			done = replaceField(item, field, value) || done
		}
	}
	return done
}

// fieldsIn are the names of all fields of an example.
func fieldsIn(example string) []string {
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(`"([a-z_]+)"\s*:`).FindAllStringSubmatch(example, -1) {
		found[m[1]] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// FuzzBodies sends bodies to every route that takes JSON, as an account, as an operator
// and as nobody: bytes as they are, or the route's example with a field changed. No answer
// is a fault of ours, each refusal is an envelope, nothing secret comes back, and the
// server goes on.
func FuzzBodies(f *testing.F) {
	b := newBodies(f)
	hostile := []string{``, `null`, `[]`, `"text"`, `{`, `{"a":1,"a":2}`, `{"model":null}`, "{\"model\":\"\\u0000\"}", strings.Repeat("[", 2000), "\xff\xfe"}
	values := []string{`null`, `-1`, `1e308`, `9223372036854775808`, `""`, `{}`, `[]`, `[null]`, `{"a":{"b":[1]}}`, "\"\\u0000\\ud800\"", `"` + strings.Repeat("x", 5000) + `"`}
	for i, r := range b.routes {
		who := byte(slices.Index(callers(), "account"))
		if r.Operator != nil {
			who = byte(slices.Index(callers(), "operator"))
		}
		f.Add(uint16(i), who, []byte(quietHosts(r.Example)), "", "")
		f.Add(uint16(i), byte(2), []byte(`{}`), "", "")
		f.Add(uint16(i), who, []byte(hostile[i%len(hostile)]), "", "")
		f.Add(uint16(i), who, []byte(hostile[(i*3+1)%len(hostile)]), "", "")
		for k, field := range fieldsIn(r.Example) {
			f.Add(uint16(i), who, []byte(nil), field, values[(i+k)%len(values)])
		}
	}
	f.Fuzz(func(t *testing.T, route uint16, who byte, body []byte, field, value string) {
		r := b.routes[int(route)%len(b.routes)]
		caller := callers()[int(who)%len(callers())]
		if field != "" {
			body = mutated(quietHosts(r.Example), field, quietHosts(value))
		}
		path := b.fillPath(r.Pattern)
		res, answer := b.call(t, r.Method, path, caller, body)
		b.check(t, r.Method+" "+r.Pattern+" as "+caller+" with "+string(body[:min(len(body), 500)]), res, answer, body)
		if res, answer := b.call(t, http.MethodGet, "/v1/balance", "account", nil); res.StatusCode != http.StatusOK {
			t.Errorf("the next good request: %s %s", res.Status, answer)
		}
		if res, answer := b.call(t, http.MethodGet, "/admin/v1/settings", "operator", nil); res.StatusCode != http.StatusOK {
			t.Errorf("the next good request of an operator: %s %s", res.Status, answer)
		}
	})
}
