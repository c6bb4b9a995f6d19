package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"skytower/internal/fault"
	"skytower/internal/rawjson"
)

// Bounds of schemas and of what is checked against them.
const (
	maxSchema       = 256 << 10 // bytes of one schema
	maxSchemaValues = 10_000    // JSON values in it
	maxPatternSteps = 100_000   // of all its compiled patterns together
	maxInputValues  = 100_000   // JSON values in one input
	maxFilled       = 1 << 20   // bytes that defaults may add to one input
)

// schemaURL is the address that a model's schema is compiled under. Nothing is ever
// loaded from it.
const schemaURL = "schema:///model"

// inputSchema checks inputs of one model. It is immutable and safe for concurrent use.
type inputSchema struct {
	text     string
	compiled *jsonschema.Schema
	root     *filler
	depth    int   // levels that an input may be nested; 0: no bound of its own
	broken   error // why it can't be used: another version of the server took it
}

// newInputSchema compiles the schema of a prediction's input. A caller's text that
// can't be used gives an error for the operator.
func newInputSchema(text []byte) (*inputSchema, error) {
	compiled, depth, err := compileSchema(text)
	if err != nil {
		return nil, err
	}
	root, err := newFiller(compiled)
	if err != nil {
		return nil, err
	}
	return &inputSchema{text: string(text), compiled: compiled, depth: depth, root: root}, nil
}

// CheckInput checks a prediction's input against the model's schema and returns it with
// the schema's defaults filled in, otherwise byte for byte. The error is INVALID_INPUT
// and names every violation by its path.
func (m *Model) CheckInput(input json.RawMessage) (json.RawMessage, error) {
	switch kind := rawjson.KindOf(input); {
	case len(input) == 0:
		return nil, &fault.Error{ID: fault.ValidationError, Param: "input", Message: "'input' is missing: an object that the model's input_schema describes."}
	case !rawjson.Valid(input):
		return nil, invalidInput([]violation{{path: "input", text: fmt.Sprintf("must be JSON, nested at most %d levels", rawjson.MaxDepth)}})
	case kind != rawjson.KindObject:
		return nil, invalidInput([]violation{{path: "input", text: "must be an object, not " + kindWord(kind.String())}})
	case m.input == nil:
		return input, nil
	case m.input.broken != nil:
		return nil, fault.Wrap(m.input.broken, fault.ServiceUnavailable, "The model's schema can't be used by this version of the server; its operator has to look at it.")
	}
	return m.input.check(input)
}

func (s *inputSchema) check(input []byte) ([]byte, error) {
	r := newReader(input, "input", maxInputValues)
	r.room, r.depth = maxFilled, s.depth
	value, err := r.value(s.root)
	if err != nil {
		return nil, invalidInput([]violation{asViolation(err)})
	}
	if err := s.compiled.Validate(value); err != nil {
		return nil, invalidInput(violations(err, value, "input"))
	}
	if len(r.inserts) == 0 {
		return input, nil
	}
	return rawjson.Splice(make([]byte, 0, len(input)+maxFilled-r.room), input, r.inserts), nil
}

// compileSchema compiles a schema that stands for itself: nothing is loaded from
// anywhere. depth is newInputSchema's.
func compileSchema(text []byte) (compiled *jsonschema.Schema, depth int, err error) {
	doc, err := schemaDocument(text)
	if err != nil {
		return nil, 0, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(noLoader{})
	c.UseRegexpEngine(newPatterns().compile)
	if err := c.AddResource(schemaURL, doc); err != nil {
		return nil, 0, fmt.Errorf("can't be read: %w", err)
	}
	compiled, err = c.Compile(schemaURL)
	if err != nil {
		return nil, 0, schemaProblem(err, doc)
	}
	depth, err = checkCost(compiled)
	return compiled, depth, err
}

// schemaDocument reads a schema's text, which must be an object.
func schemaDocument(text []byte) (any, error) {
	switch {
	case len(text) > maxSchema:
		return nil, fmt.Errorf("has at most %d KiB", maxSchema>>10)
	case !utf8.Valid(text) || !rawjson.Valid(text):
		return nil, fmt.Errorf("must be JSON, nested at most %d levels", rawjson.MaxDepth)
	case rawjson.KindOf(text) != rawjson.KindObject:
		return nil, errors.New("must be a JSON Schema, which is an object")
	}
	doc, err := newReader(text, "", maxSchemaValues).value(nil)
	if err != nil {
		return nil, errors.New(asViolation(err).sentence())
	}
	return doc, nil
}

// schemaProblem says in plain words why a schema doesn't compile.
func schemaProblem(err error, doc any) error {
	var invalid *jsonschema.SchemaValidationError
	var remote *jsonschema.LoadURLError
	var pattern *jsonschema.InvalidRegexError
	var violated *jsonschema.ValidationError
	switch {
	case errors.As(err, &invalid) && errors.As(invalid.Err, &violated):
		return errors.New("is not a JSON Schema: " + sentences(violations(violated, doc, "")))
	case errors.As(err, &remote):
		return fmt.Errorf("refers to '%s': a schema holds all that it refers to", quotable(remote.URL))
	case errors.As(err, &pattern):
		return fmt.Errorf("has a pattern that can't be used, '%s': %s", quotable(pattern.Regex), quotable(pattern.Err.Error()))
	}
	text, _, _ := strings.Cut(strings.ReplaceAll(err.Error(), schemaURL, ""), "\n")
	return errors.New("can't be used: " + quotable(text))
}

// noLoader loads nothing: no file, no address.
type noLoader struct{}

// Load refuses.
func (noLoader) Load(string) (any, error) { return nil, errors.New("nothing is loaded from elsewhere") }

// patterns compiles the patterns of one schema with Go's engine, whose time is linear
// in the text, and bounds what they cost together.
type patterns struct {
	done map[string]*regexp.Regexp
	left int
}

func newPatterns() *patterns {
	return &patterns{done: map[string]*regexp.Regexp{}, left: maxPatternSteps}
}

func (p *patterns) compile(text string) (jsonschema.Regexp, error) {
	if re, ok := p.done[text]; ok {
		return re, nil
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	if p.left -= len(program.Inst); p.left < 0 {
		return nil, errors.New("the schema's patterns are too large")
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	p.done[text] = re
	return re, nil
}
