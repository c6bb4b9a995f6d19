package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"skytower/internal/skytells"
)

// typed are the lines that somebody types; "^C" is an interrupt.
type typed struct{ lines []string }

func (l *typed) read(context.Context, string) (string, error) {
	if len(l.lines) == 0 {
		return "", io.EOF
	}
	line := l.lines[0]
	if l.lines = l.lines[1:]; line == "^C" {
		return "", errInterrupt
	}
	return line, nil
}

// conversation types the lines at a server that tells how many messages came and, where
// the last one says "wait", interrupts before it ends.
func conversation(t *testing.T, lines ...string) (stdout, stderr string) {
	t.Helper()
	came := make(chan os.Signal, 1)
	var waiting atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		wait := strings.HasSuffix(strings.Split(string(body), `"}]`)[0], "wait")
		waiting.Store(wait)
		fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{\"content\":\"%d messages\"}}]}\n\n", strings.Count(string(body), `"role"`))
		if strings.Contains(string(body), "fail") {
			fmt.Fprint(w, "data: {\"error\":{\"message\":\"It failed.\"}}\n\n")
			return
		}
		if wait {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			return
		}
		fmt.Fprint(w, "data: [DONE]\n\n")
	}))
	defer server.Close()
	var out, errs strings.Builder
	interrupting := writerFunc(func(text []byte) (int, error) {
		if waiting.Swap(false) {
			came <- os.Interrupt
		}
		return out.Write(text)
	})
	s := &session{Options: Options{Stdout: interrupting, Stderr: &errs, Getenv: func(string) string { return "" },
		Interrupts: func() (<-chan os.Signal, func()) { return came, func() {} }}}
	client, err := skytells.NewClient(skytells.ClientOptions{BaseURL: server.URL, Key: "sk-test"})
	if err != nil {
		t.Fatal(err)
	}
	defer client.CloseIdle()
	c := &chat{s: s, client: client, ask: skytells.ChatRequest{Model: "m"}}
	if err := c.talk(context.Background(), &typed{lines}, nil); err != nil {
		t.Fatal(err)
	}
	return out.String(), errs.String()
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(text []byte) (int, error) { return f(text) }

func TestConversation(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "talk.md")
	out, errs := conversation(t, "hello", "/system be nice", "again", "^C", "", "please wait", "fail", `"""one`, `two"""`, `a\`, "b",
		"/sistem", "/clear", "after", "/save "+file, "/save "+file, "/quit", "never")
	want := "1 messages\n4 messages\n6 messages\n8 messages\n8 messages\n10 messages\n2 messages\n"
	if out != want {
		t.Errorf("answered %q\nwant     %q", out, want)
	}
	for _, text := range []string{"Ctrl-D leaves", "(Stopped.)", "It failed.", `did you mean "/system"`, "Saved in", "file exists"} {
		if !strings.Contains(errs, text) {
			t.Errorf("%q is not in %s", text, errs)
		}
	}
	saved, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(saved), "## system\n\nbe nice") || !strings.Contains(string(saved), "after") || strings.Contains(string(saved), "hello") {
		t.Errorf("saved %s, %v", saved, err)
	}
}

func TestEditorEdits(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keys string
		want string
		err  error
	}{
		"as it comes":      {"hello\r", "hello", nil},
		"backspace":        {"helk\x7flo\r", "hello", nil},
		"in the middle":    {"hlo\x1b[D\x1b[Del\r", "hello", nil},
		"home and end":     {"ello\x01h\x05!\r", "hello!", nil},
		"delete":           {"xhello\x1b[H\x1b[3~\r", "hello", nil},
		"a word back":      {"hello there\x17you\r", "hello you", nil},
		"the rest":         {"hello\x1b[D\x1b[D\x0b\r", "hel", nil},
		"all":              {"nonsense\x15hello\r", "hello", nil},
		"the one before":   {"\x1b[A\r", "second", nil},
		"the first":        {"\x1b[A\x1b[A\x1b[A\r", "first", nil},
		"and back":         {"new\x1b[A\x1b[B\r", "new", nil},
		"a paste":          {"\x1b[200~a\rb\x1b[201~\r", "a\nb", nil},
		"wide":             {"日本\x7f語é\r", "日語é", nil},
		"unknown sequence": {"a\x1b[99zb\r", "ab", nil},
		"interrupt":        {"abc\x03", "", errInterrupt},
		"end":              {"\x04", "", io.EOF},
		"end within":       {"ab\x1b[D\x04\r", "a", nil},
		"cut off":          {"abc", "", io.EOF},
	} {
		e := &editor{in: bufio.NewReader(strings.NewReader(c.keys)), out: io.Discard, width: func() int { return 10 },
			raw: func() (func(), error) { return func() {}, nil }, history: []string{"first", "second"}}
		got, err := e.read(context.Background(), ">>> ")
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestListsFitTheTerminal(t *testing.T) {
	t.Parallel()
	tab := &table{}
	tab.row("ID", "NAME", "NOTE")
	tab.row("an-id-that-stays-whole", strings.Repeat("n", 30), strings.Repeat("ä", 40))
	var out strings.Builder
	if err := tab.print(&out, 60); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
		if n := len([]rune(line)); n > 60 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if !strings.Contains(out.String(), "an-id-that-stays-whole  n") || !strings.Contains(out.String(), "ä…") {
		t.Errorf("printed %s", out.String())
	}
}
