package media

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"skytower/internal/fault"
	"skytower/internal/rawjson"
)

// input is a model's input that is being put together from what a caller asks for.
type input struct {
	*ask
	schema  *schema
	model   string // as the caller wrote it
	members []member
}

type member struct {
	name string
	raw  json.RawMessage
}

// set gives a field of the input its value.
func (in *input) set(name string, raw json.RawMessage) {
	if i := in.index(name); i >= 0 {
		in.members[i].raw = raw
		return
	}
	in.members = append(in.members, member{name, raw})
}

func (in *input) setText(name, text string) { in.set(name, rawjson.AppendQuote(nil, text)) }

func (in *input) setNumber(name string, n int) { in.set(name, strconv.AppendInt(nil, int64(n), 10)) }

func (in *input) index(name string) int {
	return slices.IndexFunc(in.members, func(m member) bool { return m.name == name })
}

// clone is for another prediction of the same request.
func (in *input) clone() *input {
	out := *in
	out.members = slices.Clone(in.members)
	return &out
}

// json is the whole input.
func (in *input) json() json.RawMessage {
	out := []byte{'{'}
	for i, m := range in.members {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(rawjson.AppendQuote(out, m.name), ':'), m.raw...)
	}
	return append(out, '}')
}

// place is where a field of the route goes: the names that models have for it, and the
// values that say no more than its absence, which are left out where there is no place
// for them.
type place struct {
	field string
	names []string // of the input, in the order of preference; empty: the route's own
	idle  []string
}

// pass puts a field where the model wants it. A value that has no place and would change
// the result is refused by name.
func (in *input) pass(p place) error {
	f, ok := in.take(p.field)
	if !ok {
		return nil
	}
	names := p.names
	if len(names) == 0 {
		names = []string{p.field}
	}
	idle := slices.Contains(p.idle, f.plainText())
	name, prop := in.schema.first(names...)
	switch {
	case idle && (prop == nil || !prop.holds(f)):
		return nil
	case prop == nil:
		return in.noPlace(p.field)
	}
	in.set(name, prop.fit(f))
	return nil
}

// plainText is the value as a text, whether it came as one or not.
func (f field) plainText() string {
	if s, err := rawjson.Unquote(f.raw); err == nil && rawjson.KindOf(f.raw) == rawjson.KindString {
		return s
	}
	return string(f.raw)
}

func (in *input) noPlace(field string) error {
	return fault.Invalid(field, "The model '%s' takes no '%s': leave the field out.", short(in.model), short(field))
}

// passText puts a text that the route requires, or not, where the model wants it.
func (in *input) passText(field string, required bool, names ...string) error {
	text, err := in.text(field)
	if err != nil {
		return err
	}
	if text == "" {
		if required {
			return fault.Invalid(field, "The field '%s' is required.", field)
		}
		return nil
	}
	name, prop := in.schema.first(names...)
	if prop == nil {
		return in.noPlace(field)
	}
	in.setText(name, text)
	return nil
}

// rest passes what the route knows nothing of to fields of the same name.
func (in *input) rest() error {
	for _, name := range in.unread() {
		f, ok := in.take(name)
		if !ok {
			continue
		}
		there := in.schema.props[name]
		switch {
		case there == nil && !in.schema.open:
			return in.noPlace(name)
		case there == nil:
			there = &prop{}
		case in.index(name) >= 0:
			return fault.Invalid(name, "The field '%s' says the same as another one of the request: leave one of them out.", short(name))
		}
		in.set(name, there.fit(f))
	}
	for name := range in.files {
		if !in.used[name] {
			return in.noPlace(name)
		}
	}
	return nil
}

// passFiles puts the files of a field where the model wants them: one file into a field
// that is a text, several into one that is a list. An address in place of a file goes
// there as it is.
func (in *input) passFiles(field string, refer func(part) string, names ...string) error {
	in.used[field] = true
	var raw []json.RawMessage
	for _, p := range in.files[field] {
		raw = append(raw, rawjson.AppendQuote(nil, refer(p)))
	}
	if f, ok := in.take(field); ok {
		rawjson.Elements(f.raw, func(value []byte) bool {
			raw = append(raw, value)
			return true
		})
		if rawjson.KindOf(f.raw) == rawjson.KindString {
			raw = append(raw, f.raw)
		}
	}
	name, prop := in.listed(len(raw), names)
	switch {
	case len(raw) == 0:
		return nil
	case prop == nil:
		return in.noPlace(field)
	case prop.only("array"):
		in.set(name, joinArray(raw))
		return nil
	case len(raw) > 1 && prop.is("array"):
		in.set(name, joinArray(raw))
		return nil
	case len(raw) > 1:
		return fault.Invalid(field, "The model '%s' takes one file as '%s', not %d.", short(in.model), field, len(raw))
	}
	in.set(name, raw[0])
	return nil
}

// listed is the field of the names for n files: of several, one that is a list, if there is
// any.
func (in *input) listed(n int, names []string) (string, *prop) {
	if n > 1 && !in.schema.open {
		for _, name := range names {
			if p := in.schema.props[name]; p != nil && p.is("array") {
				return name, p
			}
		}
	}
	return in.schema.first(names...)
}

func joinArray(raw []json.RawMessage) json.RawMessage {
	out := []byte{'['}
	for i, value := range raw {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, value...)
	}
	return append(out, ']')
}

// format asks the model for the form of its output. idle is the form that needs no
// asking: it is left out where there is no choice. Of words that mean the same, the
// model's own is sent.
func (in *input) format(field, word, idle string, names ...string) error {
	if word == "" {
		return nil
	}
	name, prop := in.schema.first(names...)
	if prop == nil {
		if word == idle {
			return nil
		}
		return in.noPlace(field)
	}
	for _, same := range sameFormat(word) {
		if prop.takes(same) {
			in.setText(name, same)
			return nil
		}
	}
	if word == idle {
		return nil
	}
	in.setText(name, word) // the check names what it may be
	return nil
}

func sameFormat(word string) []string {
	words := []string{word}
	switch word {
	case "jpeg":
		words = append(words, "jpg")
	case "jpg":
		words = append(words, "jpeg")
	}
	for _, w := range slices.Clone(words) {
		words = append(words, strings.ToUpper(w), "image/"+w, "audio/"+w)
	}
	return words
}
