// Calls a server with the client that the server itself gave out. It prints what came.
import { Skytower, SkytowerError, type ChatRequest } from "./client.ts";

declare const process: { argv: string[] };
const [, , baseURL = "", key = "", model = ""] = process.argv;
const client = new Skytower({ baseURL, key });

const models = await client.listModels();
const body: ChatRequest = { model, messages: [{ role: "user", content: "Hi" }] };
const plain = await client.createChatCompletion({ body });
let streamed = "";
for await (const event of client.createChatCompletionEvents({ body })) {
  streamed += event.data.choices[0]?.delta.content ?? "";
}
// Types are exact: these must not compile.
// @ts-expect-error a role that there is not
const wrong: ChatRequest = { model, messages: [{ role: "robot", content: "Hi" }] };
// @ts-expect-error a model is needed
void (() => client.createChatCompletion({ body: { messages: [] } }));
void wrong;

const text: string | undefined = typeof plain.choices[0]?.message.content === "string" ? plain.choices[0].message.content : undefined;
let refused: { errorId: string; status: number } | undefined;
try {
  await new Skytower({ baseURL, key: "sk-wrong" }).getModel({ path: { slug: model } });
} catch (error) {
  if (error instanceof SkytowerError) refused = { errorId: error.errorId, status: error.status };
}
const file = await client.uploadFile({ body: { file: new Blob(["words"]), filename: "a.txt", purpose: "test" } });
const content = await (await client.getFileContent({ path: { id: file.id } })).text();
console.log(JSON.stringify({ models: models.map((m) => m.namespace), text, streamed, refused, content }));
