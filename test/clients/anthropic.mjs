// Runs the unmodified npm client of Anthropic against a started server and prints what it
// saw, one JSON document. Arguments: base address (without /v1), key, model, and the acts
// to do.
import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import { jsonSchemaOutputFormat } from '@anthropic-ai/sdk/helpers/json-schema';

const [baseURL, apiKey, model, ...names] = process.argv.slice(2);
const client = new Anthropic({ baseURL, apiKey, maxRetries: 0 });
const tools = [{
  name: 'weather', description: 'Tells the weather',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}];
const say = (content) => ({ model, max_tokens: 256, messages: [{ role: 'user', content }] });
const seen = {};

const failure = async (act) => {
  try {
    await act();
    return { name: 'none' };
  } catch (e) {
    const told = e.error?.error ?? {};
    return { name: e.constructor.name, status: e.status, type: e.type, id: told.error_id, param: told.param, message: e.message, request: e.requestID ?? e.error?.request_id };
  }
};

// outline is the content without what differs from answer to answer.
const outline = (message) => message.content.map((block) => {
  switch (block.type) {
    case 'tool_use': return `tool_use ${block.id} ${block.name} ${JSON.stringify(block.input)}`;
    case 'thinking': return `thinking ${block.thinking}`;
    default: return `${block.type} ${block.text}`;
  }
});
const whole = (message) => ({
  content: outline(message), stop: message.stop_reason, model: message.model, id: message.id.slice(0, 4), role: message.role,
  usage: [message.usage.input_tokens, message.usage.cache_read_input_tokens, message.usage.output_tokens],
});

// helped streams with the client's own accumulator.
const helped = async (params) => {
  const stream = client.messages.stream(params);
  const events = [];
  stream.on('streamEvent', (event) => events.push(event.type));
  let text = '', json = '';
  stream.on('text', (delta) => { text += delta; });
  stream.on('inputJson', (delta) => { json += delta; });
  const message = await stream.finalMessage();
  return { ...whole(message), text, json, first: events[0], last: events.at(-1) };
};

