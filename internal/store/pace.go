package store

import (
	"context"
	"sync"
	"time"
)

const (
	firstRows = 32
	leastRows = 4
	mostRows  = 2000
	// MostHold is how long background work may hold SQLite's one writer, for which charges
	// wait. A slice that took longer than tooLong makes the next one smaller, one that took
	// less than quick makes it larger: what is left to MostHold is for the disk's bad moments.
	MostHold = 20 * time.Millisecond
	tooLong  = 6 * time.Millisecond
	quick    = 3 * time.Millisecond
)

// Pace cuts background work into slices by how long the last ones held SQLite's writer. It
// is for one kind of work, whose rows cost about the same; it may be shared by goroutines.
// On PostgreSQL, where writers don't wait for each other, slices are as large as can be.
type Pace struct {
	// Most bounds the rows of a slice; 0: 2,000.
	Most int

	mu    sync.Mutex
	rows  int
	holds Holds
}

// Holds is how slices held SQLite's writer, for measurements.
type Holds struct {
	Slices, Over int // Over: of those, the ones longer than MostHold
	Longest, All time.Duration
}

func (p *Pace) most() int {
	if p.Most > 0 {
		return p.Most
	}
	return mostRows
}

// Rows is how many rows the next slice is to change.
func (p *Pace) Rows(db *DB) int {
	if db.dialect != SQLite {
		return p.most()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rows == 0 {
		p.rows = firstRows
	}
	return min(p.rows, p.most())
}

// Write is [DB.Write] for a slice that changes so many rows. What it needs to know is best
// read before: the clock runs from its first statement to the end of its commit.
func (p *Pace) Write(ctx context.Context, db *DB, rows int, fn func(*Tx) error) error {
	var began time.Time
	err := db.Write(ctx, func(tx *Tx) error {
		began = time.Now()
		return fn(tx)
	})
	if err == nil && db.dialect == SQLite {
		p.took(rows, time.Since(began))
	}
	return err
}

// took hears of a slice. The next ones grow slowly and shrink fast.
func (p *Pace) took(rows int, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.holds.Slices++
	p.holds.All += d
	p.holds.Longest = max(p.holds.Longest, d)
	if d > MostHold {
		p.holds.Over++
	}
	switch {
	case d > tooLong:
		p.rows = min(max(int(int64(rows)*int64(tooLong)/int64(2*d)), leastRows), p.most())
	case d < quick && rows >= p.rows:
		p.rows = min(p.rows+p.rows/4+1, p.most())
	}
}

// Holds tells how slices have held the writer so far.
func (p *Pace) Holds() Holds {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.holds
}
