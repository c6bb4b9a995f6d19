// The request that the form would send, as code in four languages. The key is read from
// the environment: the page's own never gets into any text.

/** The languages, in the order of the tabs. */
export const languages = { curl: "curl", python: "Python", typescript: "TypeScript", go: "Go" };

const KEY = "SKYTOWER_API_KEY";
const awkward = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g; // unseen, or turning the line around

/** JSON that is also a literal of Python, TypeScript and Go wherever it is a text. */
export function json(value, indent) {
  const text = JSON.stringify(value, (_, v) => (typeof v === "string" ? v.toWellFormed?.() ?? v : v), indent);
  return text.replace(awkward, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
}

function shell(text) { return "'" + text.replaceAll("'", "'\\''") + "'"; }

/** A value as Python writes it. */
export function python(value, pad = "") {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value !== "object") return json(value);
  const inner = pad + "    ";
  if (Array.isArray(value)) return flat(value) ? `[${value.map((v) => python(v)).join(", ")}]` : `[\n${value.map((v) => `${inner}${python(v, inner)},\n`).join("")}${pad}]`;
  const entries = Object.entries(value);
  return entries.length === 0 ? "{}" : `{\n${entries.map(([name, v]) => `${inner}${json(name)}: ${python(v, inner)},\n`).join("")}${pad}}`;
}

function flat(list) { return list.every((v) => v === null || typeof v !== "object"); }

/** A value as TypeScript writes it. */
export function script(value, pad = "") {
  if (value === null || typeof value !== "object") return json(value ?? null);
  const inner = pad + "  ";
  if (Array.isArray(value)) return flat(value) ? `[${value.map((v) => script(v)).join(", ")}]` : `[\n${value.map((v) => `${inner}${script(v, inner)},\n`).join("")}${pad}]`;
  const entries = Object.entries(value);
  return entries.length === 0 ? "{}" : `{\n${entries.map(([name, v]) => `${inner}${property(name)}: ${script(v, inner)},\n`).join("")}${pad}}`;
}

function property(name) {
  if (name === "__proto__") return '["__proto__"]';
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : json(name);
}

/** JSON over several lines as a text of Go. */
function golang(value) { return "`" + json(value, 2).replaceAll("`", '` + "`" + `') + "`"; }

function curl(base, path, body, options = "") {
  return `curl ${options}${shell(base + path)} \\\n  -H "x-api-key: $${KEY}" \\\n  -H "Content-Type: application/json" \\\n  -d ${shell(json(body, 2))}\n`;
}

// Arguments of OpenAI's Python client; what it does not know goes as extra_body.
const known = new Set(["model", "messages", "temperature", "max_tokens", "top_p", "stop", "seed", "response_format", "reasoning_effort", "tools", "tool_choice", "stream", "stream_options",
  "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs", "n", "user", "parallel_tool_calls", "logit_bias", "max_completion_tokens"]);

function chatPython(base, body) {
  const args = [];
  const extra = {};
  for (const [name, value] of Object.entries(body)) {
    if (known.has(name)) args.push(`    ${name}=${python(value, "    ")},\n`);
    else extra[name] = value;
  }
  if (Object.keys(extra).length > 0) args.push(`    extra_body=${python(extra, "    ")},\n`);
  return `import os

from openai import OpenAI

client = OpenAI(base_url=${json(base + "/v1")}, api_key=os.environ["${KEY}"])
stream = client.chat.completions.create(
${args.join("")})
for chunk in stream:
    if chunk.choices and chunk.choices[0].delta.content:
        print(chunk.choices[0].delta.content, end="", flush=True)
print()
`;
}

function chatScript(base, body) {
  return `import OpenAI from "openai";

const client = new OpenAI({ baseURL: ${json(base + "/v1")}, apiKey: process.env.${KEY} });
const stream = await client.chat.completions.create(${script(body)});
for await (const chunk of stream) {
  process.stdout.write(chunk.choices[0]?.delta?.content ?? "");
}
`;
}

const goStart = (imports, body) => `package main

import (
${imports.map((name) => `\t"${name}"\n`).join("")})

const body = ${golang(body)}
`;

