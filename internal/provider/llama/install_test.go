package llama_test

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"skytower/internal/provider/llama"
)

// tarball packs entries as npm does; an entry's content may be a link's target.
func tarball(t *testing.T, entries []tar.Header, contents ...string) (path, sum string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "package.tgz")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	zip, err := gzip.NewWriterLevel(file, gzip.NoCompression) // quick
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewWriter(zip)
	for i, e := range entries {
		e.Mode = 0o644
		if e.Typeflag == 0 {
			e.Typeflag, e.Size = tar.TypeReg, int64(len(contents[i]))
		}
		if err := archive.WriteHeader(&e); err != nil {
			t.Fatal(err)
		}
		if e.Typeflag == tar.TypeReg {
			if _, err := archive.Write([]byte(contents[i])); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, end := range []interface{ Close() error }{archive, zip, file} {
		if err := end.Close(); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256(content)
	return path, hex.EncodeToString(hash[:])
}

// real packs the library that is here.
func real(t *testing.T) (path, sum string) {
	t.Helper()
	entries := []tar.Header{{Name: "package/LICENSE"}, {Name: "package/../../escape.so"}, {Name: "package/bins/x/llama-addon.node"},
		{Name: "package/bins/x/libggml-link.so", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}}
	contents := []string{"a licence", "out of here", "of others", ""}
	found, err := filepath.Glob(filepath.Join(library(t), "lib*.so"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range found {
		info, err := os.Lstat(file)
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().IsRegular() && !strings.Contains(file, "libggml-cpu-") || strings.Contains(file, "cpu-x64") {
			entries, contents = append(entries, tar.Header{Name: "package/bins/x/" + filepath.Base(file)}), append(contents, string(content))
		}
	}
	return tarball(t, entries, contents...)
}

func TestInstall(t *testing.T) {
	t.Parallel()
	path, sum := real(t)
	o := llama.InstallOptions{Data: t.TempDir(), From: path, Package: llama.Package{Name: "the-package", SHA256: sum}, Program: program(t), Note: t.Logf}
	for range 2 { // the second one replaces the first
		done, err := llama.Install(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if !done.Tried || done.System == "" || done.Files != 5 {
			t.Errorf("%+v", done)
		}
	}
	folder := llama.LibraryIn(o.Data, func(string) string { return "" })
	for name, there := range map[string]bool{"libllama.so": true, "libggml.so": true, "libggml-base.so": true, "LICENSE": true,
		"escape.so": false, "../escape.so": false, "llama-addon.node": false, "libllama-common.so": false, "libggml-link.so": false} {
		if _, err := os.Lstat(filepath.Join(folder, name)); (err == nil) != there {
			t.Errorf("%s: %v", name, err)
		}
	}
	left, err := os.ReadDir(filepath.Dir(folder))
	if err != nil || len(left) != 1 {
		t.Errorf("it left %v, %v", left, err)
	}
}

func TestInstallRefuses(t *testing.T) {
	t.Parallel()
	good, _ := tarball(t, []tar.Header{{Name: "package/bins/x/libllama.so"}}, "a library")
	empty, emptySum := tarball(t, []tar.Header{{Name: "package/readme"}}, "nothing")
	twice, twiceSum := tarball(t, []tar.Header{{Name: "a/libllama.so"}, {Name: "b/libllama.so"}}, "a", "b")
	fake, fakeSum := tarball(t, []tar.Header{{Name: "a/libllama.so"}}, "no library")
	text := filepath.Join(t.TempDir(), "text.tgz")
	if err := os.WriteFile(text, []byte("no tarball"), 0o600); err != nil {
		t.Fatal(err)
	}
	textSum := sha256.Sum256([]byte("no tarball"))
	for name, c := range map[string]struct{ from, sum, says string }{
		"another hash": {good, strings.Repeat("0", 64), "SHA-256"}, "nothing in it": {empty, emptySum, "holds no libllama"}, "a file twice": {twice, twiceSum, "exists"},
		"no tarball": {text, hex.EncodeToString(textSum[:]), "unpack"}, "no file": {filepath.Join(t.TempDir(), "none"), "", "no such file"},
		"no library": {fake, fakeSum, "does not load"},
	} {
		o := llama.InstallOptions{Data: t.TempDir(), From: c.from, Package: llama.Package{Name: "the-package", SHA256: c.sum}, Program: program(t), Note: t.Logf}
		if _, err := llama.Install(t.Context(), o); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		folder := llama.LibraryIn(o.Data, func(string) string { return "" })
		if _, err := os.Stat(folder); (err == nil) != (name == "no library") {
			t.Errorf("%s: something was put in place", name)
		}
	}
	for _, machine := range [][2]string{{"linux", "amd64"}, {"linux", "arm64"}} {
		if p, ok := llama.PackageFor(machine[0], machine[1]); !ok || len(p.SHA256) != 64 {
			t.Errorf("%v: %+v", machine, p)
		}
	}
	if _, ok := llama.PackageFor("plan9", "mips"); ok {
		t.Error("there is a package for everything")
	}
}
