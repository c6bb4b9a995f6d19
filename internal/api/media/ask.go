package media

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"skytower/internal/blob"
	"skytower/internal/fault"
	"skytower/internal/httpx"
	"skytower/internal/rawjson"
)

// maxFields bounds the fields of one body. The routes know about twenty.
const maxFields = 64

// ask is what a caller asks for: the fields of a body, whatever form it came in. A field
// that is null is none.
type ask struct {
	fields map[string]field
	names  []string          // in the order of the body
	used   map[string]bool   // that the route has read
	files  map[string][]part // of a form, by field
}

// field is one value. One that is loose came in a form, where everything is text.
type field struct {
	raw   json.RawMessage
	loose bool
}

// part is a file of a form.
type part struct {
	file   blob.File
	digest string // of the content, in hexadecimal SHA-256
}

func newAsk() *ask {
	return &ask{fields: map[string]field{}, used: map[string]bool{}, files: map[string][]part{}}
}

// readJSON reads a body that is one JSON object.
func (h *Handlers) readJSON(c *httpx.Call) (*ask, error) {
	body, err := c.Body(h.MaxBody)
	if err != nil {
		return nil, err
	}
	if _, err := rawjson.Scan(body, rawjson.NewFields("model")); err != nil {
		return nil, err
	}
	a := newAsk()
	rawjson.Top(body, func(key, value []byte) bool {
		var name string
		if name, err = rawjson.Unquote([]byte(`"` + string(key) + `"`)); err == nil {
			err = a.add(name, field{raw: value})
		}
		return err == nil
	})
	if err != nil {
		return nil, fault.From(err)
	}
	return a, nil
}

// add takes a field in. One that stands there twice is refused: readers differ about
// which one counts.
func (a *ask) add(name string, f field) error {
	if _, twice := a.fields[name]; twice || len(a.files[name]) > 0 {
		return fault.Invalid(name, "The field '%s' stands there twice.", short(name))
	}
	if len(a.names) >= maxFields {
		return fault.Newf(fault.InvalidRequest, "The request has more than %d fields.", maxFields)
	}
	a.names = append(a.names, name)
	a.fields[name] = f
	return nil
}

// take is the value of a field, which counts as read from now on. ok is false where it is
// absent or null.
func (a *ask) take(name string) (f field, ok bool) {
	a.used[name] = true
	f, ok = a.fields[name]
	return f, ok && rawjson.KindOf(f.raw) != rawjson.KindNull
}

// text is a field that is a text, "" where it is absent.
func (a *ask) text(name string) (string, error) {
	f, ok := a.take(name)
	if !ok {
		return "", nil
	}
	s, err := rawjson.Unquote(f.raw)
	if rawjson.KindOf(f.raw) != rawjson.KindString || err != nil {
		return "", fault.Invalid(name, "The field '%s' must be a string.", name)
	}
	return s, nil
}

// number is a field that is a whole number from least to most.
func (a *ask) number(name string, least, most int) (n int, ok bool, err error) {
	f, ok := a.take(name)
	if !ok {
		return 0, false, nil
	}
	value, err := strconv.ParseFloat(f.plain(), 64)
	if err != nil || value != float64(int(value)) || int(value) < least || int(value) > most {
		return 0, false, fault.Invalid(name, "The field '%s' must be a whole number from %d to %d.", name, least, most)
	}
	return int(value), true, nil
}

// flag is a field that is true or false, false where it is absent.
func (a *ask) flag(name string) (bool, error) {
	f, ok := a.take(name)
	if !ok {
		return false, nil
	}
	switch f.plain() {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fault.Invalid(name, "The field '%s' must be true or false.", name)
}

// word is a field that is one of the words, the first of them where it is absent.
func (a *ask) word(name string, words ...string) (string, error) {
	s, err := a.text(name)
	switch {
	case err != nil:
		return "", err
	case s == "":
		return words[0], nil
	case !slices.Contains(words, s):
		return "", fault.Invalid(name, "The field '%s' must be one of: %s.", name, strings.Join(words, ", "))
	}
	return s, nil
}

// plain is the value's text: of a form's field what it holds, else its JSON.
func (f field) plain() string {
	if !f.loose {
		return string(f.raw)
	}
	s, err := rawjson.Unquote(f.raw)
	if err != nil {
		return string(f.raw)
	}
	return strings.TrimSpace(s)
}

// unread are the fields that the route has not read, in their order.
func (a *ask) unread() []string {
	return slices.DeleteFunc(slices.Clone(a.names), func(name string) bool { return a.used[name] })
}
