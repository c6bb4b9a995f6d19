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
	"io"
	"time"

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
	Limit               int64 // bytes; more is ErrTooLarge
	ExpiresAt           time.Time
}

// Failures of Put and Get.
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
	// gocloud.dev/blob reads it.
	URL string
	// Links signs and checks links.
	Links secret.MasterKey
	Now   func() time.Time
	// Orphans is how old a file that was never kept must be before a sweep removes it.
	Orphans time.Duration
}

// Store is safe for concurrent use.
type Store struct{ o Options }

// Open opens the bucket; a folder is made if it is missing.
func Open(ctx context.Context, o Options) (*Store, error) { return &Store{o: o}, nil }

// Close closes the bucket.
func (s *Store) Close() error { return nil }

// Put writes content and its row, in state new: call Keep in the transaction that makes
// what it belongs to durable, or Drop. The type is found in the first bytes.
func (s *Store) Put(ctx context.Context, n New, content io.Reader) (File, error) {
	return File{}, nil
}

// Keep makes files last, in tx. expires, unless zero, is when they go.
func (s *Store) Keep(ctx context.Context, tx *store.Tx, ids []string, expires time.Time) error {
	return nil
}

// Expire changes when the files of a prediction go; zero keeps them.
func (s *Store) Expire(ctx context.Context, tx *store.Tx, prediction string, at time.Time) error {
	return nil
}

// Get returns a kept file of the account. The error is ErrNotFound also for another's.
func (s *Store) Get(ctx context.Context, account, id string) (File, error) { return File{}, nil }

// Uploads lists an account's uploads, newest first, after the id (if not ""), at most n.
func (s *Store) Uploads(ctx context.Context, account, after string, n int) ([]File, error) {
	return nil, nil
}

// Of lists the kept files of predictions in the given roles, by ordinal.
func (s *Store) Of(ctx context.Context, tx *store.Tx, predictions []string, roles ...Role) (map[string][]File, error) {
	return nil, nil
}

// Content opens a file's content for reading at any place.
func (s *Store) Content(ctx context.Context, f File) (io.ReadSeekCloser, error) { return nil, nil }

// Link is the signed address of a file, below base. It ends with the file, or, where
// the file is kept, does not end.
func (s *Store) Link(base string, f File) string { return "" }

// ByLink returns the file that one of our own links names. ok is false where address is
// not a link of ours, or is no longer good.
func (s *Store) ByLink(ctx context.Context, address string) (f File, ok bool) { return File{}, false }

// Drop dooms a file of the account, in tx; its content goes soon after.
func (s *Store) Drop(ctx context.Context, tx *store.Tx, account, id string) error { return nil }

// DropOf dooms all files of a prediction that were made by other tries than attempt
// (all of them where attempt is 0), in tx.
func (s *Store) DropOf(ctx context.Context, tx *store.Tx, prediction string, attempt int64) error {
	return nil
}

// Sweep removes the content of doomed, expired and orphaned files. It is safe to run
// anywhere at any time.
func (s *Store) Sweep(ctx context.Context) error { return nil }
