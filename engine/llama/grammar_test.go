package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hybridgroup/yzma/pkg/llama"
)

func schemas() []string {
	return []string{
		`{}`, `true`, `{"type":"object"}`, `{"type":"string"}`, `{"type":["string","null"]}`, `{"type":"array","items":{"type":"number"},"maxItems":0}`,
		`{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"},"c":{}},"required":["b"]}`,
		`{"type":"object","properties":{"a":{"type":"boolean"}}}`, `{"type":"object","additionalProperties":{"type":"integer"}}`, `{"type":"object","additionalProperties":false}`,
		`{"anyOf":[{"type":"string","format":"uuid"},{"type":"array","minItems":2}]}`, `{"oneOf":[{"type":"string"},{"type":"null"}]}`,
		`{"oneOf":[{"type":"object","properties":{"k":{"const":"a"}},"required":["k"]},{"type":"object","properties":{"k":{"const":"b"}},"required":["k"]}]}`,
		`{"allOf":[{"type":"string","maxLength":3}]}`, `{"enum":["a\n\"\\",1,null,{"x":[1]},"ü"]}`, `{"type":"integer","enum":[1,2]}`,
		`{"$defs":{"tree":{"type":"object","properties":{"name":{"type":"string"},"children":{"type":"array","items":{"$ref":"#/$defs/tree"}}},"required":["name"]}},"$ref":"#/$defs/tree"}`,
		`{"type":"object","properties":{"self":{"$ref":"#"}}}`, `{"type":"object","properties":{"we\"ird\n":{"type":"string","format":"date"}},"required":["we\"ird\n"]}`,
	}
}

func TestGrammarsAreTaken(t *testing.T) {
	t.Parallel()
	e := open(t, nil)
	for _, schema := range schemas() {
		grammar, err := grammarOf([]byte(schema))
		if err != nil {
			t.Errorf("%s: %v", schema, err)
			continue
		}
		sampler := llama.SamplerInitGrammar(e.vocab, grammar, rootRule)
		if sampler == 0 {
			t.Errorf("%s: llama.cpp does not take\n%s", schema, grammar)
		}
		llama.SamplerFree(sampler)
	}
}

func TestWhatASchemaCannotPromiseIsRefused(t *testing.T) {
	t.Parallel()
	for schema, want := range map[string]string{
		`{"type":"string","pattern":"a"}`: `"pattern"`, `{"type":"integer","minimum":3}`: `"minimum"`, `{"type":"array","uniqueItems":true}`: `"uniqueItems"`,
		`{"type":"string","format":"email"}`: "email", `{"type":"text"}`: "no type", `{"$ref":"#/nowhere"}`: "nowhere", `{"$ref":"http://a"}`: "same schema",
		`{"oneOf":[{"type":"string"},{"type":"string","maxLength":3}]}`: "oneOf", `{"allOf":[{},{}]}`: "allOf", `false`: "false", `[]`: "object", `{"a":1`: "JSON",
		`{"type":"object","required":["a"]}`: "required", `{"type":"array","minItems":3,"maxItems":2}`: "more than", `{"type":"string","maxLength":5000}`: "at most",
		`{"not":{}}`: `"not"`, `{"anyOf":[{}],"type":"string"}`: "beside", `{"properties":{"a":{"type":"x"}}}`: "/properties/a", `{"a":1,"a":2}`: "twice",
		`{"type":"string","enum":[1]}`: "of its type", strings.Repeat(`{"items":`, 100) + "{}" + strings.Repeat("}", 100): "too deep",
	} {
		if grammar, err := grammarOf([]byte(schema)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v\n%s", schema, err, grammar)
		}
	}
}

// A grammar that is made names no rule that it does not have, and has each once.
func FuzzGrammar(f *testing.F) {
	for _, schema := range schemas() {
		f.Add(schema)
	}
	texts := regexp.MustCompile(`"(\\.|[^"\\])*"|\[(\\.|[^\]\\])*\]|\{[0-9,]*\}`)
	f.Fuzz(func(t *testing.T, schema string) {
		grammar, err := grammarOf([]byte(schema))
		if err != nil {
			return
		}
		has := map[string]bool{}
		var used []string
		for line := range strings.SplitSeq(strings.TrimSuffix(grammar, "\n"), "\n") {
			name, expression, ok := strings.Cut(line, " ::= ")
			if !ok || has[name] || expression == "" {
				t.Fatalf("the line %q of\n%s", line, grammar)
			}
			has[name] = true
			used = append(used, regexp.MustCompile(`[a-z][a-z0-9-]*`).FindAllString(texts.ReplaceAllString(expression, " "), -1)...)
		}
		for _, name := range used {
			if !has[name] {
				t.Fatalf("there is no rule %s in\n%s", name, grammar)
			}
		}
		if !has[rootRule] {
			t.Fatal("there is no root")
		}
	})
}
