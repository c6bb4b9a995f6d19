package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"

	"skytower/internal/fault"
	"skytower/internal/secret"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

func TestFileComesBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *box) {
		for name, content := range map[string]string{
			"empty": "", "small": png + "small", "just the head": png + strings.Repeat("a", headRoom-len(png)),
			"large": png + strings.Repeat("abcdefgh", 1<<17),
		} {
			put := b.put(New{Name: "../a picture.PNG", Type: "image/png", Purpose: "vision", Limit: int64(len(content))}, content)
			b.keep(time.Time{}, put)
			got, err := b.Get(t.Context(), "acct_one", put.ID)
			if err != nil {
				t.Fatal(err)
			}
			want := File{
				ID: put.ID, Account: "acct_one", Role: Upload, Name: "a_picture.png", Type: "image/png",
				Size: int64(len(content)), Purpose: "vision", CreatedAt: put.CreatedAt,
			}
			if content == "" {
				want.Name, want.Type = "a_picture.txt", "text/plain" // nothing says that it is a picture
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
			if diff := cmp.Diff(want, put); diff != "" {
				t.Errorf("%s, as put (-want +got):\n%s", name, diff)
			}
			if b.read(got) != content {
				t.Errorf("%s: the content is another", name)
			}
			if sum := sha256.Sum256([]byte(content)); !bytes.Equal(sum[:], b.column(put.ID, "digest")) {
				t.Errorf("%s: the digest is another", name)
			}
		}
	})
}

// What is served is read in ranges, from the bucket.
func TestRanges(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *box) {
		f := b.put(New{}, strings.Repeat("0123456789", 100_000))
		for header, want := range map[string]string{"bytes=5-9": "56789", "bytes=999995-": "56789", "bytes=-3": "789", "bytes=500001-500003": "123"} {
			content, err := b.Content(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			w.Header().Set("Content-Type", f.Type)
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Range", header)
			http.ServeContent(w, r, "", f.CreatedAt, content)
			if err := content.Close(); err != nil {
				t.Error(err)
			}
			if w.Code != http.StatusPartialContent || w.Body.String() != want {
				t.Errorf("%s: status %d, %q", header, w.Code, w.Body)
			}
		}
	})
}

func TestTooLargeLeavesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *box) {
		for _, limit := range []int64{0, 9, 1 << 20} {
			_, err := b.Put(t.Context(), New{Account: "a", Role: Upload, Limit: limit}, strings.NewReader(strings.Repeat("x", int(limit)+1)))
			if !errors.Is(err, ErrTooLarge) {
				t.Errorf("limit %d: error %v", limit, err)
			}
		}
		b.holds(0)
	})
}

func TestBrokenSourceLeavesNothing(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *box) {
		broken := errors.New("the upload broke off")
		for _, before := range []int{10, 1 << 20} {
			content := io.MultiReader(strings.NewReader(strings.Repeat("x", before)), iotest.ErrReader(broken))
			_, err := b.Put(t.Context(), New{Account: "a", Role: Upload, Limit: 2 << 20}, content)
			if !errors.Is(err, broken) || fault.Is(err, fault.ServiceUnavailable) {
				t.Errorf("after %d bytes: error %v", before, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		content := io.MultiReader(strings.NewReader(strings.Repeat("x", 1<<20)), readFunc(func([]byte) (int, error) {
			cancel()
			return 0, ctx.Err()
		}))
		if _, err := b.Put(ctx, New{Account: "a", Role: Upload, Limit: 2 << 20}, content); !errors.Is(err, context.Canceled) {
			t.Errorf("given up: error %v", err)
		}
		b.holds(0)
	})
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

// A file that is dropped while it is written must not leave content behind: the sweep
// that removes its row has not seen any.
func TestDroppedWhileWritten(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, b *box) {
		content := io.MultiReader(strings.NewReader(strings.Repeat("x", 1<<20)), readFunc(func([]byte) (int, error) {
			b.write(func(ctx context.Context, tx *store.Tx) error { return b.DropOf(ctx, tx, "p", 0) })
			b.sweep()
			return 0, io.EOF
		}))
		_, err := b.Put(t.Context(), New{Account: "a", Prediction: "p", Attempt: 1, Role: Output, Limit: 2 << 20}, content)
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("error %v", err)
		}
		b.holds(0)
	})
}

