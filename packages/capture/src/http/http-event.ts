import type { Socket } from 'node:net';
import type { HeaderList, HttpChunk, HttpEvent, HttpResponse, InformationalResponse, IoError, Outcome, WebSocketMessage } from '@deja/format';
import { now, rounded } from '../core/clock.js';
import { KeptBytes } from '../core/kept-bytes.js';
import type { LiveEvent, OpenEvent, Packing, Recorder } from '../core/recorder.js';
import type { Operation } from '../drivers/operation.js';
import { MAX_PIECES, SentBody } from './sent-body.js';
import { Upgrade } from './websocket/upgrade.js';

export interface ResponseHead {
  readonly status: number;
  readonly statusText?: string;
  readonly httpVersion?: string;
  /** Called when the event is packaged. */
  headers(): HeaderList;
}

interface Received {
  readonly ms: number;
  readonly bytes: number;
  readonly mark: number | undefined;
}
/** Of what is no HTTP the beginning says how it begins. */
const MAX_UNPARSED = 16_384;

/** What a kind of exchange adds to the event. */
export type RequestHalf = Pick<HttpEvent, 'method' | 'url' | 'headers'> & Partial<Pick<HttpEvent, 'protocol' | 'trailers'>>;

/** An outgoing exchange while it goes on: what the HTTP clients of Node observe, by reference. */
export abstract class LiveHttp implements LiveEvent {
  readonly kind = 'http';
  protected readonly sent: SentBody;
  readonly #received = new KeptBytes();
  readonly #cap: number;
  readonly #operation: Operation | undefined;
  readonly #begun = now();
  #open: OpenEvent | null = null;
  #head: ResponseHead | undefined = undefined;
  #headAt = 0;
  #chunks: Received[] = [];
  #informational: (() => InformationalResponse)[] = [];
  #goaway: { readonly code: number; readonly ms: number } | undefined = undefined;
  #headMark: number | undefined = undefined;
  #together: number | undefined = undefined;
  #endMark: { readonly sent: number | undefined } | undefined = undefined;
  #peer: { readonly address: string; readonly port: number } | undefined = undefined;
  #trailers: (() => HeaderList) | undefined = undefined;
  #upgrade: Upgrade | undefined = undefined;
  #unparsed: Uint8Array | undefined = undefined;
  #end: 'complete' | { readonly error: IoError } | undefined = undefined;

