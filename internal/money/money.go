// Package money holds the one amount type of Skytower: nano-US-dollars in an
// int64, from the wire to the disk. There are no floats and one rounding rule.
package money

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// Nanos is an amount of nano-US-dollars (10⁻⁹ USD).
type Nanos int64

// Dollar is one US dollar.
const Dollar Nanos = 1_000_000_000

// PerMillion is the divisor of prices: a price is nano-dollars per million units.
const PerMillion = 1_000_000

// ErrOverflow reports an amount beyond int64.
var ErrOverflow = errors.New("money: amount out of range")

// Cost is units × price ÷ 1,000,000, where price is in nano-dollars per million
// units: multiplied in 128 bits and rounded half to even. Units must not be
// negative.
func Cost(units int64, price Nanos) (Nanos, error) {
	if units < 0 {
		return 0, fmt.Errorf("money: negative units %d", units)
	}
	negative := price < 0
	magnitude := uint64(price)
	if negative {
		magnitude = -magnitude
	}
	hi, lo := bits.Mul64(uint64(units), magnitude)
	amount, err := perMillion(hi, lo)
	if negative {
		amount = -amount
	}
	return amount, err
}

// Parse reads an exact decimal number of dollars, with at most nine decimals.
func Parse(text string) (Nanos, error) {
	whole, frac, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if len(frac) > decimals || whole == "" || strings.ContainsAny(whole+frac, "+-_ ") {
		return 0, fmt.Errorf("money: %.40q is not a number of dollars with at most nine decimals", text)
	}
	n, err := strconv.ParseInt(whole+frac+strings.Repeat("0", decimals-len(frac)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("money: %.40q is not a number of dollars that can be", text)
	}
	if strings.HasPrefix(text, "-") {
		n = -n
	}
	return Nanos(n), nil
}

// decimals of a dollar that a Nanos has.
const decimals = 9

// String is the amount in dollars with as many decimals as it needs, at least two.
func (n Nanos) String() string {
	sign, magnitude := "", uint64(n)
	if n < 0 {
		sign, magnitude = "-", -magnitude
	}
	whole, frac := magnitude/uint64(Dollar), magnitude%uint64(Dollar)
	digits := fmt.Sprintf("%09d", frac)
	for len(digits) > 2 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	return sign + strconv.FormatUint(whole, 10) + "." + digits
}
