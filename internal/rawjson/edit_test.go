package rawjson_test

import (
	"testing"

	"skytower/internal/rawjson"
)

func TestEdit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		edit       func(*rawjson.Edit)
		want       string
	}{
		{"nothing", " {\"a\" : 1 }\n", func(e *rawjson.Edit) {}, " {\"a\" : 1 }\n"},
		{"set in place", `{ "x" : 1 , "s" : "old" , "y" : 1.0 }`, func(e *rawjson.Edit) { e.SetString("s", "n\"") }, `{ "x" : 1 , "s" : "n\"" , "y" : 1.0 }`},
		{"add", `{"x":1 }`, func(e *rawjson.Edit) { e.SetInt("i", -5).SetBool("b", true) }, `{"x":1,"i":-5,"b":true }`},
		{"add to none", `{ }`, func(e *rawjson.Edit) { e.SetBool("b", false) }, `{"b":false }`},
		{"delete first", `{"a":1, "x":2}`, func(e *rawjson.Edit) { e.Delete("a") }, `{"x":2}`},
		{"delete last", `{"x":2 , "a":1 }`, func(e *rawjson.Edit) { e.Delete("a") }, `{"x":2  }`},
		{"delete only", `{ "a":1 }`, func(e *rawjson.Edit) { e.Delete("a") }, `{  }`},
		{"delete two at the end", `{"x":1,"a":1,"b":2}`, func(e *rawjson.Edit) { e.Delete("b").Delete("a") }, `{"x":1}`},
		{"delete all and add", `{"a":1,"b":2}`, func(e *rawjson.Edit) { e.Delete("a").Delete("b").SetInt("i", 1) }, `{"i":1}`},
		{"delete the last and set the one before", `{"a":1,"b":2}`, func(e *rawjson.Edit) { e.SetString("a", "v").Delete("b") }, `{"a":"v"}`},
		{"delete what is not there", `{"x":1}`, func(e *rawjson.Edit) { e.Delete("a") }, `{"x":1}`},
		{"the later change counts", `{"a":1}`, func(e *rawjson.Edit) { e.Delete("a").SetInt("a", 2) }, `{"a":2}`},
		{"delete after set", `{"a":1}`, func(e *rawjson.Edit) { e.SetInt("a", 2).Delete("a") }, `{}`},
		{"unlisted name", `{"a":1,"z":1,"\u007a":2}`, func(e *rawjson.Edit) { e.SetInt("z", 3) }, `{"a":1,"z":3}`},
		{"unlisted name, new", `{"a":1}`, func(e *rawjson.Edit) { e.SetInt("z\n", 3) }, `{"a":1,"z\n":3}`},
		{"empty raw value", `{"a":1}`, func(e *rawjson.Edit) { e.SetRaw("a", nil) }, `{"a":null}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := scan(t, tt.body)
			e := o.Edit()
			tt.edit(e)
			got, err := e.Apply()
			if err != nil || string(got.Bytes()) != tt.want {
				t.Fatalf("got %v, error %v\nwant %s", got, err, tt.want)
			}
			if string(o.Bytes()) != tt.body {
				t.Error("the original changed")
			}
		})
	}
}

func TestApplyChecksRawValues(t *testing.T) {
	t.Parallel()
	if o, err := scan(t, `{"a":1}`).Edit().SetRaw("a", []byte(`{`)).Apply(); err == nil {
		t.Errorf("took %s", o.Bytes())
	}
}

func TestEditOfAnObjectWithin(t *testing.T) {
	t.Parallel()
	o := scan(t, `{"o":{"include_usage":false,"x":1}}`)
	in, _, err := o.Object("o", rawjson.NewFields("include_usage"))
	if err != nil {
		t.Fatal(err)
	}
	out := o.Edit().SetRaw("o", in.Edit().SetBool("include_usage", true).Append(nil)).Append(nil)
	if want := `{"o":{"include_usage":true,"x":1}}`; string(out) != want {
		t.Errorf("got %s, want %s", out, want)
	}
}
