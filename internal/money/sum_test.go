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

func TestShareRoundsOnceHalfToEven(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		units, price, share, want int64
	}{
		{1, 25 * PerMillion, 1000, 2},   // 2.5
		{1, 35 * PerMillion, 1000, 4},   // 3.5
		{1, 25*PerMillion + 1, 1000, 3}, // just above
		{1, 25*PerMillion - 1, 1000, 2}, // just below
		{1, 15 * PerMillion, 0, 0},
		{7, 1_000_000, whole, 7},
		{1, 9 * PerMillion / 2, 5000, 2}, // 2.25: the half is not rounded before
		{1, 999_999, 9999, 1},
	} {
		var s Sum
		s.Add(c.units, Nanos(c.price))
		if got, err := s.Share(c.share); err != nil || int64(got) != c.want {
			t.Errorf("%d × %d, %d of 10,000: got %d, %v; want %d", c.units, c.price, c.share, got, err, c.want)
		}
	}
	var s Sum
	s.Add(1, 1)
	for _, share := range []int64{-1, whole + 1} {
		if got, err := s.Share(share); err == nil || got != 0 {
			t.Errorf("a share of %d gave %d", share, got)
		}
	}
}

func TestShareEqualsBigIntegers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s Sum
		exact := new(big.Int)
		share := rapid.Int64Range(0, whole).Draw(t, "share")
		for range rapid.IntRange(0, 6).Draw(t, "terms") {
			units, price := rapid.Int64Range(0, math.MaxInt64).Draw(t, "units"), rapid.Int64Range(0, math.MaxInt64).Draw(t, "price")
			if rapid.Bool().Draw(t, "small") {
				units, price = units>>30, price>>30
			}
			s.Add(units, Nanos(price))
			exact.Add(exact, new(big.Int).Mul(big.NewInt(units), big.NewInt(price)))
		}
		exact.Mul(exact, big.NewInt(share))
		quotient, rest := new(big.Int).QuoRem(exact, big.NewInt(PerMillion*whole), new(big.Int))
		if half := rest.Int64() * 2; half > PerMillion*whole || half == PerMillion*whole && quotient.Bit(0) == 1 {
			quotient.Add(quotient, big.NewInt(1))
		}
		got, err := s.Share(share)
		switch {
		case !quotient.IsInt64():
			if !errors.Is(err, ErrOverflow) {
				t.Fatalf("want an overflow, got %d, %v", got, err)
			}
		case err != nil || int64(got) != quotient.Int64():
			t.Fatalf("got %d, %v; want %s", got, err, quotient)
		}
		if all, errAll := s.Cost(); share == whole && (all != got || (errAll == nil) != (err == nil)) {
			t.Fatalf("the whole is %d, %v, and its share %d, %v", all, errAll, got, err)
		}
	})
}
