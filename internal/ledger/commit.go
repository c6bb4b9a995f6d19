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
	entries []*Entry
}

// batchWriter writes one batch. It is the one write with two texts: a prepared
// statement a row on SQLite, one statement a batch on PostgreSQL.
type batchWriter interface {
	write(ctx context.Context, b *batch) error
	close() error
}

// commitLoop is the one committer: it takes the first charge that waits and all
// that came meanwhile. There is no timer, so a lone charge waits for nothing.
// Entries ride with charges; a tick, or a queue that grows, writes the others.
func (l *Ledger) commitLoop() {
	defer l.done.Done()
	tick := time.NewTicker(logInterval)
	defer tick.Stop()
	b := &batch{}
	for {
		select {
		case p := <-l.charges:
			_ = l.commit(b, p) // its waiters have been told
		case <-l.manyEntries:
			l.commitWaitingEntries(b)
		case <-tick.C:
			l.commitWaitingEntries(b)
			l.reportDropped()
		case <-l.stopping.Done():
			l.drain(b)
			l.reportDropped()
			return
		}
	}
}

// drain writes what is queued at the end. Nothing can be queued any more: Stop has
// waited for those that were just queueing. When the database is away, the rest
// fails at once: trying long for every batch would keep a process from ending.
func (l *Ledger) drain(b *batch) {
	for len(l.charges) > 0 {
		if err := l.commit(b, <-l.charges); l.unavailable(err) {
			l.abandon()
		}
	}
	for len(l.entries) > 0 {
		l.fill(b)
		if err := l.commitEntries(b); l.unavailable(err) {
			l.abandon()
		}
	}
}

// commit writes the charge and whatever else waits, and tells the waiters. Its
// error is of the batch, for drain.
func (l *Ledger) commit(b *batch, first *pending) error {
	b.pending = append(b.pending, first)
	for len(b.pending) < maxBatch && len(l.charges) > 0 {
		b.pending = append(b.pending, <-l.charges)
	}
	l.fill(b)
	err := l.writeCharges(b)
	if err == nil || l.unavailable(err) {
		l.answer(b, err)
		l.forget(b, err)
		return err
	}
	return l.commitApart(b)
}

// commitApart saves what can be saved of a refused batch: a bad entry must not cost
// a charge, nor a bad charge the others.
func (l *Ledger) commitApart(b *batch) error {
	lines := &batch{pending: b.pending}
	err := l.writeCharges(lines)
	if err == nil || l.unavailable(err) || len(lines.pending) == 1 {
		l.answer(lines, err)
	} else {
		l.commitSingly(lines.pending)
	}
	b.pending = b.pending[:0]
	return l.commitEntries(b)
}

// commitSingly finds the lines that fail their batch, so that only their own
// requests fail.
func (l *Ledger) commitSingly(all []*pending) {
	one := &batch{}
	var err error
	for _, p := range all {
		one.pending = append(one.pending, p)
		if !l.unavailable(err) { // once away, it is not tried for each of hundreds
			err = l.writeCharges(one)
		}
		l.answer(one, err)
	}
}

// answer tells the waiters, and lets go of them.
func (l *Ledger) answer(b *batch, err error) {
	for i, p := range b.pending {
		b.pending[i] = nil
		p.done <- err
	}
	b.pending = b.pending[:0]
}

// commitWaitingEntries writes entries until none waits, or until a charge does: that
// one takes them along, and must not wait for them.
func (l *Ledger) commitWaitingEntries(b *batch) {
	for len(l.entries) > 0 && len(l.charges) == 0 {
		l.fill(b)
		if l.commitEntries(b) != nil {
			return
		}
	}
}

func (l *Ledger) commitEntries(b *batch) error {
	if len(b.entries) == 0 {
		return nil
	}
	err := l.writeBatch(b)
	l.forget(b, err)
	return err
}

// fill takes the entries that wait.
func (l *Ledger) fill(b *batch) {
	for len(b.entries) < maxBatch && len(l.entries) > 0 {
		e := <-l.entries
		e.fit()
		b.entries = append(b.entries, e)
	}
}

// forget lets go of the entries, and counts them as dropped if err says so.
func (l *Ledger) forget(b *batch, err error) {
	if err != nil && len(b.entries) > 0 {
		l.o.Log.Warn("request-log entries could not be written", "entries", len(b.entries), "error", err)
		l.drop(len(b.entries))
	}
	for i, e := range b.entries {
		b.entries[i] = nil
		*e = Entry{}
		l.entryPool.Put(e)
	}
	b.entries = b.entries[:0]
}

// writeCharges is writeBatch, reported.
func (l *Ledger) writeCharges(b *batch) error {
	started := time.Now()
	err := l.writeBatch(b)
	if err == nil && l.o.OnBatch != nil {
		l.o.OnBatch(len(b.pending), time.Since(started))
	}
	return err
}

// writeBatch tries until the batch is durable, a bounded number of times. The id
// stays the same: a batch that is there already was committed by a try whose
// answer got lost. (No other unique index can be violated: lines and entries that
// are there already are skipped.)
func (l *Ledger) writeBatch(b *batch) error {
	b.id, b.at = newBatchID(), store.Micros(l.o.Now())
	backoff := firstBackoff
	for try := 1; ; try++ {
		err := l.tryBatch(b)
		if err == nil || try > 1 && l.db.IsUnique(err) {
			return nil
		}
		if try == commitTries || !(l.unavailable(err) || l.db.IsRetryable(err)) {
			return err
		}
		select {
		case <-time.After(backoff/2 + rand.N(backoff)):
		case <-l.abandoned.Done():
			return err
		}
		backoff = min(2*backoff, mostBackoff)
	}
}

func (l *Ledger) tryBatch(b *batch) error {
	ctx, cancel := context.WithTimeout(l.abandoned, tryTimeout)
	defer cancel()
	err := l.writer.write(ctx, b)
	if err != nil && ctx.Err() != nil {
		return errors.Join(err, ctx.Err()) // drivers word an interruption in their own ways
	}
	return err
}

// unavailable reports whether the database could not be asked at all, as opposed
// to having refused.
func (l *Ledger) unavailable(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || l.db.IsUnavailable(err)
}

func newBatchID() string {
	return strconv.FormatUint(rand.Uint64(), 36) + strconv.FormatUint(rand.Uint64(), 36)
}
