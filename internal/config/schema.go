package config

import (
	"encoding/json"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// node is one JSON Schema, or a part of one.
type node = map[string]any

// Schema is the JSON Schema (draft 2020-12) of the configuration file, for editors. What
// Load takes it takes too; it is looser than Load where a schema can't say the rule.
func Schema() []byte {
	properties := node{keyCommands: commandsSchema(), keyEngines: enginesSchema()}
	for _, s := range Settings() {
		properties[s.Key] = s.schema()
	}
	schema := node{
		"$schema":              "https://json-schema.org/draft/2020-12/schema",
		"title":                "Skytower configuration",
		"description":          "The process file of a Skytower server (skytower serve --config FILE).",
		"type":                 []string{"object", "null"},
		"additionalProperties": false,
		"properties":           properties,
	}
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		panic("encode the schema: " + err.Error()) // maps of texts: can't be
	}
	return append(text, '\n')
}

func (s *Setting) schema() node {
	out := formOf(s.field(&Config{}), s.Kind, s.Choices)
	out["description"] = plainDoc(s.Doc)
	if preset := s.presetJSON(); !s.Secret && preset != nil {
		out["default"] = preset
	}
	return out
}

// presetJSON is the default as it would stand in a file; nil is none.
func (s *Setting) presetJSON() any {
	switch s.Kind {
	case Boolean, Integer, Number: // their texts are JSON already
		return json.RawMessage(s.Default)
	}
	if s.Default == "" {
		return nil
	}
	return s.Default
}

func plainDoc(doc string) string {
	links := regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	return strings.ReplaceAll(links.ReplaceAllString(doc, "$1"), "`", "")
}

// The forms of texts, as regular expressions of ECMA-262.
const (
	durationForm = `^[-+]?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$|^[0-9]+d$|^[-+]?0$`
	sizeForm     = `^[0-9]+ *([bB]|[kKmMgG][iI]?[bB])? *$`
	integerForm  = `^[-+]?[0-9]+$`
	masterForm   = `^\s*([0-9A-Fa-f]{64}|[-A-Za-z0-9+/_]{43}=*)?\s*$`
	mastersForm  = `^\s*(([0-9A-Fa-f]{64}|[-A-Za-z0-9+/_]{43}=*)?\s*(,|$)\s*)*$`
	httpForm     = `^\s*([hH][tT][tT][pP][sS]?://[^\s]+)?\s*$`
	databaseForm = `^sqlite:|^[pP][oO][sS][tT][gG][rR][eE][sS]([qQ][lL])?://`
	smtpForm     = `^\s*([sS][mM][tT][pP][sS]?://.*)?\s*$`
	rangesForm   = `^[ ,0-9A-Fa-f.:/]*$`
	addressForm  = `:[0-9]{1,5}$`
	headersForm  = `^\s*(,|[^,=]*=[^,]*)*\s*$`
)

// formOf is what may stand as the value: v is where it will be kept. A key without a
// value counts as not given; a text may also be written as YAML's other plain values.
func formOf(v value, kind Kind, choices []string) node {
	switch v := v.(type) {
	case *addressValue:
		form := addressForm
		if v.mayBeOff {
			form = `^$|^off$|` + form
		}
		return text(form, false)
	case *databaseValue:
		return text(databaseForm, false)
	case *publicURLValue, *issuerValue, *baseURLOrNone:
		return text(httpForm, false)
	case *baseURLValue:
		return text(`^[hH][tT][tT][pP][sS]?://[^\s]+$`, false)
	case *smtpValue:
		return text(smtpForm, false)
	case *masterKeyValue:
		return text(masterForm, true)
	case *masterKeysValue:
		return text(mastersForm, true)
	case *headersValue:
		return text(headersForm, false)
	case *slugValue:
		return text(`^[a-z0-9][a-z0-9._-]{0,99}$`, true)
	case *durationValue:
		return v.form()
	case *sizeValue:
		return numeric(float64(v.least), float64(v.most), "integer", sizeForm)
	case *intValue:
		return numeric(float64(v.least), float64(v.most), "integer", integerForm)
	case *dollarsValue:
		return numeric(0, 999_999_999, "number", `^[0-9]{1,9}(\.[0-9]{1,9})?$`)
	case *shareValue:
		return numeric(0, 1, "number", `^\s*[-+0-9.a-fA-FxXpP_]+\s*$`)
	}
	return formOfKind(kind, choices)
}

