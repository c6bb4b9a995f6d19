package batch

import (
	"sync"
	"time"
)

// board is what may be run: the batches in progress, by account. Accounts have their turns
// one after the other, whatever the length of their batches.
type board struct {
	changed chan struct{} // holds one: something may be run that could not before

	mu    sync.Mutex
	lanes []*lane // in the order in which they were met; the next turn is the first one's
	jobs  map[string]*job
}

// lane is an account.
type lane struct {
	account string
	jobs    []*job // the oldest first
}

// job is a batch in progress.
type job struct {
	Batch
	taken []*line   // that are this process's, and not begun
	dry   bool      // nothing could be taken at the last look
	rest  time.Time // the limits refuse its lines until then
}

// set says which batches are in progress now. It returns the lines that were taken of
// those that are no longer.
func (b *board) set(all []Batch) (gone []*line) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before, turns := b.jobs, map[string]*lane{}
	b.jobs = make(map[string]*job, len(all))
	for _, l := range b.lanes {
		l.jobs = nil
		turns[l.account] = l
	}
	for _, batch := range all {
		j := before[batch.ID]
		if j == nil {
			j = &job{}
		}
		delete(before, batch.ID)
		j.Batch, j.dry = batch, false
		b.jobs[batch.ID] = j
		l := turns[batch.Account]
		if l == nil {
			l = &lane{account: batch.Account}
			turns[batch.Account] = l
			b.lanes = append(b.lanes, l)
		}
		l.jobs = append(l.jobs, j)
	}
	for _, j := range before {
		gone = append(gone, j.taken...)
	}
	b.dropEmpty()
	signal(b.changed)
	return gone
}

func (b *board) dropEmpty() {
	kept := b.lanes[:0]
	for _, l := range b.lanes {
		if len(l.jobs) > 0 {
			kept = append(kept, l)
		}
	}
	clear(b.lanes[len(kept):])
	b.lanes = kept
}

// turn finds whose turn it is. Either it has a line, or lines of a batch can be taken;
// neither means that there is nothing to do until soon, or, if that is zero, a change.
func (b *board) turn(now time.Time) (l *line, from *Batch, soon time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, lane := range b.lanes {
		for _, j := range lane.jobs {
			switch {
			case j.rest.After(now):
				if soon.IsZero() || j.rest.Before(soon) {
					soon = j.rest
				}
				continue
			case len(j.taken) > 0:
				l, j.taken = j.taken[0], j.taken[1:]
				b.pass(i)
				return l, nil, soon
			case !j.dry:
				batch := j.Batch
				return nil, &batch, soon
			}
		}
	}
	return nil, nil, soon
}

// pass gives an account that had its turn the last one.
func (b *board) pass(i int) {
	had := b.lanes[i]
	copy(b.lanes[i:], b.lanes[i+1:])
	b.lanes[len(b.lanes)-1] = had
}

// add notes what was taken of a batch; it returns the lines where the batch is no longer
// in progress.
func (b *board) add(id string, lines []*line) (gone []*line) {
	b.mu.Lock()
	defer b.mu.Unlock()
	j := b.jobs[id]
	if j == nil {
		return lines
	}
	j.taken = append(j.taken, lines...)
	j.dry = len(lines) == 0
	return nil
}

// putBack has a line that the limits refused run again before all others of its batch, and
// none of them before a time. It reports false where the batch is no longer in progress.
func (b *board) putBack(l *line, until time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	j := b.jobs[l.batch]
	if j == nil {
		return false
	}
	j.taken = append([]*line{l}, j.taken...)
	if until.After(j.rest) {
		j.rest = until
	}
	signal(b.changed)
	return true
}

// still reports whether a batch is in progress, as far as this process knows.
func (b *board) still(id string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.jobs[id] != nil
}
