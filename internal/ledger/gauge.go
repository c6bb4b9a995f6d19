package ledger

import (
	"time"

	"skytower/internal/money"
)

// Leased is the credit that this process has leased from accounts. Promised is what
// requests that are open may cost, and what was charged and is not known to be written:
// if the process dies now, no more than that goes unpaid. Free is lent, and comes back.
type Leased struct{ Free, Promised money.Nanos }

// Leased adds up what is leased. Budgets of keys are no credit, and do not count.
func (l *Ledger) Leased() (sum Leased) {
	l.tills.Range(func(_, value any) bool {
		t, ok := value.(*till)
		if !ok || t.key != "" {
			return true
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		for _, s := range t.slices {
			sum.Free += s.free
			sum.Promised += s.promised
		}
		return true
	})
	return sum
}

// Spooled is what waits on this process's disk for the database.
type Spooled struct {
	Batches int
	Bytes   int64
	Since   time.Time // of the oldest; zero: nothing waits
}

// Spooled tells of this process's own spool. Files of processes that died are not in it.
func (l *Ledger) Spooled() Spooled {
	if l.spool == nil {
		return Spooled{}
	}
	s := l.spool
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size == s.done {
		return Spooled{}
	}
	return Spooled{Batches: len(s.held), Bytes: s.size - s.done, Since: s.since}
}
