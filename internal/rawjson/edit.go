package rawjson

import (
	"bytes"
	"slices"
	"strconv"
)

// Edit collects changes to an object's top-level fields. Nothing is done before
// Apply or Append; of two changes to one field the later counts. The object
// itself never changes.
type Edit struct {
	o   *Object
	ops []op
	buf []byte // values that the setters encoded
	few [6]op  // backs ops, so that the usual edit needs no slice of its own
}

// op is one field's change; a nil raw deletes it.
type op struct {
	name string
	raw  []byte
}

// Edit begins a set of changes.
func (o *Object) Edit() *Edit {
	e := &Edit{o: o}
	e.ops = e.few[:0]
	return e
}

// SetRaw sets the field to a value that is JSON already; an empty one counts as
// null. The bytes must not change before Apply or Append.
func (e *Edit) SetRaw(name string, raw []byte) *Edit {
	if len(raw) == 0 {
		raw = []byte("null")
	}
	return e.put(op{name, raw})
}

// SetString sets the field to a string.
func (e *Edit) SetString(name, value string) *Edit {
	return e.encoded(name, AppendQuote(e.buf, value))
}

// SetInt sets the field to an integer.
func (e *Edit) SetInt(name string, value int64) *Edit {
	return e.encoded(name, strconv.AppendInt(e.buf, value, 10))
}

// SetBool sets the field to true or false.
func (e *Edit) SetBool(name string, value bool) *Edit {
	return e.encoded(name, strconv.AppendBool(e.buf, value))
}

// Delete removes the field if it is there.
func (e *Edit) Delete(name string) *Edit { return e.put(op{name: name}) }

// encoded takes the buffer with a new value at its end. Values noted earlier keep
// pointing to the old array where the buffer has moved.
func (e *Edit) encoded(name string, buf []byte) *Edit {
	raw := buf[len(e.buf):len(buf):len(buf)]
	e.buf = buf
	return e.put(op{name, raw})
}

func (e *Edit) put(p op) *Edit {
	for i := range e.ops {
		if e.ops[i].name == p.name {
			e.ops[i] = p
			return e
		}
	}
	e.ops = append(e.ops, p)
	return e
}

// Apply returns the changed object, scanned for the same fields. It fails if a
// value given to SetRaw was not valid JSON.
func (e *Edit) Apply() (*Object, error) {
	o := &Object{data: e.Append(make([]byte, 0, len(e.o.data)+e.room())), fields: e.o.fields, prefix: e.o.prefix}
	if err := o.scan(); err != nil {
		return nil, err
	}
	return o, nil
}

// Append appends the changed document to dst. Members keep their order and bytes;
// a new field goes to the end. Values given to SetRaw are not checked.
func (e *Edit) Append(dst []byte) []byte {
	var few [8]cut
	cuts := few[:0]
	removed := 0
	var fresh [8]op
	added := fresh[:0]
	for _, p := range e.ops {
		from := len(cuts)
		cuts = e.o.locate(cuts, p.name)
		if from == len(cuts) && p.raw != nil {
			added = append(added, p)
		}
		for i := from; i < len(cuts); i++ {
			if i == from && p.raw != nil {
				cuts[i].raw = p.raw // any further occurrence goes
			} else {
				removed++
			}
		}
	}
	slices.SortFunc(cuts, func(a, b cut) int { return int(a.start) - int(b.start) })
	dst = appendCuts(slices.Grow(dst, len(e.o.data)+e.room()), e.o.data[:e.o.last], cuts)
	dst = appendNew(dst, added, e.o.members-removed)
	return append(dst, e.o.data[e.o.last:]...)
}

// room is the most that the edit can add in bytes.
func (e *Edit) room() int {
	n := 0
	for _, p := range e.ops {
		n += len(p.name) + len(p.raw) + len(`,"":`)
	}
	return n
}

// cut is one member of the document that is replaced, or deleted if raw is nil.
type cut struct {
	span
	raw []byte
}

// locate appends the places of a field: none or one for a wanted field; a field
// that the scan did not look for may occur more than once.
func (o *Object) locate(cuts []cut, name string) []cut {
	i := o.fields.find(name)
	if i < 0 {
		return append(cuts, o.search(name)...)
	}
	if o.spans[i].end != 0 {
		cuts = append(cuts, cut{span: o.spans[i]})
	}
	return cuts
}

// search walks the top level for a field that the scan did not look for.
func (o *Object) search(name string) (cuts []cut) {
	members(o.data, func(m member) bool {
		if keyEqual(o.data[m.key+1:m.keyEnd-1], name) {
			cuts = append(cuts, cut{span: span{uint32(m.key), uint32(m.start), uint32(m.end)}})
		}
		return true
	})
	return cuts
}

// appendCuts copies head, which ends with the last member's value, with the cuts
// made. A deleted member takes the comma behind it along; where nothing is kept
// behind it, the comma before it.
func appendCuts(dst, head []byte, cuts []cut) []byte {
	from := len(dst)
	pos := 0
	for _, c := range cuts {
		if c.raw != nil {
			dst = append(append(dst, head[pos:c.start]...), c.raw...)
			pos = int(c.end)
			continue
		}
		dst = append(dst, head[pos:c.key]...)
		pos = skipSpace(head, int(c.end))
		if pos < len(head) { // a comma, and another member
			pos = skipSpace(head, pos+1)
			continue
		}
		if kept := bytes.TrimRight(dst[from:], " \t\r\n"); bytes.HasSuffix(kept, []byte{','}) {
			dst = dst[:from+len(kept)-1]
		}
	}
	return append(dst, head[pos:]...)
}

// appendNew appends the fields that the document did not have. kept is how many
// members stand before them.
func appendNew(dst []byte, added []op, kept int) []byte {
	for _, p := range added {
		if kept > 0 {
			dst = append(dst, ',')
		}
		dst = append(AppendQuote(dst, p.name), ':')
		dst = append(dst, p.raw...)
		kept++
	}
	return dst
}