const acts = {
  async plain() {
    const { data, request_id } = await client.messages.create({
      ...say('hello'), system: 'Be brief.', temperature: 0.5, stop_sequences: ['END'], metadata: { user_id: 'u-1' },
    }).withResponse();
    return { ...whole(data), request: request_id.slice(0, 4), same: data._request_id === request_id };
  },
  async streams() {
    const out = {};
    for (const word of ['hello', 'story', 'weather', 'both', 'lookup', 'think', 'long']) out[word] = await helped({ ...say(word), tools, thinking: { type: 'adaptive' } });
    return out;
  },
  async tools() {
    const params = { ...say([{ type: 'text', text: 'both' }]), tools, tool_choice: { type: 'any' } };
    const first = await client.messages.create(params);
    const results = first.content.filter((block) => block.type === 'tool_use').map((block, i) => ({
      type: 'tool_result', tool_use_id: block.id, is_error: i === 0, content: [{ type: 'text', text: `rain in ${block.input.city}` }],
    }));
    params.messages.push({ role: 'assistant', content: first.content }, { role: 'user', content: results });
    params.tool_choice = { type: 'auto', disable_parallel_tool_use: true };
    return { first: whole(first), second: await helped(params) };
  },
  async images() {
    const source = { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' };
    return helped(say([{ type: 'text', text: 'look' }, { type: 'image', source }]));
  },
  async beta() {
    return whole(await client.beta.messages.create({ ...say('hello'), betas: ['some-beta-2025-01-01'] }));
  },
  async system() {
    return whole(await client.messages.create({ ...say('who am I?'), system: [{ type: 'text', text: 'I am Ada', cache_control: { type: 'ephemeral' } }, { type: 'text', text: 'Always.' }] }));
  },
  // The token goes as a bearer's, and no key goes along.
  async bearer() {
    return whole(await new Anthropic({ baseURL, authToken: apiKey, apiKey: null, maxRetries: 0 }).messages.create(say('hello')));
  },
  async structured() {
    const format = jsonSchemaOutputFormat({ type: 'object', properties: { n: { type: 'integer' } }, required: ['n'], additionalProperties: false });
    const message = await client.messages.parse({ ...say('number'), output_config: { format, effort: 'low' } });
    return { parsed: message.parsed_output };
  },
  // The client's own loop calls the tools and asks again, plain and streamed.
  async runner() {
    const called = [];
    const tool = betaTool({
      name: 'weather', description: 'Tells the weather', inputSchema: tools[0].input_schema,
      run: async ({ city }) => { called.push(city); return [{ type: 'text', text: `rain in ${city}` }]; },
    });
    const plain = whole(await client.beta.messages.toolRunner({ ...say('both'), tools: [tool] }));
    const runner = client.beta.messages.toolRunner({ ...say('both'), tools: [tool], stream: true });
    let streamed;
    for await (const stream of runner) streamed = await stream.finalMessage();
    return { plain, streamed: whole(streamed), called };
  },
  async documents() {
    const source = { type: 'text', media_type: 'text/plain', data: 'Some words.' };
    return whole(await client.messages.create(say([{ type: 'document', title: 'Notes', source, cache_control: { type: 'ephemeral' } }, { type: 'text', text: 'hello' }])));
  },
  async choices() {
    const stops = [];
    for (const tool_choice of [{ type: 'auto' }, { type: 'any', disable_parallel_tool_use: true }, { type: 'tool', name: 'weather' }, { type: 'none' }]) {
      stops.push((await client.messages.create({ ...say('weather'), tools, tool_choice, service_tier: 'auto' })).stop_reason);
    }
    return { stops };
  },
  async thoughts() {
    const thinking = { type: 'enabled', budget_tokens: 5000 };
    return whole(await client.messages.create({ ...say('think'), max_tokens: 6000, thinking }));
  },
  async unasked() {
    return { plain: whole(await client.messages.create(say('think'))), streamed: await helped({ ...say('think'), thinking: { type: 'disabled' } }) };
  },
  async caller() {
    const message = await client.messages.create({ ...say('weather'), tools });
    return { by: message.content.map((block) => block.caller?.type) };
  },
  async count() {
    const { model, messages } = say('hello');
    return { tokens: (await client.messages.countTokens({ model, messages, tools })).input_tokens };
  },
  async models() {
    const ids = [];
    for await (const one of client.models.list()) ids.push(one.id);
    const page = await client.models.list({ limit: 1 });
    const first = await page.getNextPage();
    const { id, type, display_name: name, created_at: at } = await client.models.retrieve(model);
    return {
      listed: ids.includes(model), paged: page.data[0].id === ids[0] && first.data[0].id === ids[1], id, type, name, dated: !Number.isNaN(Date.parse(at)),
      beta: (await client.beta.models.retrieve(model)).id, missing: await failure(() => client.models.retrieve('nope')),
    };
  },
  async abort() {
    const stream = client.messages.stream(say('hang'));
    stream.on('text', () => stream.abort());
    return failure(() => stream.finalMessage());
  },
  async failed() {
    let text = '';
    const error = await failure(async () => {
      const stream = client.messages.stream(say('fail'));
      stream.on('text', (delta) => { text += delta; });
      await stream.finalMessage();
    });
    return { ...error, text, plain: await failure(() => client.messages.create(say('fail'))) };
  },
  async errors() {
    const wrong = new Anthropic({ baseURL, apiKey: 'sk-wrong', maxRetries: 0 });
    const bearer = new Anthropic({ baseURL, authToken: 'sk-wrong', apiKey: null, maxRetries: 0 });
    const { max_tokens, ...limitless } = say('hello');
    return {
      unauthorized: await failure(() => wrong.messages.create(say('hello'))),
      bearer: await failure(() => bearer.messages.create(say('hello'))),
      notFound: await failure(() => client.messages.create({ ...say('hello'), model: 'nope' })),
      limitless: await failure(() => client.messages.create(limitless)),
      wrongKind: await failure(() => client.messages.create({ ...say('hello'), model: 'skytower-embed-small' })),
      count: await failure(() => client.messages.countTokens({ model: 'nope', messages: [] })),
      route: await failure(() => client.post('/v1/messages/nothing', { body: {} })),
      method: await failure(() => client.get('/v1/messages')),
    };
  },
  async document() {
    return failure(() => client.messages.create(say([{ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERi0=' } }])));
  },
};

// An act that fails says so in its place, so that the others are seen too.
for (const name of names) {
  try {
    seen[name] = await acts[name]();
  } catch (e) {
    seen[name] = { thrown: `${e.constructor.name}: ${e.message}` };
  }
}
console.log(JSON.stringify(seen));
