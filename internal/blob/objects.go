package blob

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/gcerrors"
)

// Objects is a storage as what lies in it, for copies of all of it. It knows no rows.
type Objects struct{ bucket *blob.Bucket }

// Object is one of them. Content never changes under its name.
type Object struct {
	Key  string // a relative path with slashes
	Size int64
}

// OpenObjects opens the storage at an address. A folder that is missing is made, unless it
// is only looked at: then the error is fs.ErrNotExist. No error repeats the address.
func OpenObjects(ctx context.Context, address string, look bool) (*Objects, error) {
	if kind, place := Place(address); look && kind == fileblob.Scheme {
		if _, err := os.Stat(place); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("open the file storage: %w", fs.ErrNotExist)
		}
	}
	bucket, err := openBucket(ctx, address, nil)
	if err != nil {
		return nil, fmt.Errorf("open the file storage: %w", err)
	}
	return &Objects{bucket}, nil
}

// Close closes the storage.
func (o *Objects) Close() error { return o.bucket.Close() }

// Each calls fn with every object, in the order of keys. What is half-written, or was
// left by a doctor, is none.
func (o *Objects) Each(ctx context.Context, fn func(Object) error) error {
	list := o.bucket.List(nil)
	for {
		found, err := list.Next(ctx)
		if found == nil {
			if err == io.EOF {
				return nil
			}
			return fmt.Errorf("list the files: %w", err)
		}
		if found.IsDir || strings.HasPrefix(found.Key, probePrefix) || isTemporary(found.Key) {
			continue
		}
		if err := fn(Object{found.Key, found.Size}); err != nil {
			return err
		}
	}
}

// isTemporary knows what the folder's driver writes before it has all of a file: it lies
// beside the file, under its name with an ending.
func isTemporary(key string) bool { return strings.Contains(path.Base(key), ".tmp") }

// Open opens an object for reading. The error is ErrNotFound where it is gone.
func (o *Objects) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	r, err := o.bucket.NewReader(ctx, key, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", key, err)
	}
	return r, nil
}

// Size is an object's size; ErrNotFound where there is none.
func (o *Objects) Size(ctx context.Context, key string) (int64, error) {
	a, err := o.bucket.Attributes(ctx, key)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return 0, ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("look at %s: %w", key, err)
	}
	return a.Size, nil
}

// Put writes an object, whole or not at all, and on disk where it is a folder. It returns
// the SHA-256 of what it wrote; check, unless nil, may still refuse it.
func (o *Objects) Put(ctx context.Context, key string, content io.Reader, check func(sum []byte) error) (sum []byte, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, sync, err := newWriter(ctx, o.bucket, key)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", key, err)
	}
	hash := sha256.New()
	_, err = io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(hash, w)}, content, make([]byte, copyRoom))
	sum = hash.Sum(nil)
	if err == nil && check != nil {
		err = check(sum)
	}
	if err == nil {
		err = sync()
	}
	if err != nil {
		cancel() // before Close: the object is not to appear
		_ = w.Close()
		return nil, fmt.Errorf("write %s: %w", key, err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("write %s: %w", key, err)
	}
	return sum, nil
}

// KeyOf is where the content of the file with an id lies.
func KeyOf(id string) string { return keyOf(id) }
