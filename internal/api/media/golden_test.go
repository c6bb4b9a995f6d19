package media_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"skytower/internal/skytells"
)

// pair is a request of a route, and the inputs that become of it or the error.
type pair struct {
	Name, Route, Type string
	Schema, Output    json.RawMessage
	Request           map[string]any
	Form              [][2]string
	Inputs            []any
	Param, Says       string
}

func readGolden(t *testing.T, name string, v any) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// body is the pair's request for a model.
func (p pair) body(t *testing.T, model string) (body io.Reader, kind string) {
	t.Helper()
	if p.Form == nil {
		p.Request["model"] = model
		text, err := json.Marshal(p.Request)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.NewReader(text), "application/json"
	}
	return formOf(t, append(p.Form, [2]string{"model", model}))
}

// formOf writes a form. A value that begins with @ is a file, whose content its name says.
func formOf(t testing.TB, fields [][2]string) (body io.Reader, kind string) {
	t.Helper()
	var out bytes.Buffer
	form := multipart.NewWriter(&out)
	for _, f := range fields {
		name, isFile := strings.CutPrefix(f[1], "@")
		if !isFile {
			must(t, form.WriteField(f[0], f[1]))
			continue
		}
		w, err := form.CreateFormFile(f[0], name)
		must(t, err)
		content := map[string]string{"png": pngHead, "wav": wavHead, "txt": "words "}[name[len(name)-3:]]
		_, err = io.WriteString(w, content+name)
		must(t, err)
	}
	must(t, form.Close())
	return &out, form.FormDataContentType()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestInputs(t *testing.T) {
	t.Parallel()
	var pairs []pair
	readGolden(t, "inputs.json", &pairs)
	models := make([]skytells.ModelSpec, len(pairs))
	for i, p := range pairs {
		models[i] = skytells.ModelSpec{Slug: fmt.Sprintf("model-%d", i), Type: p.Type}
		if string(p.Schema) != "null" {
			models[i].InputSchema = skytells.Schema(`{"type":"object",` + string(bytes.TrimSpace(p.Schema)[1:]))
		}
		if p.Output != nil {
			models[i].OutputSchema = skytells.Schema(p.Output)
		}
	}
	s := newStage(t, models...)
	for i, p := range pairs {
		s.files, s.asked, s.made, s.dropped = map[string]stored{}, nil, nil, nil
		if p.Route == "" {
			p.Route = "images/generations"
		}
		body, kind := p.body(t, models[i].Slug)
		got := send(t, s.routes(), p.Route, body, "Content-Type", kind)
		var inputs []any
		for _, c := range s.asked {
			var input any
			must(t, json.Unmarshal(c.Input, &input))
			inputs = append(inputs, input)
		}
		if diff := cmp.Diff(p.Inputs, inputs); diff != "" {
			t.Errorf("%s: %d %s; inputs (-want +got):\n%s", p.Name, got.status, got.body, diff)
		}
		if p.Says == "" {
			continue
		}
		e := refused(t, got)
		param := ""
		if e.Param != nil {
			param = *e.Param
		}
		wantStatus := 400
		if e.ErrorID == "MODEL_NOT_SUPPORTED" {
			wantStatus = 422
		}
		if !strings.Contains(e.Message, p.Says) || p.Param != "" && param != p.Param || got.status != wantStatus {
			t.Errorf("%s: %d %s, want %q about %q", p.Name, got.status, got.body, p.Says, p.Param)
		}
		if len(s.dropped) != len(s.files) && len(s.asked) == 0 {
			t.Errorf("%s: %d files stored, %d dropped", p.Name, len(s.files), len(s.dropped))
		}
	}
}
