package money

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestCostRoundsHalfToEven(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		units int64
		price Nanos
		want  Nanos
	}{
		{0, 5, 0}, {1, 500_000, 0}, {3, 500_000, 2}, {1, 1_500_000, 2}, {5, 500_000, 2},
		{1_000_000, 2_500_000_000, 2_500_000_000}, {1, 499_999, 0}, {1, 500_001, 1}, {3, -500_000, -2},
	} {
		got, err := Cost(c.units, c.price)
		if err != nil || got != c.want {
			t.Errorf("Cost(%d, %d) = %d, %v; want %d", c.units, c.price, got, err, c.want)
		}
	}
}

func TestCostRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	if _, err := Cost(math.MaxInt64, math.MaxInt64); !errors.Is(err, ErrOverflow) {
		t.Errorf("err = %v, want ErrOverflow", err)
	}
	if _, err := Cost(-1, 1); err == nil {
		t.Error("negative units were accepted")
	}
}

func TestCostEqualsBigRational(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		units := rapid.Int64Range(0, 1<<40).Draw(t, "units")
		price := rapid.Int64Range(-(1<<40), 1<<40).Draw(t, "price")
		product := new(big.Int).Mul(big.NewInt(units), big.NewInt(price))
		quotient, rest := new(big.Int).QuoRem(product, big.NewInt(PerMillion), new(big.Int))
		twice := new(big.Int).Abs(new(big.Int).Mul(rest, big.NewInt(2)))
		if c := twice.Cmp(big.NewInt(PerMillion)); c > 0 || (c == 0 && quotient.Bit(0) == 1) {
			quotient.Add(quotient, big.NewInt(int64(product.Sign())))
		}
		got, err := Cost(units, Nanos(price))
		if !quotient.IsInt64() {
			if !errors.Is(err, ErrOverflow) {
				t.Fatalf("want overflow, got %d, %v", got, err)
			}
			return
		}
		if err != nil || int64(got) != quotient.Int64() {
			t.Fatalf("Cost(%d, %d) = %d, %v; want %s", units, price, got, err, quotient)
		}
	})
}

func TestString(t *testing.T) {
	t.Parallel()
	for n, want := range map[Nanos]string{
		0: "0.00", Dollar: "1.00", 1: "0.000000001", -20_000_000: "-0.02", 1_234_500_000: "1.2345",
		math.MinInt64: "-9223372036.854775808",
	} {
		if got := n.String(); got != want {
			t.Errorf("%d = %q, want %q", int64(n), got, want)
		}
	}
}
