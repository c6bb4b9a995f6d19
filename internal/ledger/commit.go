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
	unclear bool // some lines were there before, and which is to be found out
	spooled bool // it is in the spool, and not in the database
}

// priced reports whether the batch moves money.
func (b *batch) priced() bool {
	for _, p := range b.pending {
		if len(p.pay) > 0 {
			return true
		}
	}
	return false
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
	for len(l.entries) > 0 || len(l.entryBatch) > 0 {
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

// answer settles what paid, tells the waiters, and lets go of them. What a spooled
// batch takes stays promised until it is in the database.
func (l *Ledger) answer(b *batch, err error) {
	how := written
	switch {
	case err == nil && b.spooled:
		how = waiting
	case err == nil && b.unclear:
		how = unknown
	case err != nil && l.unavailable(err):
		how = unknown
	case err != nil:
		how = refused
	}
	if how == written {
		l.noteCharges(b)
	}
	for i, p := range b.pending {
		b.pending[i] = nil
		p.settle(how)
		p.done <- err
	}
	b.pending = b.pending[:0]
}

// commitBatch writes one batch of charges under an id of its own: to the database, or
// to the spool while that is away.
func (l *Ledger) commitBatch(b *batch) error {
	started, now := time.Now(), l.o.AgesBy()
	b.id, b.at = newBatchID(now), store.Micros(now)
	err := l.commitSomewhere(b)
	if err == nil && l.o.OnBatch != nil {
		l.o.OnBatch(len(b.pending), time.Since(started))
	}
	if (err != nil || b.spooled) && l.o.OnFailed != nil {
		l.o.OnFailed(b.spooled)
	}
	return err
}

func (l *Ledger) commitSomewhere(b *batch) error {
	b.unclear, b.spooled = false, false
	if l.spool != nil && l.spool.active() {
		return l.spoolBatch(b, nil)
	}
	again, err := l.persist(func(ctx context.Context) error { return l.writeCharges(ctx, b) })
	if err != nil && l.spool != nil && !l.db.IsRefused(err) { // away, or not set right: the lines can't help it
		return l.spoolBatch(b, err)
	}
	if err == nil {
		l.clarify(b, again)
	}
	return err
}

// clarify finds out which lines of a priced batch were not written, since their requests
// had been charged before.
func (l *Ledger) clarify(b *batch, again bool) {
	if !b.priced() || !again && !b.unclear {
		b.unclear = false
		return
	}
	ctx, cancel := context.WithTimeout(l.abandoned, tryTimeout)
	defer cancel()
	if err := l.markRepeated(ctx, b); err != nil {
		b.unclear = true
		l.o.Log.Warn("lines of a batch could not be looked at; its leases are put right later", "batch", b.id, "error", err)
	}
}

// commitWaitingEntries writes entries until none waits, or until a charge does.
func (l *Ledger) commitWaitingEntries() {
	for len(l.entries) > 0 || len(l.entryBatch) > 0 {
		if err := l.commitEntries(); err != nil || len(l.charges) > 0 {
			return
		}
	}
}

// commitEntries writes the entries that wait, a batch at most; what fails is lost. With
// a spool, charges must not wait for a database that is away, so what fails is tried
// again later, and nothing is tried while charges are spooled.
func (l *Ledger) commitEntries() error {
	if l.spool != nil && l.spool.active() && l.stopping.Err() == nil {
		return errSpooling
	}
	entries := l.entryBatch
	for len(entries) < maxBatch && len(l.entries) > 0 {
		e := <-l.entries
		e.fit()
		entries = append(entries, e)
	}
	_, err := l.persist(func(ctx context.Context) error { return l.writer.writeEntries(ctx, entries) })
	if err != nil && l.spool != nil && l.unavailable(err) && l.entryTries < commitTries && l.stopping.Err() == nil {
		l.entryTries++
		l.entryBatch = entries
		return err
	}
	l.entryTries = 0
	if err != nil {
		l.o.Log.Warn("request-log entries could not be written", "entries", len(entries), "error", err)
		l.drop(len(entries))
	} else {
		l.noteEntries(entries)
	}
	for i, e := range entries {
		entries[i] = nil
		*e = Entry{}
		l.entryPool.Put(e)
	}
	l.entryBatch = entries[:0]
	return err
}

// persist tries until the rows are durable, a bounded number of times. It writes
// the same rows in every try: when a later one finds the batch's id taken, an
// earlier one was committed, and only its answer got lost (again is true then). No
// other unique index can be violated: lines and entries that are there already are
// skipped.
func (l *Ledger) persist(write func(context.Context) error) (again bool, err error) {
	tries, patience, within := commitTries, tryTimeout, time.Duration(0)
	if l.spool != nil {
		tries, patience, within = spoolTries, spoolTryTimeout, spoolAfter
	}
	backoff, started := firstBackoff, time.Now()
	for try, retried := 1, 0; ; try++ {
		err := l.tryOnce(write, patience)
		if err == nil {
			return false, nil
		}
		if try > 1 && l.db.IsUnique(err) {
			return true, nil
		}
		retryable := l.db.IsRetryable(err)
		if retryable && retried < commitTries {
			retried++ // because of another transaction: the database is there
			tries++
		}
		if try >= tries || !(l.unavailable(err) || retryable) || within > 0 && !retryable && time.Since(started) > within {
			return false, err
		}
		select {
		case <-time.After(backoff*3/4 + rand.N(backoff/2)):
		case <-l.abandoned.Done():
			return false, err
		}
		backoff = min(2*backoff, mostBackoff)
	}
}

func (l *Ledger) tryOnce(write func(context.Context) error, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(l.abandoned, patience)
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
	return errors.Is(err, errSpooling) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || l.db.IsUnavailable(err)
}

// newBatchID begins with the time, so that new ids are neighbours in the index and
// old ones are found without another.
func newBatchID(now time.Time) string {
	return batchTime(now) + "-" + strconv.FormatUint(rand.Uint64(), 36)
}

// batchTime is what ids of batches made at that time begin with. It keeps its
// length, and so its order, until the year 6000.
func batchTime(at time.Time) string { return strconv.FormatInt(at.UnixMicro(), 36) }
