import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { HeaderList, HttpResponse } from '@deja/format';
import { resetConnection } from './connection.js';
import { header } from './question.js';
import { REFUSAL, type Reply } from './reply.js';

/** Clients take 16 KiB, unless they are told to take more. */
const LONGEST_HEAD = 64 * 1024 * 1024;

/** Over HTTP/1.1. */
export class Http1Reply implements Reply {
  readonly #response: ServerResponse;
  readonly #socket: Socket;
  #chunked = false;

  /** `socket`: the connection, which a response has only when those before it are out. */
  constructor(response: ServerResponse, socket: Socket) {
    this.#response = response;
    this.#socket = socket;
  }

  /** Chunked coding keeps the borders of the pieces. */
  get joinsPieces(): boolean {
    return !this.#chunked;
  }

  get gone(): boolean {
    return this.#socket.destroyed;
  }

  informational(status: number, headers: HeaderList): void {
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    this.#socket.write(`HTTP/1.1 ${status} ${REASONS[status] ?? 'Information'}\r\n${lines}\r\n`, 'latin1');
  }

  /** The recorded head and nothing else: whatever Node would add by itself is taken away first. */
  head(recorded: Partial<HttpResponse>, { now }: { readonly now: boolean }): void {
    const response = this.#response;
    const headers = recorded.headers ?? [];
    response.sendDate = false;
    for (const name of ['connection', 'content-length', 'transfer-encoding']) response.removeHeader(name);
    const flat = headers.flatMap(([name, value]) => [name, value]);
    if (recorded.statusText === undefined) response.writeHead(recorded.status ?? 200, flat);
    else response.writeHead(recorded.status ?? 200, recorded.statusText, flat);
    this.#chunked = /\bchunked\b/i.test(header(headers, 'transfer-encoding') ?? '');
    if (now) response.flushHeaders();
  }

  async piece(bytes: Buffer): Promise<boolean> {
    const response = this.#response;
    if (response.write(bytes)) return true;
    return drained(response);
  }

  end(trailers: HeaderList): void {
    if (trailers.length > 0) this.#response.addTrailers(trailers.map(([name, value]): [string, string] => [name, value]));
    this.#response.end();
  }

  goAway(): void {
    // HTTP/1 says that with the header `connection`.
  }

  abort(): void {
    this.hangUp('rst');
  }

  hangUp(how: 'fin' | 'rst'): void {
    if (how === 'rst') resetConnection(this.#socket);
    else this.#socket.destroySoon();
  }

  garble(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  overflow(): void {
    const socket = this.#socket;
    const line = `X-Filler: ${'x'.repeat(8_000)}\r\n`;
    const more = (): void => {
      while (!socket.destroyed && socket.write(line)) if (socket.bytesWritten > LONGEST_HEAD) return socket.destroySoon();
    };
    socket.on('drain', more);
    socket.write('HTTP/1.1 200 OK\r\n');
    more();
  }

  refuse(text: string): void {
    const { status, statusText, headers } = REFUSAL;
    this.#response.writeHead(status, statusText, { ...headers, connection: 'close' });
    this.#response.end(text);
  }
}

const REASONS: Readonly<Record<number, string>> = { 100: 'Continue', 102: 'Processing', 103: 'Early Hints' };

/** For a client that reads slowly; false when it has gone instead. */
export function drained(stream: NodeJS.WritableStream): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (goesOn: boolean) => () => {
      stream.off('drain', onDrain);
      stream.off('close', onClose);
      resolve(goesOn);
    };
    const [onDrain, onClose] = [settle(true), settle(false)];
    stream.on('drain', onDrain);
    stream.on('close', onClose);
  });
}
