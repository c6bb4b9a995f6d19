package blob

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"skytower/internal/secret"
	"skytower/internal/store"
	"skytower/internal/store/storetest"
)

const png = "\x89PNG\r\n\x1a\n"

// box is a store with what a test looks into.
type box struct {
	*Store
	t     *testing.T
	clock atomic.Int64 // added to the time, since buckets have clocks of their own
}

func (b *box) pass(d time.Duration) { b.clock.Add(int64(d)) }

// folderURL names a folder that is not there yet.
func folderURL(t *testing.T) string { return "file://" + t.TempDir() + "/files" }

// s3URL starts an S3 server and names its bucket.
func s3URL(t *testing.T) string {
	backend := s3mem.New()
	if err := backend.CreateBucket("files"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	return "s3://files?region=none&use_path_style=true&anonymous=true&prefix=ours/&endpoint=" + server.URL
}

func masterKey(t *testing.T, fill byte) secret.MasterKey {
	t.Helper()
	key, err := secret.NewMasterKey(bytes.Repeat([]byte{fill}, secret.Size))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newBox(t *testing.T, db *store.DB, url string) *box {
	t.Helper()
	b := &box{t: t}
	s, err := Open(t.Context(), Options{DB: db, URL: url, Links: secret.NewRing(masterKey(t, 7)), Now: func() time.Time {
		return time.Now().Add(time.Duration(b.clock.Load()))
	}})
	if err != nil {
		t.Fatal(err)
	}
	b.Store = s
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// each runs fn on both databases, and with both kinds of storage.
func each(t *testing.T, fn func(t *testing.T, b *box)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		url := folderURL
		if strings.HasSuffix(t.Name(), "postgres") {
			url = s3URL
		}
		fn(t, newBox(t, db, url(t)))
	})
}

func (b *box) put(n New, content string) File {
	b.t.Helper()
	if n.Limit == 0 {
		n.Limit = 10 << 20
	}
	if n.Account == "" {
		n.Account = "acct_one"
	}
	if n.Role == "" {
		n.Role = Upload
	}
	f, err := b.Put(b.t.Context(), n, strings.NewReader(content))
	if err != nil {
		b.t.Fatalf("put: %v", err)
	}
	return f
}

func (b *box) write(fn func(ctx context.Context, tx *store.Tx) error) {
	b.t.Helper()
	if err := b.try(fn); err != nil {
		b.t.Fatal(err)
	}
}

func (b *box) try(fn func(ctx context.Context, tx *store.Tx) error) error {
	return b.db.Write(b.t.Context(), func(tx *store.Tx) error { return fn(b.t.Context(), tx) })
}

func (b *box) keep(expires time.Time, files ...File) {
	b.t.Helper()
	var ids []string
	for _, f := range files {
		ids = append(ids, f.ID)
	}
	b.write(func(ctx context.Context, tx *store.Tx) error { return b.Keep(ctx, tx, ids, expires) })
}

func (b *box) sweep() {
	b.t.Helper()
	if err := b.Sweep(b.t.Context()); err != nil {
		b.t.Errorf("sweep: %v", err)
	}
}

// keys lists what lies in the bucket.
func (b *box) keys() (keys []string) {
	b.t.Helper()
	list := b.bucket.List(nil)
	for {
		object, err := list.Next(b.t.Context())
		if err == io.EOF {
			return keys
		}
		if err != nil {
			b.t.Fatal(err)
		}
		keys = append(keys, object.Key)
	}
}

func (b *box) rows() (n int) {
	b.t.Helper()
	err := b.db.Read(b.t.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(b.t.Context(), `select count(*) from file`).Scan(&n)
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

// holds checks how many rows and contents there are.
func (b *box) holds(n int) {
	b.t.Helper()
	if keys, rows := b.keys(), b.rows(); len(keys) != n || rows != n {
		b.t.Errorf("%d rows and the contents %v, want %d of each", rows, keys, n)
	}
}

func (b *box) read(f File) string {
	b.t.Helper()
	r, err := b.Content(b.t.Context(), f)
	if err != nil {
		b.t.Fatalf("content: %v", err)
	}
	defer r.Close() //nolint:errcheck // read to the end
	content, err := io.ReadAll(r)
	if err != nil {
		b.t.Fatalf("content: %v", err)
	}
	return string(content)
}

func (b *box) column(id, name string) (value []byte) {
	b.t.Helper()
	err := b.db.Read(b.t.Context(), func(tx *store.Tx) error {
		return tx.QueryRow(b.t.Context(), `select `+name+` from file where id = $1`, id).Scan(&value)
	})
	if err != nil && err != sql.ErrNoRows {
		b.t.Fatal(err)
	}
	return value
}
