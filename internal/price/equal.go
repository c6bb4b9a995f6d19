package price

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// sameJSON reports whether two documents hold the same JSON value: numbers by their value
// (5 and 5.0), strings by their characters, objects whatever the order of their members.
func sameJSON(a, b []byte) bool {
	x, okX := decode(a)
	y, okY := decode(b)
	return okX && okY && sameValue(x, y)
}

// decode keeps numbers as they are written: as floats, different ones could look alike.
func decode(doc []byte) (v any, ok bool) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	err := d.Decode(&v)
	return v, err == nil
}

func sameValue(a, b any) bool {
	switch x := a.(type) {
	case json.Number:
		y, ok := b.(json.Number)
		return ok && sameNumber(string(x), string(y))
	case []any:
		y, ok := b.([]any)
		return ok && sameList(x, y)
	case map[string]any:
		y, ok := b.(map[string]any)
		return ok && sameObject(x, y)
	}
	switch b.(type) {
	case []any, map[string]any:
		return false // not comparable
	}
	return a == b
}

func sameList(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !sameValue(a[i], b[i]) {
			return false
		}
	}
	return true
}

func sameObject(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for name, v := range a {
		other, ok := b[name]
		if !ok || !sameValue(v, other) {
			return false
		}
	}
	return true
}

// sameNumber compares JSON numbers by digits and place of the point. It never expands an
// exponent: a caller may send 1e999999999.
func sameNumber(a, b string) bool {
	x, y := scientific(a), scientific(b)
	return a == b || x.ok && y.ok && x == y
}

// figure is a number as 0.DIGITS × 10^exponent.
type figure struct {
	negative bool
	digits   string // without zeros at either end; "" is zero
	exponent int64
	ok       bool // the exponent can be told
}

func scientific(number string) figure {
	text, negative := strings.CutPrefix(number, "-")
	mantissa, power, hasPower := strings.Cut(strings.ToLower(text), "e")
	f := figure{negative: negative, ok: true}
	if hasPower {
		n, err := strconv.ParseInt(power, 10, 32)
		f.exponent, f.ok = n, err == nil
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	f.exponent += int64(len(whole))
	digits := strings.TrimLeft(whole+fraction, "0")
	f.exponent -= int64(len(whole) + len(fraction) - len(digits))
	if f.digits = strings.TrimRight(digits, "0"); f.digits == "" {
		return figure{ok: true} // zero has no sign and no exponent
	}
	return f
}
