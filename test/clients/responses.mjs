// Runs an unmodified npm client of OpenAI's Responses API against a started server and
// prints what it saw, one JSON document. Arguments: base address (with /v1), key, model,
// the client's package (two of its major versions are installed), and the acts to do.
import { z } from 'zod';

const [baseURL, apiKey, model, pkg, ...names] = process.argv.slice(2);
const { default: OpenAI } = await import(pkg);
const { zodTextFormat } = await import(`${pkg}/helpers/zod`);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const tools = [{
  type: 'function', name: 'weather', description: 'Tells the weather', strict: true,
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false },
}];
const seen = {};

const failure = async (act) => {
  try {
    await act();
    return { name: 'none' };
  } catch (e) {
    return { name: e.constructor.name, status: e.status, code: e.code, type: e.type, param: e.param, message: e.message, request: e.requestID };
  }
};

// outline is the output without what differs from answer to answer.
const outline = (response) => response.output.map((item) => {
  switch (item.type) {
    case 'function_call': return `function_call ${item.call_id} ${item.name}${item.arguments}`;
    case 'reasoning': return `reasoning ${[...item.summary, ...(item.content ?? [])].map((part) => part.text).join('')}`;
    default: return `${item.type} ${item.content.map((part) => part.text ?? part.refusal).join('')}`;
  }
});
const whole = (response) => ({
  status: response.status, text: response.output_text, output: outline(response), model: response.model,
  tokens: response.usage?.total_tokens, reason: response.incomplete_details?.reason,
});

// helped streams with the client's own accumulator, which complains about every event
// that does not fit.
const helped = async (params) => {
  const names = [];
  const stream = client.responses.stream({ model, ...params });
  stream.on('event', (event) => names.push(event.type));
  let snapshot = '';
  stream.on('response.output_text.delta', (event) => { snapshot = event.snapshot; });
  const response = await stream.finalResponse();
  return { ...whole(response), events: names.length, last: names.at(-1), snapshot };
};

// until asks again until the state is right.
const until = async (id, ...states) => {
  for (let i = 0; ; i++) {
    const response = await client.responses.retrieve(id);
    if (states.includes(response.status)) return response;
    if (i > 600) throw new Error(`${id} stays ${response.status}`);
    await new Promise((wake) => setTimeout(wake, 20));
  }
};
const collect = async (stream) => {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
};

