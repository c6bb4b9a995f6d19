package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"skytower/internal/cli"
	"skytower/internal/skytells"
)

const operatorKey = "op-0123456789abcdefghijklmnopqrstuvwxyz"

// fake answers like the admin API, with what each test puts in, and keeps the
// bodies that came, by "METHOD path".
type fake struct {
	url     string
	answers map[string]any // by "METHOD path"; a string is sent with status 400

	mu   sync.Mutex
	came map[string][]string
}

func newFake(t *testing.T, answers map[string]any) *fake {
	t.Helper()
	f := &fake{answers: answers, came: map[string][]string{}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	act := r.Method + " " + strings.TrimPrefix(r.URL.EscapedPath(), "/admin/v1")
	var body json.RawMessage
	_ = json.NewDecoder(r.Body).Decode(&body)
	f.mu.Lock()
	f.came[act] = append(f.came[act], string(body))
	f.mu.Unlock()
	answer, ok := f.answers[act]
	if message, no := answer.(string); no || !ok {
		w.WriteHeader(http.StatusBadRequest)
		answer = skytells.ErrorEnvelope{Response: message, Error: skytells.RESTError{
			HTTPStatus: 400, Message: message + act, ErrorID: "INVALID_PARAMETER", RequestID: "req_test",
		}}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// result is what one run printed and its exit code.
type result struct {
	stdout, stderr string
	code           int
}

// run runs a command against the fake, with stdin as its input.
func (f *fake) run(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	return run(t, map[string]string{"SKYTOWER_URL": f.url, "SKYTOWER_OPERATOR_KEY": operatorKey}, stdin, args...)
}

func run(t *testing.T, env map[string]string, stdin string, args ...string) result {
	t.Helper()
	var stdout, stderr strings.Builder
	code := cli.Run(context.Background(), args, cli.Options{
		Stdin: strings.NewReader(stdin), Stdout: &stdout, Stderr: &stderr, Version: "1.2.3",
		Getenv: func(name string) string { return env[name] },
	})
	for what, text := range map[string]string{"output": stdout.String(), "errors": stderr.String()} {
		if strings.Contains(text, operatorKey) {
			t.Errorf("%v: the operator key is in the %s:\n%s", args, what, text)
		}
	}
	return result{stdout.String(), stderr.String(), code}
}

func list[T any](items ...T) skytells.List[T] { return skytells.List[T]{Data: items} }

func TestKeyGoesAloneToStandardOutput(t *testing.T) {
	t.Parallel()
	key := skytells.Key{ID: "key_1", Account: "acct_1", Secret: "sk-new"}
	f := newFake(t, map[string]any{"POST /keys": key})
	got := f.run(t, "", "keys", "create", "--name", "laptop", "--scope", "models:read,inference", "--scope", "files")
	if got.code != 0 || got.stdout != "sk-new\n" || !strings.Contains(got.stderr, "key_1") {
		t.Errorf("printed %+v", got)
	}
	const want = `{"name":"laptop","scopes":["models:read","inference","files"]}`
	if came := f.came["POST /keys"]; len(came) != 1 || came[0] != want {
		t.Errorf("sent %s, want %s", came, want)
	}
	got = f.run(t, "", "keys", "create", "--json")
	var shown skytells.Key
	if err := json.Unmarshal([]byte(got.stdout), &shown); err != nil || shown.Secret != "sk-new" || got.stderr != "" {
		t.Errorf("printed %+v (%v)", got, err)
	}
}

func TestKeyExpiryIsSentAsTime(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{"POST /keys": skytells.Key{}})
	f.run(t, "", "keys", "create", "--expires", "2999-01-31")
	const want = `{"expires_at":"2999-01-31T00:00:00Z"}`
	if came := f.came["POST /keys"]; len(came) != 1 || came[0] != want {
		t.Errorf("sent %s, want %s", came, want)
	}
}

func TestKeyStates(t *testing.T) {
	t.Parallel()
	past, future := time.Unix(1, 0), time.Now().Add(time.Hour)
	f := newFake(t, map[string]any{"GET /keys": list(
		skytells.Key{ID: "key_a", ExpiresAt: &future}, skytells.Key{ID: "key_b", ExpiresAt: &past},
		skytells.Key{ID: "key_c", RevokedAt: &past, ExpiresAt: &past},
	)})
	lines := strings.Split(f.run(t, "", "keys", "list").stdout, "\n")
	for i, want := range []string{"STATE", "active", "expired", "revoked"} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d lacks %s: %s", i, want, lines[i])
		}
	}
}

