package price

import (
	"fmt"
	"math/big"
	"strings"

	"skytower/internal/money"
)

// millionDigits is how far the point moves from the price of one token to that of a
// million.
const millionDigits = 6

// nanoDigits is how many decimals of a dollar a money.Nanos has.
const nanoDigits = 9

// ParseRate reads dollars of one unit, exactly: nano-dollars of a unit, and of a million
// tokens for token units, whose single token may have 15 decimals. The error is a
// sentence's end for who wrote the number.
func ParseRate(dollars, unit string) (money.Nanos, error) {
	if IsSingleToken(unit) {
		dollars = shiftPoint(dollars, millionDigits)
	}
	rate, err := money.Parse(trimZeros(dollars))
	if err != nil || rate < 0 {
		return 0, fmt.Errorf("must be dollars from 0 to 9 thousand million, with at most %d decimals", decimalsOf(unit))
	}
	return rate, nil
}

// FormatRate is ParseRate's opposite: dollars of one unit, or of a million tokens.
func FormatRate(rate money.Nanos, unit string) string {
	if IsSingleToken(unit) {
		return decimal(big.NewInt(int64(rate)), nanoDigits+millionDigits)
	}
	return decimal(big.NewInt(int64(rate)), nanoDigits)
}

func decimalsOf(unit string) int {
	if IsSingleToken(unit) {
		return nanoDigits + millionDigits
	}
	return nanoDigits
}

// shiftPoint moves a decimal number's point to the right.
func shiftPoint(number string, by int) string {
	whole, fraction, _ := strings.Cut(number, ".")
	fraction += strings.Repeat("0", max(0, by-len(fraction)))
	return whole + fraction[:by] + "." + fraction[by:]
}

// trimZeros takes the zeros off a fraction's end, which are not more decimals.
func trimZeros(number string) string {
	if strings.Contains(number, ".") {
		number = strings.TrimRight(number, "0")
	}
	return strings.TrimSuffix(number, ".")
}

// decimal writes n ÷ 10^digits without an exponent, with no more decimals than it needs.
func decimal(n *big.Int, digits int) string {
	text, sign := new(big.Int).Abs(n).String(), ""
	if n.Sign() < 0 {
		sign = "-"
	}
	if short := digits + 1 - len(text); short > 0 {
		text = strings.Repeat("0", short) + text
	}
	at := len(text) - digits
	return sign + trimZeros(text[:at]+"."+text[at:])
}
