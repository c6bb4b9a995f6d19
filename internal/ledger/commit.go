package ledger

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	"skytower/internal/store"
)

// batch is what one commit writes: charge lines, and the request-log entries that
// happened to wait (they ride along, since a commit's cost is nearly all flush).
type batch struct {
	id      string
	at      int64
	pending []*pending
	entries []Entry
}

// batchWriter writes one batch. It is the one write with two texts: a prepared
// statement a row on SQLite, one statement a batch on PostgreSQL.
type batchWriter interface {
	write(ctx context.Context, b *batch) error
	close() error
}

// commitLoop is the one committer: it takes the first charge that waits and all
// that came meanwhile. There is no timer, so a lone charge waits for nothing.
func (l *Ledger) commitLoop() {
	defer l.done.Done()
	tick := time.NewTicker(logInterval)
	defer tick.Stop()
	b := &batch{}
	for {
		select {
		case p := <-l.charges:
			l.commit(b, p)
		case <-tick.C:
			l.commitEntries(b)
			l.reportDropped()
		case <-l.stop:
			l.drain(b)
			return
		}
	}
}

// drain writes what is queued at the end. No charge can be queued any more: Stop
// has waited for those that were just being.
func (l *Ledger) drain(b *batch) {
	for {
		select {
		case p := <-l.charges:
			l.commit(b, p)
			continue
		default:
		}
		if len(l.entries) == 0 {
			return
		}
		l.commitEntries(b)
	}
}

func (l *Ledger) commit(b *batch, first *pending) {
	b.pending = append(b.pending[:0], first)
	for len(b.pending) < maxBatch && len(l.charges) > 0 {
		b.pending = append(b.pending, <-l.charges)
	}
	l.fill(b)
	started := time.Now()
	err := l.writeBatch(b)
	if err != nil && len(b.entries) > 0 {
		// A bad entry must not cost a charge.
		l.lose(b)
		err = l.writeBatch(b)
	}
	if l.o.OnBatch != nil {
		l.o.OnBatch(len(b.pending), time.Since(started))
	}
	if err == nil || len(b.pending) == 1 || l.unavailable(err) {
		l.answer(b, err)
		return
	}
	l.commitSingly(b)
}

// fill takes the entries that wait.
func (l *Ledger) fill(b *batch) {
	b.entries = b.entries[:0]
	for len(b.entries) < maxBatch && len(l.entries) > 0 {
		e := <-l.entries
		e.fit()
		b.entries = append(b.entries, e)
	}
}

// answer tells the waiters and forgets them.
func (l *Ledger) answer(b *batch, err error) {
	for i, p := range b.pending {
		b.pending[i] = nil
		p.done <- err
	}
	b.pending = b.pending[:0]
}

// commitSingly finds the line that fails its batch, so that only its own request
// fails.
func (l *Ledger) commitSingly(b *batch) {
	all := b.pending
	for _, p := range all {
		one := &batch{pending: []*pending{p}}
		p.done <- l.writeBatch(one)
	}
	b.pending = all[:0]
}

func (l *Ledger) commitEntries(b *batch) {
	b.pending = b.pending[:0]
	for len(l.entries) > 0 {
		l.fill(b)
		if err := l.writeBatch(b); err != nil {
			l.o.Log.Warn("request-log entries could not be written", "entries", len(b.entries), "error", err)
			l.lose(b)
			return
		}
	}
}

func (l *Ledger) lose(b *batch) {
	l.dropped.Add(int64(len(b.entries)))
	b.entries = b.entries[:0]
}

func (l *Ledger) reportDropped() {
	n := l.dropped.Swap(0)
	if n == 0 {
		return
	}
	l.o.Log.Warn("request-log entries were dropped", "entries", n)
	if l.o.OnDropped != nil {
		l.o.OnDropped(int(n))
	}
}

// writeBatch tries until the batch is durable, a bounded number of times. The id
// stays the same: a batch that is there already was committed by a try whose
// answer got lost.
func (l *Ledger) writeBatch(b *batch) error {
	b.id, b.at = newBatchID(), store.Micros(l.o.Now())
	backoff := firstBackoff
	for try := 1; ; try++ {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		err := l.writer.write(ctx, b)
		cancel()
		if err == nil || try > 1 && l.db.IsUnique(err) {
			return nil
		}
		if try == commitTries || !(l.unavailable(err) || l.db.IsRetryable(err)) {
			return err
		}
		select {
		case <-time.After(backoff + rand.N(backoff)):
		case <-l.stop:
			if try > 2 {
				return err
			}
		}
		backoff *= 2
	}
}

// unavailable reports whether the database could not be asked at all, as opposed
// to having refused.
func (l *Ledger) unavailable(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || l.db.IsUnavailable(err)
}

func newBatchID() string {
	return strconv.FormatUint(rand.Uint64(), 36) + strconv.FormatUint(rand.Uint64(), 36)
}
