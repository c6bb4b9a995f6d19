package secret_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"skytower/internal/secret"
)

func TestMasterKeyFile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	key, created, err := secret.LoadOrCreate(dir)
	if err != nil || !created {
		t.Fatalf("first start: created %v, %v", created, err)
	}
	path := filepath.Join(dir, secret.MasterKeyFile)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the file: %v, %v", info.Mode(), err)
	}
	again, created, err := secret.LoadOrCreate(dir)
	if err != nil || created || again.ID() != key.ID() {
		t.Fatalf("second start: %s created %v, %v; want %s", again, created, err, key)
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("%d files in the folder, want one", len(names))
	}
}

func TestMasterKeyFileRefused(t *testing.T) {
	t.Parallel()
	good := strings.Repeat("ab", 31) + "cd"
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string
	}{
		"readable by the group": {good, 0o640, "chmod 600"},
		"readable by all":       {good, 0o604, "chmod 600"},
		"writable by the group": {good, 0o620, "chmod 600"},
		"empty":                 {"", 0o600, "damaged"},
		"cut":                   {good[:60], 0o600, "damaged"},
		"not hexadecimal":       {"zz" + good[2:], 0o600, "damaged"},
		"too long":              {good + "ab", 0o600, "damaged"},
		"zeros":                 {strings.Repeat("0", 64), 0o600, "zeros"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, secret.MasterKeyFile)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		_, _, err := secret.LoadOrCreate(dir)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q in it", name, err, c.want)
		} else if strings.Contains(err.Error(), "abab") {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
		if text, _ := os.ReadFile(path); string(text) != c.text {
			t.Errorf("%s: the file was changed", name)
		}
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, secret.MasterKeyFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, err := secret.LoadOrCreate(dir); err == nil {
		t.Error("a folder in the key's place passes")
	}
}

// Two processes that start at once on an empty folder end up with one key.
func TestMasterKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var group sync.WaitGroup
	var mu sync.Mutex
	ids, made := map[string]bool{}, 0
	for range 16 {
		group.Go(func() {
			key, created, err := secret.LoadOrCreate(dir)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			ids[key.ID()] = true
			if created {
				made++
			}
		})
	}
	group.Wait()
	if len(ids) != 1 || made != 1 {
		t.Errorf("%d keys, made %d times; want one", len(ids), made)
	}
}

// hidden stands for the caller's text type that does not print itself.
type hidden string

func TestResolve(t *testing.T) { // not parallel: it sets a variable
	t.Setenv("UPSTREAM_KEY", " from-env ")
	t.Setenv("EMPTY_KEY", "  ")
	t.Setenv("TWO_LINES", "one\ntwo")
	t.Setenv("SKYTOWER_MASTER_KEY", "the-master-key")
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		ref  hidden
		want hidden
		fail string
	}{
		{ref: "sk-literal", want: "sk-literal"},
		{ref: "env:UPSTREAM_KEY", want: "from-env"},
		{ref: hidden("file:" + write("key", "from-file\n")), want: "from-file"},
		{ref: "", fail: "empty"},
		{ref: "env:", fail: "not set"},
		{ref: "env:NO_SUCH_VARIABLE", fail: "NO_SUCH_VARIABLE is not set"},
		{ref: "env:EMPTY_KEY", fail: "EMPTY_KEY is empty"},
		{ref: "env:TWO_LINES", fail: "more than one line"},
		{ref: "env:SKYTOWER_MASTER_KEY", fail: "belongs to the server"},
		{ref: "env:skytower_master_key", fail: "belongs to the server"},
		{ref: "file:", fail: "no file"},
		{ref: hidden("file:" + filepath.Join(dir, "missing")), fail: "missing"},
		{ref: hidden("file:" + dir), fail: "regular"},
		{ref: hidden("file:" + write("empty", "\n")), fail: "is empty"},
		{ref: hidden("file:" + write("large", strings.Repeat("x", 65<<10))), fail: "larger"},
		{ref: "header\r\nInjected: yes", fail: "more than one line"},
	} {
		got, err := secret.Resolve(c.ref)
		if got != c.want {
			t.Errorf("%s gives %q, want %q", c.ref, got, c.want)
		}
		if c.fail == "" && err != nil || c.fail != "" && (err == nil || !strings.Contains(err.Error(), c.fail)) {
			t.Errorf("%s: %v, want %q", c.ref, err, c.fail)
		}
		if err != nil && (strings.Contains(err.Error(), "Injected") || strings.Contains(err.Error(), "the-master-key")) {
			t.Errorf("%s: the error shows the value: %v", c.ref, err)
		}
	}
	if !secret.IsReference("env:X") || !secret.IsReference("file:/x") || secret.IsReference("sk-env:") {
		t.Error("IsReference is wrong")
	}
}
