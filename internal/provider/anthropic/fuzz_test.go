package anthropic_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/anthropic"
	"skytower/internal/rawjson"
)

// parts are those of all golden files with the name.
func parts(f *testing.F, name string) (out [][]byte) {
	f.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		a, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range a.Files {
			if file.Name == name {
				out = append(out, file.Data)
			}
		}
	}
	if len(out) == 0 {
		f.Fatal(os.ErrNotExist)
	}
	return out
}

// FuzzRequest checks that a chat request becomes a JSON object with turns that alternate,
// or is refused by name.
func FuzzRequest(f *testing.F) {
	for _, seed := range parts(f, "request") {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		doc, err := rawjson.Scan(body, rawjson.NewFields("model", "messages"))
		if err != nil {
			return
		}
		for _, budget := range []bool{false, true} {
			got, err := anthropic.MessagesBody(&provider.Call{Body: doc, Model: "up", Show: "shown"}, budget)
			if err != nil {
				if param, message := toldOf(err); param == "" || message == "" {
					t.Errorf("refused with %#v", err)
				}
				return
			}
			checkMessages(t, got)
		}
	})
}

func checkMessages(t *testing.T, body []byte) {
	t.Helper()
	var r struct {
		Model    string
		Max      int64 `json:"max_tokens"`
		Messages []struct {
			Role    string
			Content []struct{ Type string }
		}
	}
	if err := json.Unmarshal(body, &r); err != nil || !rawjson.Valid(body) {
		t.Fatalf("%v in %s", err, body)
	}
	if r.Model != "up" || r.Max <= 0 {
		t.Errorf("model %q, max_tokens %d", r.Model, r.Max)
	}
	for i, m := range r.Messages {
		if len(m.Content) == 0 || i > 0 && m.Role == r.Messages[i-1].Role {
			t.Errorf("message %d of %s", i, body)
		}
	}
}

// dribble gives a body in small pieces.
type dribble struct {
	rest []byte
	size int
}

func (d *dribble) Read(p []byte) (int, error) {
	if len(d.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, d.rest[:min(d.size, len(d.rest))])
	d.rest = d.rest[n:]
	return n, nil
}

func (*dribble) Close() error    { return nil }
func (d *dribble) Buffered() int { return min(d.size, len(d.rest)) }

// FuzzStream checks that reading a stream ends, in the same way however its bytes come, and
// that what comes out of a stream of JSON is JSON on one line without the upstream's name.
func FuzzStream(f *testing.F) {
	for i, seed := range parts(f, "events") {
		f.Add(seed, 1+i*7)
	}
	p := anthropic.New(anthropic.Options{BaseURL: &url.URL{Scheme: "http", Host: "h"}, Now: noon})
	c := &provider.Call{Model: "up", Show: "shown"}
	f.Fuzz(func(t *testing.T, body []byte, size int) {
		size = min(max(size, 1), 1<<12)
		read := func(size int) (chat, native string) {
			a, b := p.Streams(c, func() egress.Body { return &dribble{body, size} })
			return written(t, body, a), written(t, body, b)
		}
		chat, native := read(size)
		if chat2, native2 := read(1 << 20); chat != chat2 || native != native2 {
			t.Errorf("in pieces of %d:\n%s\n%s\nat once:\n%s\n%s", size, chat, native, chat2, native2)
		}
	})
}

// written reads a stream to its end, asking now and then whether it is ready.
func written(t *testing.T, body []byte, s provider.Stream) string {
	t.Helper()
	defer s.Close()
	var out strings.Builder
	for i := 0; ; i++ {
		ev, err := s.Next()
		if err != nil {
			out.WriteString(provider.ClassOf(err).String())
			return out.String()
		}
		if bytes.ContainsAny(ev.Data, "\n") {
			t.Errorf("more than a line: %q", ev.Data)
		}
		if ev.Output != (ev.Bytes > 0) || ev.Bytes < 0 {
			t.Errorf("output %v of %d bytes", ev.Output, ev.Bytes)
		}
		before := string(ev.Data)
		if s.Ready(); string(ev.Data) != before {
			t.Errorf("Ready changed %q to %q", before, ev.Data)
		}
		out.WriteString(before + "\n")
		if i > len(body) {
			t.Fatal("more events than bytes")
		}
	}
}
