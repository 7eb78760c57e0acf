import { DejaError, type RedisArgument } from '@deja/format';
import type { GuestPlan } from '@deja/guest';
import type { HttpExchange, JournalListener, StubPlan } from '@deja/stubs';
import { guestPlan } from '../plan/guest-plan.js';
import type { ReproductionPlan } from '../plan/plan.js';
import { enginesFor } from '../run/engines.js';
import { findStub, namedStubs, type NamedStub, onlyStub } from './names.js';

export interface StandInOptions extends JournalListener {
  /** One stub, by its name; default: all. */
  readonly only?: string;
  /** Where that one listens; default: any free port. */
  readonly port?: number;
  /** Every exchange is served as often as it was recorded, as in a reproduction; otherwise as often as it is asked for. */
  readonly once: boolean;
  /** Recorded times pass as recorded. */
  readonly delays: boolean;
  readonly cacheFolder: string;
}

export interface StandIn extends NamedStub {
  /** Where it listens now. */
  readonly at: { readonly address: string; readonly port: number };
}

/** What a stub can be asked, in recorded order. */
export interface StubExchanges {
  readonly http: readonly Pick<HttpExchange, 'protocol' | 'method' | 'url' | 'headers' | 'body'>[];
  readonly redis: readonly (readonly RedisArgument[])[];
}

export interface StartedStandIns extends AsyncDisposable {
  recordedOf(stub: NamedStub): StubExchanges;
  readonly stubs: readonly StandIn[];
  /** PEM of the authority that signed for those that speak TLS. */
  readonly ca: string | null;
}

/**
 * The stubs of a plan, without sandbox and application, on this machine's loopback device.
 * Throws DejaError: DEJA_STUB_UNKNOWN, DEJA_PORT_IN_USE, what an engine lacks.
 */
export async function startStandIns(plan: ReproductionPlan, options: StandInOptions): Promise<StartedStandIns> {
  const offered = onNetwork(plan.stubs);
  const all = namedStubs(offered);
  const chosen = options.only === undefined ? all : [findStub(all, options.only)];
  if (chosen.length === 0) throw new DejaError('DEJA_STUB_UNKNOWN', 'this plan has no stubs: nothing outside was asked that a server answers');
  const [one] = chosen;
  const stubs = options.only === undefined || !one ? { ...offered, closed: [], dns: [] } : onlyStub(offered, one);
  const { startStandIns: start } = await import('@deja/guest/stand-ins');
  const started = await start(await outsideOf(plan, options.once ? stubs : repeated(stubs), options.cacheFolder), {
    resolve: () => ({ address: '127.0.0.1', port: options.port ?? 0 }),
    pace: options.delays ? 1 : 0,
    ...(options.onServed && { onServed: options.onServed }),
    ...(options.onDivergence && { onDivergence: options.onDivergence }),
    ...(options.onNote && { onNote: options.onNote }),
  });
  const at = (stub: NamedStub): StandIn['at'] => started.listeners.find(({ host, port }) => host === stub.host && port === stub.port)?.at ?? { address: '127.0.0.1', port: stub.port };
  return {
    stubs: chosen.map((stub) => ({ ...stub, at: at(stub) })),
    ca: started.ca ?? null,
    recordedOf: (stub) => {
      const { http, redis } = onlyStub(offered, stub);
      return { http: http.flatMap(({ exchanges }) => exchanges), redis: redis.flatMap(({ exchanges }) => exchanges.map(({ command }) => command)) };
    },
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

async function outsideOf(plan: ReproductionPlan, stubs: StubPlan, cacheFolder: string): Promise<GuestPlan> {
  const wanted = new Set(stubs.sql.map(({ database }) => database));
  const databases = plan.fixtures.databases.filter(({ name }) => wanted.has(name));
  const engines = await enginesFor({ ...plan.recording, databases: plan.recording.databases.filter(({ name }) => wanted.has(name)) }, cacheFolder);
  // Rows are loaded at once: no application will make the tables.
  const made = guestPlan({ ...plan, fixtures: { ...plan.fixtures, databases }, stubs }, { preload: '', engines, otherCode: false });
  return {
    ...made,
    network: { mode: 'redirected', hosts: [], addresses: [] },
    databases: made.databases.map((database) => ({ ...database, ownSchema: false, fixture: databases.find(({ name }) => name === database.fixture.name) ?? database.fixture })),
  };
}

/** Where a Unix socket was recorded, there may be a real server. */
function onNetwork(stubs: StubPlan): StubPlan {
  return { ...stubs, sql: stubs.sql.map((one) => (one.host.startsWith('/') ? { ...one, host: 'localhost' } : one)), tcp: (stubs.tcp ?? []).filter(({ host }) => !host.startsWith('/')) };
}

function repeated(stubs: StubPlan): StubPlan {
  return {
    ...stubs,
    http: stubs.http.map((one) => ({ ...one, exchanges: again(one.exchanges) })),
    redis: stubs.redis.map((one) => ({ ...one, exchanges: again(one.exchanges) })),
    ...(stubs.mongodb && { mongodb: stubs.mongodb.map((one) => ({ ...one, exchanges: again(one.exchanges) })) }),
    ...(stubs.brokers && { brokers: stubs.brokers.map((one) => ({ ...one, exchanges: again(one.exchanges) })) }),
    sql: stubs.sql.map((one) => ({ ...one, statements: again(one.statements) })),
    udp: (stubs.udp ?? []).map((one) => ({ ...one, exchanges: again(one.exchanges) })),
    tcp: (stubs.tcp ?? []).map((one) => ({ ...one, exchanges: again(one.exchanges) })),
  };
}

function again<E extends { readonly repeat: boolean }>(exchanges: readonly E[]): readonly E[] {
  return exchanges.map((exchange) => ({ ...exchange, repeat: true }));
}
