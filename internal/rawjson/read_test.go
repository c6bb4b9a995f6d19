package rawjson_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"skytower/internal/rawjson"
)

func TestReplaceTop(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, doc, want string
		ok              bool
	}{
		{"in place", `{"id": 1, "model" : "up", "choices":[{"model":"x"}]}`, `{"id": 1, "model" : "m", "choices":[{"model":"x"}]}`, true},
		{"escaped key", `{"mod\u0065l":{"a":["}"]}}`, `{"mod\u0065l":"m"}`, true},
		{"every occurrence", `{"model":1,"model":2}`, `{"model":"m","model":"m"}`, true},
		{"absent", `{"id":1}`, `{"id":1}`, false},
		{"not an object", `["model"]`, `["model"]`, false},
		{"cut short", `{"model":"up","choices":[`, `{"model":"up","choices":[`, false},
		{"empty", ``, ``, false},
	}
	for _, tt := range tests {
		got, ok := rawjson.ReplaceTop([]byte("data: "), []byte(tt.doc), "model", []byte(`"m"`))
		if string(got) != "data: "+tt.want || ok != tt.ok {
			t.Errorf("%s: got %s, %v", tt.name, got, ok)
		}
	}
}

func TestHotPathDoesNotAllocate(t *testing.T) {
	chunk := []byte(`{"id":"c","model":"up","choices":[{"index":0,"delta":{"content":"Hel"}}],"usage":{"prompt_tokens":24}}`)
	room := make([]byte, 0, 1024)
	name := []byte(`"shown"`)
	allocs := testing.AllocsPerRun(100, func() {
		out, ok := rawjson.ReplaceTop(room, chunk, "model", name)
		if !ok || len(rawjson.OneLine(out, chunk)) == 0 {
			t.Error("not replaced")
		}
		v, _ := rawjson.Get(chunk, "usage", "prompt_tokens")
		if n, ok := rawjson.Int(v); n != 24 || !ok {
			t.Error("not found")
		}
		if !rawjson.Valid(chunk) {
			t.Error("not valid")
		}
	})
	if allocs != 0 {
		t.Errorf("a chunk costs %v allocations", allocs)
	}
}

func TestTopAndElementsStopWhenTold(t *testing.T) {
	t.Parallel()
	var keys []string
	ok := rawjson.Top([]byte(` {"a":1 , "b":{"c":[]},"d":garbage`), func(key, value []byte) bool {
		keys = append(keys, fmt.Sprintf("%s=%s", key, value))
		return !rawjson.KeyIs(key, "b")
	})
	if diff := cmp.Diff([]string{"a=1", `b={"c":[]}`}, keys); diff != "" || !ok {
		t.Errorf("%v %s", ok, diff)
	}
	var values []string
	ok = rawjson.Elements([]byte(` [1, "a]" , [2] ]`), func(v []byte) bool { values = append(values, string(v)); return len(values) < 3 })
	if diff := cmp.Diff([]string{"1", `"a]"`, "[2]"}, values); diff != "" || !ok {
		t.Errorf("%v %s", ok, diff)
	}
}

func TestBrokenDocumentsAreTold(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{``, ` `, `{`, `{"a`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{"a":"\`, `{"a":[}`, `x`, `[`, `[1`, `[1,`, `[,]`, `{"a":{"b":1}`} {
		yes := func([]byte) bool { return true }
		top := rawjson.Top([]byte(doc), func(_, v []byte) bool { return true })
		if top || rawjson.Elements([]byte(doc), yes) || rawjson.Valid([]byte(doc)) {
			t.Errorf("%q reads as whole", doc)
		}
	}
}

func TestOneLineAndCompact(t *testing.T) {
	t.Parallel()
	doc := []byte("{\r\n  \"a b\": \"c \\n\",\n\t\"d\": [1,\n 2]\n}")
	if got, want := string(rawjson.OneLine(nil, doc)), "{  \"a b\": \"c \\n\",\t\"d\": [1, 2]}"; got != want {
		t.Errorf("OneLine = %q, want %q", got, want)
	}
	if got, want := string(rawjson.Compact(nil, doc)), `{"a b":"c \n","d":[1,2]}`; got != want {
		t.Errorf("Compact = %q, want %q", got, want)
	}
	if got, want := string(rawjson.OneLine(nil, []byte("{\"a\":\"b\nc\r\"}"))), `{"a":"b\nc\r"}`; got != want {
		t.Errorf("OneLine of a raw break = %q, want %q", got, want)
	}
}

// Quoting is encoding/json's, but for the characters that matter to HTML alone.
func TestQuoteLikeEncodingJSON(t *testing.T) {
	t.Parallel()
	check := func(t interface {
		Helper()
		Fatalf(string, ...any)
	}, s string) {
		t.Helper()
		var want strings.Builder
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(s); err != nil {
			t.Fatalf("%v", err)
		}
		got := rawjson.AppendQuote(nil, s)
		if string(got)+"\n" != want.String() {
			t.Fatalf("%q: got %s, want %s", s, got, want.String())
		}
		back, err := rawjson.Unquote(got)
		if err != nil || back != strings.ToValidUTF8(s, "\ufffd") && len(back) < len(s) {
			t.Fatalf("%q came back as %q, %v", s, back, err)
		}
	}
	for _, s := range []string{"", "a", "\x00\x1f\x7f\"\\/<&>", "\b\f\n\r\t", "\u2028\u2029", "\xff\xe2\x80", "é😀", "\ufffd"} {
		check(t, s)
	}
	rapid.Check(t, func(t *rapid.T) { check(t, string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))) })
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.String().Draw(t, "text")) })
}

