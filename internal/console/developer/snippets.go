package developer

import (
	"bytes"
	"encoding/json"
	"strings"

	"skytower/internal/console/ui"
	"skytower/internal/skytells"
)

// Languages of snippets.
const (
	curl       = "curl"
	python     = "python"
	typescript = "typescript"
	golang     = "go"
)

func languages() []ui.Choice {
	return []ui.Choice{{Value: curl, Label: "curl"}, {Value: python, Label: "Python"}, {Value: typescript, Label: "TypeScript"}, {Value: golang, Label: "Go"}}
}

// callOf is the route of a model, and a body that works.
func callOf(m skytells.Model) (path, body string) {
	slug := quoted(m.Namespace)
	switch kindOf(m) {
	case kindChat:
		return "/v1/chat/completions", `{"model": ` + slug + `, "messages": [{"role": "user", "content": "Hello!"}]}`
	case kindEmbeddings:
		return "/v1/embeddings", `{"model": ` + slug + `, "input": "A lighthouse at dawn"}`
	}
	return "/v1/predictions", `{"model": ` + slug + `, "input": ` + string(exampleInput(m.InputSchema)) + `, "await": true}`
}

// quoted is a text as JSON, which is a text of Python, TypeScript and Go as well.
func quoted(s string) string {
	text, _ := json.Marshal(s) // a text always can
	return string(text)
}

// snippet is how a model is called in a language, at this server's address. The key is
// the environment's.
func snippet(language, base string, m skytells.Model) string {
	path, body := callOf(m)
	switch language {
	case python:
		return pythonSnippet(base, path, body, m)
	case typescript:
		return typescriptSnippet(base, path, body, m)
	case golang:
		return goSnippet(base, path, body)
	}
	return "curl " + base + path + ` \
  -H "x-api-key: $SKYTOWER_API_KEY" \
  -H "Content-Type: application/json" \
  -d '` + strings.ReplaceAll(body, "'", `'\''`) + `'`
}

// indented is JSON over several lines.
func indented(body, prefix string) string {
	var out bytes.Buffer
	if json.Indent(&out, []byte(body), prefix, "    ") != nil {
		return body
	}
	return out.String()
}

// literal is JSON as a value of Python.
func literal(body string) string {
	var out strings.Builder
	quotes := false
	for i := 0; i < len(body); i++ {
		rest := body[i:]
		switch {
		case quotes && body[i] == '\\' && i+1 < len(body):
			out.WriteString(body[i : i+2])
			i++
			continue
		case body[i] == '"':
			quotes = !quotes
		case !quotes && strings.HasPrefix(rest, "true"):
			out.WriteString("True")
			i += len("true") - 1
			continue
		case !quotes && strings.HasPrefix(rest, "false"):
			out.WriteString("False")
			i += len("false") - 1
			continue
		case !quotes && strings.HasPrefix(rest, "null"):
			out.WriteString("None")
			i += len("null") - 1
			continue
		}
		out.WriteByte(body[i])
	}
	return out.String()
}

func pythonSnippet(base, path, body string, m skytells.Model) string {
	start := "import os\n\nfrom openai import OpenAI\n\nclient = OpenAI(base_url=" + quoted(base+"/v1") + ", api_key=os.environ[\"SKYTOWER_API_KEY\"])\n"
	switch kindOf(m) {
	case kindChat:
		return start + "answer = client.chat.completions.create(\n    model=" + quoted(m.Namespace) + ",\n    messages=[{\"role\": \"user\", \"content\": \"Hello!\"}],\n)\nprint(answer.choices[0].message.content)"
	case kindEmbeddings:
		return start + "answer = client.embeddings.create(model=" + quoted(m.Namespace) + ", input=\"A lighthouse at dawn\")\nprint(answer.data[0].embedding)"
	}
	return "import os\n\nimport requests\n\nanswer = requests.post(\n    " + quoted(base+path) + ",\n    headers={\"x-api-key\": os.environ[\"SKYTOWER_API_KEY\"]},\n    json=" +
		literal(indented(body, "    ")) + ",\n)\nanswer.raise_for_status()\nprint(answer.json()[\"output\"])"
}

func typescriptSnippet(base, path, body string, m skytells.Model) string {
	start := "import OpenAI from \"openai\";\n\nconst client = new OpenAI({ baseURL: " + quoted(base+"/v1") + ", apiKey: process.env.SKYTOWER_API_KEY });\n"
	switch kindOf(m) {
	case kindChat:
		return start + "const answer = await client.chat.completions.create({\n  model: " + quoted(m.Namespace) + ",\n  messages: [{ role: \"user\", content: \"Hello!\" }],\n});\nconsole.log(answer.choices[0].message.content);"
	case kindEmbeddings:
		return start + "const answer = await client.embeddings.create({ model: " + quoted(m.Namespace) + ", input: \"A lighthouse at dawn\" });\nconsole.log(answer.data[0].embedding);"
	}
	return "const answer = await fetch(" + quoted(base+path) + ", {\n  method: \"POST\",\n  headers: { \"x-api-key\": process.env.SKYTOWER_API_KEY!, \"Content-Type\": \"application/json\" },\n  body: JSON.stringify(" +
		indented(body, "  ") + "),\n});\nif (!answer.ok) throw new Error(await answer.text());\nconsole.log((await answer.json()).output);"
}

func goSnippet(base, path, body string) string {
	text := "`" + strings.ReplaceAll(body, "`", "`+\"`\"+`") + "`"
	return `package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	body := strings.NewReader(` + text + `)
	req, err := http.NewRequest(http.MethodPost, ` + quoted(base+path) + `, body)
	if err != nil {
		panic(err)
	}
	req.Header.Set("x-api-key", os.Getenv("SKYTOWER_API_KEY"))
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		panic(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		panic(err)
	}
	fmt.Println(res.Status, string(answer))
}
`
}
