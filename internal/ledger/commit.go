package ledger

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"strconv"
	"time"

	"skytower/internal/store"
)

// batch is the charge lines of one commit.
type batch struct {
	id      string
	at      int64
	pending []*pending
}

// batchWriter writes what waits, all of it or none. These are the writes with two
// texts: a prepared statement a row on SQLite, one statement a batch on PostgreSQL.
type batchWriter interface {
	writeCharges(ctx context.Context, b *batch) error
	writeEntries(ctx context.Context, entries []*Entry) error
	close() error
}

// commitLoop is the one committer: it takes the first charge that waits and all
// that came meanwhile. There is no timer, so a lone charge waits for nothing, unless
// it is patient.
//
// Entries of the request log have commits of their own. Measured on SQLite at 32
// callers, that costs a fifth less than to let them ride with charges: a commit's
// work is the pages it changes, and hundreds of entries share theirs.
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
			l.commitWaitingEntries()
		case <-tick.C:
			l.commitWaitingEntries()
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
		if err := l.commitEntries(); l.unavailable(err) {
			l.abandon()
		}
	}
}

// commit writes the charge and those that wait, and tells the waiters. Its error is
// of the batch, for drain.
func (l *Ledger) commit(b *batch, first *pending) error {
	b.pending = append(b.pending, first)
	// Requests that are ready to queue do so first: a fuller batch for no wait, since
	// on an idle machine there is nobody to yield to.
	runtime.Gosched()
	if l.gather(b) {
		l.awaitCompany(b)
	}
	err := l.commitBatch(b)
	if err == nil || l.unavailable(err) || len(b.pending) == 1 {
		l.answer(b, err)
		return err
	}
	all := b.pending
	b.pending = nil
	return l.commitSingly(all)
}

// gather takes the charges that wait, and reports whether all of the batch are
// patient and there is room for more.
func (l *Ledger) gather(b *batch) (patient bool) {
	for len(b.pending) < maxBatch && len(l.charges) > 0 {
		b.pending = append(b.pending, <-l.charges)
	}
	for _, p := range b.pending {
		if !p.charge.Patient {
			return false
		}
	}
	return len(b.pending) < maxBatch
}

// awaitCompany lets more charges join a batch of patient ones, for a moment or until
// one comes that is not.
func (l *Ledger) awaitCompany(b *batch) {
	over := time.NewTimer(company)
	defer over.Stop()
	for {
		select {
		case p := <-l.charges:
			b.pending = append(b.pending, p)
			if !l.gather(b) {
				return
			}
		case <-over.C:
			return
		case <-l.stopping.Done():
			return
		}
	}
}

// commitSingly finds the lines that fail their batch, so that only their own
// requests fail.
func (l *Ledger) commitSingly(all []*pending) error {
	one := &batch{}
	var err error
	for _, p := range all {
		one.pending = append(one.pending, p)
		if !l.unavailable(err) { // once away, it is not tried for each of hundreds
			err = l.commitBatch(one)
		}
		l.answer(one, err)
	}
	return err
}

// answer tells the waiters, and lets go of them.
func (l *Ledger) answer(b *batch, err error) {
	for i, p := range b.pending {
		b.pending[i] = nil
		p.done <- err
	}
	b.pending = b.pending[:0]
}

// commitBatch writes one batch of charges under an id of its own.
func (l *Ledger) commitBatch(b *batch) error {
	started, now := time.Now(), l.o.Now()
	b.id, b.at = newBatchID(now), store.Micros(now)
	err := l.persist(func(ctx context.Context) error { return l.writer.writeCharges(ctx, b) })
	if err == nil && l.o.OnBatch != nil {
		l.o.OnBatch(len(b.pending), time.Since(started))
	}
	return err
}

// commitWaitingEntries writes entries until none waits, or until a charge does.
func (l *Ledger) commitWaitingEntries() {
	for len(l.entries) > 0 {
		if err := l.commitEntries(); err != nil || len(l.charges) > 0 {
			return
		}
	}
}

// commitEntries writes the entries that wait, a batch at most; what fails is lost.
func (l *Ledger) commitEntries() error {
	entries := l.entryBatch[:0]
	for len(entries) < maxBatch && len(l.entries) > 0 {
		e := <-l.entries
		e.fit()
		entries = append(entries, e)
	}
	err := l.persist(func(ctx context.Context) error { return l.writer.writeEntries(ctx, entries) })
	if err != nil {
		l.o.Log.Warn("request-log entries could not be written", "entries", len(entries), "error", err)
		l.drop(len(entries))
	}
	for i, e := range entries {
		entries[i] = nil
		*e = Entry{}
		l.entryPool.Put(e)
	}
	l.entryBatch = entries
	return err
}

// persist tries until the rows are durable, a bounded number of times. It writes
// the same rows in every try: when a later one finds the batch's id taken, an
// earlier one was committed, and only its answer got lost. (No other unique index
// can be violated: lines and entries that are there already are skipped.)
func (l *Ledger) persist(write func(context.Context) error) error {
	backoff := firstBackoff
	for try := 1; ; try++ {
		err := l.tryOnce(write)
		if err == nil || try > 1 && l.db.IsUnique(err) {
			return nil
		}
		if try == commitTries || !(l.unavailable(err) || l.db.IsRetryable(err)) {
			return err
		}
		select {
		case <-time.After(backoff*3/4 + rand.N(backoff/2)):
		case <-l.abandoned.Done():
			return err
		}
		backoff = min(2*backoff, mostBackoff)
	}
}

func (l *Ledger) tryOnce(write func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(l.abandoned, tryTimeout)
	defer cancel()
	err := write(ctx)
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

// newBatchID begins with the time, so that new ids are neighbours in the index and
// old ones are found without another.
func newBatchID(now time.Time) string {
	return batchTime(now) + "-" + strconv.FormatUint(rand.Uint64(), 36)
}

// batchTime is what ids of batches made at that time begin with. It keeps its
// length, and so its order, until the year 6000.
func batchTime(at time.Time) string { return strconv.FormatInt(at.UnixMicro(), 36) }