func TestUnquoteRefuses(t *testing.T) {
	t.Parallel()
	for _, v := range []string{``, `"`, `a`, `"a`, `a"`, `"a"b"`, `"\"`, `"\q"`, `"\u00g0"`, "\"\n\"", `""""`} {
		if s, err := rawjson.Unquote([]byte(v)); err == nil {
			t.Errorf("%s reads as %q", v, s)
		}
	}
}

func TestInt(t *testing.T) {
	t.Parallel()
	for v, want := range map[string]int64{"0": 0, "-0": 0, " 7 ": 7, "1.50e1": 15, "9007199254740991.0": 1<<53 - 1} {
		if n, ok := rawjson.Int([]byte(v)); n != want || !ok {
			t.Errorf("Int(%s) = %d, %v", v, n, ok)
		}
	}
	for _, v := range []string{"", " ", "-", "01", "1.5", "1x", "1 2", `"1"`, "null", "1e400", "9007199254740992.0", "18446744073709551617", "99999999999999999999999"} {
		if n, ok := rawjson.Int([]byte(v)); ok {
			t.Errorf("Int(%s) = %d", v, n)
		}
	}
}

func TestWalkStringsFindsImages(t *testing.T) {
	t.Parallel()
	doc := []byte(`[{"role":"user","content":[
		{"type":"image_url","image_url":{"url":"http:\/\/one","detail":"low"}},
		{"type":"input_image","image_\u0075rl":"http://two"},
		{"type":"image_url","Image_URL":{"url":"three","url":"four"}},
		{"type":"text","text":"image_url"}]}]`)
	isImage := func(p *rawjson.Path) bool {
		return p.Is(0, "image_url") || p.Is(0, "url") && p.Is(1, "image_url")
	}
	var paths []string
	var with []rawjson.Replacement
	whole := rawjson.WalkStrings(doc, func(p *rawjson.Path, at rawjson.Span) bool {
		if isImage(p) {
			s, err := rawjson.Unquote(doc[at.Start:at.End])
			if err != nil {
				t.Error(err)
			}
			paths = append(paths, p.String()+" "+s)
			with = append(with, rawjson.Replacement{Span: at, Raw: fmt.Appendf(nil, `"new %d"`, len(with))})
		}
		return true
	})
	want := []string{"[0].content[0].image_url.url http://one", "[0].content[1].image_url http://two",
		"[0].content[2].Image_URL.url three", "[0].content[2].Image_URL.url four"}
	if diff := cmp.Diff(want, paths); diff != "" || !whole {
		t.Fatalf("whole %v: %s", whole, diff)
	}
	with[0], with[3] = with[3], with[0] // any order will do
	got := string(rawjson.Splice(nil, doc, with))
	wantDoc := strings.NewReplacer(`"http:\/\/one"`, `"new 0"`, `"http://two"`, `"new 1"`, `"three"`, `"new 2"`, `"four"`, `"new 3"`).Replace(string(doc))
	if diff := cmp.Diff(wantDoc, got); diff != "" {
		t.Error(diff)
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	doc := []byte(`{"a\tb":[0,{"c":"x"}]}`)
	rawjson.WalkStrings(doc, func(p *rawjson.Path, _ rawjson.Span) bool {
		i, isIndex := p.Index(1)
		_, keyIsIndex := p.Index(0)
		if p.Len() != 3 || p.Key(0) != "c" || p.Key(1) != "" || p.Key(2) != "a\tb" || p.Key(3) != "" || i != 1 || !isIndex || keyIsIndex {
			t.Errorf("wrong steps in %s", p)
		}
		if got := p.String(); got != `["a\tb"][1].c` {
			t.Errorf("path is %s", got)
		}
		if p.Is(1, "") || p.Is(3, "") || p.Is(0, "cc") || p.Is(0, "") {
			t.Error("a step is taken for another")
		}
		return true
	})
}

func TestWalkStringsTellsWhatItMissed(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 129) + `"x"` + strings.Repeat("]", 129)
	for _, doc := range []string{deep, ``, `{"a":"b"`, `{"a" "b"}`, `["a" "b"]`, `["a"]x`, `[}`} {
		if rawjson.WalkStrings([]byte(doc), func(*rawjson.Path, rawjson.Span) bool { return true }) {
			t.Errorf("%.40s reads as whole", doc)
		}
	}
	seen := 0
	if !rawjson.WalkStrings([]byte(`["a","b"`), func(*rawjson.Path, rawjson.Span) bool { seen++; return false }) || seen != 1 {
		t.Error("the walk does not stop when told")
	}
}

func TestSpliceLeavesOutWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	r := func(a, b int) rawjson.Replacement {
		return rawjson.Replacement{Span: rawjson.Span{Start: a, End: b}, Raw: []byte("-")}
	}
	got := rawjson.Splice([]byte(">"), []byte("abcdef"), []rawjson.Replacement{r(4, 9), r(3, 2), r(1, 3), r(2, 4), r(-1, 2)})
	if string(got) != ">a-def" {
		t.Errorf("got %s", got)
	}
}