const acts = {
  async plain() {
    const response = await client.responses.create({ model, instructions: 'Be brief.', input: 'hello', metadata: { trace: 'a1' } });
    return { ...whole(response), metadata: response.metadata, request: response._request_id.slice(0, 4) };
  },
  async streams() {
    const out = {};
    for (const word of ['hello', 'story', 'weather', 'both', 'lookup', 'think', 'refuse', 'long', 'filter', 'cite']) {
      out[word] = await helped({ input: word, tools });
    }
    return out;
  },
  async summary() {
    return helped({ input: 'think', reasoning: { effort: 'low', summary: 'auto' } });
  },
  async failed() {
    const names = [];
    const error = await failure(async () => {
      for await (const event of await client.responses.create({ model, input: 'fail', stream: true })) {
        names.push(event.type);
        if (event.type === 'error' || event.type === 'response.failed') throw new Error(event.message ?? event.response.error.message);
      }
    });
    return { ...error, last: names.at(-1) };
  },
  async tools() {
    const input = [{ role: 'user', content: [{ type: 'input_text', text: 'both' }] }];
    const first = await client.responses.parse({ model, input, tools, parallel_tool_calls: true, tool_choice: 'auto' });
    const parsed = [];
    for (const item of first.output) {
      if (item.type !== 'function_call') continue;
      parsed.push(item.parsed_arguments.city);
      input.push(item, { type: 'function_call_output', call_id: item.call_id, output: `rain in ${item.parsed_arguments.city}` });
    }
    const second = await client.responses.create({ model, input, tools });
    return { parsed, ...whole(second) };
  },
  async structured() {
    const format = zodTextFormat(z.object({ n: z.number() }), 'number');
    const response = await client.responses.parse({ model, input: 'number', text: { format } });
    const streamed = await client.responses.stream({ model, input: 'number', text: { format } }).finalResponse();
    return { n: response.output_parsed.n, streamed: streamed.output_parsed.n, format: response.text.format.name };
  },
  async images() {
    const image_url = 'data:image/png;base64,iVBORw0KGgo=';
    const response = await client.responses.create({
      model, input: [{ role: 'user', content: [{ type: 'input_text', text: 'look' }, { type: 'input_image', image_url, detail: 'auto' }] }],
    });
    return whole(response);
  },
  async chain() {
    const first = await client.responses.create({ model, input: 'I am Ada', store: true });
    const second = await client.responses.create({ model, input: 'who am I?', store: true, previous_response_id: first.id });
    const streamed = await client.responses.stream({ model, input: 'who am I?', previous_response_id: second.id }).finalResponse();
    const got = await client.responses.retrieve(second.id);
    const items = await collect(client.responses.inputItems.list(second.id, { order: 'asc', limit: 1 }));
    const newest = await client.responses.inputItems.list(second.id);
    await client.responses.delete(first.id);
    return {
      text: second.output_text, streamed: streamed.output_text, previous: got.previous_response_id === first.id, store: got.store,
      same: JSON.stringify(got.output) === JSON.stringify(second.output), tokens: got.usage.total_tokens,
      items: items.map((item) => `${item.role} ${item.content.map?.((part) => part.text).join('') ?? item.content}`),
      ids: items.every((item) => item.id), newest: newest.data[0].id === items.at(-1).id,
      deleted: await failure(() => client.responses.retrieve(first.id)),
      broken: await failure(() => client.responses.create({ model, input: 'x', previous_response_id: first.id })),
    };
  },
  async references() {
    const first = await client.responses.create({ model, input: 'lookup', tools });
    const input = [
      { role: 'user', content: 'lookup' }, ...first.output.map(({ id }) => ({ type: 'item_reference', id })),
      ...first.output.filter((item) => item.type === 'function_call').map(({ call_id }) => ({ type: 'function_call_output', call_id, output: 'sun' })),
    ];
    return {
      ...whole(await client.responses.create({ model, input, tools })),
      unknown: await failure(() => client.responses.create({ model, input: [{ type: 'item_reference', id: 'msg_nobody' }, { role: 'user', content: 'x' }] })),
    };
  },
  async background() {
    const queued = await client.responses.create({ model, input: 'think', background: true, store: true });
    const done = await until(queued.id, 'completed', 'failed');
    const replay = await client.responses.stream({ response_id: queued.id }).finalResponse();
    return { first: queued.status, background: done.background, ...whole(done), replay: whole(replay) };
  },
  async resumed() {
    const stream = await client.responses.create({ model, input: 'story', background: true, store: true, stream: true });
    const events = [];
    for await (const event of stream) {
      events.push(event);
      if (events.length === 4) break; // which hangs up
    }
    const starting_after = events.at(-1).sequence_number;
    events.push(...await collect(await client.responses.retrieve(events[0].response.id, { stream: true, starting_after })));
    return {
      first: events[0].response.status, second: events[1].type, last: events.at(-1).type,
      gapless: events.every((event, i) => event.sequence_number === i),
      text: events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join(''),
      output: outline(events.at(-1).response),
    };
  },
  async cancelled() {
    const { id } = await client.responses.create({ model, input: 'hang', background: true, store: true });
    await until(id, 'in_progress');
    const asked = await client.responses.cancel(id);
    const later = await until(id, 'cancelled');
    const again = await client.responses.cancel(id);
    const { id: foreground } = await client.responses.create({ model, input: 'hello', store: true });
    return {
      later: later.status, again: again.status, id: asked.id === id,
      foreground: await failure(() => client.responses.cancel(foreground)),
    };
  },
  async errors() {
    const wrong = new OpenAI({ baseURL, apiKey: 'sk-wrong', maxRetries: 0 });
    return {
      unauthorized: await failure(() => wrong.responses.create({ model, input: 'x' })),
      notFound: await failure(() => client.responses.create({ model: 'nope', input: 'x' })),
      input: await failure(() => client.responses.create({ model, input: [] })),
      previous: await failure(() => client.responses.create({ model, input: 'x', previous_response_id: 'resp_nobody' })),
      unknown: await failure(() => client.responses.retrieve('resp_nobody')),
      items: await failure(() => client.responses.inputItems.list('resp_nobody')),
      remove: await failure(() => client.responses.delete('resp_nobody')),
      cancel: await failure(() => client.responses.cancel('resp_nobody')),
      background: await failure(() => client.responses.create({ model, input: 'x', background: true, store: false })),
    };
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
