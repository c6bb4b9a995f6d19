package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Debian's shell is loaded by the C library's loader, as every program with C is.
func TestProgramsThatNeedOthersAreRefused(t *testing.T) {
	t.Parallel()
	shell, err := filepath.EvalSymlinks("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	if err := checkStatic(shell); err == nil || !strings.Contains(err.Error(), "not static") {
		t.Errorf("%s: %v", shell, err)
	}
	if err := check(os.Args[0], target{"plan9", runtime.GOARCH}); err == nil || !strings.Contains(err.Error(), "GOOS:plan9") {
		t.Errorf("a program for another system: %v", err)
	}
}

func TestSumsAreThoseOfTheFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, content := range map[string]string{"b": "", "a": "abc"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := writeSums(folder, []string{"b", "a"}); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(folder, sums))
	if err != nil {
		t.Fatal(err)
	}
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n" +
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b\n"
	if string(got) != want {
		t.Errorf("the sums are\n%s", got)
	}
}

func TestReleasesHaveVersions(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"", "0.6.0 -X main.other=1"} {
		if err := run(context.Background(), []string{"-version", version, "-out", t.TempDir()}, io.Discard); err == nil {
			t.Errorf("the version %q is taken", version)
		}
	}
}
