package explorer

import (
	"bytes"
	"encoding/json"
	"sort"
	"strconv"
	"strings"
)

// snippet is one way to make a call. Its template has marks where the reader's values
// go; assets/try.js fills them as the reader types, in the same way as fill does here.
type snippet struct {
	ID, Label, Text string
	template        string
}

// The marks of templates.
const (
	markBase   = "⟦base⟧"   // this server's address
	markKey    = "⟦key⟧"    // the key, or the name of a variable
	markURL    = "⟦url⟧"    // path and query
	markShell  = "⟦shell⟧"  // the body as JSON in single quotes of a shell
	markPython = "⟦python⟧" // the body as a literal of Python
	markJSON   = "⟦json⟧"   // the body as JSON
	markGo     = "⟦go⟧"     // the body as a literal string of Go
)

const sampleKey = "sk-…"

// snippets are the calls of an operation with its example.
func (s *spec) snippets(o *operation) []snippet {
	body := ""
	if o.Body != nil && o.Body.Type == "application/json" {
		body = s.example(o.Body.Example, o.Body.Schema)
	}
	out := []snippet{
		{ID: "curl", Label: "curl", template: curlSnippet(o)},
		{ID: "python", Label: "Python", template: pythonSnippet(o)},
		{ID: "typescript", Label: "TypeScript", template: scriptSnippet(o)},
		{ID: "go", Label: "Go", template: goSnippet(o)},
	}
	for i := range out {
		out[i].Text = fill(out[i].template, o.Path, body)
	}
	return out
}

// fill puts values into a template.
func fill(template, url, body string) string {
	return strings.NewReplacer(markBase, baseMark, markKey, sampleKey, markURL, url,
		markShell, "'"+strings.ReplaceAll(body, "'", `'\''`)+"'", markPython, pythonLiteral(body), markJSON, body, markGo, goLiteral(body)).Replace(template)
}

func goLiteral(body string) string {
	if strings.Contains(body, "`") {
		return strconv.Quote(body)
	}
	return "`" + body + "`"
}

// pythonLiteral writes JSON as Python does.
func pythonLiteral(body string) string {
	var v any
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return "{}"
	}
	var out bytes.Buffer
	writePython(&out, v, "")
	return out.String()
}

func writePython(out *bytes.Buffer, v any, pad string) {
	const step = "    "
	switch v := v.(type) {
	case nil:
		out.WriteString("None")
	case bool:
		if v {
			out.WriteString("True")
			return
		}
		out.WriteString("False")
	case json.Number:
		out.WriteString(v.String())
	case string:
		text, _ := json.Marshal(v) // a string can't fail
		out.Write(text)
	case []any:
		out.WriteString("[")
		for i, item := range v {
			if i > 0 {
				out.WriteString(", ")
			}
			writePython(out, item, pad)
		}
		out.WriteString("]")
	case map[string]any:
		if len(v) == 0 {
			out.WriteString("{}")
			return
		}
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		sort.Strings(names)
		out.WriteString("{\n")
		for _, name := range names {
			out.WriteString(pad + step)
			writePython(out, name, "")
			out.WriteString(": ")
			writePython(out, v[name], pad+step)
			out.WriteString(",\n")
		}
		out.WriteString(pad + "}")
	}
}

func (o *operation) bodyKind() string {
	if o.Body == nil {
		return ""
	}
	return o.Body.Type
}

func (o *operation) sendsForm() bool { return o.bodyKind() == "multipart/form-data" }

func curlSnippet(o *operation) string {
	lines := []string{`curl "` + markBase + markURL + `"`}
	if o.Method != "GET" {
		lines[0] = `curl -X ` + o.Method + ` "` + markBase + markURL + `"`
	}
	switch {
	case o.Operator:
		lines = append(lines, `-H "Authorization: Bearer `+markKey+`"`)
	case o.Key:
		lines = append(lines, `-H "x-api-key: `+markKey+`"`)
	}
	switch {
	case o.sendsForm():
		lines = append(lines, `-F "file=@picture.png"`)
	case o.Body != nil:
		lines = append(lines, `-H "Content-Type: application/json"`, `-d `+markShell)
	}
	return strings.Join(lines, " \\\n  ")
}

// openai is how OpenAI's clients call an operation: the method of their client, and the
// path; "" where they have none.
func (o *operation) openai() (method, path string) {
	switch o.ID {
	case "createChatCompletion":
		return "chat.completions.create", "chat/completions"
	case "createResponse":
		return "responses.create", "responses"
	case "createEmbeddings":
		return "embeddings.create", "embeddings"
	}
	return "", ""
}

// anthropic is how Anthropic's clients call an operation, in Python and in TypeScript; ""
// where they have no method for it. They put /v1 behind the base URL themselves.
func (o *operation) anthropic() (python, script string) {
	switch o.ID {
	case "createMessage":
		return "messages.create", "messages.create"
	case "countMessageTokens":
		return "messages.count_tokens", "messages.countTokens"
	}
	return "", ""
}

