// Writes snippets of awkward requests for the test that checks them: [{kind, language, code, body}].
import { chatSnippets, predictionSnippets, shortened } from "../assets/snippets.js";

const words = "It's \"quoted\" `ticks` $HOME $(id) \\n \\ \n new\r line\t\u0000\u2028\ufeff\u202e Grüße 🗼 </script> ''' \"\"\" ${x} %s \ud800";
const bodies = [
  { model: "m", messages: [{ role: "user", content: "hi" }], stream: true },
  { model: "it's/\"m\"`", messages: [{ role: "system", content: words }, { role: "user", content: [{ type: "text", text: words }, { type: "image_url", image_url: { url: "data:image/png;base64," + "A".repeat(5000) } }] }],
    temperature: 0.5, stop: ["a", words], tools: [{ type: "function", function: { name: "f", parameters: { type: "object", properties: { [words]: { type: "string" } }, "required": [] } } }],
    response_format: { type: "json_object" }, odd: { a: null, b: [true, false, [], {}, [{ x: 1e21 }]] }, stream: true },
];
const inputs = [{ prompt: "hi" }, { prompt: words, n: 1.5, ok: false, none: null, list: [1, "a"], "a b": { deep: [{}] }, ["__proto__"]: 1 }];
const base = "https://tower.example:8443";
const out = [];
for (const body of bodies) for (const [language, code] of Object.entries(chatSnippets(base, shortened(body)))) out.push({ kind: "chat", language, code, body: shortened(body) });
for (const input of inputs) for (const [language, code] of Object.entries(predictionSnippets(base, { model: "m", input }))) out.push({ kind: "prediction", language, code, body: { model: "m", input } });
console.log(JSON.stringify(out, (_, v) => (typeof v === "string" ? v.toWellFormed() : v)));
