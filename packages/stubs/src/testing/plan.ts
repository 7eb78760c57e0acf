import type { HttpResponse, IoError } from '@deja/format';
import { createAuthority } from '../authority/authority.js';
import type { HttpExchange, StubPlan } from '../plan.js';
import { type StartedStubs, startStubs, type StubEnvironment } from '../start.js';

/** For tests: a plan with nothing in it but `part`. */
export function planOf(part: Partial<StubPlan>): StubPlan {
  return { deja: 'stubs/1', http: [], redis: [], sql: [], dns: [], closed: [], blobs: {}, limits: [], ...part };
}

/** For tests: an exchange with an answer of 200, or as `part` says. */
export function httpExchange(part: Partial<HttpExchange> & Pick<HttpExchange, 'seq' | 'url'>, answer: Partial<HttpResponse> | { readonly error: IoError; readonly partial?: Partial<HttpResponse> }): HttpExchange {
  const outcome = 'error' in answer ? answer : { ok: { status: 200, headers: [], ...answer } };
  return { repeat: false, method: 'GET', headers: [], outcome, ...part };
}

export const testAuthority = createAuthority();

/** For tests: stubs on free ports of 127.0.0.1, at once unless told otherwise. */
export async function startForTest(part: Partial<StubPlan>, environment: Partial<StubEnvironment> = {}): Promise<StartedStubs> {
  const stubs = await startStubs(planOf(part), { resolve: () => ({ address: '127.0.0.1', port: 0 }), authority: testAuthority, pace: 0, ...environment });
  started.push(stubs);
  return stubs;
}

const started: StartedStubs[] = [];

/** For tests: stop what `startForTest` started; to be run after each. */
export async function stopAfterTest(): Promise<void> {
  for (const stubs of started.splice(0)) await stubs[Symbol.asyncDispose]();
}

/** The port on which the only (or the `index`th) listener of a test listens. */
export function portOf(stubs: StartedStubs, index = 0): number {
  const listener = stubs.listeners[index];
  if (!listener) throw new Error('no such listener');
  return listener.at.port;
}
