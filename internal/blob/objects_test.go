package blob

import (
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestObjects(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "files")
	address := "file://" + root
	if _, err := OpenObjects(t.Context(), address, true); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("looking at none: %v", err)
	}
	o, err := OpenObjects(t.Context(), address, false)
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close() //nolint:errcheck // only a folder
	const key, sumOfHello = "ab/file-01ab", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
	sum, err := o.Put(t.Context(), key, strings.NewReader("hello"), nil)
	if err != nil || hex.EncodeToString(sum) != sumOfHello {
		t.Fatalf("%x, %v", sum, err)
	}
	refused := errors.New("refused")
	if _, err := o.Put(t.Context(), "ab/file-02ab", strings.NewReader("x"), func([]byte) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
	for _, name := range []string{"ab/file-03ab.1f.tmp", "doctor-x"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var found []Object
	if err := o.Each(t.Context(), func(one Object) error { found = append(found, one); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0] != (Object{key, 5}) {
		t.Errorf("found %v", found)
	}
	if _, err := o.Size(t.Context(), "ab/file-02ab"); !errors.Is(err, ErrNotFound) {
		t.Errorf("what was refused: %v", err)
	}
	content, err := o.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(content)
	if err = errors.Join(err, content.Close()); err != nil || string(text) != "hello" {
		t.Errorf("%q, %v", text, err)
	}
}
