package main

import (
	"slices"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	cases := []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 2}, 2.5}}
	for _, c := range cases {
		before := slices.Clone(c.values)
		if got := median(c.values); got != c.want || !slices.Equal(before, c.values) {
			t.Errorf("median(%v) = %v, want %v and the values untouched", before, got, c.want)
		}
	}
}

func TestPercentile(t *testing.T) {
	t.Parallel()
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	cases := []struct {
		sorted []time.Duration
		p      int
		want   time.Duration
	}{
		{nil, 50, 0}, {hundred[:1], 99, 1}, {hundred[:1], 0, 1}, {hundred, 50, 50}, {hundred, 99, 99}, {hundred, 100, 100},
		{hundred[:10], 99, 10}, {hundred[:3], 50, 2},
	}
	for _, c := range cases {
		if got := percentile(c.sorted, c.p); got != c.want {
			t.Errorf("percentile %d of %d values = %d, want %d", c.p, len(c.sorted), got, c.want)
		}
	}
}

func TestRatios(t *testing.T) {
	t.Parallel()
	got := ratios([]float64{2, 3, 0, 8, 9}, []float64{1, 0, 5, 4})
	if want := []float64{2, 2}; !slices.Equal(got, want) {
		t.Errorf("ratios = %v, want %v", got, want)
	}
}
