// Runs a batch by the unmodified npm client of OpenAI and prints what it saw, one JSON
// document. Arguments: base address (with /v1), key, chat model.
import OpenAI, { toFile } from 'openai';

const [baseURL, apiKey, chat] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const seen = {};

const failure = async (act) => {
  try {
    await act();
    return { name: 'none' };
  } catch (e) {
    return { name: e.constructor.name, status: e.status, code: e.code, param: e.param };
  }
};

const upload = (lines, purpose = 'batch') =>
  toFile(Buffer.from(lines.map((l) => (typeof l === 'string' ? l : JSON.stringify(l)) + '\n').join('')), 'in.jsonl').then((file) => client.files.create({ file, purpose }));

const line = (id, more = {}) => ({
  custom_id: id, method: 'POST', url: '/v1/chat/completions', body: { model: chat, messages: [{ role: 'user', content: id }], ...more },
});

const ended = async (id) => {
  for (;;) {
    const batch = await client.batches.retrieve(id);
    if (['failed', 'completed', 'expired', 'cancelled'].includes(batch.status)) return batch;
    await new Promise((done) => setTimeout(done, 20));
  }
};

const lines = async (id) => (await (await client.files.content(id)).text()).trim().split('\n').map((l) => JSON.parse(l));

const input = await upload([line('one'), line('two'), line('bad', { n: 0 }), line('other', { model: 'nobody' })]);
const made = await client.batches.create({ input_file_id: input.id, endpoint: '/v1/chat/completions', completion_window: '24h', metadata: { job: 'nightly' } });
seen.made = { object: made.object, status: made.status, window: made.completion_window, metadata: made.metadata, input: made.input_file_id === input.id, output: made.output_file_id };
const done = await ended(made.id);
seen.done = { status: done.status, counts: done.request_counts, ended: done.completed_at >= done.created_at, errors: done.errors };
seen.output = (await lines(done.output_file_id)).map((l) => ({
  id: l.id.startsWith('batch_req_'), custom: l.custom_id, status: l.response.status_code, request: l.response.request_id.startsWith('req_'),
  text: l.response.body.choices[0].message.content, model: l.response.body.model, error: l.error,
})).sort((a, b) => (a.custom < b.custom ? -1 : 1));
seen.failed = (await lines(done.error_file_id)).map((l) => ({
  custom: l.custom_id, status: l.response.status_code, code: l.response.body.error.code, error: l.error,
})).sort((a, b) => (a.custom < b.custom ? -1 : 1));
seen.file = await client.files.retrieve(done.output_file_id).then((f) => ({ purpose: f.purpose, name: f.filename === `${done.id}_output.jsonl` }));

const wrong = await ended((await client.batches.create({ input_file_id: (await upload([line('a'), '{', line('a')])).id, endpoint: '/v1/chat/completions', completion_window: '24h' })).id);
seen.wrong = { status: wrong.status, errors: wrong.errors.data.map((e) => ({ code: e.code, line: e.line })), output: wrong.output_file_id };

seen.list = [];
for await (const batch of client.batches.list({ limit: 1 })) seen.list.push(batch.status);

seen.refused = {
  purpose: await failure(async () => client.batches.create({ input_file_id: (await upload([line('a')], 'vision')).id, endpoint: '/v1/chat/completions', completion_window: '24h' })),
  window: await failure(() => client.batches.create({ input_file_id: input.id, endpoint: '/v1/chat/completions', completion_window: '1y' })),
  endpoint: await failure(() => client.batches.create({ input_file_id: input.id, endpoint: '/v1/moderations', completion_window: '24h' })),
  unknown: await failure(() => client.batches.retrieve('batch_none')),
  over: await failure(() => client.batches.cancel(done.id)),
};

// One that waits for an upstream that is told to answer only when it is cancelled.
const slow = await client.batches.create({ input_file_id: (await upload(Array.from({ length: 200 }, (_, i) => line(`slow-${i}`, { user: 'slow' })))).id, endpoint: '/v1/chat/completions', completion_window: '24h' });
while ((await client.batches.retrieve(slow.id)).status === 'validating') await new Promise((r) => setTimeout(r, 20));
seen.held = await failure(() => client.files.delete(slow.input_file_id));
seen.cancelling = ['cancelling', 'cancelled'].includes((await client.batches.cancel(slow.id)).status);
await client.chat.completions.create({ model: chat, messages: [{ role: 'user', content: 'go on' }], user: 'go' });
const cancelled = await ended(slow.id);
seen.cancelled = { status: cancelled.status, total: cancelled.request_counts.total, sum: cancelled.request_counts.completed + cancelled.request_counts.failed };
seen.unrun = (await lines(cancelled.error_file_id)).every((l) => l.response === null && l.error.code === 'batch_cancelled');
seen.deleted = (await client.files.delete(slow.input_file_id)).deleted;
console.log(JSON.stringify(seen));