  constructor(cap: number, operation: Operation | undefined) {
    this.#cap = cap;
    this.#operation = operation;
    this.sent = new SentBody(this.#begun);
  }

  /** Begins the event. False: nothing is recorded here. */
  begin(recorder: Recorder): boolean {
    this.#open = recorder.begin(this);
    return this.#open !== null;
  }

  protected abstract request(): RequestHalf;

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

  /** The body of the request has been ended: what comes now is no early answer. */
  asked(): void {
    this.sent.over = true;
  }

  head(head: ResponseHead): void {
    if (head.status !== 101) {
      this.#upgrade?.stop();
      this.#upgrade = undefined;
    }
    this.#head = head;
    this.#headAt = now();
    this.#headMark = this.sent.mark();
    if (this.#headMark === undefined) return;
    // What came with the head is told after it, when the application may have sent more already.
    this.#together = this.#headMark;
    process.nextTick(() => {
      this.#together = undefined;
    });
  }

  informed(status: number, headers: () => HeaderList): void {
    const ms = rounded(now() - this.#begun);
    const mark = this.sent.mark();
    if (this.#informational.length >= MAX_PIECES) return;
    this.#informational.push(() => ({ status, headers: headers(), ms, ...(mark === undefined ? {} : { after: this.sent.bytesAt(mark) }) }));
  }

  /** HTTP/2: the server takes no more requests on this connection. */
  goingAway(code: number): void {
    // Servers announce it first without an error, and then say why.
    if (this.#end === undefined && (this.#goaway === undefined || code !== 0)) this.#goaway = { code, ms: rounded(now() - this.#begun) };
  }

  dialled(address: string | undefined, port: number | undefined): void {
    if (address !== undefined && port !== undefined) this.#peer = { address, port };
  }

  receiving(chunk: Uint8Array): void {
    this.#received.add(chunk, undefined, this.#cap, this.#admit);
    // Node may hand over the first bytes before it tells of the head that came with them.
    const ms = this.#head === undefined ? 0 : rounded(now() - this.#headAt);
    if (this.#chunks.length < MAX_PIECES) this.#chunks.push({ ms, bytes: chunk.byteLength, mark: this.#together ?? this.sent.mark() });
  }

  /** The end has arrived, and is told later: what the application sends meanwhile came after it. */
  protected endSeen(): void {
    this.#endMark ??= { sent: this.#together ?? this.sent.mark() };
  }

  complete(trailers?: () => HeaderList): void {
    if (this.#end !== undefined) return;
    this.#trailers = trailers;
    this.#over('complete');
  }

  /** @param unparsed what came and is no HTTP */
  failed(error: IoError, unparsed?: Uint8Array): void {
    if (this.#end !== undefined) return;
    this.#unparsed = unparsed?.subarray(0, MAX_UNPARSED);
    this.#over({ error });
  }

  /** The connection is to speak WebSocket; the exchange ends with it. `head`: bytes that came with the answer; absent: the answer is still to come. */
  upgrading(socket: Socket, head?: Uint8Array): void {
    this.asked();
    this.#upgrade = new Upgrade(socket, head, this.#cap, this.#admit, () => this.#over('complete'));
  }

  get isUpgraded(): boolean {
    return this.#upgrade !== undefined;
  }

  /** Nothing worth telling happened. */
  dropped(): void {
    this.#open?.drop();
  }

  #over(end: 'complete' | { readonly error: IoError }): void {
    this.#end = end;
    this.endSeen();
    this.#open?.end();
    this.settle();
  }

  toBody(pack: Packing): Omit<HttpEvent, 'seq' | 'scope' | 'at' | 'ms' | 'done'> {
    const operation = this.#operation;
    const request = this.request();
    const { method, url, headers } = request;
    const pieces = this.sent.pieces();
    return {
      kind: 'http',
      ...(operation ? { service: operation.service, attributes: operation.attributes } : {}),
      ...(this.#upgrade ? { protocol: 'websocket' as const } : {}),
      ...request,
      ...(this.sent.bytes.seen > 0 ? { body: bodyOf(pack, this.sent.bytes, headers, `request body of ${method} ${url}`) } : {}),
      ...(pieces ? { chunks: pieces } : {}),
      ...(this.sent.over ? {} : { unfinished: true }),
      ...(this.#peer ? { peer: this.#peer } : {}),
      outcome: this.#outcome(pack, `response body of ${method} ${url}`),
    };
  }

  readonly #admit = (bytes: number): boolean => this.#open?.keep(bytes) ?? false;

  #outcome(pack: Packing, what: string): Outcome<HttpResponse> {
    if (this.#upgrade) return this.#upgraded(this.#upgrade, pack, what);
    const response = this.#head && this.#response(pack, this.#head, what);
    if (this.#end === 'complete' && response) return { ok: response };
    const unparsed = this.#unparsed && { unparsed: pack.body([this.#unparsed]) };
    const seen: Partial<HttpResponse> = { ...(response ?? this.#aside()), ...unparsed };
    const partial = Object.keys(seen).length > 0 ? { partial: seen } : {};
    if (this.#end === undefined || this.#end === 'complete') return { pending: partial };
    const bytes = this.#head ? { bytes: this.#received.seen } : {};
    return { error: { ...this.#end.error, ...bytes }, ...partial };
  }

  /** A connection that ended without a closing handshake was cut, by the network or by the application. */
  #upgraded(upgrade: Upgrade, pack: Packing, what: string): Outcome<HttpResponse> {
    const { head, headAt, messages } = upgrade.told(this.#head, this.#headAt, pack, what);
    if (!this.#head) this.#headAt = headAt;
    const response = head && this.#response(pack, head, what, messages);
    if (this.#end !== undefined && response && messages.some(({ from, type }) => from === 'server' && type === 'close')) return { ok: response };
    const partial = response ? { partial: response } : {};
    if (this.#end === undefined) return { pending: partial };
    return { error: this.#end === 'complete' ? upgrade.error() : this.#end.error, ...partial };
  }

  #response(pack: Packing, head: ResponseHead, what: string, messages?: readonly WebSocketMessage[]): HttpResponse {
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
      chunks: this.#chunks.map(({ ms, bytes, mark }): HttpChunk => (mark === undefined ? [ms, bytes] : [ms, bytes, this.sent.bytesAt(mark)])),
      ...this.#aside(),
      ...(messages ? { messages } : {}),
    };
  }

  /** What arrives beside head and body. */
  #aside(): Pick<HttpResponse, 'informational' | 'early' | 'goaway'> {
    return {
      ...(this.#informational.length > 0 ? { informational: this.#informational.map((one) => one()) } : {}),
      ...this.#early(),
      ...(this.#goaway ? { goaway: this.#goaway } : {}),
    };
  }

  #early(): Pick<HttpResponse, 'early'> {
    const [head, end] = [this.#headMark, this.#endMark?.sent].map((mark) => (mark === undefined ? undefined : this.sent.bytesAt(mark)));
    if (head === undefined && end === undefined) return {};
    return { early: { ...(head === undefined ? {} : { head }), ...(end === undefined ? {} : { end }) } };
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
