import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { HeaderList } from '@deja/format';
import type { Operation } from '../drivers/operation.js';
import { LiveHttp, pairs, type RequestHalf } from './http-event.js';
import { ioErrorOf, phaseOf } from './io-error.js';

/** What of a `ClientRequest` is told. Node has had the undocumented names since long before 20. */
interface Told extends Pick<ClientRequest, 'method' | 'host' | 'path' | 'protocol'> {
  /** The head as written to the wire. */
  readonly _header: string | null;
}

/** One exchange of Node's own HTTP client. */
export class ClientExchange extends LiveHttp {
  #request: ClientRequest | undefined;
  #told: Told;
  readonly #port: number | undefined;
  #response: IncomingMessage | undefined = undefined;
  #connected = false;
  #secured = false;
  #destroyedByApp = false;

  constructor(request: ClientRequest, port: number | undefined, cap: number, operation: Operation | undefined) {
    super(cap, operation);
    this.#request = request;
    this.#told = request as ClientRequest & Told;
    this.#port = port;
  }

  responseHead(response: IncomingMessage): void {
    this.#response = response;
    this.#connected = true;
    this.#secured = true;
    this.#noteSocket(this.#request?.socket);
    const { rawHeaders } = response;
    this.head({
      status: response.statusCode ?? 0,
      ...(response.statusMessage ? { statusText: response.statusMessage } : {}),
      httpVersion: response.httpVersion,
      headers: () => pairs(rawHeaders),
    });
  }

  responseEnded(response: IncomingMessage): void {
    const { rawTrailers } = response;
    if (response.complete && !this.isUpgraded) this.complete(() => pairs(rawTrailers));
  }

  information(status: number, rawHeaders: readonly string[]): void {
    this.informed(status, () => pairs(rawHeaders));
  }

  /** The application gave up (`destroy`, `abort`, a time-out of its own): what follows is its doing and not the network's. */
  givenUp(error: unknown): void {
    // Some clients learn of the socket's error by the callback of a write, and end the request before it is told.
    const broken = this.#request?.socket?.errored;
    if (broken) return this.broke(broken);
    this.#destroyedByApp = true;
    // Node tells it a turn later, when the failure may have been packaged; that no connection came is what the exchange was about.
    if (this.#request?.socket?.connecting === true) this.broke(error ?? hungUp('socket hang up'));
  }

  broke(error: unknown): void {
    if (this.#request === undefined) return;
    this.#noteSocket(this.#request.socket);
    const progress = {
      tls: this.#told.protocol === 'https:', connected: this.#connected, secured: this.#secured,
      sent: this.#request.writableFinished, responded: this.responded,
    };
    const known = ioErrorOf(error, phaseOf(error, progress));
    this.failed(this.#destroyedByApp ? { ...known, fields: { ...known.fields, aborted: 'client' } } : known, this.#unparsed(error));
  }

  /** The request is closed. Without an answer or an error before, the connection was cut. */
  closed(): void {
    // What an upgraded connection comes to, its socket tells.
    if (this.over || this.isUpgraded) return;
    // Node destroys an answer that was cut with a reset of its own; anything else was the application.
    const response = this.#response;
    if (response?.destroyed && (response.errored as { code?: unknown } | null)?.code !== 'ECONNRESET') this.#destroyedByApp = true;
    this.broke(hungUp(this.responded ? 'aborted' : 'socket hang up'));
  }

  /** Node's parser gives the whole piece that it stopped in, and how far it had come. */
  #unparsed(error: unknown): Uint8Array | undefined {
    const { rawPacket, bytesParsed } = (error ?? {}) as { readonly rawPacket?: unknown; readonly bytesParsed?: unknown };
    if (!(rawPacket instanceof Uint8Array)) return undefined;
    return this.responded && typeof bytesParsed === 'number' ? rawPacket.subarray(bytesParsed) : rawPacket;
  }

  #noteSocket(socket: Socket | null | undefined): void {
    if (!socket) return;
    this.#connected ||= !socket.connecting && socket.remotePort !== undefined;
    this.#secured ||= isTls(socket) && socket.getProtocol() !== null && !socket.connecting;
    this.dialled(socket.remoteAddress, socket.remotePort);
  }

  socketReady(socket: Socket): void {
    this.#connected = !socket.connecting;
    if (socket.connecting) socket.once('connect', () => { this.#connected = true; });
    if (!isTls(socket)) return;
    // A pooled connection has its handshake behind it.
    this.#secured = !socket.connecting && socket.getProtocol() !== null;
    if (!this.#secured) socket.once('secureConnect', () => { this.#secured = true; });
  }

  protected request(): RequestHalf {
    const request = this.#told;
    const secure = request.protocol === 'https:';
    const port = this.#port ?? (secure ? 443 : 80);
    const authority = `${request.host.includes(':') ? `[${request.host}]` : request.host}${port === (secure ? 443 : 80) ? '' : `:${port}`}`;
    // Through a proxy the target is absolute already.
    const url = /^https?:/.test(request.path) ? request.path : `${request.protocol}//${authority}${request.path}`;
    return { method: request.method, url, headers: headersOf(request, this.#request) };
  }

  protected settle(): void {
    const { method, host, path, protocol, _header } = this.#told;
    this.#told = { method, host, path, protocol, _header };
    this.#request = undefined;
    this.#response = undefined;
  }
}

/** As Node words it. */
function hungUp(message: string): Error {
  return Object.assign(new Error(message), { code: 'ECONNRESET' });
}

function isTls(socket: Socket): socket is TLSSocket {
  return 'encrypted' in socket;
}

function headersOf({ _header }: Told, request: ClientRequest | undefined): HeaderList {
  if (typeof _header === 'string') {
    return _header.split('\r\n').slice(1).flatMap((line) => {
      const colon = line.indexOf(':');
      return colon > 0 ? [[line.slice(0, colon), line.slice(colon + 1).trim()] as const] : [];
    });
  }
  return (request?.getRawHeaderNames() ?? []).flatMap((name) => {
    const value = request?.getHeader(name);
    return (Array.isArray(value) ? value : [String(value)]).map((one) => [name, one] as const);
  });
}
