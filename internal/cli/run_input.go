package cli

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"skytower/internal/skytells"
)

const (
	// smallFile is the largest file, in bytes, that goes along in the request; larger ones
	// are uploaded.
	smallFile = 256 << 10
	// maxInput bounds a whole input, which is held in memory; the server takes 32 MiB by
	// default.
	maxInput = 32 << 20
)

// input puts the prediction's input together.
func (r *runCommand) input(ctx context.Context, s *session, c *skytells.Client) (json.RawMessage, error) {
	if err := r.checkStdin(); err != nil {
		return nil, err
	}
	given, err := given(r.Set)
	if err != nil {
		return nil, err
	}
	whole, err := s.inputObject(ctx, r.Input)
	if err != nil {
		return nil, err
	}
	if len(given) > 0 {
		b := &inputBuilder{ctx: ctx, s: s, c: c}
		if err := b.readSchema(r.Model); err != nil {
			return nil, err
		}
		if err := b.fill(whole, given); err != nil {
			return nil, err
		}
	}
	return json.Marshal(whole)
}

// checkStdin sees that standard input is read once.
func (r *runCommand) checkStdin() error {
	readers := 0
	if r.Input == "-" || r.Input == "@-" {
		readers++
	}
	for _, set := range r.Set {
		if strings.HasSuffix(set, "=@-") {
			readers++
		}
	}
	if readers > 1 {
		return usagef("only one input can come from standard input")
	}
	return nil
}

// givenInput is one input with the texts that it was given.
type givenInput struct {
	name  string
	texts []string
}

// fromFile reports whether a text names a file.
func fromFile(text string) bool {
	return strings.HasPrefix(text, "@") && !strings.HasPrefix(text, "@@")
}

func given(sets []string) (all []givenInput, err error) {
	for _, set := range sets {
		name, text, ok := strings.Cut(set, "=")
		if !ok || name == "" {
			return nil, usagef("-i %s: write NAME=VALUE", set)
		}
		at := slices.IndexFunc(all, func(g givenInput) bool { return g.name == name })
		if at < 0 {
			all = append(all, givenInput{name: name})
			at = len(all) - 1
		}
		all[at].texts = append(all[at].texts, text)
	}
	return all, nil
}

// inputObject reads --input.
func (s *session) inputObject(ctx context.Context, from string) (map[string]json.RawMessage, error) {
	text := []byte(from)
	path, ok := strings.CutPrefix(from, "@")
	if from == "-" {
		path, ok = "-", true
	}
	switch {
	case from == "":
		return map[string]json.RawMessage{}, nil
	case ok:
		var err error
		if text, err = s.readWhole(ctx, path, maxInput); err != nil {
			return nil, usagef("--input: read %s: %w", path, err)
		}
	}
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(text, &whole); err != nil || whole == nil {
		return nil, usagef(`--input must be a JSON object such as {"prompt": "…"}`)
	}
	return whole, nil
}

// open opens a file, or standard input as -.
func (s *session) open(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(s.Stdin), nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		_ = file.Close()
		return nil, errors.New("it is a folder")
	}
	return file, nil
}

