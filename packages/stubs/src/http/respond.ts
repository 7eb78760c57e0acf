import type { ServerResponse } from 'node:http';
import type { HttpResponse } from '@deja/format';
import { type Fate, fateOf } from '../fate.js';
import type { HttpExchange } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { header } from './question.js';

/** Time for bytes to reach the other side before a reset throws away what is still on its way. */
const RESET_GRACE_MS = 5;
/** Without a pause, what is written in two pieces arrives in one. */
const CHUNK_GAP_MS = 1;
/**
 * A body seen so soon after its head came with it in one piece; the time between was the application's own. In two pieces,
 * the application would see an answer that has begun where it has seen one that was over.
 */
const TOGETHER_MS = 5;

/**
 * Answer as recorded: head, body and trailers at their recorded times, or the failure at its own.
 * `start` is when the exchange began, on the runtime's clock.
 */
export async function respond(response: ServerResponse, exchange: HttpExchange, start: number, runtime: StubRuntime, stub: string): Promise<void> {
  const { outcome } = exchange;
  const fate = 'ok' in outcome ? 'answer' : 'error' in outcome ? fateOf(outcome.error) : 'hold';
  const recorded: Partial<HttpResponse> = 'ok' in outcome ? outcome.ok : 'error' in outcome ? (outcome.partial ?? {}) : (outcome.pending.partial ?? {});
  if (fate === 'hold') {
    // It never ends, and so it has no place in the order of completions.
    if (recorded.status !== undefined) await send(response, recorded, exchange, start, runtime, null);
    runtime.journal.serve(exchange.seq, stub);
    return;
  }
  const turn = runtime.order.enter(exchange, stub);
  try {
    const end = async (): Promise<boolean> => {
      if (!(await runtime.pace.until(start, exchange.ms ?? 0))) return false;
      await turn.wait();
      return !runtime.stopped.aborted;
    };
    if (fate === 'answer') await send(response, recorded, exchange, start, runtime, end);
    else await breakOff(response, recorded, exchange, start, runtime, end, fate);
    runtime.journal.serve(exchange.seq, stub);
  } finally {
    turn.leave();
  }
}

/** Send what arrived, then close or reset. */
async function breakOff(
  response: ServerResponse,
  recorded: Partial<HttpResponse>,
  exchange: HttpExchange,
  start: number,
  runtime: StubRuntime,
  end: () => Promise<boolean>,
  fate: Exclude<Fate, 'hold'>,
): Promise<void> {
  const socket = response.socket;
  if (recorded.status !== undefined) await send(response, recorded, exchange, start, runtime, null);
  if (!(await end()) || !socket) return;
  if (fate === 'rst') {
    if (recorded.status !== undefined) await runtime.clock.sleep(RESET_GRACE_MS);
    socket.resetAndDestroy();
  } else socket.destroySoon();
}

/** `end` null: what comes after the body is left open. */
async function send(
  response: ServerResponse,
  recorded: Partial<HttpResponse>,
  exchange: HttpExchange,
  start: number,
  runtime: StubRuntime,
  end: (() => Promise<boolean>) | null,
): Promise<void> {
  const { pace } = runtime;
  const headers = recorded.headers ?? [];
  const bytes = runtime.bytes(recorded.body);
  const chunks = cut(bytes, recorded.chunks);
  const headAfter = recorded.ttfb ?? Math.max(0, (exchange.ms ?? 0) - (chunks.at(-1)?.ms ?? 0));
  if (!(await pace.until(start, headAfter))) return;
  // The end of an answer without a body is its head: then the head waits for the order.
  if (end && chunks.length === 0 && !(await end())) return;
  writeHead(response, recorded.status ?? 200, recorded.statusText, headers);
  if (chunks[0] === undefined || chunks[0].ms > TOGETHER_MS) response.flushHeaders();
  const chunked = /\bchunked\b/i.test(header(headers, 'transfer-encoding') ?? '');
  const headAt = pace.now();
  for (const [index, chunk] of chunks.entries()) {
    if (index === chunks.length - 1 && end) {
      if (!(await end())) return;
    } else if (!(await pace.until(headAt, chunk.ms))) return;
    response.write(chunk.bytes);
    // Chunked coding keeps the borders of the pieces; elsewhere only time does.
    if (!chunked && index < chunks.length - 1) await runtime.clock.sleep(CHUNK_GAP_MS);
  }
  if (!end) return;
  if (recorded.trailers && recorded.trailers.length > 0) response.addTrailers(recorded.trailers.map(([name, value]): [string, string] => [name, value]));
  response.end();
  // Capture kept only the beginning of the body: nothing is invented in place of the rest, the connection ends.
  if ((recorded.body?.truncated ?? 0) > 0) response.socket?.destroySoon();
}

/** The recorded head and nothing else: whatever Node would add by itself is taken away first. */
function writeHead(response: ServerResponse, status: number, statusText: string | undefined, headers: NonNullable<HttpResponse['headers']>): void {
  response.sendDate = false;
  for (const name of ['connection', 'content-length', 'transfer-encoding']) response.removeHeader(name);
  const flat = headers.flatMap(([name, value]) => [name, value]);
  if (statusText === undefined) response.writeHead(status, flat);
  else response.writeHead(status, statusText, flat);
}

interface Chunk {
  readonly ms: number;
  readonly bytes: Buffer;
}

/** The body in its recorded pieces; the last one takes what the record does not account for. */
function cut(bytes: Buffer, chunks: HttpResponse['chunks']): Chunk[] {
  const pieces: Chunk[] = [];
  let at = 0;
  for (const [ms, size] of chunks ?? []) {
    if (at >= bytes.length) break;
    pieces.push({ ms, bytes: bytes.subarray(at, at + size) });
    at += size;
  }
  const rest = bytes.subarray(at);
  if (rest.length > 0) {
    const last = pieces.pop();
    pieces.push(last ? { ms: last.ms, bytes: Buffer.concat([last.bytes, rest]) } : { ms: 0, bytes: rest });
  }
  return pieces;
}