func TestEmptyListsAreJSONLists(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{
		"GET /keys": list[skytells.Key](), "GET /accounts": list[skytells.Account](),
		"GET /providers": list[skytells.ProviderSpec](), "GET /models": list[skytells.ModelSpec](),
	})
	for _, noun := range []string{"keys", "accounts", "providers", "models"} {
		if got := f.run(t, "", noun, "list", "--json"); got.stdout != "[]\n" || got.code != 0 {
			t.Errorf("%s: %+v", noun, got)
		}
		if got := f.run(t, "", noun, "list"); got.stdout != "" || got.stderr != "None.\n" {
			t.Errorf("%s: %+v", noun, got)
		}
	}
}

func TestNamesCannotDriveTheTerminal(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{"GET /accounts": list(skytells.Account{ID: "acct_1", Name: "a\x1b[2J\tb\u202e\u009b\nc"})})
	got := f.run(t, "", "accounts", "list")
	if strings.ContainsAny(got.stdout, "\x1b\u202e\u009b") {
		t.Errorf("printed %q", got.stdout)
	}
	if lines := strings.Count(got.stdout, "\n"); lines != 2 {
		t.Errorf("a line end in a name makes %d lines: %q", lines, got.stdout)
	}
}

func TestServersNoIsShownWhole(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{"POST /accounts": "No: "})
	got := f.run(t, "", "accounts", "create", "x")
	const want = "skytower: No: POST /accounts [INVALID_PARAMETER] (request req_test)\n"
	if got.code != 1 || got.stdout != "" || got.stderr != want {
		t.Errorf("printed %+v, want %q", got, want)
	}
}

func TestProviderCredentials(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		credential, stdin, want string // want "" is a refusal
	}{
		{"env:UPSTREAM_KEY", "", "env:UPSTREAM_KEY"},
		{"file:/run/key", "", "file:/run/key"},
		{"-", "hunter2hunter2\n", "hunter2hunter2"},
		{"-", "\n", ""},
		{"hunter2hunter2", "", ""},
	} {
		f := newFake(t, map[string]any{"GET /providers": list[skytells.ProviderSpec](), "PUT /providers/up": skytells.ProviderSpec{Name: "up"}})
		got := f.run(t, c.stdin, "providers", "add", "up", "--base-url", "http://127.0.0.1:1/v1", "--credential", c.credential)
		came := strings.Join(f.came["PUT /providers/up"], "")
		if c.want == "" && (got.code != 2 || came != "") || c.want != "" && !strings.Contains(came, `"credential":"`+c.want+`"`) {
			t.Errorf("%s: code %d, sent %s", c.credential, got.code, came)
		}
		if strings.Contains(got.stdout+got.stderr, "hunter2") {
			t.Errorf("%s: the secret is printed: %+v", c.credential, got)
		}
	}
}

func TestReplacingAProviderKeepsItsCredential(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{
		"GET /providers":    list(skytells.ProviderSpec{Name: "up", Credential: "set"}),
		"PUT /providers/up": skytells.ProviderSpec{Name: "up"},
	})
	add := []string{"providers", "add", "up", "--base-url", "http://127.0.0.1:1/v1"}
	if got := f.run(t, "", add...); got.code != 1 || f.came["PUT /providers/up"] != nil {
		t.Errorf("replaced unasked: %+v", got)
	}
	f.run(t, "", append(add, "--replace")...)
	if came := strings.Join(f.came["PUT /providers/up"], ""); !strings.Contains(came, `"credential":"set"`) {
		t.Errorf("sent %s", came)
	}
}

func TestModelsListHidesTheClosed(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{"GET /models": list(
		skytells.ModelSpec{Slug: "one", Open: true}, skytells.ModelSpec{Slug: "two"}, skytells.ModelSpec{Slug: "three", Open: true, Offline: true},
	)})
	got := f.run(t, "", "models", "list")
	if strings.Contains(got.stdout, "two") || strings.Contains(got.stdout, "three") || !strings.Contains(got.stderr, "2 more") {
		t.Errorf("printed %+v", got)
	}
	all := f.run(t, "", "models", "list", "--all").stdout
	for _, want := range []string{"one", "two", "waiting", "three", "offline"} {
		if !strings.Contains(all, want) {
			t.Errorf("--all lacks %s:\n%s", want, all)
		}
	}
}

