import type { OutgoingHttpHeaders, ServerHttp2Stream, ServerStreamResponseOptions } from 'node:http2';
import type { Socket } from 'node:net';
import type { HeaderList, HttpResponse } from '@deja/format';
import { resetConnection } from './connection.js';
import { drained } from './reply-http1.js';
import { REFUSAL, type Reply } from './reply.js';

/** Of HTTP/1 only; HTTP/2 has other means for them, and forbids them. */
const OF_CONNECTION = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade']);

/** Over one stream of HTTP/2. `socket`: the connection below. */
export class Http2Reply implements Reply {
  readonly joinsPieces = false;
  readonly #stream: ServerHttp2Stream;
  readonly #socket: Socket;

  constructor(stream: ServerHttp2Stream, socket: Socket) {
    this.#stream = stream;
    this.#socket = socket;
  }

  get gone(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  informational(status: number, headers: HeaderList): void {
    this.#stream.additionalHeaders({ ':status': status, ...grouped(headers) });
  }

  head(recorded: Partial<HttpResponse>, { last }: { readonly last: boolean }): void {
    const trailers = recorded.trailers ?? [];
    if (trailers.length > 0) this.#stream.on('wantTrailers', () => this.#stream.sendTrailers(grouped(trailers)));
    // Node's types do not know `sendDate`.
    const options: ServerStreamResponseOptions & { readonly sendDate: boolean } = { endStream: last && trailers.length === 0, waitForTrailers: trailers.length > 0, sendDate: false };
    this.#stream.respond({ ':status': recorded.status ?? 200, ...grouped(recorded.headers ?? []) }, options);
  }

  async piece(bytes: Buffer): Promise<boolean> {
    return this.#stream.write(bytes) || drained(this.#stream);
  }

  end(): void {
    this.#stream.end();
  }

  goAway(code: number): void {
    this.#stream.session?.goaway(code, this.#stream.id ?? 0);
  }

  abort(code: number): void {
    this.#stream.close(code);
  }

  hangUp(how: 'fin' | 'rst'): void {
    if (how === 'rst') resetConnection(this.#socket);
    else this.#socket.destroySoon();
  }

  garble(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  overflow(): void {
    // Frames have a length of their own: no client of HTTP/2 says this.
    this.hangUp('fin');
  }

  refuse(text: string): void {
    this.#stream.respond({ ':status': REFUSAL.status, ...REFUSAL.headers });
    // The client need not send the rest.
    this.#stream.end(text, () => this.#stream.close());
  }
}

/** Node takes an object: names in order, several values of a name as a list. */
function grouped(headers: HeaderList): OutgoingHttpHeaders {
  const all: Record<string, string | string[]> = {};
  for (const [key, value] of headers) {
    const name = key.toLowerCase();
    const known = all[name];
    if (OF_CONNECTION.has(name) || name.startsWith(':')) continue;
    all[name] = known === undefined ? value : [...(Array.isArray(known) ? known : [known]), value];
  }
  return all;
}
