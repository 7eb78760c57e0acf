import type { HeaderList, HttpEvent } from '@deja/format';
import type { Operation } from '../drivers/operation.js';
import { LiveHttp, pairs } from './http-event.js';
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

/** One exchange of undici, which is also what the global `fetch` uses. */
export class UndiciExchange extends LiveHttp {
  #request: UndiciRequest;
  #head: unknown = undefined;
  #sent = false;

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
  }

  responseHead(response: UndiciResponse): void {
    const { headers } = response;
    this.head({
      status: response.statusCode,
      ...(response.statusText ? { statusText: response.statusText } : {}),
      headers: () => listOf(headers),
    });
  }

  responseEnded(trailers: readonly (string | Uint8Array)[]): void {
    this.complete(() => listOf(trailers));
  }

  broke(error: unknown): void {
    const connected = this.#head !== undefined;
    const tls = String(this.#request.origin).startsWith('https:');
    const known = ioErrorOf(error, phaseOf(error, { tls, connected, secured: connected, sent: this.#sent, responded: this.responded }));
    const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
    const givenUp = GIVEN_UP.has(code) || name === 'AbortError' || name === 'TimeoutError';
    this.failed(givenUp ? { ...known, fields: { aborted: 'client' } } : known);
  }

  protected settle(): void {
    const { origin, method, path, host, contentLength, headers, body } = this.#request;
    // Of the body only its kind counts from here on: what was sent of it is kept elsewhere.
    this.#request = { origin, method, path, host, contentLength, headers, body: body instanceof Uint8Array || body === null ? body : true };
  }

  protected request(): Pick<HttpEvent, 'method' | 'url' | 'headers'> {
    const { method, origin, path } = this.#request;
    // With an absolute path (through a proxy) the origin is ignored.
    const url = URL.canParse(path, String(origin)) ? new URL(path, String(origin)).href : `${String(origin)}${path}`;
    return { method, url, headers: this.#headers() };
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
    if (body !== null) return [...written, this.sent.seen > 0 ? ['transfer-encoding', 'chunked'] : ['content-length', '0']];
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
