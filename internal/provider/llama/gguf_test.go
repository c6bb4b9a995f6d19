package llama

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func readTestFile(t testing.TB) []byte {
	t.Helper()
	content, err := os.ReadFile("testdata/tiny-llama-q8.gguf")
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestReadGGUF(t *testing.T) {
	t.Parallel()
	f, err := ReadGGUF("testdata/tiny-llama-q8.gguf")
	if err != nil || f.Architecture != "llama" || f.Context != 512 || !f.Template || f.Pooling || f.Tensors == 0 || f.Version != 3 || f.Size != int64(len(readTestFile(t))) {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := ReadGGUF(t.TempDir()); err == nil {
		t.Error("a folder is a file")
	}
	content := readTestFile(t)
	with := func(at int, b ...byte) []byte {
		changed := bytes.Clone(content)
		copy(changed[at:], b)
		return changed
	}
	for name, c := range map[string]struct {
		content []byte
		says    string
	}{
		"nothing": {nil, "not a GGUF"}, "text": {[]byte("hello, I am a text"), "not a GGUF"}, "another magic": {with(0, 'G', 'G', 'M', 'L'), "not a GGUF"},
		"version 1": {with(4, 1, 0, 0, 0), "version 1"}, "version 9": {with(4, 9, 0, 0, 0), "version 9"}, "big-endian": {with(4, 0, 0, 0, 3), "big-endian"},
		"too many pairs": {with(16, 0xff, 0xff, 0xff, 0xff, 0xff), "broken"}, "no tensors": {with(8, make([]byte, 8)...), "no weights"},
		"a long key": {with(24, 0xff, 0xff, 0xff, 0xff), "broken"}, "a cut header": {content[:1000], "cut off"}, "a short one": {content[:10], "cut off"},
	} {
		if _, err := readHeader(bytes.NewReader(c.content)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever a file holds, reading its header ends, and does not take much memory.
func FuzzGGUF(f *testing.F) {
	content := readTestFile(f)
	for _, n := range []int{0, 4, 24, 100, 2000, 20_000} {
		f.Add(content[:n])
	}
	f.Add([]byte("GGUF\x03\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00a\x09\x00\x00\x00\x09\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, content []byte) {
		header, err := readHeader(bytes.NewReader(content))
		if err == nil && (header.Architecture == "" || header.Tensors == 0) {
			t.Errorf("%+v is no model", header)
		}
	})
}
