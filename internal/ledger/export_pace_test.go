package ledger

import "time"

// SliceAfter is the size of the slice after one that took so long.
func SliceAfter(rows int, took time.Duration) int {
	p := pace{rows: rows}
	p.took(rows, took)
	return p.size()
}
