import { type Fate, fateOf, streamResetOf } from '../fate.js';
import type { HttpResponse } from '@deja/format';
import type { HttpExchange } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { answerOf } from './early.js';
import type { Following } from './follow.js';
import type { Reply } from './reply.js';
import { scriptOf, type Step, TOGETHER_MS } from './script.js';

/** Time for bytes to reach the other side before a reset throws away what is still on its way. */
const RESET_GRACE_MS = 5;
/** Without a pause, what is written in two pieces arrives in one. */
const PIECE_GAP_MS = 1;

/** All that an answer in progress needs. */
export interface Answering {
  readonly reply: Reply;
  readonly exchange: HttpExchange;
  readonly following: Following;
  /** When the exchange began, on the runtime's clock. */
  readonly start: number;
  readonly runtime: StubRuntime;
  readonly stub: string;
}

/** Answer as recorded: head, body and trailers at their recorded times, or the failure at its own. Throws `Strayed`. */
export async function respond(answering: Answering): Promise<void> {
  const { exchange, runtime, stub, start } = answering;
  const { outcome } = exchange;
  const fate = 'ok' in outcome ? 'answer' : 'error' in outcome ? (streamResetOf(outcome.error) ?? fateOf(outcome.error)) : 'hold';
  if (fate === 'hold') {
    // It never ends, and so it has no place in the order of completions.
    await play(answering, null);
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
    if (fate === 'answer') await play(answering, end);
    else await breakOff(answering, end, fate);
    runtime.journal.serve(exchange.seq, stub);
  } finally {
    turn.leave();
  }
  await answering.following.rest();
}

/** Send what arrived, then close or reset the connection, or with a code only the stream. */
async function breakOff(answering: Answering, end: () => Promise<boolean>, fate: Exclude<Fate, 'hold'> | number): Promise<void> {
  const { reply, runtime, exchange, following, stub } = answering;
  await play(answering, null);
  if (!(await following.until(answerOf(exchange).early?.end, stub)) || !(await end())) return;
  // Over HTTP/2 both sides first tell their settings, whatever becomes of the request.
  if (exchange.protocol === 'h2' || Object.keys(answerOf(exchange)).length > 0) await runtime.clock.sleep(RESET_GRACE_MS);
  if (fate === 'overflow') return reply.overflow();
  const { unparsed } = answerOf(exchange);
  if (unparsed) reply.garble(runtime.bytes(unparsed));
  if (typeof fate === 'number') reply.abort(fate);
  else reply.hangUp(fate === 'rst' ? 'rst' : 'fin');
}

/** `end` null: what comes after the body is left open. */
async function play(answering: Answering, end: (() => Promise<boolean>) | null): Promise<void> {
  const { reply, exchange, runtime, start, following, stub } = answering;
  const { pace } = runtime;
  const body = runtime.bytes(answerOf(exchange).body);
  const recorded = end === null ? answerOf(exchange) : withOwnLength(answerOf(exchange), exchange.method, body.length);
  const steps = scriptOf(recorded, body, exchange.ms);
  let headAt = start;
  for (const [index, step] of steps.entries()) {
    if (!(await following.until(step.after, stub))) return;
    // The last part of an answer that ends with it waits for the order.
    if (end && index === steps.length - 1 && endsWith(step, exchange)) {
      if (!(await end())) return;
    } else if (!(await (step.do === 'piece' ? pace.until(headAt, step.ms) : pace.until(start, step.ms)))) return;
    if (reply.gone) return;
    if (step.do === 'inform') reply.informational(step.status, step.headers);
    else if (step.do === 'go away') reply.goAway(step.code);
    else if (step.do === 'head') {
      // A head whose end follows at once comes with it in one piece, as it did.
      const last = step.bare && end !== null && endsWith(step, exchange);
      reply.head(recorded, { now: step.now && !last, last });
      headAt = pace.now();
    } else {
      if (!(await reply.piece(step.bytes))) return;
      if (reply.joinsPieces && index < steps.length - 1) await runtime.clock.sleep(PIECE_GAP_MS);
    }
  }
  const last = steps.at(-1);
  if (!end || !last) return;
  if (!endsWith(last, exchange) && (!(await following.until(recorded.early?.end, stub)) || !(await end()))) return;
  if (reply.gone) return;
  reply.end(recorded.trailers ?? []);
  // Capture kept only the beginning of the body: nothing is invented in place of the rest, the connection ends.
  if ((recorded.body?.truncated ?? 0) > 0) reply.hangUp('fin');
}

/** An answer that was whole has the length that it says; where a secret was taken out of it, or somebody edited it, it is another one. */
function withOwnLength(recorded: Partial<HttpResponse>, method: string, length: number): Partial<HttpResponse> {
  const { headers, status = 200, body } = recorded;
  if (!headers || method === 'HEAD' || status === 304 || (body?.truncated ?? 0) > 0) return recorded;
  return { ...recorded, headers: headers.map(([name, value]) => (name.toLowerCase() === 'content-length' ? [name, String(length)] : [name, value])) };
}

/** Whether the answer was over as soon as this step was done, as far as its client could tell, and did so without the client's doing. */
function endsWith(step: Step, exchange: HttpExchange): boolean {
  const recorded = answerOf(exchange);
  if (step.after !== recorded.early?.end) return false;
  const after = (step.do === 'piece' ? (recorded.ttfb ?? 0) : 0) + step.ms;
  // Without times nothing is known to have been apart.
  return recorded.ttfb === undefined || exchange.ms === undefined || exchange.ms - after <= TOGETHER_MS;
}
