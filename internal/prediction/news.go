package prediction

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"skytower/internal/blob"
	"skytower/internal/provider"
	"skytower/internal/store"
	"skytower/internal/webhook"
)

// The kinds of stored events, and the bounds of what a run may tell.
const (
	eventLogs   = "logs"   // data: {"lines":[…]}
	eventOutput = "output" // data: {"files":["file-…"]} or {"text":"…"}
	eventCounts = "counts" // data: a provider.Counts; not for streams and webhooks

	newsInterval = 500 * time.Millisecond // between writes of news
	maxLogs      = 64 << 10               // bytes of the last lines, kept in the row
	maxLine      = 4 << 10                // bytes of one line
	maxLines     = 1000                   // in one write; the oldest of more are dropped
	maxText      = 256 << 10              // bytes of partial text in one write
	maxPartials  = 16                     // partial outputs in one write
	maxEvents    = 10_000                 // of one prediction; what comes later is not stored
)

// notes collects in memory what a run tells; Progress never waits for a disk.
type notes struct {
	mu      sync.Mutex
	percent float64 // the highest so far; negative: unknown
	told    float64 // the last that was written
	lines   []string
	text    strings.Builder
	outputs []provider.Output
	status  Status // as it is stored

	// Of the one goroutine that writes:
	batch   batch
	partial int    // partial files so far
	logs    string // as they are stored
	count   int64  // of events
	ready   bool   // logs and count were read
}

// batch is news on their way to the disk. It is kept until they are there.
type batch struct {
	percent float64
	moved   bool // percent is new
	lines   []string
	text    string
	files   []blob.File
	counts  *provider.Counts // of the result, at the end
	status  Status
}

func (b *batch) empty() bool {
	return !b.moved && len(b.lines) == 0 && b.text == "" && len(b.files) == 0 && b.counts == nil
}

func (n *notes) add(p provider.Progress) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p.Percent > 0 {
		n.percent = max(n.percent, min(p.Percent, 100))
	}
	for _, line := range p.Logs {
		n.lines = append(n.lines, cut(clean(strings.TrimRight(line, "\r\n")), maxLine))
	}
	if over := len(n.lines) - maxLines; over > 0 {
		n.lines = append(n.lines[:0], n.lines[over:]...)
	}
	if n.text.Len()+len(p.Text) <= maxText {
		n.text.WriteString(clean(p.Text))
	}
	if len(n.outputs)+len(p.Output) <= maxPartials {
		n.outputs = append(n.outputs, p.Output...)
	}
}

// processing notes that the row says so.
func (n *notes) processing() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.status = Processing
}

// take moves what was told out, and how far the run is to the batch.
func (n *notes) take() provider.Progress {
	n.mu.Lock()
	defer n.mu.Unlock()
	b := &n.batch
	b.percent, b.moved = n.percent, n.percent > n.told
	b.status = n.status
	told := provider.Progress{Logs: n.lines, Output: n.outputs, Text: n.text.String()}
	n.lines, n.outputs = nil, nil
	n.text.Reset()
	return told
}

// add adds lines and text that may be told.
func (b *batch) add(lines []string, text string) {
	b.lines = append(b.lines, lines...)
	if over := len(b.lines) - maxLines; over > 0 {
		b.lines = b.lines[over:]
	}
	if len(b.text)+len(text) <= maxText {
		b.text += text
	}
}

// written empties the batch.
func (n *notes) written() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.told, n.status = n.batch.percent, Processing
	n.batch = batch{}
}

// tellNews writes the run's news from time to time, until stop is called, which waits.
// The first time it writes that the run is processing: a quick run saves that write.
func (r *run) tellNews() (stop func()) {
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(newsInterval)
		defer tick.Stop()
		for {
			select {
			case <-over:
				return
			case <-tick.C:
				r.flush()
			}
		}
	}()
	return func() {
		close(over)
		<-done
	}
}

// flush writes the news that wait. What fails stays for the next time, or the end.
func (r *run) flush() {
	if r.ctx.Err() != nil {
		return // the end writes them
	}
	r.gather(r.ctx)
	if r.ctx.Err() != nil || r.news.batch.empty() && r.news.batch.status == Processing {
		return
	}
	var left func()
	ctx, cancel := context.WithTimeout(r.ctx, settleTimeout)
	defer cancel()
	err := r.s.o.DB.Write(ctx, func(tx *store.Tx) (err error) {
		left, err = r.write(ctx, tx)
		return err
	})
	switch {
	case err == nil:
		left()
		r.s.wake(r.rec.ID)
	case errors.Is(err, errLost):
		r.cancel(errLost)
	case r.ctx.Err() == nil && r.s.said.may():
		r.s.o.Log.Warn("news of a prediction could not be written", "prediction", r.rec.ID, "error", err)
	}
}

