import type { ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import type { HeaderList } from '@deja/format';
import type { Operation } from '../../drivers/operation.js';
import { LiveHttp, pairs, type RequestHalf } from '../http-event.js';
import { ioErrorOf, phaseOf } from '../io-error.js';
import { sentHeaders, type SentHeaders } from './headers.js';
import type { SessionState } from './session.js';

/** The code with which a client says that it wants no more. */
const CANCEL = 8;

/** One exchange of Node's own HTTP/2 client. */
export class Http2Exchange extends LiveHttp {
  readonly #session: SessionState;
  readonly #given: OutgoingHttpHeaders;
  #stream: ClientHttp2Stream | undefined;
  #told: SentHeaders | undefined = undefined;
  #trailers: HeaderList | undefined = undefined;
  #sentTrailers: OutgoingHttpHeaders | undefined = undefined;
  #ended = false;
  /** The code with which the application closed the stream. */
  #closedWith: number | undefined = undefined;

  constructor(stream: ClientHttp2Stream, given: OutgoingHttpHeaders, session: SessionState, cap: number, operation: Operation | undefined) {
    super(cap, operation);
    this.#stream = stream;
    this.#given = given;
    this.#session = session;
    if (stream.writableEnded) this.asked();
  }

  responseHead(headers: IncomingHttpHeaders, rawHeaders: readonly string[]): void {
    this.#notePeer();
    this.head({ status: Number(headers[':status'] ?? 0), httpVersion: '2.0', headers: () => withoutPseudo(rawHeaders) });
  }

  information(headers: IncomingHttpHeaders, rawHeaders: readonly string[]): void {
    this.informed(Number(headers[':status'] ?? 0), () => withoutPseudo(rawHeaders));
  }

  responseTrailers(rawHeaders: readonly string[]): void {
    this.#trailers = withoutPseudo(rawHeaders);
  }

  sendingTrailers(trailers: OutgoingHttpHeaders): void {
    this.#sentTrailers = trailers;
  }

  /** Nothing more can be read; whether the server ended it or the stream was torn down shows in the stream. */
  readEnded(): void {
    const stream = this.#stream;
    if (!stream || stream.destroyed || stream.closed || this.#ended) return;
    this.#ended = true;
    this.endSeen();
    // Head and trailers that came with the end are told in the ticks before this one.
    process.nextTick(() => {
      if (this.responded) this.complete(() => this.#trailers ?? []);
    });
  }

  /** The application closed or destroyed the stream. */
  givenUp(code: number): void {
    if (!this.#ended) this.#closedWith ??= code;
  }

  broke(error: unknown): void {
    const stream = this.#stream;
    if (this.over || !stream) return;
    this.#notePeer();
    const connected = this.#session.connected;
    // A stream that never began says why in its cause.
    const { cause } = (error ?? {}) as { readonly cause?: unknown };
    const source = cause instanceof Error ? cause : error;
    const known = ioErrorOf(source, phaseOf(source, { tls: this.#session.tls, connected, secured: connected, sent: this.sent.over, responded: this.responded }));
    if (this.#closedWith !== undefined) return this.failed({ ...known, fields: { aborted: 'client', rst: String(this.#closedWith) } });
    this.failed(known.code === 'ERR_HTTP2_STREAM_ERROR' ? { ...known, fields: { rst: String(stream.rstCode) } } : known);
  }

  /** The stream is closed. Without an end or an error before, somebody cut it. */
  closed(): void {
    const stream = this.#stream;
    if (this.over || !stream) return;
    if (this.#ended && this.responded) return this.complete(() => this.#trailers ?? []);
    if (this.#closedWith !== undefined) return this.broke(Object.assign(new Error('The stream was closed by the application'), { code: 'ABORT_ERR' }));
    if (this.#session.lost) return this.broke(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));
    this.broke(Object.assign(new Error(`Stream closed with error code ${stream.rstCode ?? CANCEL}`), { code: 'ERR_HTTP2_STREAM_ERROR' }));
  }

  protected request(): RequestHalf {
    const { method, path, authority, headers } = this.#told ?? sentHeaders(this.#stream?.sentHeaders ?? this.#given);
    const { origin } = this.#session;
    const named = authority !== undefined && authority !== new URL(origin).host ? [[':authority', authority] as const] : [];
    const trailers = this.#sentTrailers ? sentHeaders(this.#sentTrailers).headers : undefined;
    return { protocol: 'h2', method, url: `${origin}${path}`, headers: [...named, ...headers], ...(trailers ? { trailers } : {}) };
  }

  protected settle(): void {
    this.#told = sentHeaders(this.#stream?.sentHeaders ?? this.#given);
    this.#stream = undefined;
    this.#session.open.delete(this);
  }

  #notePeer(): void {
    const { address, port } = this.#session.peer();
    this.dialled(address, port);
  }
}

function withoutPseudo(rawHeaders: readonly string[]): HeaderList {
  return pairs(rawHeaders).filter(([name]) => !name.startsWith(':'));
}
