package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"skytower/internal/api"
	"skytower/internal/api/admin"
	"skytower/internal/api/billing"
	"skytower/internal/api/infer"
	"skytower/internal/archive"
	"skytower/internal/blob"
	"skytower/internal/secret"
	"skytower/internal/store"
)

// makeArchive makes the room that keeps bodies of requests for accounts that asked for it.
// Also where none may be kept any more, what was kept can be read and deleted.
func (a *App) makeArchive(context.Context) error {
	sealer, err := a.sealer(secret.RequestBodies)
	if err != nil {
		return err
	}
	a.archive = archive.New(archive.Options{
		DB: a.db, Files: archiveFiles{a.files}, Sealer: sealer, Wanted: a.accounts.KeepsBodies, Most: a.cfg.Fleet.BodyRetention, Log: a.log, Now: a.clock.Now,
		OnKept: func() { a.metrics.Bodies.Inc("kept") }, OnLost: func() { a.metrics.Bodies.Inc("lost") },
	})
	a.jobs.EverySteadily("sweep bodies", sweepInterval, a.archive.Sweep)
	return nil
}

// archiveStop bounds what is still kept at the end: bodies are no money.
const archiveStop = 5 * time.Second

func (a *App) stopArchive(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), archiveStop)
	defer cancel()
	a.archive.Stop(ctx)
}

// keeper is nil where no bodies may be kept.
func (a *App) keeper() infer.Keeper {
	if a.cfg.Fleet.BodyRetention <= 0 {
		return nil
	}
	return a.archive
}

// bodyRows are the routes about kept bodies, for accounts and for operators.
func (a *App) bodyRows() []api.Route {
	own := &billing.BodyHandlers{Bodies: a.archive, Owners: a.accounts, Longest: a.accounts.LongestBodies()}
	operators := &admin.BodyHandlers{Bodies: a.archive, Owners: a.accounts, Audit: a.predictions}
	return append(own.Rows(), operators.Rows()...)
}

// archiveFiles gives the archive what it needs of the storage of files.
type archiveFiles struct{ files *blob.Store }

// Put implements archive.Files.
func (f archiveFiles) Put(ctx context.Context, account string, content []byte, expires time.Time) (string, error) {
	put, err := f.files.Put(ctx, blob.New{
		Account: account, Role: blob.Archived, Name: "bodies.bin", Limit: int64(len(content)), ExpiresAt: expires,
	}, bytes.NewReader(content))
	return put.ID, err
}

// Keep implements archive.Files.
func (f archiveFiles) Keep(ctx context.Context, tx *store.Tx, id string, expires time.Time) error {
	return f.files.Keep(ctx, tx, []string{id}, expires)
}

// Drop implements archive.Files.
func (f archiveFiles) Drop(ctx context.Context, tx *store.Tx, account, id string) error {
	if err := f.files.Drop(ctx, tx, account, id); !errors.Is(err, blob.ErrNotFound) {
		return err
	}
	return nil
}

// Content implements archive.Files.
func (f archiveFiles) Content(ctx context.Context, account, id string) (io.ReadCloser, error) {
	file, err := f.files.Get(ctx, account, id)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, archive.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	content, err := f.files.Content(ctx, file)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, archive.ErrNotFound
	}
	return content, err
}

// exportedBodies is a line of bodies.jsonl. A body that is JSON stands there as it is, any
// other as a text.
type exportedBodies struct {
	Request      string          `json:"request"`
	CreatedAt    time.Time       `json:"created_at"`
	ExpiresAt    time.Time       `json:"expires_at"`
	Streamed     bool            `json:"streamed,omitempty"`
	RequestBytes int64           `json:"request_bytes"`
	AnswerBytes  int64           `json:"answer_bytes"`
	RequestBody  json.RawMessage `json:"request_body"`
	AnswerBody   json.RawMessage `json:"answer_body"`
}

func (e *export) bodies(ctx context.Context, w io.Writer) error {
	lines := json.NewEncoder(w)
	return e.archive.Each(ctx, e.account.ID, func(b archive.Bodies) error {
		return lines.Encode(exportedBodies{
			Request: b.Request, CreatedAt: b.At, ExpiresAt: b.ExpiresAt, Streamed: b.Streamed, RequestBytes: b.RequestBytes, AnswerBytes: b.AnswerBytes,
			RequestBody: jsonOrText(b.Body), AnswerBody: jsonOrText(b.Answer),
		})
	})
}

func jsonOrText(body []byte) json.RawMessage {
	if json.Valid(body) && utf8.Valid(body) {
		return body
	}
	text, err := json.Marshal(string(body)) // which mends what is no UTF-8
	if err != nil {
		return json.RawMessage("null")
	}
	return text
}
