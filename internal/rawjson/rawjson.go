// Package rawjson reads JSON that is kept as the bytes that came. One scan of a
// request body checks all of it and finds the top-level fields that the server
// acts on; edits splice bytes, so that everything else goes on byte for byte. The
// same tools read and patch upstream answers, which are not scanned first.
//
// The package knows no route and no field of the API: callers name the fields
// that they act on. It builds no tree and uses no reflection.
//
// Its one invariant: what a getter returns for a wanted field is what any JSON
// reader at the other end finds there. So a wanted field that is repeated,
// escaped, or spelled in another case is refused and never guessed at.
package rawjson

import (
	"math"

	"skytower/internal/fault"
)

// MaxFields is how many fields one scan can look for.
const MaxFields = 32

// MaxDepth is how deep arrays and objects may be nested, the outermost included.
// Request bodies stay far below it; encoding/json gives up at 10,000.
const MaxDepth = 128

// maxName bounds the length of a wanted field's name in bytes.
const maxName = 63

// span places one top-level member: the opening quote of its key, and its value.
// An end of 0 means that the field did not occur.
type span struct{ key, start, end uint32 }

// Fields is a set of top-level fields that a scan looks for. It is immutable and
// may be shared.
type Fields struct {
	names  []string
	length [maxName + 1]uint32 // which names have this length, as bits
}

// NewFields returns the set of the given names. Names are written in code, so a
// bad one panics: at most MaxFields of them, each once, of a-z, 0-9 and '_', and
// no longer than 63 bytes.
func NewFields(names ...string) *Fields {
	if len(names) > MaxFields {
		panic("rawjson: more fields than a scan can look for")
	}
	f := &Fields{names: append([]string(nil), names...)}
	for i, name := range f.names {
		if !plainName(name) || f.find(name) >= 0 {
			panic("rawjson: bad or repeated field name " + name)
		}
		f.length[len(name)] |= 1 << i
	}
	return f
}

