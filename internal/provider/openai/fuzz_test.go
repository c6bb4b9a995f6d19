package openai

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"skytower/internal/provider"
)

// wantUsage reads a usage object with encoding/json.
func wantUsage(doc []byte) provider.Usage {
	var u provider.Usage
	var total int64
	d := json.NewDecoder(bytes.NewReader(doc))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return u
	}
	for d.More() {
		key, _ := d.Token()
		var value json.RawMessage
		if d.Decode(&value) != nil {
			return u
		}
		within := func(name string) int64 {
			var details map[string]json.RawMessage
			_ = json.Unmarshal(value, &details) // no object: no details
			return wantCount(details[name])
		}
		switch key {
		case "prompt_tokens", "input_tokens":
			u.Input = wantCount(value)
		case "completion_tokens", "output_tokens":
			u.Output = wantCount(value)
		case "total_tokens":
			total = wantCount(value)
		case "prompt_tokens_details", "input_tokens_details":
			u.Cached = within("cached_tokens")
		case "completion_tokens_details", "output_tokens_details":
			u.Reasoning = within("reasoning_tokens")
		}
	}
	if u.Reasoning > 0 && total == u.Input+u.Output+u.Reasoning {
		u.Output += u.Reasoning
	}
	u.Cached, u.Reasoning = min(u.Cached, u.Input), min(u.Reasoning, u.Output)
	u.Reported = u.Input > 0 || u.Output > 0
	return u
}

func wantCount(value json.RawMessage) int64 {
	f, err := strconv.ParseFloat(strings.TrimSpace(string(value)), 64)
	var number json.Number
	if err != nil || len(value) == 0 || value[0] == '"' || json.Unmarshal(value, &number) != nil || f != math.Trunc(f) || f < 0 || f > maxCount {
		return 0
	}
	return int64(f)
}

// FuzzUsage checks that of each usage object that is JSON we read what encoding/json
// reads; on anything else reading must just end.
func FuzzUsage(f *testing.F) {
	for _, seed := range []string{
		`{"prompt_tokens":10,"completion_tokens":5,"total_tokens":18,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":3}}`,
		`{"input_tokens":1e3,"output_tokens":7.0,"input_tokens_details":{"cached_tokens":2000},"output_tokens_details":null}`,
		`{"prompt_tokens":-1,"completion_tokens":"5","prompt_tokens":3,"extra":{"prompt_tokens":9}}`,
		`{"prompt_tokens":1099511627776,"completion_tokens":1099511627777,"prompt_tokens_details":[1]}`,
		`null`, `{`, `{"prompt_tokens":1`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		got := readUsage(doc)
		if !json.Valid(doc) || !utf8.Valid(doc) || bytes.IndexByte(doc, '\\') >= 0 {
			return // keys with escapes are compared as they stand
		}
		if want := wantUsage(doc); got != want {
			t.Errorf("%s: %+v, encoding/json %+v", doc, got, want)
		}
	})
}
