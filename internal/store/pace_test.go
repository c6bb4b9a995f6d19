package store

import (
	"testing"
	"time"
)

func TestPaceFollowsTheWriter(t *testing.T) {
	t.Parallel()
	db := &DB{dialect: SQLite}
	p := &Pace{Most: 100}
	first := p.Rows(db)
	for range 50 {
		p.took(p.Rows(db), time.Millisecond)
	}
	if got := p.Rows(db); first >= 100 || got != 100 {
		t.Errorf("%d rows at first and %d after quick slices, want 100", first, got)
	}
	p.took(100, 60*time.Millisecond) // ten times too long
	if got := p.Rows(db); got != 5 {
		t.Errorf("%d rows after a slow slice, want 5", got)
	}
	p.took(5, time.Second)
	if got := p.Rows(db); got != leastRows {
		t.Errorf("%d rows after a very slow slice, want %d", got, leastRows)
	}
	p.took(2, time.Millisecond) // the last one of a kind of work says nothing
	if got := p.Rows(db); got != leastRows {
		t.Errorf("%d rows after a slice that was not full", got)
	}
	if h := p.Holds(); h.Slices != 53 || h.Over != 2 || h.Longest != time.Second {
		t.Errorf("%+v", h)
	}
	if got := (&Pace{}).Rows(&DB{dialect: Postgres}); got != mostRows {
		t.Errorf("%d rows on PostgreSQL", got)
	}
}