func TestOpenChangesNothingWhereOneModelIsUnknown(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{
		"GET /models":     list(skytells.ModelSpec{Slug: "one", API: "chat", Description: "kept"}, skytells.ModelSpec{Slug: "two"}),
		"PUT /models/one": skytells.ModelSpec{Slug: "one", Open: true, API: "chat"},
	})
	for _, args := range [][]string{{"one", "ones"}, {"one", "two"}} { // unknown; without an api
		if got := f.run(t, "", append([]string{"models", "open", "--free"}, args...)...); got.code == 0 || f.came["PUT /models/one"] != nil {
			t.Errorf("%v: %+v", args, got)
		}
	}
	if got := f.run(t, "", "models", "open", "one"); got.code != 2 {
		t.Errorf("opened without --free: %+v", got)
	}
	if got := f.run(t, "", "models", "open", "one", "--free"); got.code != 0 || !strings.Contains(got.stdout, "open") {
		t.Errorf("printed %+v", got)
	}
	if came := strings.Join(f.came["PUT /models/one"], ""); !strings.Contains(came, `"description":"kept"`) || !strings.Contains(came, `"free":true`) {
		t.Errorf("sent %s", came)
	}
}

func TestDefaultKeepsTheOtherChoice(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{
		"GET /settings": skytells.Settings{DefaultChat: "c", DefaultEmbeddings: "e"},
		"PUT /settings": skytells.Settings{DefaultEmbeddings: "e"},
	})
	f.run(t, "", "models", "default", "--chat=")
	if came := f.came["PUT /settings"]; len(came) != 1 || came[0] != `{"default_chat":"","default_embeddings":"e"}` {
		t.Errorf("sent %s", came)
	}
	if f.run(t, "", "models", "default"); len(f.came["PUT /settings"]) != 1 {
		t.Error("showing the choice changed it")
	}
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const fleet = "providers: [{name: p, kind: openai}]\n"

func TestApplyAsksOncePerFile(t *testing.T) {
	t.Parallel()
	change := skytells.ApplyResult{Changes: []skytells.ResourceChange{{Kind: "provider", Name: "p", Action: "create", Fields: []string{"kind: (none) → openai"}}}}
	one, two := writeFile(t, "one.yml", fleet), writeFile(t, "two.yml", fleet)
	for _, c := range []struct {
		stdin     string
		args      []string
		dry, real int // requests
		code      int
	}{
		{"y\nYES\n", nil, 2, 2, 0},
		{"y\nn\n", nil, 2, 1, 1},
		{"y\n", nil, 2, 1, 2},
		{"\n", nil, 1, 0, 1},
		{"", nil, 1, 0, 2},
		{"", []string{"--yes"}, 2, 2, 0},
		{"", []string{"--dry-run"}, 2, 0, 0},
	} {
		f := newFake(t, map[string]any{"POST /apply": change})
		got := f.run(t, c.stdin, append([]string{"apply", "-f", one, "-f", two}, c.args...)...)
		came := strings.Join(f.came["POST /apply"], "\n")
		dry := strings.Count(came, `"dry_run":true`)
		if all := len(f.came["POST /apply"]); got.code != c.code || dry != c.dry || all-dry != c.real {
			t.Errorf("%q %v: code %d, %d dry, %d real; want %+v\n%s", c.stdin, c.args, got.code, dry, all-dry, c, got.stderr)
		}
		if !strings.Contains(got.stdout, "+ provider p") || !strings.Contains(got.stdout, "kind: (none) → openai") {
			t.Errorf("no difference shown: %s", got.stdout)
		}
	}
}

func TestApplyOfNothingNewAsksAndSendsNothing(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{"POST /apply": skytells.ApplyResult{Changes: []skytells.ResourceChange{{Action: "unchanged"}}}})
	got := f.run(t, "", "apply", "-f", writeFile(t, "a.yml", fleet))
	if got.code != 0 || len(f.came["POST /apply"]) != 1 || got.stderr != "" {
		t.Errorf("%+v, sent %v", got, f.came)
	}
}

