package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestTextsBecomeWhatTheSchemaSays(t *testing.T) {
	t.Parallel()
	const error = "error"
	for _, c := range []struct{ schema, text, want string }{
		{`{"type":"string"}`, "20", `"20"`},
		{`{"type":"string"}`, "null", `"null"`},
		{`{"type":["string","null"]}`, "true", `"true"`},
		{`{"type":"integer"}`, "20", `20`},
		{`{"type":"integer"}`, "123456789012345678901234567890", `123456789012345678901234567890`},
		{`{"type":"integer"}`, "x", error},
		{`{"type":"integer"}`, "", error},
		{`{"type":"number"}`, "-0.5e3", `-0.5e3`},
		{`{"type":"number"}`, "0x10", error},
		{`{"type":["integer","null"]}`, "null", `null`},
		{`{"type":"integer"}`, "null", error},
		{`{"type":"boolean"}`, "true", `true`},
		{`{"type":"boolean"}`, "yes", error},
		{`{"type":["string","integer"]}`, "20", `20`},
		{`{"type":["string","integer"]}`, "20 steps", `"20 steps"`},
		{`{"type":"object"}`, ` {"a": 1} `, `{"a": 1}`},
		{`{"type":"object"}`, `[1]`, error},
		{`{"type":"array"}`, `[1,"a"]`, `[1,"a"]`},
		{`{"type":"array"}`, `x`, `["x"]`},
		{`{"type":"array","items":{"type":"string"}}`, `1`, `["1"]`},
		{`{"type":"array","items":{"type":"integer"}}`, `1`, `[1]`},
		{`{"type":"array","items":{"type":"integer"}}`, `x`, error},
		{`{"anyOf":[{"type":"integer"},{"type":"null"}]}`, `7`, `7`},
		{`{"enum":["1","2"]}`, `1`, `"1"`},
		{`{"enum":[1,2]}`, `1`, `1`},
		{`{"const":true}`, `true`, `true`},
		{`{"allOf":[{"$ref":"#/$defs/tone"}]}`, `1`, `"1"`},
		{`{"$ref":"#/definitions/count"}`, `1`, `1`},
		{`{"$ref":"#/$defs/loop"}`, `1`, `1`},
		{`{"$ref":"https://example.com/schema"}`, `1`, `1`},
		{`{}`, `1`, `1`},
		{`{}`, `one`, `"one"`},
		{`{}`, `null`, `"null"`},
		{`{}`, `"quoted"`, `"\"quoted\""`},
		{`true`, `1`, `1`},
		{`{"type":7}`, `1`, `1`},
	} {
		b := &inputBuilder{ctx: t.Context(), model: "m", schema: &inputSchema{}}
		text := `{"properties":{"a":` + c.schema + `},"$defs":{"tone":{"type":"string"},"loop":{"$ref":"#/$defs/loop"}},"definitions":{"count":{"type":"integer"}}}`
		if err := json.Unmarshal([]byte(text), b.schema); err != nil {
			t.Fatal(err)
		}
		got, err := b.value(givenInput{"a", []string{c.text}})
		if err != nil {
			got = json.RawMessage(error)
		}
		if string(got) != c.want {
			t.Errorf("%s of %s is %s, want %s (%v)", c.text, c.schema, got, c.want, err)
		}
	}
}

func TestOpenSchemasTakeOtherNames(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`{"properties":{"a":{}}}`: true, `{"properties":{"a":{}},"additionalProperties":false}`: true,
		`{"properties":{"a":{}},"additionalProperties":true}`: false, `{"properties":{"a":{}},"additionalProperties":{"type":"string"}}`: false,
		`{"properties":{"a":{}},"patternProperties":{"^x":{}}}`: false, `{}`: false, `{"properties":{}}`: false, `true`: false, `[]`: false,
	} {
		schema := &inputSchema{}
		_ = json.Unmarshal([]byte(text), schema)
		if _, closed := schema.names(); closed != want {
			t.Errorf("%s: closed is %v", text, closed)
		}
	}
}

func TestFileNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 200)
	for link, want := range map[string]string{
		"https://h/files/f/a.png?x=/b":  "a.png",
		"https://h/a%20b.png":           "a b.png",
		"https://h/..%2f..%2fetc%2fx":   "x",
		"https://h/..":                  "output",
		"https://h/.bashrc":             "bashrc",
		"https://h/":                    "output",
		"https://h":                     "output",
		"https://h/a%00b%1b%5cc%3ad%ff": "a_b__c_d_",
		"https://h/%E2%80%AEgnp.exe":    "_gnp.exe",
		"https://h/" + long + ".png":    strings.Repeat("ä", 73) + ".png",
		"%":                             "output",
	} {
		if got := fileName(link); got != want {
			t.Errorf("%.40s: %q, want %q", link, got, want)
		}
	}
}

func TestBarLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		percent float64
		elapsed time.Duration
		want    string
	}{
		{-1, 0, "processing  0:00"},
		{0, 61 * time.Second, "processing  [........................]   0%  1:01"},
		{50, time.Second, "processing  [############............]  50%  0:01"},
		{1000, time.Hour, "processing  [########################] 100%  60:00"},
	} {
		if got := barLine("processing", c.percent, c.elapsed); got != c.want {
			t.Errorf("%v: %q, want %q", c.percent, got, c.want)
		}
	}
}

// Lines that stay are never drawn over.
func TestProgressKeepsItsLines(t *testing.T) {
	t.Parallel()
	var to strings.Builder
	p := newProgress(&to, true)
	p.mu.Lock()
	p.status = "processing"
	p.draw()
	p.mu.Unlock()
	p.say("a line\x1b[2J")
	p.close()
	parts := strings.Split(to.String(), eraseLine)
	if len(parts) < 4 || !strings.HasPrefix(parts[1], "processing") || parts[len(parts)-1] != "" || !strings.Contains(to.String(), eraseLine+"a line\uFFFD[2J\n"+eraseLine+"processing") {
		t.Errorf("drew %q", to.String())
	}
	to.Reset()
	quiet := newProgress(&to, false)
	quiet.mu.Lock()
	quiet.status = "processing"
	quiet.draw()
	quiet.mu.Unlock()
	quiet.say("a line")
	quiet.close()
	if to.String() != "a line\n" {
		t.Errorf("drew %q", to.String())
	}
}