// formOfKind is the form of values that only their kind tells of.
func formOfKind(kind Kind, choices []string) node {
	switch kind {
	case Boolean:
		out := numeric(0, 1, "integer", anyCase("true", "yes", "on", "1", "false", "no", "off", "0"))
		out["type"] = []string{"boolean", "integer", "string", "null"}
		return out
	case Choice:
		return choiceForm(choices)
	case Prefixes:
		item := text(rangesForm, false)
		item["type"] = "string"
		return node{"anyOf": []any{text(rangesForm, false), node{"type": "array", "items": item}}}
	}
	return text("", true)
}

// text is a string of a form; any is set where a plain number or truth value is as good.
func text(form string, any bool) node {
	out := node{"type": []string{"string", "null"}}
	if any {
		out["type"] = []string{"string", "number", "boolean", "null"}
	}
	if form != "" {
		out["pattern"] = form
	}
	return out
}

// numeric is a number, or a string of a form.
func numeric(least, most float64, kind, form string) node {
	out := text(form, false)
	out["type"] = []string{kind, "string", "null"}
	out["minimum"] = number(least)
	if most < math.MaxInt64 {
		out["maximum"] = number(most)
	}
	return out
}

func number(n float64) json.RawMessage {
	return json.RawMessage(strconv.FormatFloat(n, 'f', -1, 64))
}

// form allows the number 0 as well, which needs no unit.
func (v *durationValue) form() node {
	out := text(durationForm, false)
	if v.least <= time.Duration(0) {
		out["type"] = []string{"string", "integer", "null"}
		out["minimum"], out["maximum"] = 0, 0
	}
	return out
}

// choiceForm lists the words, which editors offer, and takes them in any case.
func choiceForm(choices []string) node {
	words := []any{nil}
	for _, word := range choices {
		words = append(words, word)
		switch word { // readers of YAML 1.1 take a bare off or on for a truth value
		case "off":
			words = append(words, false)
		case "on":
			words = append(words, true)
		}
	}
	return node{"anyOf": []any{node{"enum": words}, node{"type": "string", "pattern": anyCase(choices...)}}}
}

// anyCase is the form of one of some words in any case.
func anyCase(words ...string) string {
	var out strings.Builder
	for i, word := range words {
		if i > 0 {
			out.WriteByte('|')
		}
		out.WriteByte('^')
		for _, r := range word {
			lower, upper := strings.ToLower(string(r)), strings.ToUpper(string(r))
			if lower == upper {
				out.WriteString(regexp.QuoteMeta(lower))
			} else {
				out.WriteString("[" + lower + upper + "]")
			}
		}
		out.WriteByte('$')
	}
	return out.String()
}

// commandsSchema is the JSON Schema of the list of commands.
func commandsSchema() node {
	own, limits := node{}, node{}
	var required []string
	for _, f := range fields() {
		if name, ok := strings.CutPrefix(f.Key, limitPrefix); ok {
			limits[name] = f.schema()
			continue
		}
		own[f.Key] = f.schema()
		if f.Required {
			required = append(required, f.Key)
		}
	}
	own[fieldLimits] = node{
		"description": "What one run may use.", "type": []string{"object", "null"}, "additionalProperties": false, "properties": limits,
	}
	return node{
		"description": "Programs on this machine that serve as prediction models.",
		"type":        []string{"array", "null"},
		"maxItems":    maxCommands,
		"items":       node{"type": "object", "additionalProperties": false, "required": required, "properties": own},
	}
}

func (f *field) schema() node {
	var out node
	switch f.Key {
	case fieldArgv:
		item := node{"type": []string{"string", "number", "boolean"}}
		out = node{"type": "array", "items": item, "minItems": 1, "maxItems": maxArgv}
	case fieldInput:
		out = node{"type": []string{"object", "null"}}
	default:
		if f.tree != nil { // env
			plain := node{"type": []string{"string", "number", "boolean", "null"}}
			out = node{"type": []string{"object", "null"}, "additionalProperties": plain, "maxProperties": maxEnv,
				"propertyNames": node{"pattern": `^[A-Za-z_][A-Za-z0-9_]*$`}}
			break
		}
		out = formOf(f.plain(&Command{}), f.Kind, f.Choices)
		like := Setting{Kind: f.Kind, Default: f.Default}
		if preset := like.presetJSON(); f.Default != "" && preset != nil {
			out["default"] = preset
		}
	}
	if f.Required {
		out = given(out)
	}
	out["description"] = plainDoc(f.Doc)
	return out
}

// given takes null out of the types: what is required can't be left empty.
func given(form node) node {
	if types, ok := form["type"].([]string); ok {
		var rest []string
		for _, name := range types {
			if name != "null" {
				rest = append(rest, name)
			}
		}
		form["type"] = rest
	}
	return form
}
