package app_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"skytower/internal/app"
	"skytower/internal/config"
	"skytower/internal/provider/llama"
	"skytower/internal/skytells"
)

// engineProgram is skytower-llama, built once and named by its variable: the program under
// test is this test, and has none beside it.
var engineProgram = sync.OnceValue(func() error {
	path, err := filepath.Abs(filepath.Join("..", "..", ".tools", "app-test", "skytower-llama"))
	if err != nil {
		return err
	}
	cmd := exec.Command("go", "build", "-o", path, "./llama")
	cmd.Dir, cmd.Env = filepath.Join("..", "..", "engine"), append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if text, err := cmd.CombinedOutput(); err != nil {
		return errors.New(err.Error() + "\n" + string(text))
	}
	return os.Setenv(llama.ProgramVariable, path)
})

const tinyModel = "../provider/llama/testdata/tiny-llama-q8.gguf"

// engineData is a data folder with the test file and, if wanted, the library.
func engineData(t *testing.T, withLibrary bool) string {
	t.Helper()
	if err := engineProgram(); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(t.TempDir(), "data")
	content, err := os.ReadFile(tinyModel)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(llama.ModelsIn(data), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(llama.ModelsIn(data), "tiny.gguf"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	if !withLibrary {
		return data
	}
	library, err := filepath.Abs(filepath.Join("..", "..", ".tools", "llama", llama.LibraryVersion))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(library, "libllama.so")); err != nil {
		t.Fatal("llama.cpp's library is not there: make needs")
	}
	to := llama.LibraryIn(data, func(string) string { return "" })
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(library, to); err != nil {
		t.Fatal(err)
	}
	return data
}

// engineServer serves the test file as tiny, for chat, and as vectors.
func engineServer(t *testing.T, data string) *server {
	t.Helper()
	return start(t, options{data: data, change: func(cfg *config.Config) {
		chat, err1 := config.NewEngine("tiny", "tiny.gguf")
		vectors, err2 := config.NewEngine("vectors", "tiny.gguf")
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		chat.Threads, chat.Parallel, vectors.Threads = 1, 4, 1
		vectors.Embeddings, vectors.Pooling = true, "mean"
		cfg.Engines = []config.Engine{chat, vectors}
	}})
}

// completion is a chat completion, plain or put together from its chunks.
type completion struct {
	Text, Reason, Model string
	In, Out             int64
}

func (c *completion) take(t *testing.T, text string) {
	t.Helper()
	var w struct {
		Model   string
		Choices []struct {
			Message, Delta struct{ Content string }
			FinishReason   string `json:"finish_reason"`
		}
		Usage *struct {
			In  int64 `json:"prompt_tokens"`
			Out int64 `json:"completion_tokens"`
		}
	}
	decode(t, text, &w)
	c.Model = w.Model
	for _, one := range w.Choices {
		c.Text += one.Message.Content + one.Delta.Content
		c.Reason += one.FinishReason
	}
	if w.Usage != nil {
		c.In, c.Out = w.Usage.In, w.Usage.Out
	}
}

func (s *server) tiny(fields string) completion {
	s.t.Helper()
	got := s.post("/v1/chat/completions", `{"model":"tiny","messages":[{"role":"user","content":"hello there"}],`+fields+`}`)
	if got.status != http.StatusOK {
		s.t.Fatalf("%s: %d %s\n%s", fields, got.status, got.body, s.log)
	}
	var c completion
	if !strings.HasPrefix(got.header.Get("Content-Type"), "text/event-stream") {
		c.take(s.t, got.body)
		return c
	}
	for line := range strings.SplitSeq(got.body, "\n") {
		if data, ok := strings.CutPrefix(line, "data: "); ok && data != "[DONE]" {
			c.take(s.t, data)
		}
	}
	return c
}

func TestEngines(t *testing.T) {
	t.Parallel()
	data := engineData(t, true)
	s := engineServer(t, data)
	plain := s.tiny(`"max_tokens":12,"temperature":0`)
	streamed := s.tiny(`"max_tokens":12,"temperature":0,"stream":true,"stream_options":{"include_usage":true}`)
	if plain.Text == "" || plain != streamed || plain.Model != "tiny" || plain.Out != 12 || plain.Reason != "length" {
		t.Errorf("plain %+v, streamed %+v", plain, streamed)
	}
	for body, want := range map[string]string{
		`{"model":"tiny","messages":[{"role":"user","content":"a"}],"tools":[{"type":"function","function":{"name":"f"}}]}`:                                                       "does not support tools",
		`{"model":"tiny","messages":[{"role":"user","content":"` + strings.Repeat("tower ", 600) + `"}]}`:                                                                         "context_length_exceeded",
		`{"model":"tiny","messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{"type":"integer","minimum":1}}}}`: "minimum",
	} {
		if got := s.post("/v1/chat/completions", body); got.status != http.StatusBadRequest || !strings.Contains(got.body, want) {
			t.Errorf("%.90s: %d %s", body, got.status, got.body)
		}
	}
	s.embeds(t)
	s.dies(t, plain)
	checks, err := s.admin().Doctor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := checkOf(t, checks, "engines"); got.State != skytells.CheckOK || !strings.Contains(got.Message, "2 are loaded") {
		t.Errorf("the doctor says %+v", got)
	}
	if log := s.log.String(); strings.Contains(log, "hello there") {
		t.Error("a prompt is in the log")
	}
	s.stop()
	if left := childrenOf(t, data); len(left) > 0 {
		t.Errorf("the processes %v outlive the server", left)
	}
}

func (s *server) embeds(t *testing.T) {
	t.Helper()
	var floats struct {
		Data []struct{ Embedding []float32 }
	}
	decode(t, s.post("/v1/embeddings", `{"model":"vectors","input":["a tower","the sea"]}`).body, &floats)
	var coded struct{ Data []struct{ Embedding string } }
	decode(t, s.post("/v1/embeddings", `{"model":"vectors","input":"a tower","encoding_format":"base64"}`).body, &coded)
	if len(floats.Data) != 2 || len(coded.Data) != 1 {
		t.Fatalf("%d and %d vectors\n%s", len(floats.Data), len(coded.Data), s.log)
	}
	if raw, err := base64.StdEncoding.DecodeString(coded.Data[0].Embedding); err != nil || len(raw) != 4*len(floats.Data[0].Embedding) {
		t.Errorf("%d bytes for %d numbers, %v", len(raw), len(floats.Data[0].Embedding), err)
	}
}

// dies kills the engine under four streams; the next calls, eight at once, work.
func (s *server) dies(t *testing.T, want completion) {
	t.Helper()
	var ended, begun sync.WaitGroup
	for range 4 {
		begun.Add(1)
		ended.Go(func() {
			body := `{"model":"tiny","messages":[{"role":"user","content":"hello there"}],"stream":true,"temperature":2,"response_format":{"type":"json_object"}}`
			res, err := s.client.Do(s.request(http.MethodPost, "/v1/chat/completions", body, "X-Api-Key", s.key))
			begun.Done()
			if err != nil {
				t.Error(err)
				return
			}
			defer res.Body.Close() //nolint:errcheck // read to its end
			var text bytes.Buffer
			_, _ = text.ReadFrom(res.Body) // it may be cut
			if res.StatusCode == http.StatusOK && !strings.Contains(text.String(), "error") && !strings.Contains(text.String(), "[DONE]") {
				t.Errorf("a stream ended without a word: %s", text.String())
			}
		})
	}
	begun.Wait()
	for _, pid := range childrenOf(t, s.data) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}
	ended.Wait()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got := s.tiny(`"max_tokens":12,"temperature":0`); got != want {
				t.Errorf("after the crash: %+v, before %+v", got, want)
			}
		})
	}
	all.Wait()
	s.embeds(t)
}

