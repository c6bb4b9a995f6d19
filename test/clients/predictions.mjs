// Runs the unmodified npm clients of Skytells (1.0.0) and Replicate against a started
// server and prints what they saw. Arguments: base address (with /v1), key, model
// (owner/name).
import { createClient } from 'skytells';
import Replicate from 'replicate';

const [baseUrl, key, model] = process.argv.slice(2);
const seen = {};
const failure = async (act) => {
  try {
    await act();
    return { name: 'none' };
  } catch (e) {
    return { name: e.name, id: e.errorId ?? '', status: e.httpStatus ?? e.response?.status ?? 0, message: e.message };
  }
};
const brief = (p) => ({ id: p.id, status: p.status, model: p.model?.name ?? '', output: p.output, removed: p.data_removed ?? false });

const skytells = createClient(key, { baseUrl });
const first = await skytells.predict({ model, input: { prompt: 'a lighthouse' } });
const ended = async (id) => {
  for (;;) {
    const p = await skytells.getPrediction(id);
    if (['succeeded', 'failed', 'cancelled'].includes(p.status)) return p;
    await new Promise((done) => setTimeout(done, 50));
  }
};
seen.created = brief(first);
seen.ended = brief(await ended(first.id));
seen.streamed = brief(await skytells.streamPrediction(first.id));
const hanging = await skytells.predict({ model, input: { prompt: 'hang' } });
await skytells.cancelPrediction(hanging.id);
seen.cancelled = brief(await ended(hanging.id));
seen.deleted = brief(await skytells.deletePrediction(first.id));
seen.afterDelete = await failure(() => skytells.getPrediction(first.id));
seen.invalid = await failure(() => skytells.predict({ model, input: {} }));
seen.unknown = await failure(() => skytells.predict({ model: 'nope', input: {} }));

const replicate = new Replicate({ auth: key, baseUrl, useFileOutput: false });
seen.run = await replicate.run(model, { input: { prompt: 'a lighthouse' } });
const byVersion = await replicate.predictions.create({ version: model, input: { prompt: 'a lighthouse' } });
seen.version = (await replicate.wait(byVersion, { interval: 50 })).output;
seen.failed = await failure(() => replicate.run(model, { input: { prompt: 'fail' } }));
const file = await replicate.files.create(Buffer.from('\x89PNG\r\n\x1a\nhello', 'latin1'), { purpose: 'test' });
seen.file = { id: file.id, get: file.urls.get, listed: (await replicate.files.get(file.id)).id };
seen.withFile = await replicate.run(model, { input: { prompt: 'a lighthouse', image: Buffer.from('\x89PNG\r\n\x1a\nworld', 'latin1') } });
let stuck = await replicate.predictions.create({ model, input: { prompt: 'hang' } });
await replicate.predictions.cancel(stuck.id);
stuck = await replicate.wait(stuck, { interval: 50 });
seen.canceled = stuck.status;
seen.list = (await replicate.predictions.list()).data?.length ?? -1;
console.log(JSON.stringify(seen));