func pythonSnippet(o *operation) string {
	if method, _ := o.anthropic(); method != "" {
		return `from anthropic import Anthropic

client = Anthropic(base_url="` + markBase + `", api_key="` + markKey + `")
answer = client.` + method + `(**` + markPython + `)
print(answer)`
	}
	if method, _ := o.openai(); method != "" {
		return `from openai import OpenAI

client = OpenAI(base_url="` + markBase + `/v1", api_key="` + markKey + `")
answer = client.` + method + `(**` + markPython + `)
print(answer)`
	}
	args := []string{`"` + o.Method + `"`, `"` + markBase + markURL + `"`}
	switch {
	case o.Operator:
		args = append(args, `headers={"Authorization": "Bearer `+markKey+`"}`)
	case o.Key:
		args = append(args, `headers={"x-api-key": "`+markKey+`"}`)
	}
	switch {
	case o.sendsForm():
		args = append(args, `files={"file": open("picture.png", "rb")}`)
	case o.Body != nil:
		args = append(args, `json=`+markPython)
	}
	print := "print(answer.json())"
	if o.good().Type == "application/octet-stream" {
		print = "open(\"content\", \"wb\").write(answer.content)"
	}
	return "import requests\n\nanswer = requests.request(\n    " + strings.Join(args, ",\n    ") + ",\n)\nanswer.raise_for_status()\n" + print
}

func scriptSnippet(o *operation) string {
	if _, method := o.anthropic(); method != "" {
		return `import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ baseURL: "` + markBase + `", apiKey: "` + markKey + `" });
const answer = await client.` + method + `(` + markJSON + `);
console.log(answer);`
	}
	if method, _ := o.openai(); method != "" {
		return `import OpenAI from "openai";

const client = new OpenAI({ baseURL: "` + markBase + `/v1", apiKey: "` + markKey + `" });
const answer = await client.` + method + `(` + markJSON + `);
console.log(answer);`
	}
	var options []string
	if o.Method != "GET" {
		options = append(options, `method: "`+o.Method+`"`)
	}
	var headers []string
	switch {
	case o.Operator:
		headers = append(headers, `Authorization: "Bearer `+markKey+`"`)
	case o.Key:
		headers = append(headers, `"x-api-key": "`+markKey+`"`)
	}
	before := ""
	switch {
	case o.sendsForm():
		before = "const form = new FormData();\nform.append(\"file\", file); // of an input, or new Blob([…])\n\n"
		options = append(options, "body: form")
	case o.Body != nil:
		headers = append(headers, `"Content-Type": "application/json"`)
		options = append(options, "body: JSON.stringify("+markJSON+")")
	}
	if len(headers) > 0 {
		options = append(options, "headers: { "+strings.Join(headers, ", ")+" }")
	}
	read := "json"
	if o.good().Type == "application/octet-stream" {
		read = "blob"
	}
	return before + "const answer = await fetch(\"" + markBase + markURL + "\", {\n  " + strings.Join(options, ",\n  ") + ",\n});\n" +
		"if (!answer.ok) throw new Error(await answer.text());\nconsole.log(await answer." + read + "());"
}

func goSnippet(o *operation) string {
	if _, path := o.openai(); path != "" {
		return `client := openai.NewClient(option.WithBaseURL("` + markBase + `/v1"), option.WithAPIKey("` + markKey + `"))
var answer map[string]any
err := client.Post(ctx, "` + path + `", json.RawMessage(` + markGo + `), &answer)`
	}
	body := "nil"
	if o.Body != nil && !o.sendsForm() {
		body = "strings.NewReader(" + markGo + ")"
	}
	lines := []string{}
	if o.sendsForm() {
		lines = append(lines, "var form bytes.Buffer", "w := multipart.NewWriter(&form)", `part, err := w.CreateFormFile("file", "picture.png")`, "// copy the file into part, then:", "w.Close()")
		body = "&form"
	}
	lines = append(lines, `req, err := http.NewRequestWithContext(ctx, "`+o.Method+`", "`+markBase+markURL+`", `+body+`)`)
	switch {
	case o.Operator:
		lines = append(lines, `req.Header.Set("Authorization", "Bearer `+markKey+`")`)
	case o.Key:
		lines = append(lines, `req.Header.Set("x-api-key", "`+markKey+`")`)
	}
	switch {
	case o.sendsForm():
		lines = append(lines, `req.Header.Set("Content-Type", w.FormDataContentType())`)
	case o.Body != nil:
		lines = append(lines, `req.Header.Set("Content-Type", "application/json")`)
	}
	return strings.Join(append(lines, "res, err := http.DefaultClient.Do(req)", "// res.StatusCode, io.ReadAll(res.Body)"), "\n")
}
