import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2Server } from 'node:http2';
import type { Server, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Authority } from '../authority/authority.js';
import { tellForeign } from '../foreign.js';
import { Ledger } from '../ledger.js';
import type { HttpExchange, HttpStubPlan } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { Asking, type BodyBounds, boundsFor } from './asking.js';
import { createBrokenHandshake } from './broken-handshake.js';
import { claim } from './claim.js';
import { Following, Strayed } from './follow.js';
import { answerOf, ripeAfter } from './early.js';
import { createFront } from './front.js';
import { failsHandshake, handshakeFailure } from './handshake.js';
import { createHttp2Side } from './http2-server.js';
import { describeExchange, differentRequest, httpKeys } from './match.js';
import type { HttpQuestion } from './question.js';
import type { Reply } from './reply.js';
import { Http1Reply } from './reply-http1.js';
import { respond } from './respond.js';
import { Conversation } from './websocket/conversation.js';
import { plainResponse, upgradeHead } from './websocket/upgrade.js';

// An import statement would read every export of `node:http`, WebSocket among them, and so load all of undici: ten times as slow.
const { createServer } = process.getBuiltinModule('node:http');

/** What OpenSSL says of a client that does not begin with a handshake. */
const NO_TLS: ReadonlySet<string> = new Set(['ERR_SSL_HTTP_REQUEST', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_UNSUPPORTED_PROTOCOL_VERSION']);

/** What Node's parser says of what it could not read. */
interface ClientError extends NodeJS.ErrnoException {
  readonly reason?: string;
  readonly rawPacket?: Buffer;
}

/** The error code of HTTP/2 for a request that turned out not to be the recorded one. */
const INTERNAL_ERROR = 2;

/** One server for all recorded hosts that share an address, port and scheme; not listening yet. */
export function createHttpStub(plans: readonly HttpStubPlan[], authority: Authority, runtime: StubRuntime): Server {
  const exchanges = plans.flatMap((plan) => plan.exchanges);
  const tls = plans.some((plan) => plan.tls);
  const stub = plans.map((plan) => `${plan.tls ? 'https' : 'http'}://${plan.host}:${plan.port}`).join(', ');
  const ledger = new Ledger<HttpExchange, HttpQuestion>(exchanges, (exchange, question) => differentRequest(exchange, question, runtime.bytes), describeExchange, { keys: httpKeys(runtime.bytes), unification: runtime.unification });
  const early = exchanges.some((exchange) => ripeAfter(exchange) !== null);
  const bounds = boundsFor(exchanges, runtime.bytes);
  const begun = new WeakMap<Socket, number>();
  const note = (text: string): void => runtime.journal.note(`${stub}: ${text}`);

  const answer = async (asking: Asking, reply: Reply, connection: Socket): Promise<void> => {
    // A connection's first exchange began with the connection; later ones with their own first byte.
    const start = begun.get(connection) ?? runtime.pace.now();
    begun.delete(connection);
    const taken = await claim(asking, ledger, early, runtime);
    if (taken && 'exchange' in taken) return follow({ asking, reply, exchange: taken.exchange, start });
    if (!taken && !asking.tooLarge) return reply.hangUp('fin');
    const miss = taken?.miss ?? ledger.miss(asking.question());
    const asked = `${asking.method} ${asking.target}${asking.tooLarge ? ` (a body without end: ${asking.size} bytes so far)` : asking.size > 0 ? ` (${asking.size} bytes)` : ''}`;
    runtime.journal.diverge({ stub, asked, ...miss });
    if (!reply.gone) reply.refuse(explained(asked, miss.nearest));
  };

  const follow = async ({ asking, reply, exchange, start }: { readonly asking: Asking; readonly reply: Reply; readonly exchange: HttpExchange; readonly start: number }): Promise<void> => {
    try {
      await respond({ reply, exchange, following: new Following(asking, exchange, runtime), start, runtime, stub });
    } catch (error) {
      if (!(error instanceof Strayed)) throw error;
      runtime.journal.diverge({ stub, asked: `${asking.method} ${asking.target}`, nearest: { seq: exchange.seq, text: describeExchange(exchange), difference: error.message } });
      if (!reply.gone) reply.abort(INTERNAL_ERROR);
    }
  };

  const take = (asking: Asking, reply: Reply, connection: Socket): void => {
    answer(asking, reply, connection).catch((error: unknown) => {
      note(error instanceof Error ? error.message : String(error));
      reply.hangUp('fin');
    });
  };

  const failing = handshakeFailure(exchanges);
  const serveFailure = (): void => {
    const exchange = ledger.takeWhere(failsHandshake);
    if (exchange) runtime.journal.serve(exchange.seq, stub);
  };
  if (failing && !('flaw' in failing)) return createBrokenHandshake(failing, serveFailure);

  const http1 = createServer();
  for (const limit of ['keepAliveTimeout', 'requestTimeout', 'headersTimeout', 'timeout'] as const) http1[limit] = 0;
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => take(askingOf(request, bounds), new Http1Reply(response, request.socket), request.socket);
  http1.on('request', onRequest);
  // Whether the client is told to go on is in the recording.
  http1.on('checkContinue', onRequest);
  http1.on('clientError', (error: ClientError, socket: Socket) => {
    // Connections that end or break in the middle of a request are nothing to be told of.
    if (error.rawPacket && error.code?.startsWith('HPE_') && error.code !== 'HPE_INVALID_EOF_STATE') tellForeign(runtime.journal, stub, error.rawPacket, `this is no HTTP/1.1: ${error.reason ?? error.message}`);
    socket.destroy();
  });
  http1.on('upgrade', (request: IncomingMessage, socket: Socket, early: Buffer) => {
    const exchange = ledger.peek((one) => upgrades(one) && differentRequest(one, askingOf(request, bounds).question(), runtime.bytes) === null);
    if (!exchange) return onRequest(request, plainResponse(request));
    ledger.give(exchange);
    const start = begun.get(socket) ?? runtime.pace.now();
    new Conversation(socket, exchange, runtime, stub).play(upgradeHead(exchange, request), early, start).catch((error: unknown) => {
      note(error instanceof Error ? error.message : String(error));
      socket.destroy();
    });
  });

  let http2: Http2Server | undefined;
  const server = createFront(
    { http1, http2: () => (http2 ??= createHttp2Side({ bounds, asked: take, note })) },
    tls ? { names: [...new Set(plans.map((plan) => plan.host))], authority, flaw: failing?.flaw ?? 'none', http2: exchanges.some(isHttp2) } : null,
  );
  server.on('connection', (socket: Socket) => {
    begun.set(socket, runtime.pace.now());
    socket.on('error', () => undefined);
    socket.setNoDelay(true);
    if (failing) serveFailure();
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    begun.set(socket, runtime.pace.now());
    socket.on('error', () => undefined);
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => {
    if (failing) return;
    if (NO_TLS.has(error.code ?? '')) runtime.journal.diverge({ stub, asked: error.code === 'ERR_SSL_HTTP_REQUEST' ? 'an HTTP/1.1 request without TLS' : 'bytes that are no TLS', reason: 'TLS is spoken at this port' });
    else note(`TLS handshake failed: ${error.message}`);
  });
  return server;
}

function upgrades(exchange: HttpExchange): boolean {
  return answerOf(exchange).status === 101 && answerOf(exchange).messages !== undefined;
}

function isHttp2({ protocol, outcome }: HttpExchange): boolean {
  return protocol === 'h2' || ('ok' in outcome && outcome.ok.httpVersion?.startsWith('2') === true);
}

function askingOf(request: IncomingMessage, bounds: BodyBounds): Asking {
  const headers = request.rawHeaders.flatMap((name, index, all): [string, string][] => (index % 2 === 0 ? [[name, all[index + 1] ?? '']] : []));
  return new Asking({ method: request.method ?? '', target: request.url ?? '/', headers }, request, bounds);
}

/** A miss is answered by an error that no recorded answer can be mistaken for. */
function explained(asked: string, nearest: { readonly seq: number; readonly text: string; readonly difference: string } | undefined): string {
  const near = nearest ? `The nearest recorded one is event ${nearest.seq}, ${nearest.text}: ${nearest.difference}.` : 'Nothing was recorded for this server that is left.';
  return `Deja: this request is not in the recording: ${asked}\n${near}\n`;
}
