package ledger

import (
	"context"
	"sync"
	"time"

	"skytower/internal/store"
)

// Slices of background work. Charges wait for SQLite's one writer, so nothing in the
// background may hold it longer than 20 ms; how many rows that is, the machine tells.
const (
	firstSlice = 64
	leastSlice = 8
	mostSlice  = 2000
	// A slice that took more than tooLong makes the next one smaller, one that took less
	// than quick makes it larger: the half and the eighth of what is allowed.
	tooLong = 10 * time.Millisecond
	quick   = 5 * time.Millisecond
)

// pace is how large the next slice is, by how long the last ones took.
type pace struct {
	mu   sync.Mutex
	rows int
	most time.Duration // longest so far, for those who measure
}

func (p *pace) size() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rows == 0 {
		p.rows = firstSlice
	}
	return p.rows
}

// took hears of a slice of so many rows. It grows slowly and shrinks fast.
func (p *pace) took(rows int, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.most = max(p.most, d)
	switch {
	case d > tooLong:
		p.rows = max(int(int64(rows)*int64(tooLong)/int64(2*d)), leastSlice)
	case d < quick && rows >= p.rows:
		p.rows = min(p.rows+p.rows/4+1, mostSlice)
	}
}

// slice is how many rows the next slice has. PostgreSQL's writers don't wait for each other.
func (l *Ledger) slice() int {
	if l.db.Dialect() != store.SQLite {
		return mostSlice
	}
	return l.pace.size()
}

// paced runs a slice of background work in a transaction, and hears how long it held the
// writer: from its first statement to the end of its commit.
func (l *Ledger) paced(ctx context.Context, rows int, fn func(*store.Tx) error) error {
	var began time.Time
	err := l.db.Write(ctx, func(tx *store.Tx) error {
		began = time.Now()
		return fn(tx)
	})
	if err == nil && l.db.Dialect() == store.SQLite {
		l.pace.took(rows, time.Since(began))
	}
	return err
}

// LongestHold is how long background work has held the writer of SQLite at most, for
// measurements.
func (l *Ledger) LongestHold() time.Duration {
	l.pace.mu.Lock()
	defer l.pace.mu.Unlock()
	return l.pace.most
}
