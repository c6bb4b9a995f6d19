package remote

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"skytower/internal/egress"
	"skytower/internal/provider"
	"skytower/internal/provider/providertest"
)

// client is one that calls nobody.
func client(t *testing.T) *Client {
	t.Helper()
	base, err := url.Parse("https://api.example.test/v1")
	if err != nil {
		t.Fatal(err)
	}
	return New(Options{BaseURL: base, Credential: "r8_token", Now: func() time.Time { return time.Unix(1_700_000_000, 0) }})
}

func TestURLKeepsElementsApart(t *testing.T) {
	t.Parallel()
	for want, elements := range map[string][]string{
		"https://api.example.test/v1/predictions/a":          {"predictions", "a"},
		"https://api.example.test/v1/predictions/a%2Fb%3Fc":  {"predictions", "a/b?c"},
		"https://api.example.test/v1/models/o/n/predictions": {"models", "o", "n", "predictions"},
	} {
		if got := client(t).URL(elements...).String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestScrub(t *testing.T) {
	t.Parallel()
	n := Names{Hide: []string{"owner/name:v1", "owner/name", "v1", "", "a"}, Show: "shown"}
	for message, want := range map[string]string{
		"owner/name:v1 has v1, owner/name":         "shown has shown, shown",
		"https://api.example.test/v1/x at port":    "[upstream]/x at port",
		"dial api.example.test: r8_token is wrong": "dial [upstream]: [upstream] is wrong",
		"a cat and v12": "shown cat and v12",
		"bad \xff byte": "bad \uFFFD byte",
	} {
		if got := client(t).Scrub(n, message); got != want {
			t.Errorf("%q became %q, want %q", message, got, want)
		}
	}
	if got := client(t).Scrub(n, strings.Repeat("é", maxMessage)); len(got) > maxMessage+4 || !strings.HasSuffix(got, "é…") {
		t.Errorf("%d bytes", len(got))
	}
}

func TestComplaint(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][2]string{
		`{"error":"no"}`:                                          {"no", ""},
		`{"error":{"message":"no","param":"n"}}`:                  {"no", "n"},
		`{"detail":"no","title":"t"}`:                             {"no", ""},
		`{"title":"no"}`:                                          {"no", ""},
		`{"detail":[{"loc":["body","input","n"],"msg":"no"},{}]}`: {"n: no", "n"},
		`{"detail":[{"loc":["body"],"msg":"no"}]}`:                {"no", ""},
		`{"error":null,"detail":7}`:                               {"", ""},
		`<html>`:                                                  {"", ""},
		``:                                                        {"", ""},
		`{"error":{"detail":"no"}}`:                               {"no", ""},
		`{"detail":[{"loc":["body","input"],"msg":"no"},{"msg":"x"}]}`: {"no", ""},
	} {
		message, param := Complaint([]byte(body))
		if got := [2]string{message, param}; got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	for name, c := range map[string]struct {
		header, body string
		want         time.Duration
	}{
		"seconds": {"7", `{"retry_after":9}`, 7 * time.Second},
		"date":    {now.Add(time.Minute).UTC().Format(http.TimeFormat), "", time.Minute},
		"past":    {now.Add(-time.Minute).UTC().Format(http.TimeFormat), "", 0},
		"body":    {"", `{"retry_after":9}`, 9 * time.Second},
		"endless": {"1e300", "", maxRetryAfter},
		"below 0": {"-7", `{"retry_after":-9}`, 0},
		"none":    {"NaN", "<html>", 0},
	} {
		if got := retryAfter(egress.Header{{Name: "Retry-After", Value: c.header}}, []byte(c.body), now); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestMayHaveWork(t *testing.T) {
	t.Parallel()
	call := func(class provider.Class, sent bool) error {
		return &provider.Error{Class: class, Err: &egress.Error{Kind: egress.ErrCancelled, Sent: sent}}
	}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"stranger": {errors.New("x"), true}, "502": {&provider.Error{Status: 502}, true}, "a page with 400": {&provider.Error{Status: 400}, false},
		"408": {&provider.Error{Class: provider.Timeout, Status: 408}, false}, "no answer in time": {&provider.Error{Class: provider.Timeout}, true},
		"busy": {&provider.Error{Class: provider.Busy}, false}, "left": {call(provider.Cancelled, true), true},
		"left before": {call(provider.Cancelled, false), false}, "rejected": {&provider.Error{Class: provider.Rejected}, false},
	} {
		if got := MayHaveWork(c.err); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestResult(t *testing.T) {
	t.Parallel()
	const data = "data:image/png;base64,iVBORw0KGgo="
	for name, c := range map[string]struct{ kind, output, want string }{
		"one file":          {"image", `"` + data + `"`, "file " + data},
		"files in objects":  {"video", `{"a":{"video":"https://x.test/a.mp4"},"seed":7,"b":["https://x.test/b.mp4"]}`, "file https://x.test/a.mp4, file https://x.test/b.mp4"},
		"own file":          {"image", `"https://api.example.test/v1/files/a.png"`, "own a.png"},
		"no address":        {"image", `"https:// is no address"`, "text https:// is no address"},
		"with a password":   {"image", `["https://u:p@x.test/"]`, `json ["https://u:p@x.test/"]`},
		"numbers":           {"image", `[1, 2]`, "json [1,2]"},
		"labels":            {"image", `["cat","dog"]`, `json ["cat","dog"]`},
		"zero":              {"image", `0`, "json 0"},
		"nothing":           {"image", `null`, "failed"},
		"empty text":        {"image", `""`, "failed"},
		"empty array":       {"image", `[ ]`, "failed"},
		"missing":           {"image", ``, "failed"},
		"text":              {"text", `"https://x.test/"`, "text https://x.test/"},
		"pieces":            {"text", `["a","b\n"]`, "text ab\n"},
		"no pieces":         {"text", `[]`, "text "},
		"silence":           {"text", `null`, "text "},
		"empty string":      {"text", `""`, "text "},
		"file of a text":    {"text", `["` + data + `"]`, "file " + data},
		"object":            {"text", `{"text":"a", "file":"` + data + `"}`, `json {"text":"a","file":"` + data + `"}`},
		"mixed":             {"text", `["a",1]`, `json ["a",1]`},
		"text of any model": {"", `"hello"`, "text hello"},
	} {
		r, err := client(t).Result(Names{}, c.kind, []byte(c.output))
		if got := summary(r, err); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func summary(r *provider.Result, err error) string {
	if err != nil {
		return provider.ClassOf(err).String()
	}
	var files []string
	for _, f := range r.Files {
		if f.Open != nil {
			files = append(files, "own "+f.Name)
		} else {
			files = append(files, "file "+f.URL)
		}
	}
	switch {
	case r.Text != nil:
		return "text " + *r.Text
	case r.JSON != nil:
		return "json " + string(r.JSON)
	}
	return strings.Join(files, ", ")
}

func news(t *testing.T, kind string) (*News, *providertest.Heard) {
	t.Helper()
	heard := &providertest.Heard{}
	return client(t).News(&provider.Run{Kind: kind, Watch: heard}, Names{Hide: []string{"inner"}, Show: "shown"}), heard
}

func TestLogs(t *testing.T) {
	t.Parallel()
	n, heard := news(t, "image")
	for _, log := range []string{"one\ntw", "one\ntwo\r\n\n", "one\ntwo\r\n\n 10%|# | 1/9\r 30%|## | 3/9", "gone", "gone\nback by inner", ""} {
		n.Log(log)
		n.Tell()
	}
	n.End()
	if want := []string{"one", "two", " 30%|## | 3/9", "back by shown"}; !slices.Equal(heard.Lines(), want) {
		t.Errorf("lines %q, want %q", heard.Lines(), want)
	}
	if got := heard.News(); got[2].Percent != 30 {
		t.Errorf("news %+v", got)
	}
}

func TestBarPercent(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]float64{
		" 42%|████      | 21/50 [00:01<00:02]": 42, "100%|#|": 100, "3%|a 7%|b": 7, "%|": 0, "42%": 0, "x%|": 0, "1234%|": 234,
	} {
		if got := barPercent(line); got != want {
			t.Errorf("%q: %v, want %v", line, got, want)
		}
	}
	n, _ := news(t, "image")
	n.AddLog("999%|")
	if n.percent != 100 {
		t.Errorf("percent %v", n.percent)
	}
}

// A line that never ends takes no memory without bound.
func TestLineWithoutEnd(t *testing.T) {
	t.Parallel()
	n, heard := news(t, "image")
	for range 100 {
		n.AddLog(strings.Repeat("x", 10<<10))
	}
	if len(n.line) > maxUnended {
		t.Errorf("%d bytes are kept", len(n.line))
	}
	n.End()
	if lines := heard.Lines(); len(lines) != 1 || len(lines[0]) > maxLine+4 {
		t.Errorf("%d lines", len(lines))
	}
}

func TestGrowingText(t *testing.T) {
	t.Parallel()
	n, heard := news(t, "text")
	for _, output := range []string{"null", `"On"`, `"Once upon"`, `"On"`, `["x"]`} {
		n.Output([]byte(output))
		n.Tell()
	}
	var texts []string
	for _, p := range heard.News() {
		texts = append(texts, p.Text)
	}
	if want := []string{"On", "ce upon", "x"}; !slices.Equal(texts, want) {
		t.Errorf("texts %q, want %q", texts, want)
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ schemas, want string }{
		"a property of any name": {`"Input":{"properties":{"default":{"nullable":true,"type":"string"},"allOf":{"type":"array"}}}`,
			`{"properties":{"allOf":{"type":"array"},"default":{"type":["string","null"]}}}`},
		"a choice that may be null": {`"C":{"type":"string","enum":["a"]},"Input":{"properties":{"c":{"allOf":[{"$ref":"#/components/schemas/C"}],"nullable":true}}}`,
			`{"properties":{"c":{"enum":["a",null],"type":["string","null"]}}}`},
		"values stay": {`"Input":{"default":{"nullable":true},"enum":[{"$ref":"x"}]}`, `{"default":{"nullable":true},"enum":[{"$ref":"x"}]}`},
		"several":     {`"Input":{"allOf":[{"type":"object"},{"nullable":false}]}`, `{"allOf":[{"type":"object"},{}]}`},
		"any of":      {`"Input":{"anyOf":[{"type":"string"}],"nullable":true}`, `{"anyOf":[{"type":"string"},{"type":"null"}]}`},
		"bounds": {`"Input":{"properties":{"n":{"minimum":0,"exclusiveMinimum":true,"maximum":1,"exclusiveMaximum":false}}}`,
			`{"properties":{"n":{"exclusiveMinimum":0,"maximum":1}}}`},
		"big numbers":        {`"Input":{"maximum":18446744073709551615}`, `{"maximum":18446744073709551615}`},
		"a foreign ref":      {`"Input":{"items":{"$ref":"https://example.test/x"}}`, `{"items":{}}`},
		"a missing ref":      {`"Input":{"items":{"$ref":"#/components/schemas/None"}}`, `{"items":{}}`},
		"properties of none": {`"Input":{"properties":7}`, `{"properties":{}}`},
	} {
		var l provider.Listed
		if err := Describe(&l, []byte(`{"components":{"schemas":{`+c.schemas+`}}}`)); err != nil || string(l.InputSchema) != c.want {
			t.Errorf("%s: %s, error %v; want %s", name, l.InputSchema, err, c.want)
		}
	}
}

// A schema that holds itself, even many times, ends.
func TestDescribeEnds(t *testing.T) {
	t.Parallel()
	var l provider.Listed
	if err := Describe(&l, []byte(`{"components":{"schemas":{"Input":{"items":{"$ref":"#/components/schemas/Input"}}}}}`)); err != nil || !json.Valid(l.InputSchema) {
		t.Errorf("one: %v", err)
	}
	const itself = `{"$ref":"#/components/schemas/Input"}`
	err := Describe(&l, []byte(`{"components":{"schemas":{"Input":{"anyOf":[`+strings.Repeat(itself+",", 8)+itself+`]}}}}`))
	if provider.ClassOf(err) != provider.Broken || err == nil {
		t.Errorf("nine: %v", err)
	}
}

func TestMediaKind(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]string{"a painter": "image", "Text to Video": "video", "writes songs": "music", "TTS": "audio"} {
		if got := mediaKind(words); got != want {
			t.Errorf("%q: %s, want %s", words, got, want)
		}
	}
}
