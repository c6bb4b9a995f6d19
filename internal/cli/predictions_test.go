package cli_test

import (
	"bytes"
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

	"github.com/google/go-cmp/cmp"

	"skytower/internal/cli"
	"skytower/internal/skytells"
)

const (
	apiKey = "sk-0123456789abcdefghijklmnopqrstuvwxyz"
	predID = "5f0c7d5e-8a70-4c3e-9a55-0d7a4b8d6d11"
)

// service is a server of /v1 with one prediction that each test scripts.
type service struct {
	t      *testing.T
	url    string
	schema string
	stream func(http.ResponseWriter, *http.Request)
	get    func(http.ResponseWriter)
	// cancelled is closed by the request to cancel.
	cancelled chan struct{}

	mu   sync.Mutex
	came []string // "METHOD path body"
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{t: t, cancelled: make(chan struct{})}
	s.get = func(w http.ResponseWriter) { fmt.Fprint(w, s.prediction("succeeded", `null`)) }
	s.stream = func(w http.ResponseWriter, _ *http.Request) {
		s.events(w, "done", "9", s.prediction("succeeded", `"all done"`))
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models/{slug}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"namespace":"m","input_schema":%s}`, s.schema)
	})
	mux.HandleFunc("POST /v1/predictions", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, s.prediction("pending", `null`)) })
	mux.HandleFunc("GET /v1/predictions/{id}", func(w http.ResponseWriter, _ *http.Request) { s.get(w) })
	mux.HandleFunc("GET /v1/predictions/{id}/stream", func(w http.ResponseWriter, r *http.Request) { s.stream(w, r) })
	mux.HandleFunc("POST /v1/predictions/{id}/cancel", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, s.prediction("processing", `null`))
		close(s.cancelled)
	})
	mux.HandleFunc("POST /v1/files", func(w http.ResponseWriter, r *http.Request) {
		file, head, err := r.FormFile("file")
		if err != nil {
			t.Error(err)
			return
		}
		n, _ := io.Copy(io.Discard, file)
		s.note("UPLOAD %s %d", head.Filename, n)
		fmt.Fprintf(w, `{"id":"file-1","filename":%q,"urls":{"get":"https://files.example.com/%s"}}`, head.Filename, head.Filename)
	})
	mux.HandleFunc("GET /files/{name}", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Api-Key") != "" || r.Header.Get("Authorization") != "" {
			t.Error("a download takes the key along")
		}
		if r.PathValue("name") == "gone" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, "content of "+r.URL.RawQuery)
	})
	server := httptest.NewServer(s.recorded(mux))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	s.url = server.URL
	return s
}

func (s *service) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.came = append(s.came, fmt.Sprintf(format, args...))
}

// requests are those that came, but for reads.
func (s *service) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.came...)
}

func (s *service) recorded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/files" && r.Method != http.MethodGet {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				s.t.Error(err)
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			s.note("%s", strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Method, r.URL.Path, body)))
		}
		if strings.HasPrefix(r.URL.Path, "/v1/") && r.Header.Get("X-Api-Key") != apiKey {
			s.t.Errorf("%s: headers %v", r.URL.Path, r.Header)
		}
		next.ServeHTTP(w, r)
	})
}

func (s *service) prediction(status, output string, more ...string) string {
	output = strings.ReplaceAll(output, "$URL", s.url)
	return fmt.Sprintf(`{"id":%q,"status":%q,"output":%s,"model":{"name":"m","type":"image"},"created_at":"2026-03-04T21:20:58.000000Z"%s}`,
		predID, status, output, strings.Join(append([]string{""}, more...), ","))
}

// events sends events, each a name, an id and its data.
func (s *service) events(w http.ResponseWriter, parts ...string) {
	w.Header().Set("Content-Type", "text/event-stream")
	for i := 0; i < len(parts); i += 3 {
		fmt.Fprintf(w, "event: %s\nid: %s\ndata: %s\n\n", parts[i], parts[i+1], parts[i+2])
	}
	if err := http.NewResponseController(w).Flush(); err != nil {
		s.t.Error(err)
	}
}

func (s *service) run(stdin string, args ...string) result {
	s.t.Helper()
	return s.runIn(s.t.Context(), stdin, nil, args...)
}

// runIn runs a command whose pauses are none. Interrupts after the first, which ends ctx,
// come from again.
func (s *service) runIn(ctx context.Context, stdin string, again chan os.Signal, args ...string) result {
	s.t.Helper()
	var stdout, stderr strings.Builder
	env := map[string]string{"SKYTOWER_URL": s.url, "SKYTOWER_API_KEY": apiKey}
	code := cli.Run(ctx, args, cli.Options{
		Stdin: strings.NewReader(stdin), Stdout: &stdout, Stderr: &stderr, Version: "1.2.3",
		Getenv:     func(name string) string { return env[name] },
		Interrupts: func() (<-chan os.Signal, func()) { return again, func() {} },
		Pause:      func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	for what, text := range map[string]string{"output": stdout.String(), "errors": stderr.String()} {
		if strings.Contains(text, apiKey) {
			s.t.Errorf("%v: the key is in the %s:\n%s", args, what, text)
		}
	}
	return result{stdout.String(), stderr.String(), code}
}

func TestRunPrintsATextAlone(t *testing.T) {
	t.Parallel()
	s := newService(t)
	got := s.run("", "run", "m", "--input", `{"prompt":"x"}`)
	if got.code != 0 || got.stdout != "all done\n" || got.stderr != "Prediction "+predID+"\n" {
		t.Errorf("printed %+v", got)
	}
	if diff := cmp.Diff([]string{`POST /v1/predictions {"model":"m","input":{"prompt":"x"}}`}, s.requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestRunShowsLogsWhenAsked(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.stream = func(w http.ResponseWriter, _ *http.Request) {
		s.events(w, "status", "1", s.prediction("pending", `null`), "logs", "4", "{\"lines\":[\"step 1\",\"step \u202e2\"]}",
			"done", "5", s.prediction("succeeded", `["$URL/files/a.png"]`))
	}
	if got := s.run("", "run", "m"); strings.Contains(got.stderr, "step") || got.stdout != s.url+"/files/a.png\n" {
		t.Errorf("printed %+v", got)
	}
	if got := s.run("", "run", "m", "-v"); !strings.Contains(got.stderr, "step 1\nstep \uFFFD2\n") {
		t.Errorf("printed %+v", got)
	}
}

func TestRunWithoutWaitingPrintsTheID(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.stream = func(http.ResponseWriter, *http.Request) { t.Error("it waits") }
	if got := s.run("", "run", "m", "--no-wait"); got.code != 0 || got.stdout != predID+"\n" {
		t.Errorf("printed %+v", got)
	}
	if got := s.run("", "run", "m", "--no-wait", "-o", filepath.Join(t.TempDir(), "x")); got.code != 2 || len(s.requests()) != 1 {
		t.Errorf("printed %+v", got)
	}
}

func TestRunEndsWithTheErrorOfThePrediction(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for end, want := range map[string]string{
		s.prediction("failed", `null`, `"error":"Out of paint."`, `"response":"No."`, `"error_id":"PREDICTION_FAILED"`): "failed: Out of paint. [PREDICTION_FAILED]",
		s.prediction("failed", `null`, `"response":"No."`):                                                              "failed: No.",
		s.prediction("failed", `null`):                                                                                  "failed: the server does not say why",
		s.prediction("canceled", `null`):                                                                                "was cancelled",
		s.prediction("cancelled", `null`):                                                                               "was cancelled",
	} {
		s.stream = func(w http.ResponseWriter, _ *http.Request) { s.events(w, "error", "9", end) }
		got := s.run("", "run", "m")
		if got.code != 1 || got.stdout != "" || !strings.Contains(got.stderr, "skytower: prediction "+predID+" "+want+"\n") {
			t.Errorf("%s: printed %+v", end, got)
		}
		got = s.run("", "run", "m", "--json")
		var p skytells.Prediction
		if err := json.Unmarshal([]byte(got.stdout), &p); err != nil || p.ID != predID || got.code != 1 || !strings.HasPrefix(got.stderr, "skytower: prediction") {
			t.Errorf("%s: printed %+v (%v)", end, got, err)
		}
	}
}

// A stream that breaks is taken up where it ended.
func TestRunSurvivesBrokenStreams(t *testing.T) {
	t.Parallel()
	s := newService(t)
	var seen []string
	s.stream = func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("Last-Event-ID"))
		switch len(seen) {
		case 1:
			s.events(w, "status", "1", s.prediction("pending", `null`), "logs", "4", `{"lines":["one"]}`)
		case 2:
			s.events(w, "logs", "5", `{"lines":["two"]}`)
			panic(http.ErrAbortHandler)
		case 3:
			http.Error(w, "starting", http.StatusServiceUnavailable)
		default:
			s.events(w, "done", "6", s.prediction("succeeded", `"x"`))
		}
	}
	s.get = func(w http.ResponseWriter) { fmt.Fprint(w, s.prediction("processing", `null`)) }
	got := s.run("", "run", "m", "-v")
	if got.code != 0 || got.stdout != "x\n" || got.stderr != "Prediction "+predID+"\none\ntwo\n" {
		t.Errorf("printed %+v", got)
	}
	if diff := cmp.Diff([]string{"", "4", "5", "5"}, seen); diff != "" {
		t.Errorf("resumed (-want +got):\n%s", diff)
	}
}

func TestRunPollsAServerThatDoesNotStream(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, streams := range []bool{true, false} { // with plain answers, or not at all
		asked := 0
		s.get = func(w http.ResponseWriter) {
			if asked++; asked < 5 {
				fmt.Fprint(w, s.prediction("processing", `null`))
				return
			}
			fmt.Fprint(w, s.prediction("succeeded", `"x"`))
		}
		s.stream = func(w http.ResponseWriter, r *http.Request) {
			if !streams {
				http.NotFound(w, r)
				return
			}
			s.get(w)
		}
		if got := s.run("", "run", "m"); got.code != 0 || got.stdout != "x\n" || asked != 5 {
			t.Errorf("printed %+v after %d questions", got, asked)
		}
	}
}

func TestRunGivesUp(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, c := range []struct {
		status int
		body   string
		asked  int
	}{
		{503, "", 15}, {429, "", 15}, {401, "", 1}, {502, `{"error":{"message":"No.","error_id":"PREDICTION_FAILED"}}`, 1},
	} {
		asked := 0
		s.stream = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
		s.get = func(w http.ResponseWriter) {
			asked++
			w.WriteHeader(c.status)
			fmt.Fprint(w, c.body)
		}
		if got := s.run("", "run", "m"); got.code != 1 || asked != c.asked {
			t.Errorf("%d: printed %+v after %d questions", c.status, got, asked)
		}
	}
}

func TestRunStopsWaitingInTime(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.stream = func(w http.ResponseWriter, r *http.Request) {
		s.events(w, "status", "1", s.prediction("processing", `null`))
		<-r.Context().Done()
	}
	got := s.run("", "run", "m", "--timeout", "1ms")
	if got.code != 1 || !strings.Contains(got.stderr, "has not ended within 1ms; it goes on") || len(s.requests()) != 1 {
		t.Errorf("printed %+v, sent %v", got, s.requests())
	}
}

// The first interrupt asks for the end, which the stream then tells.
func TestAnInterruptCancelsThePrediction(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ctx, interrupt := context.WithCancel(t.Context())
	s.stream = func(w http.ResponseWriter, _ *http.Request) {
		s.events(w, "status", "1", s.prediction("processing", `null`))
		interrupt()
		<-s.cancelled
		s.events(w, "done", "4", s.prediction("canceled", `null`))
	}
	got := s.runIn(ctx, "", nil, "run", "m")
	if got.code != 1 || !strings.Contains(got.stderr, "Asking the server to cancel") || !strings.Contains(got.stderr, "was cancelled") {
		t.Errorf("printed %+v", got)
	}
	if came := s.requests(); len(came) != 2 || came[1] != "POST /v1/predictions/"+predID+"/cancel" {
		t.Errorf("sent %v", came)
	}
}

func TestASecondInterruptLeaves(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ctx, interrupt := context.WithCancel(t.Context())
	again := make(chan os.Signal, 1)
	s.stream = func(w http.ResponseWriter, r *http.Request) {
		s.events(w, "status", "1", s.prediction("processing", `null`))
		interrupt()
		again <- os.Interrupt
		<-r.Context().Done()
	}
	got := s.runIn(ctx, "", again, "run", "m")
	if got.code != 1 || !strings.Contains(got.stderr, "skytower: left; prediction "+predID+" may go on") {
		t.Errorf("printed %+v", got)
	}
}

func TestAnInterruptBeforeThePredictionMakesNone(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	if got := s.runIn(ctx, "", nil, "run", "m", "-i", "a=1"); got.code != 1 || got.stderr != "skytower: stopped\n" || len(s.requests()) != 0 {
		t.Errorf("printed %+v, sent %v", got, s.requests())
	}
}

func TestOutputsAreSavedInTheFolderAlone(t *testing.T) {
	t.Parallel()
	s := newService(t)
	top := t.TempDir()
	dir := filepath.Join(top, "new", "out")
	s.stream = func(w http.ResponseWriter, _ *http.Request) {
		s.events(w, "done", "9", s.prediction("succeeded", `["$URL/files/a.png?1","$URL/files/a.png?2","$URL/files/..%2f..%2fb.png?3","$URL/files/link?4"]`))
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(top, "outside"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	got := s.run("", "run", "m", "-o", dir)
	want := ""
	for i, name := range []string{"a.png", "a-2.png", "b.png", "link-2"} {
		path := filepath.Join(dir, name)
		want += path + "\n"
		content, err := os.ReadFile(path)
		if err != nil || string(content) != fmt.Sprint("content of ", i+1) {
			t.Errorf("%s holds %q, %v", name, content, err)
		}
	}
	if got.code != 0 || got.stdout != want {
		t.Errorf("printed %+v, want %s", got, want)
	}
	if _, err := os.Lstat(filepath.Join(top, "outside")); err == nil {
		t.Error("a link led out of the folder")
	}
}

func TestTextsAndObjectsAreSavedToo(t *testing.T) {
	t.Parallel()
	for output, want := range map[string]string{`"one\ntwo"`: "output.txt=one\ntwo", `{"a":[1]}`: "output.json={\n  \"a\": [\n    1\n  ]\n}", `null`: ""} {
		s := newService(t)
		dir := t.TempDir()
		s.stream = func(w http.ResponseWriter, _ *http.Request) {
			s.events(w, "done", "9", s.prediction("succeeded", output))
		}
		got := s.run("", "run", "m", "-o", dir)
		name, text, _ := strings.Cut(want, "=")
		if got.code != 0 || name != "" && got.stdout != filepath.Join(dir, name)+"\n" || name == "" && (got.stdout != "" || !strings.Contains(got.stderr, "put out nothing")) {
			t.Errorf("%s: printed %+v", output, got)
		}
		if content, err := os.ReadFile(filepath.Join(dir, name)); name != "" && (err != nil || string(content) != text) {
			t.Errorf("%s: %q, %v", output, content, err)
		}
	}
}

func TestAFailedDownloadLeavesNoFile(t *testing.T) {
	t.Parallel()
	s := newService(t)
	dir := t.TempDir()
	s.stream = func(w http.ResponseWriter, _ *http.Request) {
		s.events(w, "done", "9", s.prediction("succeeded", `["$URL/files/a.png?1","$URL/files/gone"]`))
	}
	got := s.run("", "run", "m", "-o", dir)
	if got.code != 1 || got.stdout != filepath.Join(dir, "a.png")+"\n" || !strings.Contains(got.stderr, "save "+filepath.Join(dir, "gone")+": the answer is 404") {
		t.Errorf("printed %+v", got)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
}

const paint = `{"type":"object","required":["prompt"],"properties":{"prompt":{"type":"string"},"steps":{"type":"integer"},
	"image":{"type":"string","format":"uri"},"images":{"type":"array","items":{"type":"string","format":"uri"}}}}`

func TestInputsFollowTheSchema(t *testing.T) {
	t.Parallel()
	small, large := writeFile(t, "small.png", "\x89PNG\r\n\x1a\n"), writeFile(t, "large.bin", strings.Repeat("x", 300_000))
	text, object := writeFile(t, "story.txt", "Once.\n"), writeFile(t, "in.json", `{"prompt":"file","steps":1}`)
	const png = `"data:image/png;base64,iVBORw0KGgo="`
	for _, c := range []struct{ args, stdin, want string }{
		{"-i prompt=5 -i steps=20", "", `{"prompt":"5","steps":20}`},
		{"-i prompt=@@home=x", "", `{"prompt":"@home=x"}`},
		{"-i prompt=@" + text, "", `{"prompt":"Once.\n"}`},
		{"-i prompt=@-", "typed", `{"prompt":"typed"}`},
		{"-i image=@" + small, "", `{"image":` + png + `}`},
		{"-i image=@-", "\x89PNG\r\n\x1a\n", `{"image":` + png + `}`},
		{"-i image=https://example.com/a.png", "", `{"image":"https://example.com/a.png"}`},
		{"-i images=@" + small + " -i images=https://example.com/a.png", "", `{"images":[` + png + `,"https://example.com/a.png"]}`},
		{"-i image=@" + large, "", `{"image":"https://files.example.com/large.bin"}`},
		{"--input @" + object + " -i steps=2", "", `{"prompt":"file","steps":2}`},
		{"--input - -i steps=2", `{"other":[1]}`, `{"other":[1],"steps":2}`},
		{"", "", `{}`},
	} {
		s := newService(t)
		s.schema = paint
		got := s.run(c.stdin, append([]string{"run", "m"}, strings.Fields(c.args)...)...)
		came := s.requests()
		if want := `POST /v1/predictions {"model":"m","input":` + c.want + `}`; got.code != 0 || came[len(came)-1] != want {
			t.Errorf("%s: %+v, sent %s", c.args, got, came)
		}
		if uploads := len(came) - 1; strings.Contains(c.args, large) != (uploads == 1 && came[0] == "UPLOAD large.bin 300000") {
			t.Errorf("%s: sent %s", c.args, came)
		}
	}
}

func TestWrongInputsSendNothing(t *testing.T) {
	t.Parallel()
	large := writeFile(t, "large.bin", strings.Repeat("x", 300_000))
	for args, want := range map[string]string{
		"-i promt=x -i image=@" + large:         `m has no input "promt"; did you mean "prompt"?`,
		"-i colour=x":                           `m has no input "colour"; it has image, images, prompt, steps`,
		"-i image=@" + large + " -i steps=many": `-i steps: "many" is no integer`,
		"-i prompt":                             "write NAME=VALUE",
		"-i =x":                                 "write NAME=VALUE",
		"-i prompt=a -i prompt=b":               "given 2 times",
		"-i image=@nowhere.png":                 "read nowhere.png: no such file",
		"-i image=@.":                           "it is a folder",
		"-i prompt=@" + large:                   "too long for a text",
		"-i prompt=@- -i image=@-":              "only one input can come from standard input",
		"--input [1]":                           "--input must be a JSON object",
		"--input null":                          "--input must be a JSON object",
		"--input @nowhere.json":                 "read nowhere.json",
		"--timeout=-1s":                         "--timeout",
	} {
		s := newService(t)
		s.schema = paint
		got := s.run("", append([]string{"run", "m"}, strings.Fields(args)...)...)
		if got.code != 2 || !strings.Contains(got.stderr, want) || len(s.requests()) != 0 {
			t.Errorf("%s: %+v, sent %v", args, got, s.requests())
		}
	}
}

func TestTheKeyOfAnAccount(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, c := range []struct {
		env  map[string]string
		args []string
		code int
		want string // in the errors
	}{
		{map[string]string{"SKYTOWER_API_KEY": apiKey}, nil, 0, ""},
		{map[string]string{"SKYTELLS_API_KEY": apiKey}, nil, 0, ""},
		{map[string]string{"SKYTELLS_API_KEY": "sk-other", "SKYTOWER_API_KEY": apiKey}, nil, 0, ""},
		{map[string]string{"SKYTOWER_API_KEY": "sk-other"}, []string{"--key", apiKey}, 0, ""},
		{map[string]string{"SKYTOWER_OPERATOR_KEY": operatorKey}, nil, 2, "SKYTOWER_API_KEY"},
		{map[string]string{"SKYTOWER_API_KEY": operatorKey}, nil, 2, "SKYTOWER_API_KEY holds an operator key"},
		{map[string]string{"SKYTOWER_API_KEY": "hello"}, nil, 2, "no API key"},
		{nil, []string{"--key", "hello"}, 2, "--key holds no API key"},
		{map[string]string{"SKYTOWER_API_KEY": apiKey}, []string{"--url", "http://192.0.2.1"}, 2, "--insecure"},
	} {
		env := map[string]string{"SKYTOWER_URL": s.url}
		for name, value := range c.env {
			env[name] = value
		}
		if got := run(t, env, "", append([]string{"predictions", "get", predID}, c.args...)...); got.code != c.code || !strings.Contains(got.stderr, c.want) {
			t.Errorf("%v %v: %+v", c.env, c.args, got)
		}
	}
}

func TestARefusedAPIKeyIsExplained(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for id, explained := range map[string]bool{"UNAUTHORIZED": true, "ACCOUNT_SUSPENDED": false} {
		s.get = func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"status":false,"error":{"message":"No.","error_id":%q}}`, id)
		}
		got := s.run("", "predictions", "get", predID)
		if got.code != 1 || strings.Contains(got.stderr, "skytower keys create") != explained || strings.Contains(got.stderr, "perator") {
			t.Errorf("%s: %+v", id, got)
		}
	}
}