// withoutPath shortens an error beside which the path is said.
func withoutPath(err error) error {
	var at *os.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

func (s *session) readWhole(ctx context.Context, path string, most int64) ([]byte, error) {
	file, err := s.open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read
	return waitFor(ctx, func() ([]byte, error) { return readAll(file, most) })
}

// inputBuilder turns texts into the values that a model wants.
type inputBuilder struct {
	ctx    context.Context
	s      *session
	c      *skytells.Client
	model  string
	schema *inputSchema
}

// readSchema asks for the model's schema. A key that may not read models gets values
// that are told by their looks.
func (b *inputBuilder) readSchema(slug string) error {
	b.model, b.schema = slug, &inputSchema{}
	model, err := b.c.Model(b.ctx, slug, "input_schema")
	var no *skytells.APIError
	if errors.As(err, &no) && no.Status == http.StatusForbidden {
		return nil
	}
	if err != nil {
		return nearModel(b.ctx, b.c, slug, err)
	}
	if len(model.InputSchema) > 0 {
		_ = json.Unmarshal(model.InputSchema, b.schema) // takes whatever it is
	}
	return nil
}

// fill puts the values into the input. All names are looked at first, and what is
// uploaded comes last: a slip of the pen should upload nothing.
func (b *inputBuilder) fill(whole map[string]json.RawMessage, all []givenInput) error {
	names, closed := b.schema.names()
	slices.Sort(names)
	for _, g := range all {
		if closed && !slices.Contains(names, g.name) {
			hint := didYouMean(g.name, names)
			if hint == "" {
				hint = "; it has " + strings.Join(names, ", ")
			}
			return usagef("%s has no input %q%s", b.model, g.name, hint)
		}
	}
	for _, files := range []bool{false, true} {
		for _, g := range all {
			if slices.ContainsFunc(g.texts, fromFile) != files {
				continue
			}
			value, err := b.value(g)
			if err != nil {
				return err
			}
			whole[g.name] = value
		}
	}
	return nil
}

// value is one input. Several texts, or one that is no list itself, make a list where
// the model wants one.
func (b *inputBuilder) value(g givenInput) (json.RawMessage, error) {
	m := b.schema.meaningOf(b.schema.Properties[g.name])
	if !m.list() {
		if len(g.texts) > 1 {
			return nil, usagef("-i %s is given %d times, but it is no list", g.name, len(g.texts))
		}
		return b.one(g.name, g.texts[0], m)
	}
	if text := g.texts[0]; len(g.texts) == 1 && isJSON(text, '[') {
		return json.RawMessage(text), nil
	}
	item := b.schema.meaningOf(m.items)
	if len(g.texts) == 1 && fromFile(g.texts[0]) && !item.file {
		return b.jsonFile(g.name, g.texts[0][1:])
	}
	list := []json.RawMessage{}
	for _, text := range g.texts {
		value, err := b.one(g.name, text, item)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	return json.Marshal(list)
}

// one is one value: what the schema allows, and of that what it looks like.
func (b *inputBuilder) one(name, text string, m meaning) (json.RawMessage, error) {
	if fromFile(text) {
		return b.file(name, text[1:], m)
	}
	if strings.HasPrefix(text, "@@") {
		text = text[1:]
	}
	anything := len(m.types) == 0
	if m.only("string") {
		return json.Marshal(text)
	}
	kind := kindOf(text)
	fits := m.types[kind] || kind == "number" && m.types["integer"] || anything && kind != "null"
	switch {
	case kind != "" && fits && !(kind == "null" && m.types["string"]):
		return json.RawMessage(strings.TrimSpace(text)), nil
	case anything || m.types["string"]:
		return json.Marshal(text)
	}
	var wanted []string
	for kind := range m.types {
		wanted = append(wanted, kind)
	}
	slices.Sort(wanted)
	return nil, usagef("-i %s: %q is no %s", name, cut(text, 60), strings.Join(wanted, " or "))
}

// kindOf is what a text is when it is read as JSON; "" where it is none, or a string.
func kindOf(text string) string {
	var value any
	if json.Unmarshal([]byte(text), &value) != nil {
		return ""
	}
	switch value.(type) {
	case float64:
		return "number"
	case bool:
		return "boolean"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	case nil:
		return "null"
	}
	return ""
}

func isJSON(text string, begin byte) bool {
	text = strings.TrimSpace(text)
	return text != "" && text[0] == begin && json.Valid([]byte(text))
}

func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// file is the value of @FILE: an address where the model wants one or nobody knows, a
// text where it wants a text and the file is one, and JSON where it wants that.
func (b *inputBuilder) file(name, path string, m meaning) (json.RawMessage, error) {
	if len(m.types) > 0 && !m.types["string"] {
		return b.jsonFile(name, path)
	}
	file, err := b.s.open(path)
	if err != nil {
		return nil, usagef("-i %s: read %s: %w (a text that begins with @ is written @@…)", name, path, err)
	}
	defer file.Close() //nolint:errcheck // only read
	start, err := waitFor(b.ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(file, smallFile+1)) })
	if err != nil {
		return nil, fmt.Errorf("-i %s: read %s: %w", name, path, withoutPath(err))
	}
	isText := len(m.types) > 0 && !m.file && utf8.Valid(start)
	switch {
	case len(start) <= smallFile && isText:
		return json.Marshal(string(start))
	case len(start) <= smallFile:
		return json.Marshal(dataURL(path, start))
	case isText:
		return nil, usagef("-i %s: %s is larger than %d KiB, which is too long for a text", name, path, smallFile>>10)
	}
	uploaded, err := b.upload(path, start, file)
	if err != nil {
		return nil, fmt.Errorf("-i %s: upload %s: %w", name, path, err)
	}
	return json.Marshal(uploaded.URLs.Get)
}

func (b *inputBuilder) upload(path string, start []byte, rest io.ReadCloser) (skytells.File, error) {
	b.s.note("Uploading %s…", path)
	content := io.MultiReader(bytes.NewReader(start), rest)
	return b.c.UploadFile(b.ctx, uploadName(path), "", content, sizeOf(rest))
}

// uploadName is what a file is called at the server.
func uploadName(path string) string {
	if path == "-" {
		return "stdin"
	}
	return filepath.Base(path)
}

// sizeOf is a regular file's size; -1 where only the end will tell.
func sizeOf(from io.Reader) int64 {
	if file, ok := from.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			return info.Size()
		}
	}
	return -1
}

func (b *inputBuilder) jsonFile(name, path string) (json.RawMessage, error) {
	text, err := b.s.readWhole(b.ctx, path, maxInput)
	if err != nil {
		return nil, usagef("-i %s: read %s: %w", name, path, err)
	}
	if !json.Valid(text) {
		return nil, usagef("-i %s: %s holds no JSON", name, path)
	}
	return json.RawMessage(bytes.TrimSpace(text)), nil
}

// dataURL is a small file as an address. The type is found in the content and, where
// that does not tell, by the file's name.
func dataURL(path string, content []byte) string {
	kind := http.DetectContentType(content)
	if strings.HasPrefix(kind, "application/octet-stream") || strings.HasPrefix(kind, "text/plain") {
		if named := mime.TypeByExtension(filepath.Ext(path)); named != "" {
			kind = named
		}
	}
	kind, _, _ = strings.Cut(kind, ";")
	return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(content)
}