// fullDisk is storage that takes the first bytes of a content and no more, and that
// can't delete one of its keys.
type fullDisk struct {
	driver.Bucket
	mu      sync.Mutex
	stuck   string
	deleted []string
}

func (*fullDisk) Close() error                       { return nil }
func (*fullDisk) ErrorCode(error) gcerrors.ErrorCode { return gcerrors.Unknown }
func (*fullDisk) ErrorAs(error, any) bool            { return false }
func (d *fullDisk) NewTypedWriter(context.Context, string, string, *driver.WriterOptions) (driver.Writer, error) {
	return &fullWriter{room: 100}, nil
}

func (d *fullDisk) ListPaged(context.Context, *driver.ListOptions) (*driver.ListPage, error) {
	return &driver.ListPage{}, nil
}

func (d *fullDisk) Delete(_ context.Context, key string, _ *driver.DeleteOptions) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if key == d.stuck {
		return syscall.EIO
	}
	d.deleted = append(d.deleted, key)
	return nil
}

type fullWriter struct{ room int }

func (w *fullWriter) Write(p []byte) (int, error) {
	if len(p) > w.room {
		return w.room, syscall.ENOSPC
	}
	w.room -= len(p)
	return len(p), nil
}

func (w *fullWriter) Close() error { return nil }

func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := &fullDisk{}
	b := newBox(t, storetest.Open(t, storetest.SQLite(t)), folderURL(t))
	b.bucket = blob.NewBucket(disk)
	_, err := b.Put(t.Context(), New{Account: "a", Role: Upload, Limit: 1 << 20}, strings.NewReader(strings.Repeat("x", 101)))
	if !fault.Is(err, fault.ServiceUnavailable) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error %v", err)
	}
	if b.rows() != 0 || len(disk.deleted) != 1 {
		t.Errorf("%d rows are left, deleted is %v", b.rows(), disk.deleted)
	}
	if f := b.put(New{}, "fits"); f.Size != 4 {
		t.Errorf("a file that fits is %+v", f)
	}
}

// Other users of the machine see nothing, and nothing lies in the machine's folder for
// temporary files.
func TestFolder(t *testing.T) {
	t.Parallel()
	b := newBox(t, storetest.Open(t, storetest.SQLite(t)), folderURL(t)+"/deeper")
	f := b.put(New{}, "content")
	root := strings.TrimSuffix(b.path(f), keyOf(f.ID))
	for _, folder := range []string{root, filepath.Dir(b.path(f))} {
		info, err := os.Stat(folder)
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, error %v", folder, info.Mode(), err)
		}
	}
	found, err := filepath.Glob(root + "/*/*")
	if err != nil || len(found) != 1 {
		t.Errorf("the folder holds %v, error %v", found, err)
	}
}

// path is where a content lies in a folder.
func (b *box) path(f File) string {
	b.t.Helper()
	r, err := b.bucket.NewReader(b.t.Context(), keyOf(f.ID), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	defer r.Close() //nolint:errcheck // only its name counts
	var file io.Reader
	if !r.As(&file) {
		b.t.Fatal("no file")
	}
	return file.(*os.File).Name()
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t, storetest.SQLite(t))
	missing := strings.Replace(s3URL(t), "s3://files", "s3://none", 1)
	for url, want := range map[string]string{
		"":                          "no known kind",
		"mem://":                    "no known kind",
		"ftp://host/secret":         "no known kind",
		"file://" + os.DevNull:      "not a directory",
		"file:///tmp?unknown=param": "unknown",
		missing:                     "does not exist",
		"s3://%zz?secret":           "not a URL",
	} {
		_, err := Open(t.Context(), Options{DB: db, URL: url, Links: secret.NewRing(masterKey(t, 7))})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error %v", url, err)
		}
	}
}
