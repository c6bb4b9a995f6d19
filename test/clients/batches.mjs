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
seen.usage = { ...done.usage, model: done.model ?? null };
seen.output = (await lines(done.output_file_id)).map((l) => ({
  id: l.id.startsWith('batch_req_'), custom: l.custom_id, status: l.response.status_code, request: l.response.request_id.startsWith('req_'),
  text: l.response.body.choices[0].message.content, model: l.response.body.model, error: l.error,
})).sort((a, b) => (a.custom < b.custom ? -1 : 1));
seen.failed = (await lines(done.error_file_id)).map((l) => ({
  custom: l.custom_id, status: l.response.status_code, code: l.response.body.error.code, error: l.error,
})).sort((a, b) => (a.custom < b.custom ? -1 : 1));
seen.file = await client.files.retrieve(done.output_file_id).then((f) => ({ purpose: f.purpose, name: f.filename === `${done.id}_output.jsonl` }));

// An answer that is lost on its way is asked for again, with the key of the first try: the
// client's own, or the caller's.
let lost = 0;
const lossy = async (...request) => {
  const answer = await fetch(...request);
  if (request[1].method.toLowerCase() !== 'post' || lost++ > 0) return answer;
  await answer.arrayBuffer();
  throw new TypeError('the connection broke');
};
const order = { input_file_id: input.id, endpoint: '/v1/chat/completions', completion_window: '1h', output_expires_after: { anchor: 'created_at', seconds: 7200 } };
const patient = new OpenAI({ baseURL, apiKey, maxRetries: 2, fetch: lossy });
patient.idempotencyHeader = 'Idempotency-Key';
const before = (await client.batches.list({ limit: 100 })).data.length;
const once = await patient.batches.create(order);
const key = { headers: { 'Idempotency-Key': 'mine' } };
const mine = await client.batches.create(order, key);
const again = await client.batches.create(order, key).withResponse();
seen.once = {
  tries: lost, made: (await client.batches.list({ limit: 100 })).data.length - before, same: again.data.id === mine.id && mine.id !== once.id,
  replayed: again.response.headers.get('idempotent-replayed'), other: await failure(() => client.batches.create({ ...order, completion_window: '2h' }, key)),
};
const short = await client.files.retrieve((await ended(once.id)).output_file_id);
seen.expires = short.expires_at - short.created_at;
await ended(mine.id);

const wrong = await ended((await client.batches.create({ input_file_id: (await upload([line('a'), '{', line('a')])).id, endpoint: '/v1/chat/completions', completion_window: '24h' })).id);
seen.wrong = { status: wrong.status, errors: wrong.errors.data.map((e) => ({ code: e.code, line: e.line })), output: wrong.output_file_id };

seen.list = [];
for await (const batch of client.batches.list({ limit: 1 })) seen.list.push(batch.status);
const page = await client.batches.list({ limit: 2 });
const next = await page.getNextPage();
seen.pages = [page.data.length, page.has_more, next.data.length, next.has_more, next.data[0].id !== page.data[1].id, (await client.batches.list({ after: next.data[1].id })).data.length];

seen.refused = {
  purpose: await failure(async () => client.batches.create({ input_file_id: (await upload([line('a')], 'vision')).id, endpoint: '/v1/chat/completions', completion_window: '24h' })),
  window: await failure(() => client.batches.create({ input_file_id: input.id, endpoint: '/v1/chat/completions', completion_window: '1y' })),
  endpoint: await failure(() => client.batches.create({ input_file_id: input.id, endpoint: '/v1/moderations', completion_window: '24h' })),
  life: await failure(() => client.batches.create({ ...order, output_expires_after: { anchor: 'created_at', seconds: 60 } })),
  anchor: await failure(() => client.batches.create({ ...order, output_expires_after: { anchor: 'now', seconds: 7200 } })),
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
