package llama

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// LibraryVersion is that of the npm packages with llama.cpp's library. The program
// skytower-llama is made for just this one: its calls have the shapes of this build.
const LibraryVersion = "3.22.1"

// Package is a published package with the library for a kind of machine.
type Package struct {
	Name   string // on npm
	SHA256 string // of its tarball, 64 hexadecimal digits
}

// PackageFor is the package for a kind of machine, in Go's words; false where none of this
// version is published.
func PackageFor(system, arch string) (Package, bool) {
	p, ok := map[string]Package{
		"linux/amd64": {"@node-llama-cpp/linux-x64", "0d953e1503d5ab4608d8ed5b739132308c81ac05ffeb760d2a7f30e08a9f90e0"},
		"linux/arm64": {"@node-llama-cpp/linux-arm64", "39c76b998e35ed2f236c01472fc79eda0fc558b1c8b535023c2d7ded8c327cc4"},
	}[system+"/"+arch]
	return p, ok
}

// InstallOptions say what is installed and where.
type InstallOptions struct {
	Data    string // the data folder
	From    string // a tarball that is here already; "": npm fetches it
	Package Package
	Program string // skytower-llama, which tries the library; "": it is not tried
	Note    func(format string, args ...any)
}

// Installed is what Install did.
type Installed struct {
	Package string `json:"package"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
	Folder  string `json:"folder"`
	Files   int    `json:"files"`
	Bytes   int64  `json:"bytes"`
	Tried   bool   `json:"tried"`            // it was loaded, and works
	System  string `json:"system,omitempty"` // what it uses of the processor
}

// Install puts the library into the data folder, in place of what is there. Nothing is
// changed before the tarball is known to be the pinned one and is whole. Where the library
// does not load, it stays, and the error says why.
func Install(ctx context.Context, o InstallOptions) (Installed, error) {
	data, err := filepath.Abs(o.Data) // npm runs in another folder
	if err != nil {
		return Installed{}, err
	}
	to := LibraryIn(data, func(string) string { return "" })
	done := Installed{Package: o.Package.Name, Version: LibraryVersion, SHA256: o.Package.SHA256, Folder: to}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return done, err
	}
	work, err := os.MkdirTemp(filepath.Dir(to), ".install-")
	if err != nil {
		return done, err
	}
	defer func() { _ = os.RemoveAll(work) }()
	tarball := o.From
	if tarball == "" {
		o.Note("fetching %s %s with npm", o.Package.Name, LibraryVersion)
		if tarball, err = fetch(ctx, work, o.Package.Name); err != nil {
			return done, err
		}
	}
	if err := checkSum(tarball, o.Package); err != nil {
		return done, err
	}
	fresh := filepath.Join(work, "library")
	if done.Files, done.Bytes, err = unpack(tarball, fresh); err != nil {
		return done, fmt.Errorf("unpack %s: %w", tarball, err)
	}
	if err := replace(fresh, to, filepath.Join(work, "before")); err != nil {
		return done, err
	}
	o.Note("%d files (%d MiB) are in %s", done.Files, done.Bytes>>20, to)
	if o.Program == "" {
		return done, nil
	}
	if done.System, err = Try(ctx, o.Program, to); err != nil {
		return done, fmt.Errorf("the library is in place, but it does not load: %w", err)
	}
	done.Tried = true
	return done, nil
}

// fetch asks npm for the package.
func fetch(ctx context.Context, folder, name string) (string, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", fmt.Errorf("npm, which fetches the library, is not on this machine. Install it; or on a machine that has it run 'npm pack %s@%s', bring the file here, and give it with --from", name, LibraryVersion)
	}
	cmd := exec.CommandContext(ctx, npm, "pack", "--loglevel=error", "--pack-destination", folder, name+"@"+LibraryVersion)
	cmd.Dir = folder
	if text, err := cmd.CombinedOutput(); err != nil {
		if len(text) > maxReport {
			text = text[len(text)-maxReport:]
		}
		return "", fmt.Errorf("npm pack %s@%s: %w\n%s", name, LibraryVersion, err, strings.TrimSpace(string(text)))
	}
	found, err := filepath.Glob(filepath.Join(folder, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("npm pack %s left %d tarballs, want 1", name, len(found))
	}
	return found[0], nil
}

// checkSum refuses a tarball that is not the pinned one: what it holds will run.
func checkSum(tarball string, p Package) error {
	file, err := os.Open(tarball)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	sum := sha256.New()
	if _, err := io.Copy(sum, io.LimitReader(file, maxLibrary+1)); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != p.SHA256 {
		return fmt.Errorf("%s is not %s %s: its SHA-256 is %s, and should be %s. Nothing was changed", tarball, p.Name, LibraryVersion, got, p.SHA256)
	}
	return nil
}

// Bounds of what is unpacked.
const (
	maxLibrary = 2 << 30 // bytes, of all
	maxEntries = 1000
)

// libraryFile knows the files that llama.cpp is made of, without what others need of the
// package.
func libraryFile(name string) bool {
	return regexp.MustCompile(`^lib(llama|ggml(-[a-z0-9_.+-]+)?)(\.v[0-9.]+)?\.(so|dylib|metal)$`).MatchString(name)
}

// unpack takes the library's files out of a tarball, into a new folder, by their bare names.
func unpack(tarball, to string) (files int, bytes int64, err error) {
	if err := os.Mkdir(to, 0o700); err != nil {
		return 0, 0, err
	}
	file, err := os.Open(tarball)
	if err != nil {
		return 0, 0, err
	}
	defer file.Close() //nolint:errcheck // only read
	zip, err := gzip.NewReader(bufio.NewReader(file))
	if err != nil {
		return 0, 0, err
	}
	archive := tar.NewReader(io.LimitReader(zip, maxLibrary))
	for range maxEntries {
		entry, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, bytes, link(to)
		}
		if err != nil {
			return 0, 0, err
		}
		name := path.Base(entry.Name)
		if entry.Typeflag != tar.TypeReg || !libraryFile(name) && name != "LICENSE" {
			continue
		}
		n, err := write(filepath.Join(to, name), archive)
		if err != nil {
			return 0, 0, err
		}
		files++
		bytes += n
	}
	return 0, 0, fmt.Errorf("it has more than %d entries", maxEntries)
}

// write makes a new file; one that is there already is an error.
func write(to string, content io.Reader) (int64, error) {
	file, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(file, content)
	return n, errors.Join(err, file.Sync(), file.Close())
}

// link gives the names that carry a build, such as libllama.v0.5.0.so, their plain names too.
func link(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		plain := regexp.MustCompile(`^(lib[a-z-]+)\.v[0-9.]+\.(so|dylib)$`).ReplaceAllString(e.Name(), "$1.$2")
		if plain == e.Name() {
			continue
		}
		if err := os.Symlink(e.Name(), filepath.Join(folder, plain)); err != nil {
			return err
		}
	}
	if _, err := os.Stat(filepath.Join(folder, mainLibrary())); err != nil {
		return fmt.Errorf("it holds no %s for %s", mainLibrary(), runtime.GOOS)
	}
	return nil
}

// replace puts a folder in the place of another, which goes to before. A process that has
// loaded the one before keeps it.
func replace(fresh, to, before string) error {
	if err := os.Rename(to, before); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Rename(fresh, to)
}

// Try loads the library in a process of its own, and returns what it uses of the processor.
func Try(ctx context.Context, program, library string) (string, error) {
	cmd := exec.CommandContext(ctx, program, "-check", "-library", library)
	cmd.Env = environment(os.Environ())
	var r struct {
		Ready         bool
		Error, System string
	}
	text, err := cmd.Output()
	_ = json.Unmarshal(text, &r) // then it is not ready
	switch {
	case r.Error != "":
		return "", errors.New(r.Error)
	case err != nil:
		return "", fmt.Errorf("%s: %w", program, err)
	case !r.Ready:
		return "", fmt.Errorf("%s did not say that it is ready", program)
	}
	return strings.TrimRight(r.System, " |"), nil
}
