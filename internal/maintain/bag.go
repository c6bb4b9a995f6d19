package maintain

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"skytower/internal/store"
)

// What lies in a backup besides the database, the files and the spool.
const (
	manifestName = "manifest.json"
	sumsName     = "SHA256SUMS" // in the form that sha256sum reads
	bagLock      = ".lock"
	filesPrefix  = "files/"
	spoolPrefix  = "spool/"
	// manifestFormat is the form of the backup; a later one is not read.
	manifestFormat = 1
	folderMode     = 0o700
	fileMode       = 0o600
)

// databaseName is that of the database's file: each backup into a folder has its own.
var databaseName = regexp.MustCompile(`^database-[0-9TZ.]+\.db$`)

// Manifest describes a backup. It is written last: a backup without one is not whole.
type Manifest struct {
	Format   int              `json:"format"`
	MadeAt   time.Time        `json:"made_at"`
	Version  string           `json:"version"` // of the program that made it
	Engine   string           `json:"engine"`
	Schema   int64            `json:"schema"`
	Database string           `json:"database"` // name of its file
	Tables   map[string]int64 `json:"tables"`   // rows
	Files    int64            `json:"files"`
	Bytes    int64            `json:"bytes"` // of everything
	// WithoutFiles: they were left out.
	WithoutFiles bool `json:"without_files,omitempty"`
	// Missing are records of files that had none when the backup was made.
	Missing      int64    `json:"missing_files"`
	MissingNames []string `json:"missing_names,omitempty"`
	// MasterKey is the id of the key that was in place; HasKeys says that the backup holds
	// master.key and operator.key, as far as they were there.
	MasterKey string `json:"master_key"`
	HasKeys   bool   `json:"has_keys"`
	Sums      string `json:"sums"` // SHA-256 of SHA256SUMS
}

// bag takes what a backup is made of.
type bag interface {
	// have is the digest of what an earlier backup put there under the name and size.
	have(name string, size int64) (sum string, ok bool)
	put(ctx context.Context, name string, size int64, content io.Reader) (sum string, err error)
	// scratch is a path on the same disk for a file that adopt takes.
	scratch() string
	adopt(ctx context.Context, path, name string) (sum string, err error)
	// finish makes the backup whole. sums are of all that belongs to it, by name.
	finish(m Manifest, sums map[string]string) error
	// close gives up what is not finished.
	close()
}

func newBag(to string) (bag, error) {
	if strings.HasSuffix(to, ".tar") {
		return newTarBag(to)
	}
	return newFolderBag(to)
}

// sumsText is the content of SHA256SUMS.
func sumsText(sums map[string]string) []byte {
	var text bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		fmt.Fprintf(&text, "%s  %s\n", sums[name], name)
	}
	return text.Bytes()
}

func readSums(r io.Reader) (map[string]string, error) {
	sums := map[string]string{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		sum, name, ok := strings.Cut(lines.Text(), "  ")
		if !ok || len(sum) != 2*sha256.Size || !filepath.IsLocal(filepath.FromSlash(name)) {
			return nil, errors.New("SHA256SUMS can't be read")
		}
		sums[name] = sum
	}
	return sums, lines.Err()
}

func digestText(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// manifestText seals the sums into the manifest.
func manifestText(m Manifest, sums []byte) ([]byte, error) {
	m.Sums = digestText(sums)
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the manifest: %w", err)
	}
	return append(text, '\n'), nil
}

// folderBag is a backup in a folder. It is whole at any time: a new manifest replaces the
// old one in one step, when all that it names is there.
type folderBag struct {
	root string
	lock *store.FolderLock
	old  map[string]string
}

func newFolderBag(root string) (*folderBag, error) {
	if err := os.MkdirAll(root, folderMode); err != nil {
		return nil, fmt.Errorf("make the folder of the backup: %w", err)
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return nil, fmt.Errorf("read the folder of the backup: %w", err)
	}
	ours := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == bagLock || e.Name() == manifestName })
	if len(entries) > 0 && !ours {
		return nil, fmt.Errorf("%s has other things in it: name an empty folder, one with an earlier backup, or a file that ends in .tar", root)
	}
	lock, err := store.LockFolder(filepath.Join(root, bagLock))
	if errors.Is(err, store.ErrFolderInUse) {
		return nil, fmt.Errorf("another backup into %s is running", root)
	}
	if err != nil {
		return nil, err
	}
	b := &folderBag{root: root, lock: lock, old: map[string]string{}}
	if opened, err := openFolder(root); err == nil { // else nothing can be kept
		b.old = opened.sums
	}
	return b, nil
}

