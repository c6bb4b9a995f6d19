// Package blob keeps files: what models made and what callers uploaded. Content lies
// in a bucket (a folder, or S3-compatible storage), what is known of it in the table
// file; links to it are signed and need no key.
//
// It refuses to know predictions, models and HTTP routes. Its one invariant: content
// without a kept row is removed by the next sweeps, and a kept row has its content
// whole.
package blob

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"gocloud.dev/blob"

	"skytower/internal/secret"
	"skytower/internal/store"
)

// Role is why a file is there.
type Role string

// The roles.
const (
	Upload  Role = "upload"  // a caller's, by POST /v1/files
	Input   Role = "input"   // taken out of a prediction's input
	Output  Role = "output"  // of a prediction
	Partial Role = "partial" // of a prediction that was still running
)

// File is what is known of a file.
type File struct {
	ID         string // file-…
	Account    string
	Prediction string // "" for an upload
	Attempt    int64
	Ordinal    int64 // place among the prediction's outputs
	Role       Role
	Name       string // safe as the last segment of a path
	Type       string // MIME type, found in the content
	Size       int64
	Purpose    string
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: kept
}

// New describes content that is about to be put.
type New struct {
	Account, Prediction string
	Attempt, Ordinal    int64
	Role                Role
	Name                string // wished; made safe, and given an ending that fits the content
	Type                string // stated by whoever brings it; counts only where the content tells nothing
	Purpose             string
	Limit               int64 // bytes; more is ErrTooLarge, so 0 is good for nothing
	ExpiresAt           time.Time
}

// Failures of Put, Get, Drop and Content.
const (
	ErrTooLarge blobError = "the file is too large"
	ErrNotFound blobError = "no such file"
)

type blobError string

func (e blobError) Error() string { return string(e) }

// Options are what a Store is made of. DB, URL and Links are required.
type Options struct {
	DB *store.DB
	// URL names the bucket: file:///PATH, or s3://BUCKET?region=…&endpoint=… as
	// gocloud.dev/blob reads it; prefix=NAME/ keeps to a part of a bucket. Nobody else may
	// write there: what looks like a file of ours and has no row is removed after a day.
	URL string
	// Links signs links, and also knows those that an earlier master key signed.
	Links *secret.Ring
	Log   *slog.Logger     // hears of a storage that does not answer at the start; nil: nobody
	Now   func() time.Time // time.Now if nil
	// Orphans is how old a file that was never kept must be before a sweep removes it;
	// an hour if 0.
	Orphans time.Duration
	// OnError hears of what the storage failed to do: write, read, delete, or list. nil:
	// nobody.
	OnError func(operation string)
}

const defaultOrphans = time.Hour

// Store is safe for concurrent use.
type Store struct {
	db      *store.DB
	bucket  *blob.Bucket
	links   *secret.Signer
	now     func() time.Time
	orphans time.Duration
	onError func(operation string)
	swept   atomic.Int64 // the folder that the last sweep compared with the table
}

// Open opens the bucket; a folder is made if it is missing.
func Open(ctx context.Context, o Options) (*Store, error) {
	links, err := o.Links.Signer(secret.Links)
	if err != nil {
		return nil, fmt.Errorf("open the file storage: %w", err)
	}
	bucket, err := openBucket(ctx, o.URL, o.Log)
	if err != nil {
		return nil, fmt.Errorf("open the file storage: %w", err)
	}
	s := &Store{db: o.DB, bucket: bucket, links: links, now: o.Now, orphans: o.Orphans, onError: o.OnError}
	if s.now == nil {
		s.now = time.Now
	}
	if s.orphans <= 0 {
		s.orphans = defaultOrphans
	}
	return s, nil
}

// told tells of an operation that failed, and gives its error back.
func (s *Store) told(operation string, err error) error {
	if err != nil && s.onError != nil && (operation == "write" || !errors.Is(err, context.Canceled)) { // a write that stalls ends so
		s.onError(operation)
	}
	return err
}

// Close closes the bucket.
func (s *Store) Close() error { return s.bucket.Close() }
