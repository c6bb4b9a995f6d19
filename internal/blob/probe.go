package blob

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
)

// probePrefix begins the names of what Probe writes. No sweep takes it for a file.
const probePrefix = "doctor-"

// Probe writes a small object where the address of a storage points, reads it back and
// deletes it. A folder that does not exist is not made: the error is fs.ErrNotExist. No
// error repeats the address.
func Probe(ctx context.Context, address string) (err error) {
	if kind, place := Place(address); kind == fileblob.Scheme {
		if _, err := os.Stat(place); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("look for the folder: %w", fs.ErrNotExist)
		}
	}
	bucket, err := openBucket(ctx, address, nil)
	if err != nil {
		return fmt.Errorf("open the file storage: %w", err)
	}
	defer func() { err = errors.Join(err, bucket.Close()) }()
	return probe(ctx, bucket)
}

func probe(ctx context.Context, bucket *blob.Bucket) error {
	name := probePrefix + strings.ToLower(rand.Text())
	content := []byte("skytower doctor was here; this may be deleted")
	if err := bucket.WriteAll(ctx, name, content, &blob.WriterOptions{ContentType: octets}); err != nil {
		return fmt.Errorf("write a small object: %w", err)
	}
	back, err := bucket.ReadAll(ctx, name)
	if err == nil && !bytes.Equal(back, content) {
		err = errors.New("it reads otherwise than it was written")
	}
	if err != nil {
		err = fmt.Errorf("read it back: %w", err)
	}
	if failed := ignoreMissing(bucket.Delete(ctx, name)); failed != nil {
		err = errors.Join(err, fmt.Errorf("delete it: %w", failed))
	}
	return err
}

// Place says of a storage's address what kind it is, file or s3, and the folder or the
// bucket's name.
func Place(address string) (kind, place string) {
	u, err := url.Parse(address)
	if err != nil {
		return "", ""
	}
	if u.Scheme == fileblob.Scheme {
		return u.Scheme, u.Path
	}
	return u.Scheme, u.Host
}
