package chatform

import (
	"bytes"

	"skytower/internal/rawjson"
)

// This file reads and writes JSON in pieces: values are bytes that have been checked.

// Members reads an object's members into the places that field knows; null counts as
// absent, and of a repeated key the last one counts. It is false where value is no object.
func Members(value []byte, field func(key []byte) *[]byte) bool {
	return rawjson.Top(value, func(key, v []byte) bool {
		if bytes.IndexByte(key, '\\') >= 0 {
			key = plainKey(key)
		}
		if place := field(key); place != nil {
			*place = v
			if v[0] == 'n' {
				*place = nil
			}
		}
		return true
	})
}

// plainKey is a key without its escapes, so that we read what any JSON reader reads.
func plainKey(key []byte) []byte {
	plain, err := rawjson.AppendUnquoted(nil, append(append([]byte{'"'}, key...), '"'))
	if err != nil {
		return key
	}
	return plain
}

// Inner is what stands between the quotes of a JSON string; nothing for another value.
func Inner(value []byte) []byte {
	if rawjson.KindOf(value) != rawjson.KindString || len(value) < 2 {
		return nil
	}
	return value[1 : len(value)-1]
}

// Is reports whether a JSON string is the plain word.
func Is(value []byte, word string) bool {
	return len(value) == len(word)+2 && string(value[1:len(value)-1]) == word
}

// Field appends a member to an object that has others before it.
func Field(dst []byte, name string, value []byte) []byte {
	dst = append(append(append(dst, ',', '"'), name...), '"', ':')
	return append(dst, value...)
}

// Given is Field where there is a value.
func Given(dst []byte, name string, value []byte) []byte {
	if value == nil {
		return dst
	}
	return Field(dst, name, value)
}

// Separated appends a comma unless the list that began at start is empty.
func Separated(dst []byte, start int) []byte {
	if len(dst) > start {
		return append(dst, ',')
	}
	return dst
}

// SameText compares two JSON strings.
func SameText(a, b []byte) bool {
	if string(a) == string(b) {
		return true
	}
	x, _ := rawjson.Unquote(a)
	y, _ := rawjson.Unquote(b)
	return x == y
}
