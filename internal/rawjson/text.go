package rawjson

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// errNotString is Unquote's for bytes that are no JSON string.
var errNotString = errors.New("not a JSON string")

// Unquote decodes a JSON string, its quotes included. Invalid UTF-8 and lone
// surrogates become U+FFFD, as in encoding/json.
func Unquote(value []byte) (string, error) {
	value = trim(value)
	if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
		inner := value[1 : n-1]
		if skipPlain(inner, 0) == len(inner) && utf8.Valid(inner) {
			return string(inner), nil
		}
	}
	out, err := AppendUnquoted(nil, value)
	return string(out), err
}

// AppendUnquoted is Unquote into dst. On an error dst returns unchanged.
func AppendUnquoted(dst, value []byte) ([]byte, error) {
	value = trim(value)
	s := scanner{data: value}
	if len(value) == 0 || value[0] != '"' {
		return dst, errNotString
	}
	if end, ok := s.str(0); !ok || end != len(value) {
		return dst, errNotString
	}
	return appendDecoded(dst, value[1:len(value)-1]), nil
}

// appendDecoded decodes the inside of a string whose escapes are valid; a bad one
// becomes U+FFFD.
func appendDecoded(dst, inner []byte) []byte {
	for i := 0; i < len(inner); {
		if c := inner[i]; c < utf8.RuneSelf && c != '\\' {
			dst = append(dst, c)
			i++
			continue
		}
		r, size := decodeRune(inner[i:])
		dst = utf8.AppendRune(dst, r)
		i += size
	}
	return dst
}

// decodeRune decodes the character or the escape at the head of b, which is not
// empty. What is neither reads as U+FFFD of one byte.
func decodeRune(b []byte) (r rune, size int) {
	if b[0] != '\\' {
		return utf8.DecodeRune(b)
	}
	size = escapeLen(b)
	switch size {
	case 0:
		return utf8.RuneError, 1
	case 2:
		return simpleEscape(b[1]), 2
	}
	r = hex4(b[2:6])
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if escapeLen(b[6:]) == 6 && b[6] == '\\' {
		if pair := utf16.DecodeRune(r, hex4(b[8:12])); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}

func simpleEscape(c byte) rune {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	default: // quote, backslash, slash
		return rune(c)
	}
}

// hex4 reads four hexadecimal digits; -1 if they are not.
func hex4(b []byte) rune {
	var r rune
	for _, c := range b[:4] {
		switch {
		case isDigit(c):
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

const hexDigits = "0123456789abcdef"

// AppendQuote appends s as a JSON string. Control characters, U+2028 and U+2029
// are escaped, so the result never breaks a line; invalid UTF-8 becomes U+FFFD.
func AppendQuote(dst []byte, s string) []byte {
	dst = append(slices.Grow(dst, len(s)+len(`""`)), '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if c >= utf8.RuneSelf && !(r == utf8.RuneError && size == 1) && r != '\u2028' && r != '\u2029' {
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = appendEscape(dst, r)
		i += size
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}

func appendEscape(dst []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// Int reads a number that is an integer within int64: plain digits, or a form
// such as 16.0 or 1e3 that stands for one below 2^53.
func Int(value []byte) (int64, bool) {
	value = trim(value)
	if !isNumber(value) {
		return 0, false
	}
	if n, ok := plainInt(value); ok {
		return n, true
	}
	f, err := strconv.ParseFloat(string(value), 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) >= 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// plainInt reads digits with an optional minus sign.
func plainInt(value []byte) (int64, bool) {
	digits := value
	negative := value[0] == '-'
	if negative {
		digits = value[1:]
	}
	var n uint64
	for _, c := range digits {
		if !isDigit(c) || n > (math.MaxUint64-9)/10 {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	switch {
	case !negative && n <= math.MaxInt64:
		return int64(n), true
	case negative && n <= 1<<63:
		return -int64(n), true
	}
	return 0, false
}

// Float reads a number within float64.
func Float(value []byte) (float64, bool) {
	value = trim(value)
	if !isNumber(value) {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(value), 64)
	return f, err == nil
}

// isNumber reports whether value is exactly one JSON number.
func isNumber(value []byte) bool {
	s := scanner{data: value}
	if len(value) == 0 {
		return false
	}
	end, ok := s.number(0)
	return ok && end == len(value)
}

// trim cuts JSON white space from both ends.
func trim(value []byte) []byte {
	value = value[skipSpace(value, 0):]
	n := len(value)
	for n > 0 && isSpace(value[n-1]) {
		n--
	}
	return value[:n]
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }
