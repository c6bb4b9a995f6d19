package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"skytower/internal/config"
	"skytower/internal/provider"
)

// folder is where one run happens. The program lives in work, which belongs to its
// user; work/in holds input files, which it can't change, work/out takes its output.
// Results are moved out of its reach, to our own folder, when it is dead.
type folder struct {
	results string // ours
	work    string
	lent    string // a folder to remove, "" where the run's own one serves
	who     identity
}

const (
	inputDir  = "in"
	outputDir = "out"

	// maxEntries bounds what is counted of a folder that a program fills.
	maxEntries = 20_000
)

func makeFolder(run *provider.Run, who identity) (*folder, error) {
	scratch, err := run.Scratch()
	if err != nil {
		return nil, err
	}
	if scratch, err = filepath.Abs(scratch); err != nil {
		return nil, err
	}
	f := &folder{results: scratch, who: who}
	base := scratch
	if who.isOther() {
		if base, err = f.passable(scratch); err != nil {
			return nil, errors.Join(err, f.remove())
		}
	}
	f.work = filepath.Join(base, "work")
	if err := f.furnish(); err != nil {
		return nil, errors.Join(err, f.remove())
	}
	return f, nil
}

// passable finds a folder that another user can get to: the run's own one, or, where a
// folder above that is closed, one in the folder for temporary files.
func (f *folder) passable(scratch string) (string, error) {
	const passOnly = 0o711
	if err := os.Chmod(scratch, passOnly); err != nil {
		return "", err
	}
	if f.who.passes(scratch) {
		return scratch, nil
	}
	lent, err := os.MkdirTemp("", "skytower-run-")
	if err != nil {
		return "", err
	}
	f.lent = lent
	if err := os.Chmod(lent, passOnly); err != nil {
		return "", err
	}
	if !f.who.passes(lent) {
		return "", fmt.Errorf("user %d can pass neither through the folders above %s nor above %s; open one of them (chmod a+x)", f.who.uid, scratch, lent)
	}
	return lent, nil
}

func (f *folder) furnish() error {
	if err := os.Mkdir(f.work, 0o700); err != nil {
		return err
	}
	if err := os.Mkdir(f.in(), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(f.out(), 0o700); err != nil {
		return err
	}
	if !f.who.isOther() {
		return nil
	}
	return errors.Join(os.Chmod(f.in(), 0o755), os.Lchown(f.out(), f.who.uid, f.who.gid), os.Lchown(f.work, f.who.uid, f.who.gid))
}

func (f *folder) in() string  { return filepath.Join(f.work, inputDir) }
func (f *folder) out() string { return filepath.Join(f.work, outputDir) }

// remove takes away what the run's owner does not know of.
func (f *folder) remove() error {
	if f.lent == "" {
		return nil
	}
	return os.RemoveAll(f.lent)
}

// put writes an input file. The name is ours.
func (f *folder) put(name string, content []byte) (string, error) {
	path := filepath.Join(f.in(), name)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		return "", err
	}
	return path, os.Chmod(path, 0o644) // whatever our umask is
}

// tooMuch looks at all that the program wrote so far. It never leaves the folder: links
// are not followed.
func (f *folder) tooMuch(limits config.Limits) error {
	var bytes int64
	var entries int
	err := filepath.WalkDir(f.work, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil // gone already: the program is at work here
		}
		if d.IsDir() && path == f.in() {
			return fs.SkipDir
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			bytes += info.Size()
		}
		if entries++; entries > maxEntries {
			return limitf("The program made more than %d files and folders.", maxEntries)
		}
		if bytes > limits.Output {
			return tooLarge(limits)
		}
		return nil
	})
	return err
}

func tooLarge(limits config.Limits) error {
	return limitf("The program wrote more than %d bytes, which is its limit.", limits.Output)
}

// collect takes over the output files. The program is dead; what may still hold a file
// open can't reach the folders any more.
func (f *folder) collect(limits config.Limits) ([]provider.Output, error) {
	entries, err := f.shut()
	if err != nil {
		return nil, err
	}
	switch {
	case len(entries) == 0:
		return nil, failed("The program made no output.")
	case len(entries) > limits.Files:
		return nil, failed("The program made more than %d output files, which is its limit.", limits.Files)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	var outputs []provider.Output
	var bytes int64
	for i, entry := range entries {
		output, size, err := f.take(entry.Name(), i)
		if err != nil {
			return nil, err
		}
		if bytes += size; bytes > limits.Output {
			return nil, failed("%s", tooLarge(limits))
		}
		outputs = append(outputs, output)
	}
	return outputs, nil
}

// shut takes the folders back from the program's user and lists the output. work's own
// entry lies in a folder of ours, so it is the folder that we made; from then on nobody
// can put another one in the place of out.
func (f *folder) shut() ([]fs.DirEntry, error) {
	us := hostUser()
	for _, dir := range []string{f.work, f.out()} {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() {
			return nil, failed("The program removed its output folder.")
		}
		if f.who.isOther() {
			err = os.Lchown(dir, us.uid, us.gid)
		}
		if err := errors.Join(err, os.Chmod(dir, 0o700)); err != nil {
			return nil, broken("take the program's folder back", err)
		}
	}
	entries, err := os.ReadDir(f.out())
	if err != nil {
		return nil, broken("list the program's output", err)
	}
	return entries, nil
}

// take moves one output file to our own folder.
func (f *folder) take(name string, number int) (provider.Output, int64, error) {
	from, to := filepath.Join(f.out(), name), filepath.Join(f.results, "result-"+strconv.Itoa(number))
	info, err := os.Lstat(from)
	if err != nil {
		return provider.Output{}, 0, broken("look at an output file", err)
	}
	if !f.isOwn(info) {
		return provider.Output{}, 0, failed("The program left something that is not a plain file of its own: %s.", safeName(name))
	}
	if err := move(from, to); err != nil {
		return provider.Output{}, 0, broken("take an output file over", err)
	}
	open := func(context.Context) (io.ReadCloser, error) { return openPlain(to) }
	return provider.Output{Open: open, Name: safeName(name)}, info.Size(), nil
}

// isOwn refuses links of both kinds, devices, folders, pipes and files that another
// user owns: reading them could show what the program's user can't read.
func (f *folder) isOwn(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.Mode().IsRegular() && stat.Nlink == 1 && int(stat.Uid) == f.who.uid
}

// openPlain opens a file that is no link.
func openPlain(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(errors.New("it is not a plain file"), err, file.Close())
	}
	return file, nil
}

// move renames, or copies where the folder for temporary files is another file system.
func move(from, to string) error {
	err := os.Rename(from, to)
	if !errors.Is(err, syscall.EXDEV) {
		return err
	}
	source, err := openPlain(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Close())
}

// maxName bounds the name of an output file, in bytes.
const maxName = 100

// safeName keeps what is harmless in a path, a header and on a terminal.
func safeName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
			return r
		}
		return '_'
	}, name)
	name = strings.TrimLeft(name, ".-")
	return name[:min(len(name), maxName)]
}
