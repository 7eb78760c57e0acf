import type { HttpTrigger } from '@deja/format';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import type { Clock } from '@deja/stubs/clock';
import { withoutMapping } from './network.js';
import type { GuestPlan } from './plan.js';
import type { TriggerResult } from './protocol.js';
import type { World } from './world.js';
import { requestBytes } from './request-bytes.js';
import { ResponseReader } from './response-reader.js';

/**
 * Sends the recorded requests at their relative times, each over a connection of its own, and has the recorded messages delivered; collects what came back.
 * A request that gets no answer has an `error`. The signal ends those still waiting.
 *
 * @param onResult called with each result as it comes
 * @throws AgentError DEJA_PLAN_INVALID, before anything was sent
 */
export async function fire({ plan, clock, deliver }: Pick<World, 'plan' | 'clock' | 'deliver'>, ended: AbortSignal, onResult: (result: TriggerResult) => void): Promise<readonly TriggerResult[]> {
  const shots = plan.triggers.flatMap(({ request, at, trigger }) => {
    if (trigger.kind === 'start') return [];
    if (trigger.kind === 'message') return [{ request, at, shoot: () => handOver(deliver(trigger, ended)) }];
    const bytes = requestBytes(trigger, plan.stubs.blobs);
    return [{ request, at, shoot: () => answerTo(plan, trigger, bytes, clock, ended) }];
  });
  return await Promise.all(
    shots.map(async ({ request, at, shoot }) => {
      if (at > 0) await clock.sleep(at, ended);
      const began = clock.now();
      const answer = ended.aborted ? { error: 'not sent: the observation had ended' } : await shoot();
      const result = { request, ms: Math.round(clock.now() - began), ...answer };
      onResult(result);
      return result;
    }),
  );
}

type Answer = Pick<TriggerResult, 'response' | 'error'>;

async function handOver(delivery: Promise<string | null>): Promise<Answer> {
  const error = await delivery;
  return error === null ? {} : { error };
}

/**
 * An application that listens on `localhost` opens its addresses one after the other: it is ready at the first, and a request
 * to the next one is refused for some milliseconds. A refused request has reached nobody, so asking again changes nothing.
 */
const REFUSED_FOR_MS = 1000;
const REFUSED_STEP_MS = 5;

async function answerTo(plan: GuestPlan, trigger: HttpTrigger, bytes: Buffer, clock: Clock, ended: AbortSignal): Promise<Answer> {
  const deadline = clock.now() + REFUSED_FOR_MS;
  for (;;) {
    const { refused, ...answer } = await exchange(await dial(plan, trigger), trigger, bytes, ended);
    if (!refused || ended.aborted || clock.now() > deadline) return answer;
    await clock.sleep(REFUSED_STEP_MS);
  }
}

function exchange(socket: Socket, trigger: HttpTrigger, bytes: Buffer, ended: AbortSignal): Promise<Answer & { readonly refused: boolean }> {
  return new Promise((resolve) => {
    const reader = new ResponseReader(trigger.method);
    let settled = false;
    const settle = (error?: string, refused = false): void => {
      if (settled) return;
      settled = true;
      ended.removeEventListener('abort', onAbort);
      socket.destroy();
      const response = reader.response;
      resolve({ ...(response && { response }), ...(error !== undefined && { error }), refused });
    };
    const onAbort = (): void => settle('no answer came before the observation ended');
    ended.addEventListener('abort', onAbort);
    socket.on(trigger.local.tls ? 'secureConnect' : 'connect', () => socket.write(bytes));
    socket.on('data', (chunk: Buffer) => {
      try {
        if (reader.push(chunk)) settle();
      } catch (error) {
        settle((error as Error).message);
      }
    });
    socket.on('end', () => settle(reader.end() ? undefined : 'the connection ended before the answer was complete'));
    socket.on('error', (error: NodeJS.ErrnoException) => settle(error.message, error.code === 'ECONNREFUSED'));
    socket.on('close', () => settle('the connection ended before the answer was complete'));
  });
}

async function dial(plan: GuestPlan, trigger: HttpTrigger): Promise<Socket> {
  const { port, tls } = trigger.local;
  const host = addressToDial(plan, trigger.local.address);
  if (!tls) return connectTcp({ host, port });
  const named = trigger.headers.find(([name]) => name.toLowerCase() === 'host')?.[1].replace(/:\d+$/, '');
  const servername = named !== undefined && /[a-z]/i.test(named) && !named.includes('[') ? { servername: named } : {};
  const { connect: connectTls } = await import('node:tls');
  // The application's own certificate is its own matter: production's clients have judged it.
  return connectTls({ host, port, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'], ...servername });
}

function addressToDial(plan: GuestPlan, recorded: string): string {
  const address = withoutMapping(recorded);
  if (address === '::' || address === '0.0.0.0' || address === '') return 'localhost';
  // Without a network of our own the recorded address of that machine is not here.
  return plan.network.mode === 'isolated' || address.startsWith('127.') || address === '::1' ? address : '127.0.0.1';
}