// childrenOf are the processes that have loaded a file of the data folder.
func childrenOf(t *testing.T, data string) (pids []int) {
	t.Helper()
	found, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		text, err := os.ReadFile(path)
		if err != nil || !strings.HasPrefix(filepath.Base(strings.SplitN(string(text), "\x00", 2)[0]), "skytower-llama") || !strings.Contains(string(text), data) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Without the library all else works, and whoever calls the model is told what to do.
func TestEngineWithoutLibrary(t *testing.T) {
	t.Parallel()
	s := engineServer(t, engineData(t, false))
	got := s.post("/v1/chat/completions", `{"model":"tiny","messages":[{"role":"user","content":"a"}]}`)
	if got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "skytower engine install") || strings.Contains(got.body, s.data) {
		t.Errorf("%d %s", got.status, got.body)
	}
	checks, err := s.admin().Doctor(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c := checkOf(t, checks, "engines"); c.State != skytells.CheckFail || !strings.Contains(c.Advice, "skytower engine install") {
		t.Errorf("the doctor says %+v", c)
	}
	if got := s.post("/v1/embeddings", `{"model":"skytower-embed-small","input":"a lighthouse"}`); got.status != http.StatusOK {
		t.Errorf("another model: %d %s", got.status, got.body)
	}
}

func TestModelsAdd(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "skytower.yml")
	m := app.NewModel{File: tinyModel, Config: file, Data: filepath.Join(folder, "data"), Threads: 1}
	added, err := app.AddModel(t.Context(), m, nil)
	if err != nil || added.Name != "tiny-llama-q8" || !added.Copied || added.Architecture != "llama" || added.Trained != 512 {
		t.Fatalf("%+v, %v", added, err)
	}
	m = app.NewModel{File: "tiny-llama-q8.gguf", Name: "vectors", Config: file, Data: m.Data, Embeddings: true, Pooling: "mean", Context: 128, Parallel: 2, Preload: true, Title: "Vectors: of \"tiny\""}
	if again, err := app.AddModel(t.Context(), m, nil); err != nil || again.Copied {
		t.Fatalf("%+v, %v", again, err)
	}
	cfg, err := config.Load(config.Sources{File: file})
	if err != nil || len(cfg.Engines) != 2 || cfg.Engines[0].Threads != 1 || cfg.Engines[1].Title != m.Title || cfg.Engines[1].Context != 128 {
		t.Fatalf("%+v, %v", cfg, err)
	}
	bad := filepath.Join(folder, "bad.gguf")
	if err := os.WriteFile(bad, []byte("no model"), 0o600); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(file)
	for name, c := range map[string]struct {
		change func(*app.NewModel)
		says   string
	}{
		"the name is taken": {func(*app.NewModel) {}, "called vectors already"}, "no file": {func(m *app.NewModel) { m.File, m.Name = "none.gguf", "x" }, "there is no none.gguf"},
		"no GGUF":        {func(m *app.NewModel) { m.File, m.Name = bad, "x" }, "not a GGUF"},
		"another ending": {func(m *app.NewModel) { m.File = file }, ".gguf"}, "no pooling": {func(m *app.NewModel) { m.Name, m.Pooling = "x", "" }, "--pooling"},
		"another file of that name": {func(m *app.NewModel) { m.File, m.Name = tinyModel, "x" }, "another file"},
	} {
		changed := m
		c.change(&changed)
		if _, err := app.AddModel(t.Context(), changed, nil); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after, _ := os.ReadFile(file); !bytes.Equal(before, after) {
		t.Errorf("what failed changed the file to\n%s", after)
	}
}

// Where no process file is named, it is that of the data folder, which the server reads by
// itself.
func TestModelsAddWithoutAFile(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	added, err := app.AddModel(t.Context(), app.NewModel{File: tinyModel, Data: data}, nil)
	if err != nil || added.Config != config.FileIn(data) || strings.Contains(strings.Join(added.Notes, " "), "--config") {
		t.Fatalf("%+v, %v", added, err)
	}
	cfg, err := config.Load(config.Sources{Flags: map[string]string{"data": data}})
	if err != nil || len(cfg.Engines) != 1 || cfg.Engines[0].File != filepath.Base(tinyModel) {
		t.Errorf("%+v, %v", cfg, err)
	}
}

func TestEngineCommand(t *testing.T) {
	t.Parallel()
	data := engineData(t, true)
	file := filepath.Join(filepath.Dir(data), "skytower.yml")
	if err := os.WriteFile(file, []byte("engines: [{name: tiny, file: tiny.gguf}, {name: other, file: other.gguf}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (int, string, string) {
		var out, errs bytes.Buffer
		code := app.Engine(t.Context(), args, nil, &out, &errs)
		return code, out.String(), errs.String()
	}
	code, out, errs := run("status", "--json", "--config", file, "--data", data)
	var state struct {
		System  string
		Engines []struct{ Name, Problem string }
	}
	if err := json.Unmarshal([]byte(out), &state); err != nil || code != 1 || state.System == "" || len(state.Engines) != 2 || state.Engines[0].Problem == "" || state.Engines[1].Problem != "" {
		t.Errorf("%d %s %s", code, out, errs)
	}
	if code, out, _ := run(); code != 0 || !strings.Contains(out, "install") {
		t.Errorf("%d %s", code, out)
	}
	if code, _, errs := run("instal"); code != 2 || !strings.Contains(errs, "install") {
		t.Errorf("%d %s", code, errs)
	}
	wrong := filepath.Join(filepath.Dir(data), "wrong.tgz")
	if err := os.WriteFile(wrong, []byte("no package"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := run("install", "--from", wrong, "--data", fmt.Sprint(data, "2")); code != 1 || !strings.Contains(errs, "SHA-256") {
		t.Errorf("%d %s", code, errs)
	}
}
