// Runs the unmodified npm client of Skytells, version 1.0.0, against a started
// server and prints what it saw. Arguments: base address (with /v1), key.
import { createClient } from 'skytells';

const [baseUrl, key] = process.argv.slice(2);
const failure = async (act) => {
  try {
    await act();
    return { name: 'none' };
  } catch (e) {
    return { name: e.name, id: e.errorId, status: e.httpStatus, message: e.message, details: e.details };
  }
};

const client = createClient(key, { baseUrl });
const seen = { models: (await client.listModels()).map((m) => ({ slug: m.namespace, type: m.type, vendor: m.vendor.slug })) };
seen.unauthorized = await failure(() => createClient('sk-wrong', { baseUrl }).listModels());
seen.withoutKey = await failure(() => createClient(undefined, { baseUrl }).listModels());
seen.unknown = await failure(() => client.getPrediction('pred_none'));
console.log(JSON.stringify(seen));
