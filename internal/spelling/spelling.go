// Package spelling guesses which known word a misspelled one means, for the "did
// you mean" of error messages. It knows no word itself.
package spelling

import "strings"

// maxSlips is how many slips a guess may be away: further ones annoy more than
// they help.
const maxSlips = 2

// Nearest is the known word that the misspelled one most likely means, without
// regard to case, or "" where none is near. Of equally near ones it is the first.
func Nearest(word string, known []string) string {
	best, distance := "", maxSlips+1
	for _, candidate := range known {
		if len(word) > len(candidate)+distance {
			continue // too far, and perhaps too long to compare
		}
		// The slips must be fewer than half of the letters: "ix" is not nearly "id".
		if d := slips(strings.ToLower(word), strings.ToLower(candidate)); d < distance && 2*d < max(len(word), len(candidate)) {
			best, distance = candidate, d
		}
	}
	return best
}

// slips counts the insertions, deletions, replacements and swaps of neighbours
// between two words (optimal string alignment).
func slips(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
