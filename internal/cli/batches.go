package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"skytower/internal/skytells"
)

type batchesCommand struct {
	Create  batchesCreate  `cmd:"" help:"Upload a file of requests, one a line, and have them answered."`
	List    batchesList    `cmd:"" help:"List the account's batches, newest first."`
	Get     batchesGet     `cmd:"" help:"Show a batch."`
	Cancel  batchesCancel  `cmd:"" help:"Begin no further line of a batch; those in flight get their answers."`
	Results batchesResults `cmd:"" help:"Print or save what a batch put out."`
}

type batchesCreate struct {
	accountKey
	Path     string            `arg:"" name:"file" help:"The file (JSONL); - is standard input. Or the id of an uploaded one (file-…)."`
	Endpoint string            `placeholder:"PATH" help:"Where the lines go, such as /v1/embeddings; the first line's url by default."`
	Window   string            `default:"24h" placeholder:"TIME" help:"What is not done in this time fails: 1h to 7d."`
	Metadata map[string]string `short:"m" placeholder:"NAME=VALUE" help:"A note of your own; may be repeated."`
	Keep     time.Duration     `placeholder:"TIME" help:"How long the files of the answers last: 1h to 720h. Left out, as long as the batch is kept."`
	Once     string            `placeholder:"KEY" help:"An idempotency key: sent again with it, the same command gives the first batch. It needs the id of an uploaded file."`
	Wait     bool              `short:"w" help:"Wait for the end, and show how far it is. An interrupt leaves it running."`
}

// Run uploads the file and makes the batch.
func (b *batchesCreate) Run(ctx context.Context, s *session) error {
	c, err := b.connect(s)
	if err != nil {
		return err
	}
	endpoint, err := b.endpoint()
	if err != nil {
		return err
	}
	if b.Once != "" && !b.uploaded() {
		return usagef("--once needs the id of an uploaded file (file-…): a file that is uploaded again is another one")
	}
	file, err := b.upload(ctx, s, c)
	if err != nil {
		return err
	}
	made, err := c.CreateBatch(ctx, b.request(file, endpoint))
	if err != nil {
		return err
	}
	if b.Wait {
		if made, err = awaitBatch(ctx, s, c, made); err != nil {
			return err
		}
	}
	if err := s.showBatch(made); err != nil {
		return err
	}
	return batchEnding(made)
}

func (b *batchesCreate) request(file, endpoint string) skytells.BatchRequest {
	r := skytells.BatchRequest{InputFileID: file, Endpoint: endpoint, CompletionWindow: b.Window, Metadata: b.Metadata, IdempotencyKey: b.Once}
	if b.Keep != 0 {
		r.OutputExpiresAfter = &skytells.ExpiresAfter{Anchor: "created_at", Seconds: int64(b.Keep / time.Second)}
	}
	return r
}

// uploaded reports whether the argument is the id of a file at the server.
func (b *batchesCreate) uploaded() bool { return strings.HasPrefix(b.Path, "file-") }

// endpoint is the flag's, or what the file's first line says.
func (b *batchesCreate) endpoint() (string, error) {
	switch {
	case b.Endpoint != "":
		return b.Endpoint, nil
	case b.Path == "-" || b.uploaded():
		return "", usagef("--endpoint must say where the lines go, such as --endpoint /v1/chat/completions")
	}
	content, err := (&session{}).open(b.Path)
	if err != nil {
		return "", usagef("read %s: %w", b.Path, err)
	}
	defer content.Close() //nolint:errcheck // only read
	const most = 64 << 20
	var first struct {
		URL string `json:"url"`
	}
	text, err := bufio.NewReader(io.LimitReader(content, most)).ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", usagef("read %s: %w", b.Path, err)
	}
	if err := json.Unmarshal(text, &first); err != nil || first.URL == "" {
		return "", usagef("the first line of %s must be a request: {\"custom_id\": …, \"method\": \"POST\", \"url\": \"/v1/chat/completions\", \"body\": {…}}", b.Path)
	}
	return first.URL, nil
}

// upload gives the id of the input.
func (b *batchesCreate) upload(ctx context.Context, s *session, c *skytells.Client) (string, error) {
	if b.uploaded() {
		return b.Path, nil
	}
	content, err := s.open(b.Path)
	if err != nil {
		return "", usagef("read %s: %w", b.Path, err)
	}
	defer content.Close() //nolint:errcheck // only read
	file, err := c.UploadFile(ctx, uploadName(b.Path), "batch", content, sizeOf(content))
	return file.ID, err
}

// awaitBatch looks at a batch until it has ended.
func awaitBatch(ctx context.Context, s *session, c *skytells.Client, b skytells.Batch) (skytells.Batch, error) {
	bar := newProgress(s.Stderr, s.lively())
	defer bar.close()
	if !s.JSON {
		bar.say("Batch " + b.ID)
	}
	for misses := 0; !b.Ended(); {
		bar.count(b.Status, b.RequestCounts)
		if err := s.Pause(ctx, pollEvery); err != nil {
			return b, fmt.Errorf("left; batch %s goes on: skytower batches get %s", b.ID, b.ID)
		}
		now, err := c.Batch(ctx, b.ID)
		if err == nil {
			b, misses = now, 0
			continue
		}
		if misses++; misses >= maxMisses || !passing(err) {
			return b, err
		}
	}
	return b, nil
}

