import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Authority, CertificateFlaw } from '../authority/authority.js';
import type { StubDivergence } from '../divergence.js';
import { handshakeFailureOf } from '../fate.js';
import { Ledger } from '../ledger.js';
import type { HttpExchange, HttpStubPlan } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { describeExchange, differentRequest } from './match.js';
import type { HttpQuestion } from './question.js';
import { respond } from './respond.js';

// An import statement would read every export of `node:http`, WebSocket among them, and so load all of undici: ten times as slow.
const { createServer } = process.getBuiltinModule('node:http');
const { createServer: createTlsServer } = process.getBuiltinModule('node:https');

/** The largest request body a stub takes in. */
const MAX_BODY = 256 * 1024 * 1024;

/** One server for all recorded hosts that share an address, port and scheme; not listening yet. */
export function createHttpStub(plans: readonly HttpStubPlan[], authority: Authority, runtime: StubRuntime): Server {
  const exchanges = plans.flatMap((plan) => plan.exchanges);
  const tls = plans.some((plan) => plan.tls);
  const stub = plans.map((plan) => `${plan.tls ? 'https' : 'http'}://${plan.host}:${plan.port}`).join(', ');
  const ledger = new Ledger<HttpExchange, HttpQuestion>(exchanges, (exchange, question) => differentRequest(exchange, question, (body) => runtime.bytes(body)), describeExchange);
  const begun = new WeakMap<Socket, number>();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // A connection's first exchange began with the connection; later ones with their own first byte.
    const start = begun.get(request.socket) ?? runtime.pace.now();
    begun.delete(request.socket);
    const question = await read(request);
    if (!question) return;
    const taken = ledger.take(question);
    if ('exchange' in taken) return respond(response, taken.exchange, start, runtime, stub);
    refuse(response, question, stub, taken.miss, runtime);
  };

  const failing = handshakeFailure(exchanges);
  const server = tls ? createTls(plans, authority, failing?.flaw ?? 'none') : createServer();
  for (const limit of ['keepAliveTimeout', 'requestTimeout', 'headersTimeout', 'timeout'] as const) server[limit] = 0;
  server.on('connection', (socket: Socket) => {
    begun.set(socket, runtime.pace.now());
    socket.on('error', () => undefined);
    socket.setNoDelay(true);
    if (!failing) return;
    const exchange = ledger.takeWhere(failsHandshake);
    if (exchange) runtime.journal.serve(exchange.seq, stub);
    if (failing.reset) socket.once('data', () => socket.resetAndDestroy());
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    begun.set(socket, runtime.pace.now());
    socket.on('error', () => undefined);
  });
  server.on('tlsClientError', (error: Error) => {
    if (!failing) runtime.journal.note(`${stub}: TLS handshake failed: ${error.message}`);
  });
  server.on('clientError', (error: Error, socket: Socket) => {
    runtime.journal.note(`${stub}: not an HTTP/1.1 request: ${error.message}`);
    socket.destroy();
  });
  server.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    runtime.journal.diverge({ stub, asked: `${request.method ?? ''} ${request.url ?? ''} (upgrade to ${request.headers.upgrade ?? '?'})` });
    socket.destroy();
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response).catch((error: unknown) => {
      runtime.journal.note(`${stub}: ${error instanceof Error ? error.message : String(error)}`);
      request.socket.destroy();
    });
  });
  return server;
}

function createTls(plans: readonly HttpStubPlan[], authority: Authority, flaw: CertificateFlaw): Server {
  const own = authority.certificate([...new Set(plans.map((plan) => plan.host))], flaw);
  return createTlsServer({
    key: own.key,
    cert: own.cert,
    ALPNProtocols: ['http/1.1'],
    SNICallback: (name, done) => done(null, authority.certificate([name], flaw).context),
  });
}

/** The request with all its body, or null when it broke off or is too large. */
async function read(request: IncomingMessage): Promise<HttpQuestion | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BODY) return null;
      chunks.push(chunk);
    }
  } catch {
    return null;
  }
  const headers = request.rawHeaders.flatMap((name, index, all): [string, string][] => (index % 2 === 0 ? [[name, all[index + 1] ?? '']] : []));
  return { method: request.method ?? '', target: request.url ?? '/', headers, body: Buffer.concat(chunks) };
}

/** A miss is answered by an error that no recorded answer can be mistaken for. */
function refuse(response: ServerResponse, question: HttpQuestion, stub: string, miss: Pick<StubDivergence, 'nearest'>, runtime: StubRuntime): void {
  const asked = `${question.method} ${question.target}${question.body.length > 0 ? ` (${question.body.length} bytes)` : ''}`;
  runtime.journal.diverge({ stub, asked, ...miss });
  const near = miss.nearest ? `The nearest recorded one is event ${miss.nearest.seq}, ${miss.nearest.text}: ${miss.nearest.difference}.` : 'Nothing was recorded for this server that is left.';
  response.writeHead(599, 'Not In The Recording', { 'content-type': 'text/plain; charset=utf-8', 'x-deja-divergence': '1', connection: 'close' });
  response.end(`Deja: this request is not in the recording: ${asked}\n${near}\n`);
}

interface HandshakeFailure {
  readonly flaw: CertificateFlaw;
  readonly reset: boolean;
}

/** Connections fail before a request can be read: they all do, or none does. The plan's builder names mixed recordings as a limit. */
function handshakeFailure(exchanges: readonly HttpExchange[]): HandshakeFailure | null {
  const [first] = exchanges;
  if (!first || !exchanges.every(failsHandshake) || !('error' in first.outcome)) return null;
  const how = handshakeFailureOf(first.outcome.error);
  if (how === null) return null;
  return how === 'reset' || how === 'hold' ? { flaw: 'none', reset: how === 'reset' } : { flaw: how, reset: false };
}

function failsHandshake({ outcome }: HttpExchange): boolean {
  return 'error' in outcome && handshakeFailureOf(outcome.error) !== null;
}