function chatGo(base, body) {
  return `${goStart(["bufio", "encoding/json", "fmt", "io", "log", "net/http", "os", "strings"], body)}
func main() {
	req, err := http.NewRequest(http.MethodPost, ${json(base + "/v1/chat/completions")}, strings.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("x-api-key", os.Getenv("${KEY}"))
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		problem, _ := io.ReadAll(res.Body)
		log.Fatalf("%s: %s", res.Status, problem)
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		var chunk struct {
			Choices []struct {
				Delta struct {
					Content string \`json:"content"\`
				} \`json:"delta"\`
			} \`json:"choices"\`
		}
		if err := json.Unmarshal([]byte(data), &chunk); err != nil {
			log.Fatal(err)
		}
		for _, choice := range chunk.Choices {
			fmt.Print(choice.Delta.Content)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
	fmt.Println()
}
`;
}

function predictionPython(base, body) {
  return `import os
import time

import requests

headers = {"x-api-key": os.environ["${KEY}"]}
answer = requests.post(
    ${json(base + "/v1/predictions")},
    headers=headers,
    json=${python(body, "    ")},
)
answer.raise_for_status()
prediction = answer.json()
while prediction["status"] not in ("succeeded", "failed", "cancelled", "canceled"):
    time.sleep(1)
    prediction = requests.get(prediction["urls"]["get"], headers=headers).json()
print(prediction["error"] or prediction["output"])
`;
}

function predictionScript(base, body) {
  return `const headers = { "x-api-key": process.env.${KEY} ?? "", "Content-Type": "application/json" };
const answer = await fetch(${json(base + "/v1/predictions")}, {
  method: "POST",
  headers,
  body: JSON.stringify(${script(body, "  ")}),
});
if (!answer.ok) throw new Error(await answer.text());
let prediction = await answer.json();
while (!["succeeded", "failed", "cancelled", "canceled"].includes(prediction.status)) {
  await new Promise((done) => setTimeout(done, 1000));
  prediction = await (await fetch(prediction.urls.get, { headers })).json();
}
console.log(prediction.error ?? prediction.output);
`;
}

function predictionGo(base, body) {
  return `${goStart(["encoding/json", "fmt", "io", "log", "net/http", "os", "strings", "time"], body)}
type prediction struct {
	Status string          \`json:"status"\`
	Output json.RawMessage \`json:"output"\`
	Error  string          \`json:"error"\`
	URLs   struct {
		Get string \`json:"get"\`
	} \`json:"urls"\`
}

func call(method, url string, body io.Reader) (p prediction) {
	req, err := http.NewRequest(method, url, body)
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("x-api-key", os.Getenv("${KEY}"))
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		log.Fatal(err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		log.Fatalf("%s: %s", res.Status, text)
	}
	if err := json.Unmarshal(text, &p); err != nil {
		log.Fatal(err)
	}
	return p
}

func main() {
	p := call(http.MethodPost, ${json(base + "/v1/predictions")}, strings.NewReader(body))
	for {
		switch p.Status {
		case "succeeded":
			fmt.Println(string(p.Output))
			return
		case "failed", "cancelled", "canceled":
			log.Fatal(p.Status, ": ", p.Error)
		}
		time.Sleep(time.Second)
		p = call(http.MethodGet, p.URLs.Get, nil)
	}
}
`;
}

/** The call of a streamed chat in every language. */
export function chatSnippets(base, body) {
  return { curl: curl(base, "/v1/chat/completions", body, "-N "), python: chatPython(base, body), typescript: chatScript(base, body), go: chatGo(base, body) };
}

/** The call of a prediction in every language; curl waits for it, the others ask. */
export function predictionSnippets(base, body) {
  return { curl: curl(base, "/v1/predictions", { ...body, await: true }), python: predictionPython(base, body), typescript: predictionScript(base, body), go: predictionGo(base, body) };
}

/** The value with long data: addresses cut, so that code stays readable. */
export function shortened(value) {
  if (typeof value === "string") return /^data:[^,]{0,100},/.test(value) && value.length > 200 ? value.slice(0, value.indexOf(",") + 25) + "…" : value;
  if (Array.isArray(value)) return value.map(shortened);
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, v]) => [name, shortened(v)]));
  return value;
}