func (b *folderBag) path(name string) string { return filepath.Join(b.root, filepath.FromSlash(name)) }

func (b *folderBag) have(name string, size int64) (string, bool) {
	sum, ok := b.old[name]
	if !ok {
		return "", false
	}
	info, err := os.Stat(b.path(name))
	return sum, err == nil && info.Size() == size
}

func (b *folderBag) put(_ context.Context, name string, _ int64, content io.Reader) (string, error) {
	return writeFile(b.path(name), content, nil)
}

func (b *folderBag) scratch() string { return b.path(".database") }

func (b *folderBag) adopt(_ context.Context, from, name string) (string, error) {
	sum, err := digestFile(from)
	if err != nil {
		return "", err
	}
	return sum, os.Rename(from, b.path(name))
}

func (b *folderBag) finish(m Manifest, sums map[string]string) error {
	text := sumsText(sums)
	manifest, err := manifestText(m, text)
	if err != nil {
		return err
	}
	// The sums have the manifest's digest in their name until the manifest says so: a
	// manifest never stands beside the sums of another one.
	if _, err := writeFile(b.path(sumsName+".new"), bytes.NewReader(text), nil); err != nil {
		return err
	}
	if _, err := writeFile(b.path(manifestName), bytes.NewReader(manifest), nil); err != nil {
		return err
	}
	if err := os.Rename(b.path(sumsName+".new"), b.path(sumsName)); err != nil {
		return err
	}
	if err := b.sweep(sums); err != nil {
		return err
	}
	return syncFolder(b.root)
}

// sweep removes what belongs to no backup any more: of earlier ones, and of one that was
// killed.
func (b *folderBag) sweep(sums map[string]string) error {
	return filepath.WalkDir(b.root, func(at string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(b.root, at)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		_, ok := sums[name]
		if ok || name == manifestName || name == sumsName || name == bagLock {
			return nil
		}
		if strings.HasPrefix(name, filesPrefix) || strings.HasPrefix(name, spoolPrefix) || databaseName.MatchString(name) {
			return os.Remove(at)
		}
		return nil
	})
}

func (b *folderBag) close() {
	_ = os.Remove(b.scratch())
	b.lock.Release()
}

// writeFile writes a file whole or not at all, and onto the disk, its folder made where it
// is missing. It returns the SHA-256; check may still refuse it.
func writeFile(to string, content io.Reader, check func(sum string) error) (sum string, err error) {
	if err := os.MkdirAll(filepath.Dir(to), folderMode); err != nil {
		return "", err
	}
	file, err := os.CreateTemp(filepath.Dir(to), "."+filepath.Base(to)+".*") // mode 0600
	if err != nil {
		return "", err
	}
	defer os.Remove(file.Name()) //nolint:errcheck // it has its name by then
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(file, hash), content)
	sum = hex.EncodeToString(hash.Sum(nil))
	if err == nil && check != nil {
		err = check(sum)
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return "", err
	}
	return sum, os.Rename(file.Name(), to)
}

func digestFile(from string) (string, error) {
	file, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer file.Close() //nolint:errcheck // only read
	return sumReader(file)
}

