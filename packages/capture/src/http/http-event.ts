import type { HeaderList, HttpEvent, HttpResponse, IoError, Outcome } from '@deja/format';
import { now, rounded } from '../core/clock.js';
import { KeptBytes } from '../core/kept-bytes.js';
import type { LiveEvent, OpenEvent, Packing, Recorder } from '../core/recorder.js';
import type { Operation } from '../drivers/operation.js';

export interface ResponseHead {
  readonly status: number;
  readonly statusText?: string;
  readonly httpVersion?: string;
  /** Called when the event is packaged. */
  headers(): HeaderList;
}

/** Of a longer stream the sizes and times of the first chunks are kept. */
const MAX_CHUNKS = 1000;

/** An outgoing exchange while it goes on: what both HTTP clients of Node observe, by reference. */
export abstract class LiveHttp implements LiveEvent {
  readonly kind = 'http';
  protected readonly sent = new KeptBytes();
  readonly #received = new KeptBytes();
  readonly #cap: number;
  readonly #operation: Operation | undefined;
  readonly #begun = now();
  #open: OpenEvent | null = null;
  #head: ResponseHead | undefined = undefined;
  #headAt = 0;
  #chunks: (readonly [ms: number, bytes: number])[] = [];
  #peer: { readonly address: string; readonly port: number } | undefined = undefined;
  #trailers: (() => HeaderList) | undefined = undefined;
  #end: 'complete' | { readonly error: IoError } | undefined = undefined;

  constructor(cap: number, operation: Operation | undefined) {
    this.#cap = cap;
    this.#operation = operation;
  }

  /** Begins the event. False: nothing is recorded here. */
  begin(recorder: Recorder): boolean {
    this.#open = recorder.begin(this);
    return this.#open !== null;
  }

  protected abstract request(): Pick<HttpEvent, 'method' | 'url' | 'headers'>;

  /** It is over: let go of the client's own objects, which hold far more than what is to tell. */
  protected abstract settle(): void;

  get responded(): boolean {
    return this.#head !== undefined;
  }

  get over(): boolean {
    return this.#end !== undefined;
  }

  get receivedBytes(): number {
    return this.#received.seen;
  }

  sending(chunk: unknown, encoding?: unknown): void {
    this.sent.add(chunk, encoding, this.#cap, this.#admit);
  }

  head(head: ResponseHead): void {
    this.#head = head;
    this.#headAt = now();
  }

  dialled(address: string | undefined, port: number | undefined): void {
    if (address !== undefined && port !== undefined) this.#peer = { address, port };
  }

  receiving(chunk: Uint8Array): void {
    this.#received.add(chunk, undefined, this.#cap, this.#admit);
    if (this.#chunks.length < MAX_CHUNKS) this.#chunks.push([rounded(now() - this.#headAt), chunk.byteLength]);
  }

  complete(trailers?: () => HeaderList): void {
    if (this.#end !== undefined) return;
    this.#trailers = trailers;
    this.#end = 'complete';
    this.#open?.end();
    this.settle();
  }

  failed(error: IoError): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#open?.end();
    this.settle();
  }

  toBody(pack: Packing): Omit<HttpEvent, 'seq' | 'scope' | 'at' | 'ms' | 'done'> {
    const operation = this.#operation;
    const { method, url, headers } = this.request();
    return {
      kind: 'http',
      ...(operation ? { service: operation.service, attributes: operation.attributes } : {}),
      method,
      url,
      headers,
      ...(this.sent.seen > 0 ? { body: bodyOf(pack, this.sent, headers, `request body of ${method} ${url}`) } : {}),
      ...(this.#peer ? { peer: this.#peer } : {}),
      outcome: this.#outcome(pack, `response body of ${method} ${url}`),
    };
  }

  readonly #admit = (bytes: number): boolean => this.#open?.keep(bytes) ?? false;

  #outcome(pack: Packing, what: string): Outcome<HttpResponse> {
    const response = this.#head && this.#response(pack, this.#head, what);
    if (this.#end === 'complete' && response) return { ok: response };
    const partial = response ? { partial: response } : {};
    if (this.#end === undefined || this.#end === 'complete') return { pending: partial };
    const bytes = this.#head ? { bytes: this.#received.seen } : {};
    return { error: { ...this.#end.error, ...bytes }, ...partial };
  }

  #response(pack: Packing, head: ResponseHead, what: string): HttpResponse {
    const headers = head.headers();
    const trailers = this.#trailers?.() ?? [];
    return {
      status: head.status,
      ...(head.statusText ? { statusText: head.statusText } : {}),
      ...(head.httpVersion ? { httpVersion: head.httpVersion } : {}),
      headers,
      ...(trailers.length > 0 ? { trailers } : {}),
      ...(this.#received.seen > 0 ? { body: bodyOf(pack, this.#received, headers, what) } : {}),
      ttfb: rounded(this.#headAt - this.#begun),
      chunks: this.#chunks,
    };
  }
}

/** A body in the package's form, and the note that it is cut where it is. */
export function bodyOf(pack: Packing, bytes: KeptBytes, headers: HeaderList, what: string): ReturnType<Packing['body']> {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  const body = pack.body(bytes.chunks(), type);
  if (bytes.missing <= 0) return body;
  pack.limit(`${what} cut after ${bytes.seen - bytes.missing} bytes`);
  return { ...body, truncated: (body.truncated ?? 0) + bytes.missing };
}

/** `[name, value, name, value …]` as Node and undici give it. */
export function pairs(flat: readonly (string | Uint8Array)[]): HeaderList {
  const list: (readonly [string, string])[] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) list.push([latin1(flat[index]), latin1(flat[index + 1])]);
  return list;
}

function latin1(value: string | Uint8Array | undefined): string {
  return typeof value === 'string' ? value : Buffer.from(value ?? []).toString('latin1');
}
