package rawjson_test

// Trees are compared by reflect.DeepEqual here: go-cmp takes time exponential in
// the depth of nested interface values.

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/fault"
	"skytower/internal/rawjson"
)

// wanted has names with k and s, which non-ASCII letters fold to.
func wanted() []string {
	return []string{"model", "messages", "stream", "stream_options", "max_tokens", "n", "tool_task", "k", "s"}
}

// entry is one member of an object, found by encoding/json's tokenizer.
type entry struct{ rawKey, key, value string }

// entries lists the members of a valid object in order, repeated ones included.
func entries(t testing.TB, doc []byte) []entry {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	if _, err := dec.Token(); err != nil {
		t.Fatalf("reference: %v in %q", err, doc)
	}
	out := []entry{}
	for dec.More() {
		from := dec.InputOffset()
		tok, err := dec.Token()
		if err != nil {
			t.Fatalf("reference: %v in %q", err, doc)
		}
		raw := strings.TrimLeft(string(doc[from:dec.InputOffset()]), " \t\r\n,")
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			t.Fatalf("reference: %v in %q", err, doc)
		}
		out = append(out, entry{raw, tok.(string), string(value)})
	}
	return out
}

// depth counts the nesting of a valid document.
func depth(t testing.TB, doc []byte) int {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	deepest, now := 0, 0
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return deepest
		}
		if err != nil {
			t.Fatalf("reference: %v in %q", err, doc)
		}
		switch tok {
		case json.Delim('{'), json.Delim('['):
			now++
			deepest = max(deepest, now)
		case json.Delim('}'), json.Delim(']'):
			now--
		}
	}
}

// isObject is encoding/json's verdict, with our cap on nesting.
func isObject(t testing.TB, doc []byte) bool {
	return json.Valid(doc) && bytes.HasPrefix(bytes.TrimLeft(doc, " \t\r\n"), []byte{'{'}) && depth(t, doc) <= rawjson.MaxDepth
}

// unclear tells whether a wanted field occurs twice or in another spelling.
func unclear(members []entry) bool {
	for _, name := range wanted() {
		n := 0
		for _, m := range members {
			if strings.EqualFold(m.key, name) {
				n++
				if m.rawKey != `"`+name+`"` {
					return true
				}
			}
		}
		if n > 1 {
			return true
		}
	}
	return false
}

