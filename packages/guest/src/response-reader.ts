import type { Body, HeaderList } from '@deja/format';

export interface ReadResponse {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: Body;
}

/** Bytes of an answer's body that are kept. */
const MAX_BODY = 1024 * 1024;
const MAX_HEAD = 256 * 1024;

type Reading =
  | { readonly part: 'head' }
  | { readonly part: 'length'; left: number }
  | { readonly part: 'chunk-size' }
  | { readonly part: 'chunk'; left: number }
  | { readonly part: 'trailers' }
  | { readonly part: 'until-end' }
  | { readonly part: 'complete' };

/** Reads one HTTP/1 answer, whatever its framing; interim answers (1xx) are skipped. */
export class ResponseReader {
  readonly #method: string;
  #reading: Reading = { part: 'head' };
  #rest: Buffer = Buffer.alloc(0);
  #head: { readonly status: number; readonly headers: HeaderList } | null = null;
  readonly #body: Buffer[] = [];
  #kept = 0;
  #cut = 0;

  constructor(method: string) {
    this.#method = method;
  }

  /**
   * True when the answer is complete.
   *
   * @throws Error when it is not HTTP
   */
  push(chunk: Buffer): boolean {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#reading.part !== 'complete' && this.#step());
    return this.#reading.part === 'complete';
  }

  /** The connection ended: complete only where the end of the connection is the end of the answer. */
  end(): boolean {
    if (this.#reading.part === 'until-end') this.#reading = { part: 'complete' };
    return this.#reading.part === 'complete';
  }

  /** What was read so far; null before the head is complete. */
  get response(): ReadResponse | null {
    if (!this.#head) return null;
    return { ...this.#head, body: bodyOf(Buffer.concat(this.#body), this.#cut) };
  }

  /** False: more bytes are needed. */
  #step(): boolean {
    const reading = this.#reading;
    switch (reading.part) {
      case 'head':
        return this.#readHead();
      case 'length':
      case 'chunk':
        return this.#readBody(reading);
      case 'chunk-size':
        return this.#readChunkSize();
      case 'trailers':
        return this.#readTrailer();
      case 'until-end':
        this.#keep(this.#take(this.#rest.length));
        return false;
      case 'complete':
        return false;
    }
  }

  #readHead(): boolean {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end < 0) {
      if (this.#rest.length > MAX_HEAD) throw new Error(`the head of the answer is longer than ${MAX_HEAD} bytes`);
      return false;
    }
    const [statusLine = '', ...lines] = this.#take(end + 4).toString('latin1', 0, end).split('\r\n');
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1] ?? Number.NaN);
    if (Number.isNaN(status)) throw new Error(`the answer is not HTTP/1: ${JSON.stringify(statusLine.slice(0, 100))}`);
    if (status >= 100 && status < 200 && status !== 101) return true;
    const headers = lines.map((line): readonly [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    this.#head = { status, headers };
    this.#reading = bodyFraming(this.#method, status, headers);
    return true;
  }

  #readBody(reading: Extract<Reading, { left: number }>): boolean {
    if (this.#rest.length === 0) return false;
    const bytes = this.#take(Math.min(reading.left, this.#rest.length));
    reading.left -= bytes.length;
    this.#keep(bytes);
    if (reading.left === 0) this.#reading = reading.part === 'length' ? { part: 'complete' } : { part: 'chunk-size' };
    return true;
  }

  #readChunkSize(): boolean {
    const line = this.#takeLine();
    if (line === null) return false;
    // The line break that closes the chunk before.
    if (line === '') return true;
    const size = Number.parseInt(line, 16);
    if (Number.isNaN(size)) throw new Error(`a chunk of the answer has no size: ${JSON.stringify(line.slice(0, 100))}`);
    this.#reading = size === 0 ? { part: 'trailers' } : { part: 'chunk', left: size };
    return true;
  }

  #readTrailer(): boolean {
    const line = this.#takeLine();
    if (line === null) return false;
    if (line === '') this.#reading = { part: 'complete' };
    return true;
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }

  #takeLine(): string | null {
    const end = this.#rest.indexOf('\r\n');
    return end < 0 ? null : this.#take(end + 2).toString('latin1', 0, end);
  }

  #keep(bytes: Buffer): void {
    const room = Math.max(0, MAX_BODY - this.#kept);
    const kept = bytes.subarray(0, room);
    if (kept.length > 0) this.#body.push(kept);
    this.#kept += kept.length;
    this.#cut += bytes.length - kept.length;
  }
}

function bodyFraming(method: string, status: number, headers: HeaderList): Reading {
  if (method === 'HEAD' || status === 101 || status === 204 || status === 304) return { part: 'complete' };
  const value = (name: string): string | undefined => headers.find((header) => header[0].toLowerCase() === name)?.[1];
  if (/\bchunked\b/i.test(value('transfer-encoding') ?? '')) return { part: 'chunk-size' };
  const length = value('content-length');
  if (length === undefined) return { part: 'until-end' };
  return Number(length) > 0 ? { part: 'length', left: Number(length) } : { part: 'complete' };
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function bodyOf(bytes: Buffer, cut: number): Body {
  const truncated = cut > 0 ? { truncated: cut } : {};
  try {
    return { text: strictUtf8.decode(bytes), ...truncated };
  } catch {
    return { base64: bytes.toString('base64'), ...truncated };
  }
}
