// Runs the unmodified Vercel AI SDK, by its provider of the Responses API, against a
// started server and prints what it saw, one JSON document. Arguments: base address (with
// /v1), key, model, the packages of the SDK and of its provider (two major versions are
// installed), and the acts to do. The SDK checks all that it reads against strict schemas.
import { z } from 'zod';

const [baseURL, apiKey, slug, sdk, by, ...names] = process.argv.slice(2);
const { createOpenAI } = await import(by);
const { generateObject, generateText, Output, stepCountIs, streamObject, streamText, tool } = await import(sdk);
const warnings = [];
// What is old in this program is no matter of the server's.
globalThis.AI_SDK_LOG_WARNINGS = (told) => warnings.push(...told.warnings.filter(({ type }) => type !== 'deprecated').map((w) => JSON.stringify(w)));
const provider = createOpenAI({ baseURL, apiKey });
const model = provider.responses(slug);
const plainly = { model, maxRetries: 0 };
const city = z.object({ city: z.string() });
const tools = {
  weather: tool({ description: 'Tells the weather', inputSchema: city, execute: async (input) => `rain in ${input.city}` }),
};
const stopWhen = stepCountIs(3);
const number = z.object({ n: z.number() });
const image = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const thinking = { openai: { forceReasoning: true, reasoningEffort: 'low', reasoningSummary: 'auto' } };

const failure = async (act) => {
  try {
    await act();
    return { name: 'none' };
  } catch (e) {
    return { name: e.name, status: e.statusCode, message: e.message, code: e.data?.error?.code, retryable: e.isRetryable };
  }
};
const usage = (u) => [u.inputTokens, u.cachedInputTokens ?? u.inputTokenDetails?.cacheReadTokens, u.outputTokens, u.reasoningTokens ?? u.outputTokenDetails?.reasoningTokens];
const each = (result) => result.map((step) => ({
  finish: step.finishReason, text: step.text, calls: step.toolCalls.map((call) => `${call.toolCallId} ${call.toolName} ${JSON.stringify(call.input)}`),
}));

// streamed reads all parts of a stream, and fails on one that tells of an error.
const streamed = async (params) => {
  const result = streamText({ ...plainly, onError() {}, ...params });
  const kinds = {};
  for await (const part of result.fullStream) {
    if (part.type === 'error') throw part.error instanceof Error ? part.error : new Error(JSON.stringify(part.error));
    kinds[part.type] = (kinds[part.type] ?? 0) + 1;
  }
  return {
    text: await result.text, finish: await result.finishReason, usage: usage(await result.totalUsage), steps: each(await result.steps), kinds,
    reasoning: await result.reasoningText, sources: (await result.sources).map((source) => source.url), model: (await result.response).modelId,
    messages: (await result.response).messages,
  };
};
const without = ({ messages, ...rest }) => rest;

// turns holds a conversation of two turns, as an application does that keeps the messages.
const turns = async (first, second, options = {}) => {
  const messages = [{ role: 'user', content: first }];
  const one = await generateText({ ...plainly, messages, ...options });
  messages.push(...one.response.messages, { role: 'user', content: second });
  const two = await streamed({ messages, ...options });
  messages.push(...two.messages, { role: 'user', content: second });
  const three = await generateText({ ...plainly, messages, ...options });
  return [one.text, two.text, three.text];
};