// An interrupt must end a command that waits for a person.
func TestAnInterruptEndsTheQuestion(t *testing.T) {
	t.Parallel()
	change := skytells.ApplyResult{Changes: []skytells.ResourceChange{{Kind: "provider", Name: "p", Action: "create"}}}
	f := newFake(t, map[string]any{"POST /apply": change})
	for _, args := range [][]string{
		{"apply", "-f", writeFile(t, "a.yml", fleet)}, {"apply", "-f", "-"},
		{"providers", "add", "p", "--base-url", "http://127.0.0.1:1", "--credential", "-"},
	} {
		ctx, cancel := context.WithCancel(context.Background())
		input, end := io.Pipe() // nothing ever comes
		var stderr strings.Builder
		code := cli.Run(ctx, args, cli.Options{
			Stdin: interrupting{input, cancel}, Stdout: io.Discard, Stderr: &stderr,
			Getenv: func(name string) string {
				return map[string]string{"SKYTOWER_URL": f.url, "SKYTOWER_OPERATOR_KEY": operatorKey}[name]
			},
		})
		if code != 1 || !strings.Contains(stderr.String(), "stopped") {
			t.Errorf("%v: code %d, %s", args, code, stderr.String())
		}
		end.Close()
	}
}

// interrupting interrupts as soon as somebody reads.
type interrupting struct {
	io.Reader
	interrupt func()
}

func (i interrupting) Read(p []byte) (int, error) {
	i.interrupt()
	return i.Reader.Read(p)
}

func TestConnection(t *testing.T) {
	t.Parallel()
	f := newFake(t, map[string]any{"GET /settings": skytells.Settings{}})
	folder := t.TempDir()
	write := func(key string) {
		if err := os.WriteFile(filepath.Join(folder, "operator.key"), []byte(key), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(operatorKey + "\n")
	for _, c := range []struct {
		name string
		env  map[string]string
		args []string
		code int
		want string // in the errors
	}{
		{"data flag", map[string]string{"SKYTOWER_URL": f.url}, []string{"--data", folder}, 0, ""},
		{"data variable", map[string]string{"SKYTOWER_URL": f.url, "SKYTOWER_DATA": folder}, nil, 0, ""},
		{"key variable", map[string]string{"SKYTOWER_URL": f.url, "SKYTOWER_OPERATOR_KEY": operatorKey}, nil, 0, ""},
		{"url flag over variable", map[string]string{"SKYTOWER_URL": "http://127.0.0.1:1", "SKYTOWER_DATA": folder}, []string{"--url", f.url}, 0, ""},
		{"no key", map[string]string{"SKYTOWER_URL": f.url, "SKYTOWER_DATA": t.TempDir()}, nil, 2, "SKYTOWER_OPERATOR_KEY"},
		{"file for another machine", map[string]string{"SKYTOWER_DATA": folder}, []string{"--url", "https://192.0.2.1"}, 2, "no operator key for that server"},
		{"plain http", map[string]string{"SKYTOWER_OPERATOR_KEY": operatorKey}, []string{"--url", "http://192.0.2.1"}, 2, "--insecure"},
		{"an API key", map[string]string{"SKYTOWER_URL": f.url, "SKYTOWER_OPERATOR_KEY": "sk-abc"}, nil, 2, "an API key"},
		{"not a key", map[string]string{"SKYTOWER_URL": f.url, "SKYTOWER_OPERATOR_KEY": "hello"}, nil, 2, "no operator key"},
		{"no server", map[string]string{"SKYTOWER_OPERATOR_KEY": operatorKey}, []string{"--url", "http://127.0.0.1:1"}, 3, "skytower serve"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := run(t, c.env, "", append([]string{"settings"}, c.args...)...)
			if got.code != c.code || !strings.Contains(got.stderr, c.want) {
				t.Errorf("%+v, want code %d and %q", got, c.code, c.want)
			}
		})
	}
}

func TestARefusedKeyIsExplained(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"status":false,"response":"No.","error":{"message":"No.","error_id":"UNAUTHORIZED"}}`)
	}))
	t.Cleanup(server.Close)
	got := run(t, map[string]string{"SKYTOWER_URL": server.URL, "SKYTOWER_OPERATOR_KEY": operatorKey}, "", "settings")
	if got.code != 1 || !strings.Contains(got.stderr, "operator key is not one of this server's") {
		t.Errorf("printed %+v", got)
	}
}

func TestHelpDescribesEveryCommand(t *testing.T) {
	t.Parallel()
	help := run(t, nil, "", "--help")
	for _, want := range []string{
		"serve", "init", "migrate", "config", "keys create", "keys list", "keys revoke", "accounts suspend",
		"providers add", "models import", "models default", "apply", "settings", "version", "SKYTOWER_URL", "Exit codes",
		"run ", "predictions redeliver", "files upload", "SKYTOWER_API_KEY",
	} {
		if !strings.Contains(help.stdout, want) {
			t.Errorf("the help lacks %q", want)
		}
	}
	if help.code != 0 || help.stderr != "" {
		t.Errorf("help: code %d, %s", help.code, help.stderr)
	}
}
