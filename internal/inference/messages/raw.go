package messages

import (
	"bytes"

	"skytower/internal/rawjson"
)

// This file reads and writes JSON in pieces: values are bytes that have been checked.

// members reads an object's members into the places that field knows; null counts as
// absent, and of a repeated key the last one counts. It is false where value is no object.
func members(value []byte, field func(key []byte) *[]byte) bool {
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

// inner is what stands between the quotes of a JSON string; nothing for another value.
func inner(value []byte) []byte {
	if rawjson.KindOf(value) != rawjson.KindString || len(value) < 2 {
		return nil
	}
	return value[1 : len(value)-1]
}

// is reports whether a JSON string is the plain word.
func is(value []byte, word string) bool {
	return len(value) == len(word)+2 && string(value[1:len(value)-1]) == word
}

// field appends a member to an object that has others before it.
func field(dst []byte, name string, value []byte) []byte {
	dst = append(append(append(dst, ',', '"'), name...), '"', ':')
	return append(dst, value...)
}

// given is field where there is a value.
func given(dst []byte, name string, value []byte) []byte {
	if value == nil {
		return dst
	}
	return field(dst, name, value)
}

// separated appends a comma unless the list that began at start is empty.
func separated(dst []byte, start int) []byte {
	if len(dst) > start {
		return append(dst, ',')
	}
	return dst
}

// sameText compares two JSON strings.
func sameText(a, b []byte) bool {
	if string(a) == string(b) {
		return true
	}
	x, _ := rawjson.Unquote(a)
	y, _ := rawjson.Unquote(b)
	return x == y
}
