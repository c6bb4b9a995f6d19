package money

import (
	"fmt"
	"math/bits"
)

// Sum adds products of units and prices exactly, and rounds once. The zero value is 0.
// Units and prices must not be negative.
type Sum struct {
	hi, lo uint64
	bad    bool
}

// Add adds units × price.
func (s *Sum) Add(units int64, price Nanos) {
	if units < 0 || price < 0 {
		s.bad = true
		return
	}
	hi, lo := bits.Mul64(uint64(units), uint64(price))
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, lo, 0)
	s.hi, carry = bits.Add64(s.hi, hi, carry)
	s.bad = s.bad || carry != 0
}

// Cost is the sum ÷ 1,000,000, rounded half to even.
func (s *Sum) Cost() (Nanos, error) {
	if s.bad {
		return 0, fmt.Errorf("money: a negative factor: %w", ErrOverflow)
	}
	return perMillion(s.hi, s.lo)
}

// whole is what shares are parts of: a hundredth of a hundredth is 1 of it.
const whole = 10_000

// Share is Cost of so many ten-thousandths of the sum, rounded once too: 2,500 are a
// quarter.
func (s *Sum) Share(tenThousandths int64) (Nanos, error) {
	if s.bad || tenThousandths < 0 || tenThousandths > whole {
		return 0, fmt.Errorf("money: a negative factor, or more than the whole: %w", ErrOverflow)
	}
	over, hi := bits.Mul64(s.hi, uint64(tenThousandths))
	more, lo := bits.Mul64(s.lo, uint64(tenThousandths))
	hi, carry := bits.Add64(hi, more, 0)
	if over+carry != 0 {
		return 0, ErrOverflow
	}
	return divided(hi, lo, PerMillion*whole)
}

// perMillion divides a product by 1,000,000 and rounds half to even.
func perMillion(hi, lo uint64) (Nanos, error) { return divided(hi, lo, PerMillion) }

// divided divides by an even number and rounds half to even.
func divided(hi, lo, by uint64) (Nanos, error) {
	if hi >= by {
		return 0, ErrOverflow
	}
	quotient, rest := bits.Div64(hi, lo, by)
	if half := by / 2; rest > half || (rest == half && quotient&1 == 1) {
		quotient++
	}
	if quotient > 1<<63-1 {
		return 0, ErrOverflow
	}
	return Nanos(quotient), nil
}
