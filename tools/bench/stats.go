package main

import (
	"slices"
	"time"
)

// median is the middle value (the mean of the two middle ones for an even count), 0 of nothing.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(values))
	mid := len(s) / 2
	if len(s)%2 == 1 {
		return s[mid]
	}
	return (s[mid-1] + s[mid]) / 2
}

// percentile is the smallest value that at least p percent of the sorted values do not exceed (nearest rank).
func percentile(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := (len(sorted)*p + 99) / 100
	return sorted[max(rank, 1)-1]
}

// ratios divides pairwise; a pair without a meaningful quotient is left out.
func ratios(over, under []float64) []float64 {
	var out []float64
	for i := range min(len(over), len(under)) {
		if over[i] > 0 && under[i] > 0 {
			out = append(out, over[i]/under[i])
		}
	}
	return out
}

// per divides, and is 0 where there is nothing to divide by.
func per(total float64, count int) float64 {
	if count == 0 {
		return 0
	}
	return total / float64(count)
}