func plainName(name string) bool {
	if name == "" || len(name) > maxName {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// Object is one JSON object whose wanted fields have been found. It keeps the
// bytes that it was scanned from, which must not change while it is in use. It is
// read-only after the scan, so tries of one request may share it.
type Object struct {
	data    []byte
	fields  *Fields
	prefix  string // "stream_options." for an object within a field
	spans   [MaxFields]span
	last    int // end of the last member's value; the byte after '{' without members
	members int
}

// Scan checks that data is one valid JSON object and finds the wanted fields in
// it. It accepts what encoding/json accepts but for nesting beyond MaxDepth and
// the rule on wanted fields in the package comment.
//
// The error is an INVALID_REQUEST that says what was expected and where, or names
// the field.
func Scan(data []byte, fields *Fields) (*Object, error) {
	o := new(Object)
	if err := ScanInto(o, data, fields); err != nil {
		return nil, err
	}
	return o, nil
}

// ScanInto is Scan into an Object that the caller keeps, in a pool for instance;
// whatever o held is forgotten. After an error o must not be read.
func ScanInto(o *Object, data []byte, fields *Fields) error {
	*o = Object{data: data, fields: fields}
	if len(data) > math.MaxInt32 {
		return fault.New(fault.InvalidRequest, "The request body is too large to be read.")
	}
	return o.scan()
}

// Bytes returns the whole document as it came, white space around it included.
func (o *Object) Bytes() []byte { return o.data }

// Raw returns the bytes of the field's value. For a name that the scan was not
// asked for, the object is searched and the last occurrence counts, as in most
// JSON readers.
func (o *Object) Raw(name string) ([]byte, bool) {
	i := o.fields.find(name)
	if i < 0 {
		return Get(o.data, name)
	}
	s := o.spans[i]
	if s.end == 0 {
		return nil, false
	}
	return o.data[s.start:s.end:s.end], true
}

// Kind tells what the field holds; Missing where it is absent.
func (o *Object) Kind(name string) Kind {
	raw, ok := o.Raw(name)
	if !ok {
		return Missing
	}
	return KindOf(raw)
}

// String returns a string field. It is false where the field is absent or null;
// any other kind is an INVALID_PARAMETER.
func (o *Object) String(name string) (string, bool, error) {
	raw, ok, err := o.typed(name, "a string", KindString, KindString)
	if !ok {
		return "", false, err
	}
	s, err := Unquote(raw)
	return s, err == nil, err
}

// Bool returns a boolean field. It is false, false where the field is absent or
// null; any other kind is an INVALID_PARAMETER.
func (o *Object) Bool(name string) (value, ok bool, err error) {
	raw, ok, err := o.typed(name, "a boolean", KindTrue, KindFalse)
	return ok && raw[0] == 't', ok, err
}

// Int returns an integer field; 16.0 and 1e3 are integers too. It is false where
// the field is absent or null; another kind, a fraction, or a number beyond 64
// bits is an INVALID_PARAMETER.
func (o *Object) Int(name string) (int64, bool, error) {
	raw, ok, err := o.typed(name, "an integer", KindNumber, KindNumber)
	if !ok {
		return 0, false, err
	}
	n, ok := Int(raw)
	if ok {
		return n, true, nil
	}
	param := o.prefix + name
	if f, fits := Float(raw); fits && f != math.Trunc(f) {
		return 0, false, fault.Invalid(param, "'%s' must be an integer, not a number with a fraction.", param)
	}
	return 0, false, fault.Invalid(param, "'%s' is out of range for an integer.", param)
}

// Float returns a number field. It is false where the field is absent or null;
// another kind, or a number beyond float64, is an INVALID_PARAMETER.
func (o *Object) Float(name string) (float64, bool, error) {
	raw, ok, err := o.typed(name, "a number", KindNumber, KindNumber)
	if !ok {
		return 0, false, err
	}
	f, ok := Float(raw)
	if !ok {
		param := o.prefix + name
		return 0, false, fault.Invalid(param, "'%s' is out of range for a number.", param)
	}
	return f, true, nil
}

// Array returns the bytes of an array field. It is false where the field is
// absent or null; any other kind is an INVALID_PARAMETER.
func (o *Object) Array(name string) ([]byte, bool, error) {
	return o.typed(name, "an array", KindArray, KindArray)
}

// Object scans an object field for fields of its own, under the same rules; its
// errors name the field as "outer.inner". It is false where the field is absent
// or null; any other kind is an INVALID_PARAMETER.
func (o *Object) Object(name string, fields *Fields) (*Object, bool, error) {
	raw, ok, err := o.typed(name, "an object", KindObject, KindObject)
	if !ok {
		return nil, false, err
	}
	in := &Object{data: raw, fields: fields, prefix: o.prefix + name + "."}
	if err := in.scan(); err != nil {
		return nil, false, err
	}
	return in, true, nil
}

// typed returns the field's bytes if it is of kind a or b, and the error that
// names the expected and the found type if it is of another.
func (o *Object) typed(name, want string, a, b Kind) ([]byte, bool, error) {
	raw, ok := o.Raw(name)
	if !ok {
		return nil, false, nil
	}
	switch k := KindOf(raw); k {
	case a, b:
		return raw, true, nil
	case KindNull:
		return nil, false, nil
	default:
		param := o.prefix + name
		return nil, false, fault.Invalid(param, "'%s' must be %s, not %s.", param, want, k.phrase())
	}
}

// find returns the index of the name, or -1. A nil set has no names.
func (f *Fields) find(name string) int { return find(f, name) }

// find is generic so that a key's bytes need not be copied to a string.
func find[T string | []byte](f *Fields, name T) int {
	if f == nil || len(name) > maxName {
		return -1
	}
	for i, bits := 0, f.length[len(name)]; bits != 0; i, bits = i+1, bits>>1 {
		if bits&1 != 0 && f.names[i] == string(name) {
			return i
		}
	}
	return -1
}