func seeds() []string {
	return []string{
		`{}`, ` { } `, `{"model":"m"}`, `{"model":"m","stream":true}`, "\t{\"model\" :\r\n\"m\" , \"n\": 1}\n",
		`{"model":"a","model":"b"}`, `{"mod\u0065l":"a"}`, `{"Model":"a"}`, `{"\u212a":1}`, "{\"\u212a\":1}", "{\"\u017ftream\":1}",
		`{"tool_ta\u017f\u212A":0}`, `{"s":1,"S":2}`, `{"model\u0000":1}`, `{"model ":1}`, `{"\"model":1}`, `{"":1}`,
		`{"a":{"model":1,"model":2,"Model":3}}`, `{"a":[1,2,{"b":[]}],"model":null}`,
		`{"a":-0.0e+10,"b":1E5,"c":0,"n":-1}`, `{"a":01}`, `{"a":1.}`, `{"a":.5}`, `{"a":-}`, `{"a":1e}`, `{"a":+1}`, `{"a":0x1}`,
		`{"a":tru}`, `{"a":truex}`, `{"a":nul`, `{"a":NaN}`, `{"a":'b'}`, `{a:1}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{"a":1 "b":2}`,
		`{"a":"\x"}`, `{"a":"\u12g4"}`, `{"a":"\u123"}`, `{"a":"\ud83d\ude00\ud83d"}`, "{\"a\":\"\xff\xc0\"}", "{\"\xffmodel\":1}",
		"{\"a\":\"\n\"}", "{\"a\":\"\x1f\"}", "{\"a\":\"\x7f\"}", "{\"a\":\"0123456789abcde\x00fghijklmnop\"}", `{"a":"unended`, `{"a":"\`,
		`[]`, `["model"]`, `null`, `"x"`, `1`, ``, ` `, "\ufeff{}", `{}{}`, `{}x`, `{} ]`, "{}\x00", `{"a":[1,]}`, `{"a":[1 2]}`, `{"a":[}`,
		`{"a":` + strings.Repeat("[", 127) + strings.Repeat("]", 127) + `}`,
		`{"a":` + strings.Repeat("[", 128) + strings.Repeat("]", 128) + `}`,
		`{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"http:\/\/a"}}]}],"model":"m"}`,
		`{"a":"` + strings.Repeat("x", 40) + `\"` + strings.Repeat("y", 23) + `","model":"m"}`,
		`{"` + strings.Repeat("K", 70) + `":1,"model":"m"}`,
	}
}

// FuzzScan holds the scan against encoding/json. The differences that are meant:
// nesting beyond MaxDepth, documents that are not objects, and wanted fields that
// are repeated or spelled otherwise are refused.
func FuzzScan(f *testing.F) {
	for _, s := range seeds() {
		f.Add([]byte(s))
	}
	fields := rawjson.NewFields(wanted()...)
	f.Fuzz(func(t *testing.T, doc []byte) {
		o, err := rawjson.Scan(doc, fields)
		if !isObject(t, doc) {
			if err == nil {
				t.Fatalf("accepted %q, encoding/json or the cap on depth does not", doc)
			}
			if !fault.Is(err, fault.InvalidRequest) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		members := entries(t, doc)
		if (err != nil) != unclear(members) {
			t.Fatalf("%q: error %v, but unclear = %v", doc, err, unclear(members))
		}
		if err != nil {
			if fault.From(err).Param == "" {
				t.Fatalf("%q: the error names no field: %v", doc, err)
			}
			return
		}
		if !bytes.Equal(o.Bytes(), doc) {
			t.Fatal("Bytes differ from what came")
		}
		checkFields(t, o, members)
	})
}

// checkFields compares every getter with the reference's member list.
func checkFields(t *testing.T, o *rawjson.Object, members []entry) {
	t.Helper()
	values := map[string]string{"absent": ""}
	for _, m := range members {
		values[m.key] = m.value
	}
	for _, name := range append(wanted(), "a", "b", "absent") {
		raw, ok := o.Raw(name)
		if ok != (values[name] != "") || string(raw) != values[name] {
			t.Fatalf("Raw(%q) = %q, %v; want %q in %q", name, raw, ok, values[name], o.Bytes())
		}
		if !ok {
			continue
		}
		var want any
		if err := json.Unmarshal(raw, &want); err == nil {
			checkTyped(t, o, name, want)
		}
	}
}

func checkTyped(t *testing.T, o *rawjson.Object, name string, want any) {
	t.Helper()
	s, isString, _ := o.String(name)
	b, isBool, _ := o.Bool(name)
	f, isFloat, _ := o.Float(name)
	var got any
	switch {
	case isString:
		got = s
	case isBool:
		got = b
	case isFloat:
		got = f
	case o.Kind(name) == rawjson.KindNull:
	default:
		return // a container, or a number that neither reader takes
	}
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("%s: got %v, want %v", name, got, want)
	}
}

// FuzzEdit applies changes that the fuzzer picks and compares member by member:
// changed fields in their place, new ones at the end, all else byte for byte.
func FuzzEdit(f *testing.F) {
	for i, s := range seeds() {
		f.Add([]byte(s), uint64(i)*0x9e3779b97f4a7c15, "v\n\u2028\"")
	}
	f.Add([]byte(` { "model" : 1 , "n" : 2 , "x" : 3 } `), uint64(0b01_01_01), "")
	f.Add([]byte(`{"a":1,"x":2,"a":3,"\u0061":4}`), uint64(0b10)<<18, "z")
	fields := rawjson.NewFields(wanted()...)
	f.Fuzz(func(t *testing.T, doc []byte, choice uint64, value string) {
		o, err := rawjson.Scan(doc, fields)
		if err != nil {
			return
		}
		want := entries(t, doc)
		edit := o.Edit()
		for _, name := range append(wanted(), "a", "zz") { // two that the scan does not know
			want = choose(edit, want, name, choice&3, value)
			choice >>= 2
		}
		out := edit.Append([]byte("before"))
		out, _ = bytes.CutPrefix(out, []byte("before"))
		if !json.Valid(out) {
			t.Fatalf("%q became %q", doc, out)
		}
		if diff := cmp.Diff(want, entries(t, out), cmp.AllowUnexported(entry{})); diff != "" {
			t.Fatalf("%q became %q: %s", doc, out, diff)
		}
		again, err := edit.Apply()
		if err != nil || !bytes.Equal(again.Bytes(), out) {
			t.Fatalf("Apply = %v, error %v; want %q", again, err, out)
		}
		checkFields(t, again, entries(t, out))
		if !bytes.Equal(o.Bytes(), doc) {
			t.Fatal("the edit changed the original")
		}
	})
}

// choose makes one change by number, in the edit and in the reference's list.
func choose(edit *rawjson.Edit, members []entry, name string, number uint64, value string) []entry {
	raw := ""
	switch number {
	case 0:
		return members
	case 1:
		edit.Delete(name)
	case 2:
		edit.SetString(name, value)
		raw = string(rawjson.AppendQuote(nil, value))
	case 3:
		edit.SetInt(name, 7).SetRaw(name, []byte(`{"x": [1]}`)) // the later one counts
		raw = `{"x": [1]}`
	}
	out := []entry{}
	for _, m := range members {
		if m.key != name {
			out = append(out, m)
		} else if raw != "" {
			m.value = raw
			out = append(out, m)
			raw = ""
			number = 1 // found: further ones go
		}
	}
	if raw != "" {
		out = append(out, entry{`"` + name + `"`, name, raw})
	}
	return out
}

// FuzzRead gives the unscanned readers anything: no panic, and on valid documents
// the same answers as encoding/json.
func FuzzRead(f *testing.F) {
	for _, s := range seeds() {
		f.Add([]byte(s), "model")
	}
	f.Add([]byte(`{"usage":{"prompt_tokens":3},"usage":{"x":"\u0041"}}`), "usage")
	f.Fuzz(func(t *testing.T, doc []byte, name string) {
		// Names are the program's own words, as Get and ReplaceTop ask for.
		name = strings.ReplaceAll(strings.ToValidUTF8(name, ""), "\uFFFD", "")
		oneLine := rawjson.OneLine(nil, doc)
		if bytes.ContainsAny(oneLine, "\r\n") {
			t.Fatalf("OneLine left a break: %q", oneLine)
		}
		compact := rawjson.Compact(nil, doc)
		value, found := rawjson.Get(doc, name)
		rawjson.Get(doc, name, name)
		replaced, did := rawjson.ReplaceTop(nil, doc, name, []byte(`"new"`))
		rawjson.Elements(doc, func(v []byte) bool { rawjson.Int(v); return true })
		text, textErr := rawjson.Unquote(doc)
		strs, whole := walked(doc)

		valid := json.Valid(doc) && depth(t, doc) <= rawjson.MaxDepth
		if rawjson.Valid(doc) != valid {
			t.Fatalf("Valid(%q) = %v", doc, !valid)
		}
		if !valid {
			return
		}
		if !whole {
			t.Fatalf("WalkStrings gave up on %q", doc)
		}
		if diff := cmp.Diff(stringValues(t, doc), strs); diff != "" {
			t.Fatal(diff)
		}
		var want any
		if err := json.Unmarshal(doc, &want); err != nil {
			return // a number out of range
		}
		for _, other := range [][]byte{oneLine, compact} {
			var got any
			if err := json.Unmarshal(other, &got); err != nil || !reflect.DeepEqual(want, got) {
				t.Fatalf("%q became %q", doc, other)
			}
		}
		if s, ok := want.(string); ok != (textErr == nil) || s != text {
			t.Fatalf("Unquote(%q) = %q, %v", doc, text, textErr)
		}
		object, _ := want.(map[string]any)
		checkReplaced(t, object, name, value, found, replaced, did)
	})
}

func checkReplaced(t *testing.T, object map[string]any, name string, value []byte, found bool, replaced []byte, did bool) {
	t.Helper()
	member, there := object[name]
	if found != there || did != there {
		t.Fatalf("found %v, replaced %v, want %v", found, did, there)
	}
	if !there {
		return
	}
	var got any
	if err := json.Unmarshal(value, &got); err != nil || !reflect.DeepEqual(member, got) {
		t.Fatalf("Get = %q, want %v", value, member)
	}
	object[name] = "new"
	var after map[string]any
	if err := json.Unmarshal(replaced, &after); err != nil || !reflect.DeepEqual(object, after) {
		t.Fatalf("ReplaceTop gave %q", replaced)
	}
}

// walked lists the string values that WalkStrings finds.
func walked(doc []byte) (out []string, whole bool) {
	whole = rawjson.WalkStrings(doc, func(p *rawjson.Path, at rawjson.Span) bool {
		s, err := rawjson.Unquote(doc[at.Start:at.End])
		_ = p.String()
		if err == nil {
			out = append(out, s)
		}
		return true
	})
	return out, whole
}

// stringValues lists the string values of a valid document by encoding/json.
func stringValues(t testing.TB, doc []byte) (out []string) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	var object []bool // for each open container
	key := false      // the next string is a key
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatalf("reference: %v", err)
		}
		if s, ok := tok.(string); ok {
			if key {
				key = false
				continue
			}
			out = append(out, s)
		}
		switch tok {
		case json.Delim('{'), json.Delim('['):
			object = append(object, tok == json.Delim('{'))
		case json.Delim('}'), json.Delim(']'):
			object = object[:len(object)-1]
		}
		key = len(object) > 0 && object[len(object)-1]
	}
}