const acts = {
  async text() {
    const result = await generateText({ ...plainly, system: 'Be brief.', prompt: 'hello', temperature: 0.5, maxOutputTokens: 100 });
    return {
      text: result.text, finish: result.finishReason, usage: usage(result.usage), model: result.response.modelId,
      id: result.providerMetadata.openai.responseId.slice(0, 5), tier: result.providerMetadata.openai.serviceTier, warnings: result.warnings.length,
    };
  },
  async streams() {
    const out = {};
    for (const word of ['hello', 'refuse', 'long', 'filter', 'cite']) out[word] = without(await streamed({ prompt: word }));
    return out;
  },
  async plains() {
    const out = {};
    for (const word of ['refuse', 'long', 'filter', 'cite']) {
      const result = await generateText({ ...plainly, prompt: word });
      out[word] = { text: result.text, finish: result.finishReason, sources: result.sources.map((source) => source.title) };
    }
    return out;
  },
  async steps() {
    const plain = await generateText({ ...plainly, prompt: 'weather', tools, stopWhen });
    const both = await generateText({ ...plainly, prompt: 'both', tools, stopWhen, toolChoice: 'auto' });
    // Text before the call makes the SDK refer to the item it stands in.
    const lookup = await generateText({ ...plainly, prompt: 'lookup', tools, stopWhen });
    return { plain: each(plain.steps), both: each(both.steps), lookup: each(lookup.steps) };
  },
  async stepStreams() {
    const out = {};
    for (const word of ['weather', 'both', 'lookup']) {
      const { messages, kinds, ...rest } = await streamed({ prompt: word, tools, stopWhen });
      out[word] = rest;
    }
    return out;
  },
  async structured() {
    const object = await generateObject({ ...plainly, schema: number, prompt: 'number' });
    const output = await generateText({ ...plainly, output: Output.object({ schema: number }), prompt: 'number' });
    const stream = streamObject({ ...plainly, schema: number, prompt: 'number' });
    const partial = [];
    for await (const part of stream.partialObjectStream) partial.push(part);
    return { object: object.object, output: output.output, streamed: await stream.object, partial: partial.at(-1) };
  },
  async images() {
    const { text } = await generateText({ ...plainly, messages: [{ role: 'user', content: [{ type: 'text', text: 'look' }, { type: 'image', image, mediaType: 'image/png' }] }] });
    return { text };
  },
  async references() {
    return { turns: await turns('I am Ada', 'who am I?') };
  },
  async unstored() {
    return { turns: await turns('I am Ada', 'who am I?', { providerOptions: { openai: { store: false } } }) };
  },
  async stored() {
    return { turns: await turns('I am Ada', 'who am I?', { providerOptions: { openai: { store: true } } }) };
  },
  async previous() {
    const first = await generateText({ ...plainly, prompt: 'I am Ada', providerOptions: { openai: { store: true } } });
    const previousResponseId = first.providerMetadata.openai.responseId;
    const second = await generateText({ ...plainly, prompt: 'who am I?', providerOptions: { openai: { store: true, previousResponseId } } });
    return { text: second.text };
  },
  async reasoning() {
    const plain = await generateText({ ...plainly, prompt: 'think', providerOptions: thinking });
    const { messages, kinds, ...stream } = await streamed({ prompt: 'think', providerOptions: thinking });
    return {
      plain: plain.reasoningText, text: plain.text, usage: usage(plain.usage), stream,
      parts: [kinds['reasoning-start'], kinds['reasoning-delta'], kinds['reasoning-end']],
      turns: await turns('think', 'hello', { providerOptions: thinking }),
    };
  },
  async logprobs() {
    const result = await generateText({ ...plainly, prompt: 'number', providerOptions: { openai: { logprobs: 2 } } });
    const stream = streamText({ ...plainly, prompt: 'number', providerOptions: { openai: { logprobs: 2 } } });
    await stream.consumeStream();
    return { plain: result.providerMetadata.openai.logprobs.length > 0, streamed: (await stream.providerMetadata).openai.logprobs.length > 0, text: await stream.text };
  },
  async errors() {
    const wrong = createOpenAI({ baseURL, apiKey: 'sk-wrong' });
    return {
      unauthorized: await failure(() => generateText({ ...plainly, model: wrong.responses(slug), prompt: 'x' })),
      notFound: await failure(() => generateText({ ...plainly, model: provider.responses('nope'), prompt: 'x' })),
      reference: await failure(() => generateText({
        ...plainly, messages: [{ role: 'assistant', content: [{ type: 'text', text: 'x', providerOptions: { openai: { itemId: 'msg_nobody' } } }] }, { role: 'user', content: 'x' }],
      })),
      plain: await failure(() => generateText({ ...plainly, prompt: 'fail' })),
      midway: await failure(() => streamed({ prompt: 'fail' })),
    };
  },
};

const seen = {};
for (const name of names) {
  try {
    seen[name] = await acts[name]();
  } catch (e) {
    seen[name] = { thrown: `${e.name}: ${e.message} ${e.cause ?? ''}`.slice(0, 2000) };
  }
}
seen.warnings = { told: warnings };
console.log(JSON.stringify(seen));
