/** What a client is made with. */
export interface ClientOptions {
  /** Start of the server's address, without /v1. */
  baseURL?: string;
  /** An API key: sk-… */
  key?: string;
  /** Takes the place of the global fetch. */
  fetch?: typeof fetch;
}

/** What one call may be given besides its arguments. */
export interface CallOptions {
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

/** An answer of the server that is an error. */
export class SkytowerError extends Error {
  constructor(
    message: string,
    readonly status: number,
    /** Such as RATE_LIMITED: what to branch on. */
    readonly errorId: string,
    readonly requestId: string,
    /** Seconds to wait before the next try, where the server says so. */
    readonly retryAfter: number | undefined,
    readonly body: unknown,
  ) {
    super(message);
    this.name = "SkytowerError";
  }
}

/** What fetch gives; the API has a type Response of its own. */
type HTTPResponse = Awaited<ReturnType<typeof fetch>>;

interface Call {
  method: string;
  path: string;
  args: { path?: object; query?: object; body?: unknown };
  options: CallOptions | undefined;
  accept?: string;
  form?: boolean;
}

/** One server-sent event, its data not yet read. */
interface RawEvent {
  event: string;
  data: string;
  id?: string;
}

class Transport {
  readonly #base: string;
  readonly #key: string | undefined;
  readonly #fetch: typeof fetch;

  constructor(options: ClientOptions = {}) {
    this.#base = (options.baseURL ?? DEFAULT_BASE_URL).replace(/\/+$/, "");
    this.#key = options.key;
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
  }

  protected async json<T>(call: Call): Promise<T> {
    const response = await this.#send(call);
    return (await response.json()) as T;
  }

  protected async blob(call: Call): Promise<Blob> {
    const response = await this.#send(call);
    return response.blob();
  }

  /** Yields events until the stream ends. Leaving the loop early ends the call. */
  protected async *events<T>(call: Call, end: string): AsyncGenerator<T, void, void> {
    const stop = new AbortController();
    const outer = call.options?.signal;
    const leave = () => stop.abort(outer?.reason);
    if (outer?.aborted) leave();
    outer?.addEventListener("abort", leave, { once: true });
    try {
      const response = await this.#send({ ...call, accept: "text/event-stream", options: { ...call.options, signal: stop.signal } });
      if (!response.body) return;
      for await (const raw of parseEvents(response.body)) {
        if (end !== "" && raw.data === end) return;
        const data: unknown = JSON.parse(raw.data);
        if (raw.event === "message" || raw.event === "error") throwInBand(data, response);
        yield { ...raw, data } as T;
      }
    } finally {
      outer?.removeEventListener("abort", leave);
      stop.abort();
    }
  }

  async #send(call: Call): Promise<HTTPResponse> {
    const headers: Record<string, string> = { Accept: call.accept ?? "application/json", ...call.options?.headers };
    if (this.#key !== undefined) headers["x-api-key"] = this.#key;
    const init: RequestInit = { method: call.method, headers };
    if (call.options?.signal) init.signal = call.options.signal;
    if (call.args.body !== undefined) {
      if (call.form) {
        init.body = form(call.args.body as object);
      } else {
        headers["Content-Type"] = "application/json";
        init.body = JSON.stringify(call.args.body);
      }
    }
    const response = await this.#fetch(this.#base + address(call), init);
    if (!response.ok) throw await failure(response);
    return response;
  }
}

function address(call: Call): string {
  const given = (call.args.path ?? {}) as Record<string, string | undefined>;
  const path = call.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(given[name] ?? ""));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(call.args.query ?? {})) {
    if (value !== undefined) query.set(name, String(value));
  }
  const text = query.toString();
  return text === "" ? path : path + "?" + text;
}

function form(fields: object): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (value instanceof Blob) data.append(name, value, value instanceof File ? value.name : "file");
    else data.append(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  return data;
}

async function failure(response: HTTPResponse): Promise<SkytowerError> {
  const text = await response.text();
  let body: unknown = text;
  try {
    body = JSON.parse(text);
  } catch {
    // Not ours: a proxy's page, say.
  }
  return makeError(body, response, response.status);
}

function makeError(body: unknown, response: HTTPResponse, status: number): SkytowerError {
  const outer = (typeof body === "object" && body !== null ? body : {}) as { error?: { message?: string; error_id?: string; request_id?: string } };
  const wait = Number(response.headers.get("retry-after") ?? NaN);
  return new SkytowerError(
    outer.error?.message ?? `The server answered with status ${status}.`,
    status,
    outer.error?.error_id ?? "",
    outer.error?.request_id ?? response.headers.get("x-request-id") ?? "",
    Number.isFinite(wait) ? wait : undefined,
    body,
  );
}

/** An error after the first byte of a stream comes as an event. */
function throwInBand(data: unknown, response: HTTPResponse): void {
  if (typeof data !== "object" || data === null || !("error" in data)) return;
  const error = data.error;
  if (typeof error !== "object" || error === null || !("error_id" in error)) return;
  const status = "status" in error && typeof error.status === "number" ? error.status : response.status;
  throw makeError(data, response, status);
}

/** Server-sent events of a body, as the HTML standard defines them. */
async function* parseEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<RawEvent, void, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let event = "";
  let id: string | undefined;
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "") {
          if (data.length > 0) {
            const out: RawEvent = { event: event === "" ? "message" : event, data: data.join("\n") };
            yield id === undefined ? out : { ...out, id };
          }
          event = "";
          data = [];
          continue;
        }
        const colon = line.indexOf(":");
        const field = colon < 0 ? line : line.slice(0, colon);
        const text = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
        if (field === "data") data.push(text);
        else if (field === "event") event = text;
        else if (field === "id") id = text;
      }
      if (done) return;
    }
  } finally {
    reader.releaseLock();
  }
}

type Answer<K extends keyof Operations> = Operations[K]["answer"];
type Arguments<K extends keyof Operations> = Omit<Operations[K], "answer" | "event">;
type StreamEvent<K extends keyof Operations> = Operations[K] extends { event: infer E } ? E : never;
