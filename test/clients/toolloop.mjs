// Lets the unmodified npm client of OpenAI call tools until the model has its answer, plain
// and streamed, and prints what it saw, one JSON document. Arguments: base address (with
// /v1), key, chat model.
import OpenAI from 'openai';

const [baseURL, apiKey, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const called = [];
const tools = [
  {
    type: 'function',
    function: {
      name: 'weather',
      description: 'Tells the weather.',
      parse: JSON.parse,
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
      function: ({ city }) => {
        called.push(city);
        return { city, celsius: 4 };
      },
    },
  },
];
const messages = [
  { role: 'system', content: 'Be brief.' },
  {
    role: 'user',
    content: [
      { type: 'text', text: 'The weather here?' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
    ],
  },
];

const run = async (stream) => {
  const runner = client.chat.completions.runTools({ model, messages, tools, stream, max_completion_tokens: 500 });
  let streamed = '';
  runner.on('content', (delta) => (streamed += delta));
  const text = await runner.finalContent();
  const last = runner.messages.map((m) => m.role);
  const completions = runner.allChatCompletions();
  return { text, streamed, roles: last, finish: completions.map((c) => c.choices[0].finish_reason), ids: completions.map((c) => c.id) };
};

const seen = { plain: await run(false), streamed: await run(true) };
seen.called = called;
console.log(JSON.stringify(seen));
