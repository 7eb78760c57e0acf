import type { ClientHttp2Stream } from 'node:http2';
import type { HeaderList } from '@deja/format';
import type { Operation } from '../drivers/operation.js';
import { LiveHttp, pairs, type RequestHalf } from './http-event.js';
import { sentHeaders } from './http2/headers.js';
import { ioErrorOf, phaseOf } from './io-error.js';

/** What every undici from 5 to 8 has on the request that its channels hand over. */
export interface UndiciRequest {
  readonly origin: string | URL;
  readonly method: string;
  readonly path: string;
  readonly host: string | null;
  readonly contentLength: number | null;
  readonly headers: readonly (string | readonly string[])[] | string;
  readonly body: unknown;
  readonly upgrade?: unknown;
  onBodySent?(chunk: unknown): unknown;
  /** Until 7; later versions publish the chunks. */
  onData?(chunk: unknown): unknown;
}

export interface UndiciResponse {
  readonly statusCode: number;
  readonly statusText?: string;
  readonly headers: readonly (string | Uint8Array)[] | Readonly<Record<string, string | readonly string[]>>;
}

/** Of these the application's side is the cause: its own limit or signal. */
const GIVEN_UP: ReadonlySet<unknown> = new Set(['UND_ERR_ABORTED', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_DESTROYED', 'ABORT_ERR']);

/** Its words for the end of a whole connection. */
const GONE = /other side closed|GOAWAY|^closed$|ECONNRESET/;

/** One exchange of undici, which is also what the global `fetch` uses. */
export class UndiciExchange extends LiveHttp {
  #request: UndiciRequest;
  #head: unknown = undefined;
  #sent = false;
  #stream: ClientHttp2Stream | undefined = undefined;
  #overHttp2: HeaderList | undefined = undefined;

  constructor(request: UndiciRequest, cap: number, operation: Operation | undefined) {
    super(cap, operation);
    this.#request = request;
  }

  headSent(head: unknown, socket: { readonly remoteAddress?: string; readonly remotePort?: number } | undefined): void {
    this.#head = head;
    this.dialled(socket?.remoteAddress, socket?.remotePort);
  }

  bodySent(): void {
    this.#sent = true;
    this.asked();
  }

  overHttp2(stream: ClientHttp2Stream): void {
    this.#stream = stream;
    stream.on('headers', (headers, _flags, rawHeaders?: readonly string[]) => {
      this.informed(headers[':status'] ?? 0, () => pairs(rawHeaders ?? []).filter(([name]) => !name.startsWith(':')));
    });
  }

  responseHead(response: UndiciResponse): void {
    const { headers } = response;
    this.head({
      status: response.statusCode,
      ...(response.statusText ? { statusText: response.statusText } : {}),
      ...(this.#stream ? { httpVersion: '2.0' } : {}),
      headers: () => listOf(headers),
    });
  }

  responseEnded(trailers: readonly (string | Uint8Array)[]): void {
    // What an upgraded connection comes to, its socket tells.
    if (this.isUpgraded) return;
    this.complete(() => listOf(trailers));
  }

  broke(error: unknown): void {
    const connected = this.#head !== undefined;
    const tls = String(this.#request.origin).startsWith('https:');
    const known = ioErrorOf(error, phaseOf(error, { tls, connected, secured: connected, sent: this.#sent, responded: this.responded }));
    const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
    const givenUp = GIVEN_UP.has(code) || name === 'AbortError' || name === 'TimeoutError';
    // At an abort of its own, undici closes the stream only afterwards.
    const reset = this.#stream?.closed === true && !GONE.test(known.message) ? this.#stream.rstCode : undefined;
    const fields: Record<string, string> | undefined = givenUp ? { aborted: 'client' } : reset === undefined ? undefined : { rst: String(reset) };
    const { data } = (error ?? {}) as { data?: unknown };
    this.failed(fields ? { ...known, fields } : known, name === 'HTTPParserError' && typeof data === 'string' ? Buffer.from(data) : undefined);
  }

  protected settle(): void {
    if (this.#stream) this.#overHttp2 = sentHeaders(this.#stream.sentHeaders ?? {}).headers;
    this.#stream = undefined;
    const { origin, method, path, host, contentLength, headers, body } = this.#request;
    // Of the body only its kind counts from here on: what was sent of it is kept elsewhere.
    this.#request = { origin, method, path, host, contentLength, headers, body: body instanceof Uint8Array || body === null ? body : true };
  }

  protected request(): RequestHalf {
    const { method, origin, path } = this.#request;
    // With an absolute path (through a proxy) the origin is ignored.
    const url = URL.canParse(path, String(origin)) ? new URL(path, String(origin)).href : `${String(origin)}${path}`;
    const overHttp2 = this.#overHttp2 ?? (this.#stream && sentHeaders(this.#stream.sentHeaders ?? {}).headers);
    if (!overHttp2) return { method, url, headers: this.#headers() };
    const authority = this.#request.host ?? new URL(url).host;
    const named: HeaderList = authority === new URL(url).host ? [] : [[':authority', authority]];
    return { protocol: 'h2', method, url, headers: [...named, ...overHttp2] };
  }

  #headers(): HeaderList {
    const { host, origin, body, contentLength, method, headers } = this.#request;
    if (typeof this.#head !== 'string') {
      const before: HeaderList = [['host', host ?? new URL(String(origin)).host]];
      return [...before, ...(typeof headers === 'string' ? linesOf(headers) : listOf(headers))];
    }
    const written = linesOf(this.#head.slice(this.#head.indexOf('\r\n') + 2));
    // undici appends the framing after it has published the head.
    const length = contentLength ?? (body instanceof Uint8Array ? body.byteLength : undefined);
    if (length !== undefined) return [...written, ['content-length', String(length)]];
    if (body !== null) return [...written, this.sent.bytes.seen > 0 ? ['transfer-encoding', 'chunked'] : ['content-length', '0']];
    return /^(PUT|POST|PATCH|QUERY|PROPFIND|PROPPATCH)$/.test(method) ? [...written, ['content-length', '0']] : written;
  }
}

function linesOf(text: string): HeaderList {
  return text.split('\r\n').flatMap((line) => {
    const colon = line.indexOf(':');
    return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1).trim()] as const] : [];
  });
}

type RawHeaders = readonly (string | Uint8Array | readonly string[])[];

function listOf(headers: RawHeaders | Readonly<Record<string, string | readonly string[]>>): HeaderList {
  const flat: (string | Uint8Array)[] = [];
  if (isList(headers)) {
    for (let index = 0; index + 1 < headers.length; index += 2) {
      const name = headers[index] as string | Uint8Array;
      for (const one of single(headers[index + 1])) flat.push(name, one);
    }
  } else {
    for (const [name, value] of Object.entries(headers)) for (const one of single(value)) flat.push(name, one);
  }
  return pairs(flat);
}

function isList(headers: RawHeaders | Readonly<Record<string, unknown>>): headers is RawHeaders {
  return Array.isArray(headers);
}

function single(value: string | Uint8Array | readonly string[] | undefined): readonly (string | Uint8Array)[] {
  return typeof value === 'string' || value instanceof Uint8Array ? [value] : (value ?? []);
}
