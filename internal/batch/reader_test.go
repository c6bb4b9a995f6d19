package batch

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// whole reads all lines of a text.
func whole(t *testing.T, text string, most int64) (all []string, places []int64) {
	t.Helper()
	r := newReader(strings.NewReader(text), most)
	for {
		l, err := r.next()
		if errors.Is(err, io.EOF) {
			return all, places
		}
		if err != nil {
			t.Fatal(err)
		}
		shown := "too long"
		if l.text != nil {
			shown = string(l.text)
		}
		all, places = append(all, shown), append(places, l.place)
	}
}

func TestReaderCutsLines(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		lines  []string
		places []int64
	}{
		"plain":          {"a\nb\n", []string{"a", "b"}, []int64{0, 2}},
		"no last end":    {"a\nb", []string{"a", "b"}, []int64{0, 2}},
		"carriage":       {"a\r\nb\r\n", []string{"a", "b"}, []int64{0, 3}},
		"blank lines":    {"\n  \na\n\t\n b \n\n", []string{"a", "b"}, []int64{4, 9}},
		"mark":           {"\xef\xbb\xbfa\nb", []string{"a", "b"}, []int64{3, 5}},
		"too long":       {"0123456789\nb\n" + strings.Repeat("x", 200_000) + "\nc", []string{"0123456789", "b", "too long", "c"}, []int64{0, 11, 13, 200_014}},
		"one over":       {"0123456789a\nb", []string{"too long", "b"}, []int64{0, 12}},
		"nothing":        {"", nil, nil},
		"nothing but it": {"\n\n \n", nil, nil},
	} {
		lines, places := whole(t, c.text, 10)
		if diff := cmp.Diff(c.lines, lines) + cmp.Diff(c.places, places); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestBadLines(t *testing.T) {
	t.Parallel()
	const good = `{"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{"model":"m"}}`
	c := newRules("/v1/embeddings", 1000)
	if custom, p := c.check(found{number: 1, text: []byte(good)}); custom != "a" || p != nil {
		t.Fatalf("a good line: %q, %v", custom, p)
	}
	for text, want := range map[string][2]string{
		`{"custom_id":"a"`: {"invalid_json_line", ""},
		`[1]`:              {"invalid_json_line", ""},
		good + good:        {"invalid_json_line", ""},
		strings.Replace(good, `"custom_id":"a",`, "", 1):                                  {"invalid_request", "custom_id"},
		strings.Replace(good, `"a"`, `""`, 1):                                             {"invalid_request", "custom_id"},
		strings.Replace(good, `"a"`, `7`, 1):                                              {"invalid_request", "custom_id"},
		strings.Replace(good, `"a"`, `"\u0000"`, 1):                                       {"invalid_request", "custom_id"},
		strings.Replace(good, `"a"`, `"`+strings.Repeat("x", 513)+`"`, 1):                 {"invalid_request", "custom_id"},
		strings.Replace(good, `"method"`, `"custom_id":"b","method"`, 1):                  {"invalid_json_line", ""},
		strings.Replace(good, `POST`, `GET`, 1):                                           {"invalid_method", "method"},
		strings.Replace(good, `/v1/embeddings`, `/v1/chat/completions`, 1):                {"url_mismatch", "url"},
		strings.Replace(good, `,"body":{"model":"m"}`, ``, 1):                             {"invalid_request", "body"},
		strings.Replace(good, `{"model":"m"}`, `"text"`, 1):                               {"invalid_request", "body"},
		strings.Replace(good, `{"model":"m"}`, `{"stream":true}`, 1):                      {"invalid_request", "body.stream"},
		strings.Replace(good, `{"model":"m"}`, `{"background":true}`, 1):                  {"invalid_request", "body.background"},
		strings.Replace(good, `{"model":"m"}`, `{"Stream":true}`, 1):                      {"invalid_request", "body.stream"},
		strings.Replace(good, `"a"`, `"`+strings.Repeat("x", 100)+`","custom_id":"x"`, 1): {"invalid_json_line", ""},
	} {
		_, p := c.check(found{number: 7, text: []byte(text)})
		if p == nil || p.Code != want[0] || p.Line != 7 || p.Message == "" || want[1] != "" && p.Param != want[1] {
			t.Errorf("%.120s: %+v, want %v", text, p, want)
		}
	}
	if _, p := c.check(found{number: 2}); p == nil || p.Code != "line_too_large" {
		t.Errorf("a long line: %+v", p)
	}
}

// FuzzReader holds the reader against a plain cut at line ends, and what it accepts against
// encoding/json.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "a\nb", "\xef\xbb\xbf{}\r\n{}", `{"custom_id":"a","method":"POST","url":"/x","body":{}}` + "\n",
		`{"custom_id":"\ud800","method":"post","url":"/x","body":{"stream":false}}`, `{"body":{"a":1},"body":{}}`, strings.Repeat("y", 70_000) + "\nz",
	} {
		f.Add([]byte(seed), int64(64))
	}
	f.Fuzz(func(t *testing.T, text []byte, most int64) {
		most = max(most, 0) % 1000
		r, rules := newReader(bytes.NewReader(text), most), newRules("/x", most)
		rest := bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
		var plain [][]byte
		for _, l := range bytes.Split(rest, []byte("\n")) {
			plain = append(plain, bytes.TrimSpace(l))
		}
		last := int64(0)
		for {
			l, err := r.next()
			if err != nil {
				break
			}
			if l.number <= last || l.number > int64(len(plain)) {
				t.Fatalf("line %d after %d of %d", l.number, last, len(plain))
			}
			for _, between := range plain[last : l.number-1] {
				if len(between) > 0 {
					t.Fatalf("a line before %d is missing", l.number)
				}
			}
			if last = l.number; l.text == nil {
				continue
			}
			if !bytes.Equal(l.text, plain[l.number-1]) || !bytes.HasPrefix(text[l.place:], l.text) {
				t.Fatalf("line %d at %d is %q", l.number, l.place, l.text)
			}
			accepted(t, rules, l)
		}
	})
}

func accepted(t *testing.T, rules *rules, l found) {
	custom, p := rules.check(l)
	if p != nil {
		return
	}
	var want struct {
		CustomID string `json:"custom_id"`
		URL      string `json:"url"`
		Body     json.RawMessage
	}
	if err := json.Unmarshal(l.text, &want); err != nil {
		t.Fatalf("%q was accepted: %v", l.text, err)
	}
	body, err := bodyOf(l.text)
	if err != nil || custom != want.CustomID || want.URL != "/x" || !bytes.Equal(body, want.Body) {
		t.Fatalf("%q: custom_id %q, body %q, %v; encoding/json reads %+v", l.text, custom, body, err, want)
	}
}
