// Runs the unmodified npm client of OpenAI against a started server and prints
// what it saw, one JSON document. Arguments: base address (with /v1), key, chat
// model, embeddings model.
import OpenAI from 'openai';

const [baseURL, apiKey, chat, embed] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const messages = [{ role: 'user', content: 'hi' }];
const tools = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: {} } } }];
const seen = {};

const failure = async (act) => {
  try {
    await act();
    return { name: 'none' };
  } catch (e) {
    return { name: e.constructor.name, status: e.status, code: e.code, type: e.type, param: e.param, message: e.message, request: e.requestID };
  }
};

const collect = async (stream) => {
  const out = { text: '', tool: '', chunks: 0, finish: null, usage: null };
  for await (const chunk of stream) {
    out.chunks++;
    out.usage = chunk.usage ?? out.usage;
    for (const choice of chunk.choices) {
      out.text += choice.delta.content ?? '';
      out.tool += choice.delta.tool_calls?.[0]?.function?.arguments ?? '';
      out.finish = choice.finish_reason ?? out.finish;
    }
  }
  return out;
};

const plain = await client.chat.completions.create({ model: chat, messages });
seen.plain = { text: plain.choices[0].message.content, model: plain.model, tokens: plain.usage.total_tokens, request: plain._request_id };
seen.stream = await collect(await client.chat.completions.create({ model: chat, messages, stream: true, stream_options: { include_usage: true } }));
seen.tools = (await client.chat.completions.create({ model: chat, messages, tools })).choices[0].message.tool_calls[0].function;
seen.toolStream = await collect(await client.chat.completions.create({ model: chat, messages, tools, stream: true }));
seen.structured = JSON.parse((await client.chat.completions.create({
  model: chat, messages, response_format: { type: 'json_schema', json_schema: { name: 'number', schema: { type: 'object' } } },
})).choices[0].message.content);

const byDefault = await client.embeddings.create({ model: embed, input: 'a lighthouse at dusk', dimensions: 64 });
const asFloats = await client.embeddings.create({ model: embed, input: 'a lighthouse at dusk', dimensions: 64, encoding_format: 'float' });
seen.embeddings = {
  length: byDefault.data[0].embedding.length,
  apart: Math.max(...byDefault.data[0].embedding.map((n, i) => Math.abs(n - asFloats.data[0].embedding[i]))),
};

const response = await client.responses.create({ model: chat, input: 'hi' });
seen.response = { text: response.output_text, status: response.status };
const events = [];
for await (const event of await client.responses.create({ model: chat, input: 'hi', stream: true })) events.push(event.type);
seen.responseEvents = events;

seen.models = (await client.models.list()).data.map((m) => m.id);
const wrong = new OpenAI({ baseURL, apiKey: 'sk-wrong', maxRetries: 0 });
// The busy one is last: the server gives such a target a rest.
seen.errors = {
  unauthorized: await failure(() => wrong.chat.completions.create({ model: chat, messages })),
  notFound: await failure(() => client.chat.completions.create({ model: 'nope', messages })),
  badRequest: await failure(() => client.chat.completions.create({ model: chat, messages, n: 0 })),
  unprocessable: await failure(() => client.chat.completions.create({ model: embed, messages })),
  broken: await failure(() => client.chat.completions.create({ model: chat, messages, user: 'broken' })),
  cut: await failure(async () => collect(await client.chat.completions.create({ model: chat, messages, user: 'cut', stream: true }))),
  busy: await failure(() => client.chat.completions.create({ model: chat, messages, user: 'busy' })),
};
console.log(JSON.stringify(seen));
