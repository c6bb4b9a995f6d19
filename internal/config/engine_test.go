package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/config"
)

func fileWith(t *testing.T, text string) config.Sources {
	t.Helper()
	path := filepath.Join(t.TempDir(), "skytower.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Sources{File: path}
}

func TestEngines(t *testing.T) {
	t.Parallel()
	c := load(t, fileWith(t, `engines:
  - name: chat
    file: chat-q4.gguf
  - {name: vectors, file: v.gguf, title: Vectors, embeddings: true, pooling: mean, threads: 3, context: 512, parallel: 2, max_queue: 5, gpu_layers: 7, preload: true, load_timeout: 1m, idle_unload: 10m}
`))
	want := []config.Engine{
		{Name: "chat", Title: "chat", File: "chat-q4.gguf", Context: 4096, Parallel: 1, MaxQueue: 32, LoadTimeout: 5 * time.Minute},
		{Name: "vectors", Title: "Vectors", File: "v.gguf", Embeddings: true, Pooling: "mean", Threads: 3, Context: 512, Parallel: 2, MaxQueue: 5,
			GPULayers: 7, Preload: true, LoadTimeout: time.Minute, IdleUnload: 10 * time.Minute},
	}
	if diff := cmp.Diff(want, c.Engines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	again := load(t, fileWith(t, string(c.Dump())))
	if diff := cmp.Diff(c.Engines, again.Engines); diff != "" {
		t.Errorf("what is printed means something else (-printed +read):\n%s", diff)
	}
	if other := load(t, fileWith(t, "engines: [{name: chat, file: other.gguf}]\n")); other.Hash() == c.Hash() {
		t.Error("the hash does not follow the engines")
	}
}

func TestEveryProblemOfEnginesIsListed(t *testing.T) {
	t.Parallel()
	text := problems(t, fileWith(t, `engines:
  - {name: Up, file: a.gguf}
  - {name: a, file: ../a.gguf}
  - {name: b, file: /etc/passwd}
  - {name: c, file: 'c\d.gguf'}
  - {name: d, file: .gguf}
  - {name: e, file: e.bin}
  - {name: f}
  - {name: g, file: g.gguf, thread: 2}
  - {name: g, file: g.gguf}
  - {name: h, file: h.gguf, pooling: mean}
  - {name: i, file: i.gguf, parallel: 0, context: 1}
  - {name: j, file: [a]}
  - plain
  - {name: k, file: k.gguf, file: l.gguf}
`))
	for _, want := range []string{
		`engines[0].name`, `engines[1].file`, "without a path", `engines[2].file`, `engines[3].file`, `engines[4].file`, `engines[5].file`,
		`engines[6].file`, "it is missing", "did you mean threads?", "is called g too", "for embeddings only",
		"engines[10].parallel", "engines[10].context", "engines[11].file", "engines[12]", "engines[13].file", "stands in line",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("nothing is said of %q in\n%s", want, text)
		}
	}
	if text := problems(t, fileWith(t, "engine: []\n")); !strings.Contains(text, "did you mean engines?") {
		t.Error(text)
	}
}

func TestAppendEngineKeepsTheRest(t *testing.T) {
	t.Parallel()
	engine, err := config.NewEngine("new", "new.gguf")
	if err != nil {
		t.Fatal(err)
	}
	engine.Threads = 2
	const entry = "- name: new\n    file: new.gguf\n    threads: 2\n"
	for name, c := range map[string]struct{ before, want string }{
		"an empty file": {"", "engines:\n  " + entry},
		"no newline":    {"listen: 127.0.0.1:1 # mine", "listen: 127.0.0.1:1 # mine\nengines:\n  " + entry},
		"between": {"# top\nengines: # e\n  - name: a\n    file: a.gguf # a\n  # end\n\nlog_level: debug\n",
			"# top\nengines: # e\n  - name: a\n    file: a.gguf # a\n  " + entry + "  # end\n\nlog_level: debug\n"},
		"no indent": {"engines:\n- {name: a, file: a.gguf}\n", "engines:\n- {name: a, file: a.gguf}\n" + strings.ReplaceAll(entry, "    ", "  ")},
	} {
		got, err := config.AppendEngine([]byte(c.before), engine)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, c.want)
		}
	}
	for name, before := range map[string]string{
		"the name is taken": "engines: [{name: new, file: a.gguf}]\n", "a list on one line": "engines: [{name: a, file: a.gguf}]\n",
		"a mapping on one line": "{log_level: debug}\n", "an empty list": "engines: []\n", "not YAML": "a: [", "broken": "engines: [{name: a}]\n",
		"a text of several lines": "engines:\n  - name: a\n    file: a.gguf\n    description: |\n      one\n      two\n",
	} {
		if got, err := config.AppendEngine([]byte(before), engine); err == nil {
			t.Errorf("%s: it became\n%s", name, got)
		}
	}
	if name := config.SlugOf("Some_Model-1.5B+x.Q4_K_M.gguf"); name != "some_model-1.5b-x.q4_k_m" {
		t.Errorf("the name is %s", name)
	}
	for _, file := range []string{"a/b.gguf", "..gguf", "b", "-a.gguf", `c:\a.gguf`} {
		if _, err := config.NewEngine("a", file); err == nil {
			t.Errorf("%q is taken for a file", file)
		}
	}
}
