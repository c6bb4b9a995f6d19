package ui_test

import (
	"html/template"
	"testing"
	"time"

	"skytower/internal/console/ui"
	"skytower/internal/money"
)

func TestMoney(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		v    any
		want string
	}{
		{"0", "$0.00"}, {"5", "$5.00"}, {"5.5", "$5.50"}, {"1234567.5", "$1,234,567.50"}, {"0.00002475", "$0.00002475"}, {"0.100000000", "$0.10"}, {"-3.25", "−$3.25"}, {"-1234", "−$1,234.00"},
		{"", ""}, {nil, ""}, {money.Dollar, "$1.00"}, {money.Dollar / 4, "$0.25"}, {-money.Dollar, "−$1.00"}, {money.Nanos(1), "$0.000000001"},
	} {
		if got := ui.Money(c.v); got != c.want {
			t.Errorf("%v: %q, want %q", c.v, got, c.want)
		}
	}
}

func TestNumbersAndSizes(t *testing.T) {
	t.Parallel()
	for v, want := range map[any]string{0: "0", 999: "999", 1000: "1,000", int64(-1234567): "−1,234,567", uint8(7): "7", "12345": "12,345", nil: ""} {
		if got := ui.Number(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 5 << 20: "5.0 MiB", 3 << 30: "3.0 GiB", 1 << 62: "4096.0 PiB"} {
		if got := ui.Bytes(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	for _, c := range []struct {
		part, whole int64
		want        string
	}{{0, 0, "–"}, {1, 0, "–"}, {0, 5, "0.0 %"}, {1, 3, "33.3 %"}, {5, 5, "100.0 %"}} {
		if got := ui.Percent(c.part, c.whole); got != c.want {
			t.Errorf("%d of %d: %q, want %q", c.part, c.whole, got, c.want)
		}
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		v    any
		want string
	}{
		{time.Duration(0), "–"}, {-time.Second, "–"}, {nil, "–"}, {"soon", "–"}, {250 * time.Microsecond, "250 µs"}, {999 * time.Millisecond, "999 ms"}, {time.Second, "1.00 s"},
		{59_999 * time.Millisecond, "59.99 s"}, {time.Minute, "1 min 0 s"}, {61 * time.Minute, "1 h 1 min"}, {47 * time.Hour, "47 h 0 min"}, {48 * time.Hour, "2 days"}, {int64(1500), "1.50 s"}, {20, "20 ms"},
	} {
		if got := ui.Duration(c.v); got != c.want {
			t.Errorf("%v: %q, want %q", c.v, got, c.want)
		}
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.FixedZone("", 3600))
	text := at.Format(time.RFC3339)
	want := template.HTML(`<time datetime="2026-03-04T04:06:07Z">2026-03-04 04:06 UTC</time>`)
	for _, v := range []any{at, &at, text, &text, at.Unix()} {
		if got := ui.Time(v); got != want {
			t.Errorf("%v: %s", v, got)
		}
	}
	for _, v := range []any{nil, time.Time{}, (*time.Time)(nil), (*string)(nil), "", `"><script>`, int64(0), 3.5} {
		if got := ui.Time(v); got != "–" {
			t.Errorf("%v: %s", v, got)
		}
	}
}

func TestStatusKind(t *testing.T) {
	t.Parallel()
	for word, want := range map[any]string{"Succeeded": "good", "failed": "bad", "cancelled": "warn", "processing": "busy", "something": "", nil: ""} {
		if got := ui.StatusKind(word); got != want {
			t.Errorf("%v: %q, want %q", word, got, want)
		}
	}
}