// gather readies the batch. Partial files that can't be copied are left out: the whole
// ones come at the end.
func (r *run) gather(ctx context.Context) {
	outputs, err := r.take(ctx, false)
	if err == nil && len(outputs) == 0 {
		return
	}
	var files []blob.File
	if err == nil {
		files, err = r.s.savePartial(ctx, r.rec, r.screenFiles(outputs), r.news.partial)
	}
	if isWithheld(err) {
		r.cancel(err)
		return
	}
	if err != nil {
		r.s.o.Log.Debug("partial outputs could not be kept", "prediction", r.rec.ID, "error", err)
		return
	}
	r.news.batch.files = append(r.news.batch.files, files...)
	r.news.partial += len(files)
}

// write writes the batch in tx. left is to be called after the commit. The error is
// errLost where the run is somebody else's.
func (r *run) write(ctx context.Context, tx *store.Tx) (left func(), err error) {
	b, now := &r.news.batch, r.s.o.Now()
	logs, count := r.rec.Logs, r.rec.EventCount
	if r.news.ready {
		logs, count = r.news.logs, r.news.count
	}
	if len(b.lines) > 0 {
		logs = tail(logs+strings.Join(b.lines, "\n")+"\n", maxLogs)
	}
	events, err := b.events(count)
	if err != nil {
		return nil, err
	}
	count += int64(len(events))
	n, err := affected(tx.Exec(ctx, `update prediction set status = case when status = 'starting' then 'processing' else status end,
			progress = case when progress < $3 then $3 else progress end, logs = case when $4 then $5 else logs end,
			event_count = $6, version = version + 1, beat = $7, updated_at = $7
		where id = $1 and attempt = $2 and `+live, r.rec.ID, r.rec.Attempt, toThousandths(b.percent),
		len(b.lines) > 0, logs, count, store.Micros(now)))
	if err != nil {
		return nil, fmt.Errorf("write news of prediction %s: %w", r.rec.ID, err)
	}
	if n == 0 {
		return nil, errLost
	}
	if err := r.s.store(ctx, tx, r.rec, events, b.files, now); err != nil {
		return nil, err
	}
	return func() {
		r.news.logs, r.news.count, r.news.ready = logs, count, true
		r.news.written()
		r.mu.Lock()
		r.beaten = now
		r.mu.Unlock()
	}, nil
}

type event struct {
	seq  int64
	kind string
	data []byte
}

// events are the batch as rows after the first count.
func (b *batch) events(count int64) (events []event, err error) {
	add := func(kind string, value any) {
		if data, failed := json.Marshal(value); failed != nil {
			err = fmt.Errorf("encode an event: %w", failed)
		} else if count++; count <= maxEvents {
			events = append(events, event{count, kind, data})
		}
	}
	if len(b.lines) > 0 {
		add(eventLogs, map[string][]string{"lines": b.lines})
	}
	if b.text != "" {
		add(eventOutput, map[string]string{"text": b.text})
	}
	if len(b.files) > 0 {
		add(eventOutput, map[string][]string{"files": fileIDs(b.files)})
	}
	if b.counts != nil {
		add(eventCounts, b.counts)
	}
	return events, err
}

func fileIDs(files []blob.File) []string {
	ids := make([]string, len(files))
	for i, f := range files {
		ids[i] = f.ID
	}
	return ids
}

// store writes events, keeps their files, and tells the subscriber.
func (s *Service) store(ctx context.Context, tx *store.Tx, rec Record, events []event, files []blob.File, now time.Time) error {
	if len(files) > 0 {
		if err := s.o.Files.Keep(ctx, tx, fileIDs(files), time.Time{}); err != nil {
			return err
		}
	}
	kinds := map[webhook.Kind]bool{}
	for _, e := range events {
		_, err := tx.Exec(ctx, `insert into prediction_event (prediction, seq, at, kind, data) values ($1, $2, $3, $4, $5)`,
			rec.ID, e.seq, store.Micros(now), e.kind, string(e.data))
		if err != nil {
			return fmt.Errorf("insert event %d of prediction %s: %w", e.seq, rec.ID, err)
		}
		kinds[webhook.Kind(e.kind)] = true
	}
	for _, kind := range []webhook.Kind{webhook.Logs, webhook.Output} {
		if !kinds[kind] || !wants(rec, kind) {
			continue
		}
		now, ok, err := read(ctx, tx, rec.ID, false)
		if err != nil || !ok {
			return err
		}
		if err := s.tell(ctx, tx, now, kind); err != nil {
			return err
		}
	}
	return nil
}
