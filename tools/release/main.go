// Command release builds the programs of a release into a folder:
//
//	go run ./tools/release -version 0.6.0 -out dist
//
// It makes skytower-OS-ARCH for each machine that a release is for, skytower-llama-OS-ARCH for
// those that llama.cpp's library is published for, skytower.cdx.json (the modules that are in
// skytower, in CycloneDX's form; -sbom names the tool) and SHA256SUMS. It refuses to know what
// the programs do. Its invariant: no skytower is left there that needs another file, and the
// same source gives the same bytes.
package main

import (
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// target is a kind of machine, in Go's words.
type target struct{ system, arch string }

func (t target) file() string { return "skytower-" + t.system + "-" + t.arch }

// engine is the file of the program that loads llama.cpp; "" where no library is published
// that it could load.
func (t target) engine() string {
	if t.system != "linux" {
		return ""
	}
	return "skytower-llama-" + t.system + "-" + t.arch
}

// sbom and sums are the other files of a release.
const (
	sbom = "skytower.cdx.json"
	sums = "SHA256SUMS"
)

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	flags.SetOutput(out)
	version := flags.String("version", "", "the release, such as 0.6.0")
	folder := flags.String("out", "dist", "the folder to write to")
	tool := flags.String("sbom", "", "the cyclonedx-gomod to run, as PACKAGE@VERSION; empty: no list of modules")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *version == "" || strings.ContainsAny(*version, " \t\n'\"") {
		return errors.New("-version: want a release such as 0.6.0")
	}
	if err := os.MkdirAll(*folder, 0o755); err != nil {
		return err
	}
	var made []string
	for _, t := range []target{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "arm64"}} {
		fmt.Fprintf(out, "building %s\n", t.file())
		path := filepath.Join(*folder, t.file())
		if err := build(ctx, t, *version, path); err != nil {
			return err
		}
		if err := check(path, t); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", path, err), os.Remove(path))
		}
		made = append(made, t.file())
		if name := t.engine(); name != "" {
			if err := buildEngine(ctx, t, *version, filepath.Join(*folder, name)); err != nil {
				return err
			}
			made = append(made, name)
		}
	}
	if *tool != "" {
		if err := list(ctx, *tool, *version, filepath.Join(*folder, made[0]), filepath.Join(*folder, sbom)); err != nil {
			return err
		}
		made = append(made, sbom)
	}
	return writeSums(*folder, made)
}

// build compiles the program. The flags are the Dockerfile's, too.
func build(ctx context.Context, t target, version, path string) error {
	return compile(ctx, t, version, path, ".", "./cmd/skytower")
}

// buildEngine compiles the program that loads llama.cpp, in a module of its own. It can't be
// static: it loads what needs the C library.
func buildEngine(ctx context.Context, t target, version, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if err := compile(ctx, t, version, path, "engine", "./llama"); err != nil {
		return err
	}
	return checkBuild(path, t)
}

func compile(ctx context.Context, t target, version, path, dir, program string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version="+version, "-o", path, program)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+t.system, "GOARCH="+t.arch, "GOFLAGS=")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", filepath.Base(path), err, text)
	}
	return nil
}

// check refuses a program for another machine, or one that needs other files.
func check(path string, t target) error {
	if err := checkBuild(path, t); err != nil {
		return err
	}
	if t.system != "linux" {
		return nil // there, every program is loaded by the system's own library
	}
	return checkStatic(path)
}

// checkBuild refuses a program that was built for another machine, or otherwise.
func checkBuild(path string, t target) error {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read how it was built: %w", err)
	}
	want := map[string]string{"CGO_ENABLED": "0", "GOOS": t.system, "GOARCH": t.arch, "-trimpath": "true"}
	for _, s := range info.Settings {
		if text, ok := want[s.Key]; ok && s.Value == text {
			delete(want, s.Key)
		}
	}
	if len(want) > 0 {
		return fmt.Errorf("it was not built with %v", want)
	}
	return nil
}

// checkStatic refuses a program that something else must load, or that needs libraries.
func checkStatic(path string) error {
	file, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("read it as a program of Linux: %w", err)
	}
	defer file.Close() //nolint:errcheck // only read
	for _, part := range file.Progs {
		if part.Type == elf.PT_INTERP || part.Type == elf.PT_DYNAMIC {
			return fmt.Errorf("it is not static: it has a part %s", part.Type)
		}
	}
	if libraries, _ := file.ImportedLibraries(); len(libraries) > 0 {
		return fmt.Errorf("it is not static: it needs %s", strings.Join(libraries, ", "))
	}
	return nil
}

// list writes the modules of a program as CycloneDX. All programs of a release have the same.
func list(ctx context.Context, tool, version, program, to string) error {
	cmd := exec.CommandContext(ctx, "go", "run", tool, "bin", "-json", "-noserial", "-version", version, "-output", to, program)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("list the modules: %w\n%s", err, text)
	}
	return nil
}

// writeSums writes what sha256sum --check reads.
func writeSums(folder string, files []string) error {
	slices.Sort(files)
	var text strings.Builder
	for _, name := range files {
		content, err := os.Open(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		hash := sha256.New()
		_, err = io.Copy(hash, content)
		if err := errors.Join(err, content.Close()); err != nil {
			return err
		}
		fmt.Fprintf(&text, "%x  %s\n", hash.Sum(nil), name)
	}
	return os.WriteFile(filepath.Join(folder, sums), []byte(text.String()), 0o644)
}
