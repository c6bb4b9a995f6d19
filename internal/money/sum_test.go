package money

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestSumRoundsOnce(t *testing.T) {
	t.Parallel()
	var s Sum
	if got, err := s.Cost(); got != 0 || err != nil {
		t.Errorf("of nothing: %d, %v", got, err)
	}
	s.Add(1, 500_000)
	s.Add(1, 500_000)
	s.Add(1, 500_000)
	if got, err := s.Cost(); got != 2 || err != nil { // each alone would be 0
		t.Errorf("three halves: %d, %v; want 2", got, err)
	}
}

func TestSumRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	for name, add := range map[string]func(*Sum){
		"negative units": func(s *Sum) { s.Add(-1, 1) },
		"negative price": func(s *Sum) { s.Add(1, -1); s.Add(5, 5) },
		"too large":      func(s *Sum) { s.Add(math.MaxInt64, math.MaxInt64) },
		"beyond 128 bits": func(s *Sum) {
			for range 8 {
				s.Add(math.MaxInt64, math.MaxInt64)
			}
		},
		"just beyond": func(s *Sum) { s.Add(math.MaxInt64, PerMillion); s.Add(1, PerMillion/2) },
	} {
		var s Sum
		add(&s)
		if got, err := s.Cost(); !errors.Is(err, ErrOverflow) || got != 0 {
			t.Errorf("%s: %d, %v", name, got, err)
		}
	}
	var s Sum
	s.Add(math.MaxInt64, PerMillion)
	if got, err := s.Cost(); got != math.MaxInt64 || err != nil {
		t.Errorf("the largest: %d, %v", got, err)
	}
}

func TestSumEqualsBigIntegers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s Sum
		exact := new(big.Int)
		for range rapid.IntRange(0, 12).Draw(t, "terms") {
			units, price := rapid.Int64Range(0, math.MaxInt64).Draw(t, "units"), rapid.Int64Range(0, math.MaxInt64).Draw(t, "price")
			if rapid.Bool().Draw(t, "small") {
				units, price = units>>30, price>>30
			}
			s.Add(units, Nanos(price))
			exact.Add(exact, new(big.Int).Mul(big.NewInt(units), big.NewInt(price)))
		}
		quotient, rest := new(big.Int).QuoRem(exact, big.NewInt(PerMillion), new(big.Int))
		if half := rest.Int64() * 2; half > PerMillion || half == PerMillion && quotient.Bit(0) == 1 {
			quotient.Add(quotient, big.NewInt(1))
		}
		got, err := s.Cost()
		if !quotient.IsInt64() {
			if !errors.Is(err, ErrOverflow) {
				t.Fatalf("want an overflow, got %d, %v", got, err)
			}
			return
		}
		if err != nil || int64(got) != quotient.Int64() {
			t.Fatalf("got %d, %v; want %s", got, err, quotient)
		}
	})
}
