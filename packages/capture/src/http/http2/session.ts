import type { ClientHttp2Session } from 'node:http2';
import { LiveHttp, type RequestHalf } from '../http-event.js';
import { ioErrorOf, phaseOf } from '../io-error.js';

interface Connection {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly destroyed: boolean;
}

/** Where a session keeps what is known of it. */
export const SESSION = Symbol('deja.session');

/** What is known of a connection of Node's HTTP/2 client. */
export class SessionState {
  /** `https://pay.example:8443`. */
  readonly origin: string;
  readonly tls: boolean;
  readonly open = new Set<LiveHttp>();
  readonly #session: ClientHttp2Session;
  connected = false;
  /** The connection ended below HTTP/2: its streams were not closed one by one. */
  lost = false;

  constructor(session: ClientHttp2Session, origin: string) {
    this.#session = session;
    this.origin = origin;
    this.tls = origin.startsWith('https:');
    this.connected = !session.connecting;
  }

  peer(): { readonly address: string | undefined; readonly port: number | undefined } {
    const socket = this.#socket();
    return { address: socket?.remoteAddress, port: socket?.remotePort };
  }

  noteLoss(): void {
    this.lost ||= this.#socket()?.destroyed ?? true;
  }

  /** Node's stand-in throws when the session has let go of its socket. */
  #socket(): Connection | undefined {
    try {
      const { remoteAddress, remotePort, destroyed } = this.#session.socket;
      return { remoteAddress, remotePort, destroyed };
    } catch {
      return undefined;
    }
  }
}

/** A connection before its first request: only one that fails is told, by the method of HTTP/2's preface. */
export class ConnectionExchange extends LiveHttp {
  readonly #origin: string;

  constructor(origin: string) {
    super(0, undefined);
    this.#origin = origin;
    this.asked();
  }

  broke(error: unknown): void {
    this.failed(ioErrorOf(error, phaseOf(error, { tls: this.#origin.startsWith('https:'), connected: false, secured: false, sent: false, responded: false })));
  }

  protected request(): RequestHalf {
    return { protocol: 'h2', method: 'PRI', url: `${this.#origin}/`, headers: [] };
  }

  protected settle(): void {
    // Nothing is held.
  }
}
