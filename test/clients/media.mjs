// Runs the unmodified npm client of OpenAI against the media routes of a started server
// and prints what it saw. Arguments: base address (with /v1), key, and a file with the names
// of models and what to do with them, as JSON:
// {"images": MODEL, "edits": MODEL, "speech": {"model", "voice"}, "transcriptions": MODEL,
//  "subtitles": bool, "partials": bool, "failing": MODEL, "picture": FILE, "sound": FILE}
import fs from 'node:fs';
import OpenAI, { toFile } from 'openai';

const [baseURL, apiKey, file] = process.argv.slice(2);
const want = JSON.parse(fs.readFileSync(file, 'utf8'));
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const seen = {};
const failure = async (act) => {
  try {
    await act();
    return { name: 'none' };
  } catch (e) {
    return { name: e.constructor.name, status: e.status ?? 0, code: e.code ?? '', param: e.param ?? '', message: e.error?.message ?? e.message };
  }
};
const events = async (stream) => {
  const all = [];
  for await (const event of stream) all.push(event);
  return all;
};
const content = async (url) => Buffer.from(await (await fetch(url)).arrayBuffer()).toString('base64');
const picture = () => toFile(fs.readFileSync(want.picture), 'small.png', { type: 'image/png' });
const sound = () => fs.createReadStream(want.sound);

if (want.images) {
  const model = want.images;
  const byLink = await client.images.generate({ model, prompt: 'a lighthouse', response_format: 'url' });
  seen.byLink = await content(byLink.data[0].url);
  const inside = await client.images.generate({ model, prompt: 'a lighthouse', n: 2, response_format: 'b64_json' }).withResponse();
  seen.inside = inside.data.data.map((p) => p.b64_json);
  seen.pictureUsage = inside.data.usage ?? null;
  seen.prediction = inside.response.headers.get('x-skytells-prediction');
  const streamed = await events(await client.images.generate({ model, prompt: 'a lighthouse', stream: true, partial_images: 2 }));
  seen.pictureEvents = streamed.map((e) => e.type);
  seen.lastPicture = streamed.at(-1).b64_json;
  seen.streamedUsage = streamed.at(-1).usage ?? null;
}
if (want.edits) {
  const model = want.edits;
  const edited = await client.images.edit({ model, image: await picture(), prompt: 'larger', response_format: 'b64_json' });
  seen.edited = edited.data[0].b64_json;
  const streamed = await events(await client.images.edit({ model, image: [await picture()], prompt: 'larger', stream: true }));
  seen.editEvents = streamed.map((e) => e.type);
}
if (want.speech) {
  const spoken = await client.audio.speech.create({ ...want.speech, input: 'Good morning.' });
  seen.speechType = spoken.headers.get('content-type');
  seen.speech = Buffer.from(await spoken.arrayBuffer()).toString('base64');
  const pieces = await client.audio.speech.create({ ...want.speech, input: 'Good morning.', stream_format: 'sse' });
  const lines = (await pieces.text()).split('\n').filter((line) => line.startsWith('data: ')).map((line) => JSON.parse(line.slice(6)));
  seen.speechEvents = [...new Set(lines.map((e) => e.type))];
  seen.streamedSpeech = Buffer.concat(lines.filter((e) => e.audio).map((e) => Buffer.from(e.audio, 'base64'))).toString('base64');
}
if (want.transcriptions) {
  const model = want.transcriptions;
  seen.transcript = await client.audio.transcriptions.create({ model, file: sound() });
  seen.text = await client.audio.transcriptions.create({ model, file: sound(), response_format: 'text' });
  if (want.subtitles) {
    seen.verbose = await client.audio.transcriptions.create({ model, file: sound(), response_format: 'verbose_json', timestamp_granularities: ['segment'] });
    seen.vtt = await client.audio.transcriptions.create({ model, file: sound(), response_format: 'vtt' });
  } else {
    seen.noTimes = await failure(() => client.audio.transcriptions.create({ model, file: sound(), response_format: 'srt' }));
  }
  const streamed = await events(await client.audio.transcriptions.create({ model: want.pieces ?? model, file: sound(), stream: true }));
  seen.textEvents = streamed.map((e) => e.type);
  seen.deltas = streamed.map((e) => e.delta ?? '').join('');
  seen.lastText = streamed.at(-1).text;
  seen.textUsage = streamed.at(-1).usage ?? null;
}
if (want.failing) {
  seen.failed = await failure(() => client.images.generate({ model: want.failing, prompt: 'fail' }));
  seen.wrongKind = await failure(() => client.audio.speech.create({ model: want.failing, input: 'x', voice: 'alloy' }));
  seen.noPlace = await failure(() => client.images.generate({ model: want.failing, prompt: 'x', style: 'natural' }));
}
console.log(JSON.stringify(seen));
