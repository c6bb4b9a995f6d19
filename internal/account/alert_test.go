package account

import (
	"testing"

	"skytower/internal/money"
)

func TestBalanceCrossings(t *testing.T) {
	t.Parallel()
	const level = 5 * money.Dollar
	for name, c := range map[string]struct {
		known        bool
		row          alertRow
		balance      money.Nanos
		write, tells bool
	}{
		"new with nothing":        {balance: 0},
		"new with credit":         {balance: level, write: true},
		"falls":                   {known: true, row: alertRow{int64(level), ""}, balance: level - 1, write: true, tells: true},
		"stays low":               {known: true, row: alertRow{int64(level), toldLow}, balance: 1},
		"rises":                   {known: true, row: alertRow{int64(level), toldLow}, balance: level, write: true},
		"stays above":             {known: true, row: alertRow{int64(level), ""}, balance: level},
		"turned off":              {known: true, row: alertRow{neverAlert, ""}, balance: -level},
		"a level of its own":      {known: true, row: alertRow{int64(50 * money.Dollar), ""}, balance: level, write: true, tells: true},
		"owes, with a zero level": {known: true, row: alertRow{0, ""}, balance: -1, write: true, tells: true},
	} {
		got, ok := balanceCrossing(Watched{Balance: c.balance}, c.row, c.known)
		if ok != c.write || ok && got.tell != c.tells {
			t.Errorf("%s: %v, %+v", name, ok, got)
		}
	}
}

func TestBudgetCrossings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		level   int64
		percent int
		told    string
		want    string // "": nothing
	}{
		"below":              {80, 79, "", ""},
		"level":              {80, 80, "", "2026-11:80"},
		"once":               {80, 85, "2026-11:80", ""},
		"all":                {80, 100, "2026-11:80", "2026-11:100"},
		"all at once":        {80, 140, "", "2026-11:100"},
		"all once":           {80, 140, "2026-11:100", ""},
		"another month":      {80, 80, "2026-10:100", "2026-11:80"},
		"budget was raised":  {80, 85, "2026-11:100", ""},
		"off":                {neverAlert, 100, "", ""},
		"level of the whole": {100, 100, "", "2026-11:100"},
	} {
		got, ok := budgetCrossing(Watched{Percent: c.percent}, c.level, c.told, "2026-11")
		if ok != (c.want != "") || ok && got.after != c.want {
			t.Errorf("%s: %v, %+v", name, ok, got)
		}
	}
}
