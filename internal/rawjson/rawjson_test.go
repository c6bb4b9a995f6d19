package rawjson_test

import (
	"errors"
	"strings"
	"testing"

	"skytower/internal/fault"
	"skytower/internal/rawjson"
)

func TestScanRefuses(t *testing.T) {
	t.Parallel()
	fields := rawjson.NewFields("model", "stream", "task")
	const broken = "The request body is not valid JSON: expected "
	deep := `{"a":` + strings.Repeat("[", 128) + strings.Repeat("]", 128) + `}`
	tests := []struct {
		name, body, message, param string
	}{
		{"empty", "", "The request body is empty; a JSON object was expected.", ""},
		{"white space alone", " \n", "The request body is empty; a JSON object was expected.", ""},
		{"byte order mark", "\ufeff{}", "The request body begins with a byte order mark (byte 0); send the JSON without it.", ""},
		{"array", ` [{"model":"m"}]`, "The request body must be a JSON object, not an array (byte 1).", ""},
		{"string", `"x"`, "The request body must be a JSON object, not a string (byte 0).", ""},
		{"null", `null`, "The request body must be a JSON object, not null (byte 0).", ""},
		{"form data", `model=m`, broken + `'{', found 'm' at line 1, column 1 (byte 0).`, ""},
		{"trailing text", `{"a":1}x`, broken + `nothing after the object, found 'x' at line 1, column 8 (byte 7).`, ""},
		{"second object", "{}\n{}", broken + `nothing after the object, found '{' at line 2, column 1 (byte 3).`, ""},
		{"cut short", `{"a":[1,`, broken + `a value, found the end of the body at line 1, column 9 (byte 8).`, ""},
		{"open string", `{"a":"b`, broken + `the end of a string, found the end of the body at line 1, column 8 (byte 7).`, ""},
		{"trailing comma", "{\"a\":1,\n}", broken + `a key in double quotes, found '}' at line 2, column 1 (byte 8).`, ""},
		{"bare key", `{a:1}`, broken + `a key in double quotes, found 'a' at line 1, column 2 (byte 1).`, ""},
		{"no colon", `{"a" 1}`, broken + `':', found '1' at line 1, column 6 (byte 5).`, ""},
		{"no comma", `{"é":1 "b":2}`, broken + `',' or '}', found '"' at line 1, column 8 (byte 8).`, ""},
		{"no comma in array", `{"a":[1 2]}`, broken + `',' or ']', found '2' at line 1, column 9 (byte 8).`, ""},
		{"python's word", `{"a":True}`, broken + `a value, found 'T' at line 1, column 6 (byte 5).`, ""},
		{"half a word", `{"a":tru}`, broken + `true, found '}' at line 1, column 9 (byte 8).`, ""},
		{"leading zero", `{"a":01}`, broken + `',' or '}', found '1' at line 1, column 7 (byte 6).`, ""},
		{"bare point", `{"a":1.}`, broken + `a digit, found '}' at line 1, column 8 (byte 7).`, ""},
		{"bare exponent", `{"a":1e}`, broken + `a digit, found '}' at line 1, column 8 (byte 7).`, ""},
		{"bare minus", `{"a":-}`, broken + `a digit, found '}' at line 1, column 7 (byte 6).`, ""},
		{"bad escape", `{"a":"\x"}`, broken + `a valid escape, found '\\' at line 1, column 7 (byte 6).`, ""},
		{"raw line break", "{\"a\":\"b\nc\"}", broken + `no unescaped control character in a string, found '\n' at line 1, column 8 (byte 7).`, ""},
		{"stray byte", "{\"a\":\xff}", broken + `a value, found the byte 0xff at line 1, column 6 (byte 5).`, ""},
		{"too deep", deep, broken + `at most 128 levels of nesting, found '[' at line 1, column 133 (byte 132).`, ""},
		{"repeated", `{"model":"a","x":1,"model":"a"}`, "The field 'model' occurs twice; send it once.", "model"},
		{"escaped", `{"mod\u0065l":"a"}`, "The field 'model' is written with escapes or in another case; spell it exactly 'model'.", "model"},
		{"another case", `{"STREAM":true}`, "The field 'stream' is written with escapes or in another case; spell it exactly 'stream'.", "stream"},
		{"another case beside the right one", `{"model":"a","Model":"b"}`, "The field 'model' is written with escapes or in another case; spell it exactly 'model'.", "model"},
		{"long s and Kelvin sign", "{\"ta\u017f\u212a\":1}", "The field 'task' is written with escapes or in another case; spell it exactly 'task'.", "task"},
		{"escaped Kelvin sign", `{"tas\u212A":1}`, "The field 'task' is written with escapes or in another case; spell it exactly 'task'.", "task"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o, err := rawjson.Scan([]byte(tt.body), fields)
			var e *fault.Error
			if !errors.As(err, &e) || o != nil {
				t.Fatalf("got %v, %v", o, err)
			}
			if e.ID != fault.InvalidRequest || e.Message != tt.message || e.Param != tt.param {
				t.Errorf("got %s %q about %q\nwant %q about %q", e.ID, e.Message, e.Param, tt.message, tt.param)
			}
		})
	}
}