// count shows how far a batch is.
func (p *progress) count(status string, n skytells.BatchCounts) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status, p.percent = status, -1
	if n.Total > 0 {
		const whole = 100
		p.percent = whole * float64(n.Completed+n.Failed) / float64(n.Total)
	}
	p.draw()
}

// batchEnding is the error of a batch whose input was bad; nil of any other.
func batchEnding(b skytells.Batch) error {
	if b.Status != skytells.BatchFailed {
		return nil
	}
	return fmt.Errorf("batch %s failed: its input is not good", b.ID)
}

func (s *session) showBatch(b skytells.Batch) error {
	return s.show(b, func(t *table) {
		t.row("id", b.ID)
		t.row("status", b.Status)
		t.row("endpoint", b.Endpoint)
		t.row("model", deref(b.Model))
		t.row("lines", counted(b.RequestCounts))
		t.row("tokens", fmt.Sprintf("%d in, %d out", b.Usage.InputTokens, b.Usage.OutputTokens))
		t.row("cost", dollars(b.Cost))
		t.row("created", unix(&b.CreatedAt))
		t.row("window ends", unix(b.ExpiresAt))
		t.row("input", b.InputFileID)
		t.row("output", deref(b.OutputFileID))
		t.row("errors", deref(b.ErrorFileID))
		if b.Errors == nil {
			return
		}
		for _, e := range b.Errors.Data {
			where := "the file"
			if e.Line != nil {
				where = "line " + strconv.FormatInt(*e.Line, 10)
			}
			t.row(where, e.Message, e.Code)
		}
	})
}

func counted(n skytells.BatchCounts) string {
	return fmt.Sprintf("%d of %d done, %d failed", n.Completed+n.Failed, n.Total, n.Failed)
}

func unix(at *int64) string {
	if at == nil {
		return ""
	}
	return day(time.Unix(*at, 0))
}

func deref(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

type batchesList struct{ accountKey }

// Run lists batches.
func (l *batchesList) Run(ctx context.Context, s *session) error {
	c, err := l.connect(s)
	if err != nil {
		return err
	}
	all, err := c.Batches(ctx)
	if err != nil {
		return err
	}
	return list(s, all, []string{"ID", "STATUS", "ENDPOINT", "LINES", "CREATED"}, func(b skytells.Batch) []string {
		return []string{b.ID, b.Status, b.Endpoint, counted(b.RequestCounts), unix(&b.CreatedAt)}
	})
}

// batchID is the argument of commands for one batch.
type batchID struct {
	ID string `arg:"" help:"Id of the batch (batch_…)."`
}

type batchesGet struct {
	accountKey
	batchID
	Wait bool `short:"w" help:"Wait for the end, and show how far it is."`
}

// Run shows a batch.
func (g *batchesGet) Run(ctx context.Context, s *session) error {
	c, err := g.connect(s)
	if err != nil {
		return err
	}
	b, err := c.Batch(ctx, g.ID)
	if err == nil && g.Wait {
		b, err = awaitBatch(ctx, s, c, b)
	}
	if err != nil {
		return err
	}
	return s.showBatch(b)
}

type batchesCancel struct {
	accountKey
	batchID
}

// Run cancels a batch.
func (a *batchesCancel) Run(ctx context.Context, s *session) error {
	c, err := a.connect(s)
	if err != nil {
		return err
	}
	b, err := c.CancelBatch(ctx, a.ID)
	if err != nil {
		return err
	}
	return s.showBatch(b)
}

type batchesResults struct {
	accountKey
	batchID
	Errors bool   `help:"Print the lines that failed instead."`
	Output string `short:"o" placeholder:"DIR" help:"Save both files in this folder, and print the paths."`
}

// Run prints or saves the results.
func (r *batchesResults) Run(ctx context.Context, s *session) error {
	c, err := r.connect(s)
	if err != nil {
		return err
	}
	b, err := c.Batch(ctx, r.ID)
	switch {
	case err != nil:
		return err
	case !b.Ended():
		return fmt.Errorf("batch %s has not ended: it is %s, with %s; 'skytower batches get %s --wait' waits for it", b.ID, b.Status, counted(b.RequestCounts), b.ID)
	case b.Status == skytells.BatchFailed:
		return batchEnding(b)
	case r.Output != "":
		return r.save(ctx, s, c, b)
	}
	id, what := deref(b.OutputFileID), "answers"
	if r.Errors {
		id, what = deref(b.ErrorFileID), "failures"
	}
	if id == "" {
		s.note("There are no %s; %s.", what, counted(b.RequestCounts))
		return nil
	}
	f, err := c.File(ctx, id)
	if err != nil {
		return err
	}
	return c.Download(ctx, f.URLs.Get, s.Stdout)
}

// save keeps both files in a folder.
func (r *batchesResults) save(ctx context.Context, s *session, c *skytells.Client, b skytells.Batch) error {
	to, err := openFolder(r.Output)
	if err != nil {
		return err
	}
	defer to.close()
	paths := []string{}
	for _, id := range []string{deref(b.OutputFileID), deref(b.ErrorFileID)} {
		if id == "" {
			continue
		}
		f, err := c.File(ctx, id)
		if err != nil {
			return err
		}
		path, err := to.saveLink(ctx, c, f.URLs.Get)
		if err != nil {
			return err
		}
		paths = append(paths, path)
	}
	return s.show(paths, func(t *table) {
		for _, path := range paths {
			t.row(path)
		}
	})
}