// sumReader is the SHA-256 of all that there is to read.
func sumReader(content io.Reader) (string, error) {
	hash := sha256.New()
	if _, err := io.Copy(hash, content); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

func syncFolder(root string) error {
	folder, err := os.Open(root)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// tarBag is a backup in one file, which has its name only when it is whole.
type tarBag struct {
	to   string
	file *os.File
	tar  *tar.Writer
	done bool
}

func newTarBag(to string) (*tarBag, error) {
	if _, err := os.Stat(to); err == nil {
		return nil, fmt.Errorf("%s is there already: name another file", to)
	}
	file, err := os.OpenFile(to+".part", os.O_CREATE|os.O_TRUNC|os.O_RDWR, fileMode)
	if err != nil {
		return nil, fmt.Errorf("make the backup's file: %w", err)
	}
	return &tarBag{to: to, file: file, tar: tar.NewWriter(file)}, nil
}

func (b *tarBag) have(string, int64) (string, bool) { return "", false }

func (b *tarBag) put(_ context.Context, name string, size int64, content io.Reader) (string, error) {
	header := &tar.Header{Name: name, Size: size, Mode: fileMode, ModTime: time.Now().Truncate(time.Second), Format: tar.FormatPAX}
	if err := b.tar.WriteHeader(header); err != nil {
		return "", err
	}
	hash := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(b.tar, hash), content, size); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

func (b *tarBag) scratch() string { return b.to + ".database" }

func (b *tarBag) adopt(ctx context.Context, from, name string) (string, error) {
	file, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer file.Close() //nolint:errcheck // only read
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	return b.put(ctx, name, info.Size(), file)
}

func (b *tarBag) finish(m Manifest, sums map[string]string) error {
	text := sumsText(sums)
	manifest, err := manifestText(m, text)
	if err != nil {
		return err
	}
	for _, one := range []struct {
		name string
		text []byte
	}{{sumsName, text}, {manifestName, manifest}} {
		if _, err := b.put(context.Background(), one.name, int64(len(one.text)), bytes.NewReader(one.text)); err != nil {
			return err
		}
	}
	if err := errors.Join(b.tar.Close(), b.file.Sync()); err != nil {
		return err
	}
	if err := os.Rename(b.file.Name(), b.to); err != nil {
		return err
	}
	b.done = true
	return syncFolder(filepath.Dir(b.to))
}

func (b *tarBag) close() {
	_ = b.file.Close()
	_ = os.Remove(b.scratch())
	if !b.done {
		_ = os.Remove(b.file.Name())
	}
}

// kept is a backup that is read.
type kept struct {
	manifest Manifest
	sums     map[string]string
	open     func(name string) (io.ReadCloser, int64, error)
	close    func()
}

// openKept opens a backup and reads its manifest and sums, which must belong together.
func openKept(from string) (*kept, error) {
	info, err := os.Stat(from)
	if err != nil {
		return nil, fmt.Errorf("open the backup: %w", err)
	}
	if info.IsDir() {
		return openFolder(from)
	}
	return openTar(from)
}

func openFolder(root string) (*kept, error) {
	k := &kept{close: func() {}, open: func(name string) (io.ReadCloser, int64, error) {
		file, err := os.Open(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return nil, 0, err
		}
		info, err := file.Stat()
		if err != nil {
			return nil, 0, errors.Join(err, file.Close())
		}
		return file, info.Size(), nil
	}}
	err := k.read(sumsName)
	if err != nil {
		// A backup that was killed between its last two steps.
		if again := k.read(sumsName + ".new"); again == nil {
			return k, nil
		}
		return nil, err
	}
	return k, nil
}

// openTar finds where everything lies in the file.
func openTar(from string) (*kept, error) {
	file, err := os.Open(from)
	if err != nil {
		return nil, fmt.Errorf("open the backup: %w", err)
	}
	type part struct{ at, size int64 }
	parts := map[string]part{}
	reader := tar.NewReader(file)
	for {
		header, err := reader.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("read %s (is it a backup of Skytower's, and whole?): %w", from, err), file.Close())
		}
		at, err := file.Seek(0, io.SeekCurrent) // the reader reads no further than the header
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		parts[path.Clean(header.Name)] = part{at, header.Size}
	}
	k := &kept{close: func() { _ = file.Close() }, open: func(name string) (io.ReadCloser, int64, error) {
		p, ok := parts[name]
		if !ok {
			return nil, 0, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
		}
		return io.NopCloser(io.NewSectionReader(file, p.at, p.size)), p.size, nil
	}}
	if err := k.read(sumsName); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return k, nil
}

func (k *kept) text(name string) ([]byte, error) {
	content, _, err := k.open(name)
	if err != nil {
		return nil, err
	}
	defer content.Close() //nolint:errcheck // only read
	return io.ReadAll(content)
}

func (k *kept) read(sums string) error {
	text, err := k.text(manifestName)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("there is no manifest: it is no backup of Skytower's, or one that was not finished")
	}
	if err != nil {
		return fmt.Errorf("read the manifest: %w", err)
	}
	if err := json.Unmarshal(text, &k.manifest); err != nil {
		return fmt.Errorf("read the manifest: %w", err)
	}
	if k.manifest.Format != manifestFormat {
		return fmt.Errorf("the backup has form %d, and this program knows %d: use the version that made it (%s)", k.manifest.Format, manifestFormat, k.manifest.Version)
	}
	text, err = k.text(sums)
	if err != nil {
		return fmt.Errorf("read %s: %w", sums, err)
	}
	if digestText(text) != k.manifest.Sums {
		return fmt.Errorf("%s is not what the manifest says: the backup is damaged", sums)
	}
	k.sums, err = readSums(bytes.NewReader(text))
	return err
}

// sumOf compares the digest of what was read with the one that is written down.
func (k *kept) sumOf(name string) func(sum string) error {
	return func(sum string) error {
		if sum != k.sums[name] {
			return fmt.Errorf("%s is not what was backed up (its SHA-256 differs): the backup is damaged", name)
		}
		return nil
	}
}