func TestScanLetsOtherFieldsBe(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"model":"m","x":1,"x":2,"X":3}`,                // repeated, but not ours
		`{"model":"m","metadata":{"Model":1,"model":2}}`, // ours, but not at the top
		`{"model":"m","models":1,"mode":2,"model_":3,"":4}`,
		`{"model":"m","mod\u0065ls":1,"ｍodel":2,"möodel":3}`,
		`{"model":"m","a":` + strings.Repeat("[", 127) + strings.Repeat("]", 127) + `}`,
	} {
		o, err := rawjson.Scan([]byte(body), rawjson.NewFields("model"))
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if s, ok, err := o.String("model"); s != "m" || !ok || err != nil {
			t.Errorf("%s: model = %q, %v, %v", body, s, ok, err)
		}
	}
}

func TestGetters(t *testing.T) {
	t.Parallel()
	o := scan(t, `{"s":"a\u00e9\n","b":true,"c":false,"i":-12,"r":16.0,"e":1e3,"f":0.5,"big":9223372036854775808,
		"min":-9223372036854775808,"max":9223372036854775807,"huge":1e999,"nil":null,"o":{"x":1},"a":[1]}`)
	if s, ok, err := o.String("s"); s != "aé\n" || !ok || err != nil {
		t.Errorf("String = %q, %v, %v", s, ok, err)
	}
	for name, want := range map[string]bool{"b": true, "c": false} {
		if b, ok, err := o.Bool(name); b != want || !ok || err != nil {
			t.Errorf("Bool(%s) = %v, %v, %v", name, b, ok, err)
		}
	}
	for name, want := range map[string]int64{"i": -12, "r": 16, "e": 1000, "min": -1 << 63, "max": 1<<63 - 1} {
		if n, ok, err := o.Int(name); n != want || !ok || err != nil {
			t.Errorf("Int(%s) = %v, %v, %v", name, n, ok, err)
		}
	}
	if f, ok, err := o.Float("f"); f != 0.5 || !ok || err != nil {
		t.Errorf("Float = %v, %v, %v", f, ok, err)
	}
	if a, ok, err := o.Array("a"); string(a) != "[1]" || !ok || err != nil {
		t.Errorf("Array = %s, %v, %v", a, ok, err)
	}
	if in, ok, err := o.Object("o", rawjson.NewFields("x")); err != nil || !ok || string(in.Bytes()) != `{"x":1}` {
		t.Errorf("Object = %v, %v, %v", in, ok, err)
	}
}

func TestAbsentAndNull(t *testing.T) {
	t.Parallel()
	o := scan(t, `{"nil":null}`)
	for _, name := range []string{"nil", "s", "unlisted"} {
		_, s, err1 := o.String(name)
		_, b, err2 := o.Bool(name)
		_, i, err3 := o.Int(name)
		_, f, err4 := o.Float(name)
		_, a, err5 := o.Array(name)
		_, in, err6 := o.Object(name, nil)
		if s || b || i || f || a || in || errors.Join(err1, err2, err3, err4, err5, err6) != nil {
			t.Errorf("%s reads as present or wrong", name)
		}
	}
	if o.Kind("nil") != rawjson.KindNull || o.Kind("s") != rawjson.Missing {
		t.Error("Kind does not tell null from absent")
	}
}

func TestGettersNameTheTypes(t *testing.T) {
	t.Parallel()
	o := scan(t, `{"s":"x","b":true,"i":1,"f":1.5,"big":9223372036854775808,"huge":1e999,"o":{"b":"x","B":1},"a":[]}`)
	str := func(n string) error { _, _, err := o.String(n); return err }
	boolean := func(n string) error { _, _, err := o.Bool(n); return err }
	integer := func(n string) error { _, _, err := o.Int(n); return err }
	number := func(n string) error { _, _, err := o.Float(n); return err }
	array := func(n string) error { _, _, err := o.Array(n); return err }
	object := func(n string) error { _, _, err := o.Object(n, nil); return err }
	inner := func(n string) error {
		in, _, err := o.Object("o", rawjson.NewFields("b"))
		if err != nil {
			return err
		}
		_, _, err = in.Bool(n)
		return err
	}
	innerUnlisted := func(n string) error {
		in, _, err := o.Object("o", nil)
		if err != nil {
			return err
		}
		_, _, err = in.Bool(n)
		return err
	}
	tests := []struct {
		get            func(string) error
		name           string
		id             fault.ID
		message, param string
	}{
		{boolean, "s", fault.InvalidParameter, "'s' must be a boolean, not a string.", "s"},
		{str, "b", fault.InvalidParameter, "'b' must be a string, not a boolean.", "b"},
		{str, "i", fault.InvalidParameter, "'i' must be a string, not a number.", "i"},
		{integer, "a", fault.InvalidParameter, "'a' must be an integer, not an array.", "a"},
		{integer, "f", fault.InvalidParameter, "'f' must be an integer, not a number with a fraction.", "f"},
		{integer, "big", fault.InvalidParameter, "'big' is out of range for an integer.", "big"},
		{integer, "huge", fault.InvalidParameter, "'huge' is out of range for an integer.", "huge"},
		{number, "huge", fault.InvalidParameter, "'huge' is out of range for a number.", "huge"},
		{number, "o", fault.InvalidParameter, "'o' must be a number, not an object.", "o"},
		{array, "s", fault.InvalidParameter, "'s' must be an array, not a string.", "s"},
		{object, "a", fault.InvalidParameter, "'a' must be an object, not an array.", "a"},
		{innerUnlisted, "b", fault.InvalidParameter, "'o.b' must be a boolean, not a string.", "o.b"},
		{inner, "b", fault.InvalidRequest, "The field 'o.b' is written with escapes or in another case; spell it exactly 'o.b'.", "o.b"},
	}
	for _, tt := range tests {
		var e *fault.Error
		if err := tt.get(tt.name); !errors.As(err, &e) || e.ID != tt.id || e.Message != tt.message || e.Param != tt.param {
			t.Errorf("%s: got %v\nwant %q about %q", tt.name, err, tt.message, tt.param)
		}
	}
}

func TestScanIntoForgetsTheLastBody(t *testing.T) {
	t.Parallel()
	fields := rawjson.NewFields("model", "stream")
	var o rawjson.Object
	if err := rawjson.ScanInto(&o, []byte(`{"stream":true,"model":"a"}`), fields); err != nil {
		t.Fatal(err)
	}
	if err := rawjson.ScanInto(&o, []byte(`{"model":"b"}`), fields); err != nil {
		t.Fatal(err)
	}
	if _, ok := o.Raw("stream"); ok {
		t.Error("a field of the last body is still there")
	}
}

func TestScanDoesNotAllocate(t *testing.T) {
	fields := rawjson.NewFields("model", "stream", "messages")
	body := []byte(`{"Unlisted_And_Long_Enough_For_The_Heap_If_Copied":1,"model":"m","messages":[{"role":"user","content":"a\nb"}],"stream":true}`)
	o := new(rawjson.Object)
	allocs := testing.AllocsPerRun(100, func() {
		if err := rawjson.ScanInto(o, body, fields); err != nil {
			t.Error(err)
		}
	})
	if allocs != 0 {
		t.Errorf("a scan allocates %v times", allocs)
	}
}

func TestNewFieldsRefusesBadNames(t *testing.T) {
	t.Parallel()
	many := make([]string, rawjson.MaxFields+1)
	for i := range many {
		many[i] = strings.Repeat("a", i+1)
	}
	for _, names := range [][]string{{""}, {"Model"}, {"a b"}, {"é"}, {"a", "a"}, {strings.Repeat("a", 64)}, many} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q is taken", names)
				}
			}()
			rawjson.NewFields(names...)
		}()
	}
}

// scan finds the fields that these tests use.
func scan(t *testing.T, body string) *rawjson.Object {
	t.Helper()
	o, err := rawjson.Scan([]byte(body), rawjson.NewFields("s", "b", "c", "i", "r", "e", "f", "big", "min", "max", "huge", "nil", "o", "a"))
	if err != nil {
		t.Fatal(err)
	}
	return o
}
