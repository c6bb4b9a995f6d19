package blob

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/s3blob"
	"gocloud.dev/gcerrors"
)

const (
	// folderMode keeps other users of the machine out of the files.
	folderMode = 0o700
	// askTime bounds the question at the start whether a bucket is there.
	askTime = 10 * time.Second
	// stallTime is how long the storage may take over one piece: longer, and it does not
	// answer.
	stallTime = time.Minute
	// partsAtOnce bounds what one upload to S3 holds in memory, in parts of 8 MiB.
	partsAtOnce = 2
)

// openBucket opens what the URL names. No error repeats the URL: its query may name
// credentials.
func openBucket(ctx context.Context, raw string, log *slog.Logger) (*blob.Bucket, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("its address is not a URL")
	}
	query := u.Query()
	prefix := query.Get("prefix")
	query.Del("prefix")
	u.RawQuery = query.Encode()
	bucket, err := openScheme(ctx, u, log)
	if err != nil {
		return nil, err
	}
	if prefix != "" {
		return blob.PrefixedBucket(bucket, prefix), nil
	}
	return bucket, nil
}

func openScheme(ctx context.Context, u *url.URL, log *slog.Logger) (*blob.Bucket, error) {
	switch u.Scheme {
	case fileblob.Scheme:
		// Half-written files lie in the same folder: the machine's own folder for
		// temporary files is often another disk, from which nothing can be moved in one
		// step, and a smaller one. What a killed process leaves of them, sweeps remove.
		opener := fileblob.URLOpener{Options: fileblob.Options{
			CreateDir: true, DirFileMode: folderMode, NoTempDir: true, Metadata: fileblob.MetadataDontWrite,
		}}
		return opener.OpenBucketURL(ctx, u)
	case s3blob.Scheme:
		opener := s3blob.URLOpener{}
		bucket, err := opener.OpenBucketURL(ctx, u)
		if err != nil {
			return nil, err
		}
		return bucket, checkBucket(ctx, bucket, log)
	}
	return nil, fmt.Errorf("%q is no known kind of storage: use file:///PATH or s3://BUCKET", u.Scheme)
}

// checkBucket finds what is wrong with the setting. A storage that does not answer just
// now is no reason not to start: all but files goes on without it.
func checkBucket(ctx context.Context, bucket *blob.Bucket, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	there, err := bucket.IsAccessible(ctx)
	switch {
	case err == nil && !there:
		return errors.Join(errors.New("the bucket does not exist"), bucket.Close())
	case gcerrors.Code(err) == gcerrors.PermissionDenied:
		return errors.Join(fmt.Errorf("the storage does not let us in: %w", err), bucket.Close())
	case err != nil && log != nil:
		log.Warn("the storage of files does not answer; the server starts without it, and results wait until it does", "error", err)
	}
	return nil
}

// fanOut is the length of the folders' names: the last characters of an id, which are
// random, spread the files over 1,024 folders.
const fanOut = 2

func folderOf(id string) string { return id[len(id)-fanOut:] }

// keyOf is where the content of a file lies.
func keyOf(id string) string { return folderOf(id) + "/" + id }

// writer writes the content of a file; it is there when Close has returned nil, and is
// given up where ctx ends before. sync makes a local file durable.
func (s *Store) writer(ctx context.Context, id string) (w *blob.Writer, sync func() error, err error) {
	return newWriter(ctx, s.bucket, keyOf(id))
}

func newWriter(ctx context.Context, bucket *blob.Bucket, key string) (w *blob.Writer, sync func() error, err error) {
	var local *os.File
	w, err = bucket.NewWriter(ctx, key, &blob.WriterOptions{
		ContentType:    octets, // the table knows the type
		MaxConcurrency: partsAtOnce,
		BeforeWrite: func(as func(any) bool) error {
			as(&local)
			return nil
		},
	})
	return w, func() error {
		if local == nil {
			return nil
		}
		return local.Sync()
	}, err
}

// deleteContent removes the content of a file, if there is any.
func (s *Store) deleteContent(ctx context.Context, id string) error {
	return s.told("delete", ignoreMissing(s.bucket.Delete(ctx, keyOf(id))))
}

func ignoreMissing(err error) error {
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil
	}
	return err
}
