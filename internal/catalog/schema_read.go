package catalog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"skytower/internal/rawjson"
)

// Bounds of one number. The validator computes with exact fractions, and 1e999999999
// would be one of a gigabyte.
const (
	maxNumber   = 1000 // bytes of its text
	maxExponent = 1000
)

// reader turns JSON that is valid and not nested too deep into values, and notes on its
// way where defaults have to be put in.
type reader struct {
	dec  *json.Decoder
	root string   // what the whole document is called
	path []string // steps to the value at hand, as a violation shows them

	count, most int // values
	depth       int // levels, 0: no bound
	room        int // bytes that defaults may still add
	inserts     []rawjson.Replacement
	// ready prepares a slot's default; nil where all are ready.
	ready func(*slot) error
}

func newReader(doc []byte, root string, most int) *reader {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	return &reader{dec: dec, root: root, most: most}
}

// value reads the next value; f, which may be nil, knows its defaults.
func (r *reader) value(f *filler) (any, error) {
	token, err := r.dec.Token()
	if err != nil {
		return nil, fmt.Errorf("read a token: %w", err)
	}
	if r.count++; r.count > r.most {
		return nil, violation{path: r.root, text: fmt.Sprintf("must hold at most %d values", r.most)}
	}
	switch t := token.(type) {
	case json.Delim:
		if r.depth > 0 && len(r.path) >= r.depth {
			return nil, r.violation(fmt.Sprintf("is nested deeper than the %d levels that the model's schema can be checked for", r.depth))
		}
		if t == '{' {
			return r.object(f)
		}
		return r.array(f)
	case json.Number:
		if !bounded(string(t)) {
			return nil, r.violation("must be a number within range")
		}
	}
	return token, nil
}

func (r *reader) violation(text string) violation {
	return violation{path: shorten(strings.TrimPrefix(r.root+strings.Join(r.path, ""), "."), maxPath), text: text}
}

func (r *reader) object(f *filler) (any, error) {
	members := map[string]any{}
	end := int(r.dec.InputOffset()) // behind the brace or the last value
	for r.dec.More() {
		token, err := r.dec.Token()
		if err != nil {
			return nil, fmt.Errorf("read a key: %w", err)
		}
		key, _ := token.(string)
		r.path = append(r.path, keyStep(key))
		if _, twice := members[key]; twice {
			// The upstream may take the other one, which nobody checked.
			return nil, r.violation("stands there twice")
		}
		if members[key], err = r.value(f.property(key)); err != nil {
			return nil, err
		}
		r.path = r.path[:len(r.path)-1]
		end = int(r.dec.InputOffset())
	}
	if _, err := r.dec.Token(); err != nil {
		return nil, fmt.Errorf("read the end of an object: %w", err)
	}
	return members, r.fill(f, members, end)
}

// fill puts the defaults of absent members in at the end of an object.
func (r *reader) fill(f *filler, members map[string]any, end int) error {
	if f == nil {
		return nil
	}
	var added []byte
	for _, slot := range f.slots {
		if _, there := members[slot.name]; there {
			continue
		}
		if r.ready != nil {
			if err := r.ready(slot); err != nil {
				return err
			}
		}
		if slot.raw == nil {
			continue
		}
		if len(members) > 0 {
			added = append(added, ',')
		}
		added = append(append(rawjson.AppendQuote(added, slot.name), ':'), slot.raw...)
		members[slot.name] = slot.value
		if len(added) > r.room {
			return violation{path: r.root, text: "is too large once the schema's defaults are filled in"}
		}
	}
	if r.room -= len(added); len(added) > 0 {
		r.inserts = append(r.inserts, rawjson.Replacement{Span: rawjson.Span{Start: end, End: end}, Raw: added})
	}
	return nil
}

func (r *reader) array(f *filler) (any, error) {
	elements := []any{}
	for r.dec.More() {
		r.path = append(r.path, "["+strconv.Itoa(len(elements))+"]")
		v, err := r.value(f.element())
		if err != nil {
			return nil, err
		}
		r.path = r.path[:len(r.path)-1]
		elements = append(elements, v)
	}
	if _, err := r.dec.Token(); err != nil {
		return nil, fmt.Errorf("read the end of an array: %w", err)
	}
	return elements, nil
}

// bounded reports whether a number can be computed with.
func bounded(number string) bool {
	if len(number) > maxNumber {
		return false
	}
	at := strings.IndexAny(number, "eE")
	if at < 0 {
		return true
	}
	exponent, err := strconv.Atoi(number[at+1:])
	return err == nil && -maxExponent <= exponent && exponent <= maxExponent
}

// asViolation is an error of a reader as a violation.
func asViolation(err error) violation {
	var v violation
	if errors.As(err, &v) {
		return v
	}
	return violation{path: "input", text: "must be JSON"}
}
