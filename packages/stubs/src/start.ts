import type { Server } from 'node:net';
import { DejaError } from '@deja/format';
import type { Authority } from './authority/authority.js';
import { type Clock, machineClock } from './clock.js';
import type { StubDivergence } from './divergence.js';
import type { KnownHost } from './dns/resolver.js';
import { createJournal, type Journal } from './journal.js';
import { type ListenAddress, open, sharedListeners } from './listen.js';
import { createReleaseOrder } from './order.js';
import { createPace } from './pace.js';
import type { StubPlan } from './plan.js';
import type { SqlUpstream } from './postgres/upstream.js';
import { bodyReader, type StubRuntime } from './runtime.js';

export interface StubEnvironment {
  /** Where the stub of a recorded host and port shall listen. Hosts that share an address and port share a listener. */
  resolve(host: string, port: number): ListenAddress;
  readonly authority: Authority;
  /** The engine that holds the rows of a recorded database; needed when the plan has `sql`. */
  upstream?(database: string): SqlUpstream;
  /** Where to answer for the names of the sandbox; without it recorded resolver failures are not replayed. */
  readonly dns?: ListenAddress & { readonly hosts: readonly KnownHost[] };
  onDivergence?(divergence: StubDivergence): void;
  /** 1 (default): recorded times pass as recorded; 0: not at all. Time-outs stay time-outs. */
  readonly pace?: number;
  /** Default: this machine's. */
  readonly clock?: Clock;
}

/** What listens, or for a refused port what does not. */
export interface StubListener {
  readonly kind: 'http' | 'redis' | 'sql' | 'closed' | 'dns';
  /** As recorded. */
  readonly host: string;
  readonly port: number;
  /** As it is now. */
  readonly at: { readonly address: string; readonly port: number };
}

/** Disposing closes every listener and connection. */
export interface StartedStubs extends AsyncDisposable, Pick<Journal, 'served' | 'divergences' | 'notes'> {
  readonly listeners: readonly StubListener[];
}

/** Throws `DejaError` DEJA_PORT_IN_USE or DEJA_STUB_CANNOT_LISTEN; nothing is left listening then. */
export async function startStubs(plan: StubPlan, environment: StubEnvironment): Promise<StartedStubs> {
  await using started = new AsyncDisposableStack();
  const stop = new AbortController();
  started.defer(() => stop.abort());
  const journal = createJournal((divergence) => environment.onDivergence?.(divergence));
  const clock = environment.clock ?? machineClock;
  const runtime: StubRuntime = {
    journal,
    clock,
    pace: createPace(environment.pace ?? 1, clock, stop.signal),
    order: createReleaseOrder(journal, clock, stop.signal),
    stopped: stop.signal,
    bytes: bodyReader(plan.blobs),
  };
  const listeners: StubListener[] = [];
  for (const openPart of [openHttp, openRedis, openSql, openClosed, openDns]) listeners.push(...(await openPart(plan, environment, runtime, started)));

  const running = started.move();
  // Connections end only after the waits of their answers have: the signal is deferred first and so disposed of last.
  return {
    listeners,
    served: journal.served,
    divergences: journal.divergences,
    notes: journal.notes,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running.disposeAsync();
    },
  };
}

// Each protocol is loaded only where the plan needs it: that is most of what starting the stubs costs.
type OpenPart = (plan: StubPlan, environment: StubEnvironment, runtime: StubRuntime, started: AsyncDisposableStack) => Promise<StubListener[]>;

const openHttp: OpenPart = async ({ http }, environment, runtime, started) => {
  if (http.length === 0) return [];
  const { createHttpStub } = await import('./http/server.js');
  return openShared('http', http, environment, started, (plans) => createHttpStub(plans, environment.authority, runtime));
};

const openRedis: OpenPart = async ({ redis }, environment, runtime, started) => {
  if (redis.length === 0) return [];
  const { createRedisStub } = await import('./redis/server.js');
  return openShared('redis', redis, environment, started, (plans) => createRedisStub(plans, environment.authority, runtime));
};

const openSql: OpenPart = async ({ sql }, environment, runtime, started) => {
  if (sql.length === 0) return [];
  const { createPostgresProxy } = await import('./postgres/server.js');
  return openShared('sql', sql, environment, started, (plans) => createPostgresProxy(plans, (database) => upstreamOf(environment, database), environment.authority, runtime));
};

const openClosed: OpenPart = async ({ closed }, environment, _runtime, started) => {
  if (closed.length === 0) return [];
  const { openClosedPort } = await import('./ports/closed-port.js');
  const listeners: StubListener[] = [];
  for (const { host, port: recorded, how } of closed) {
    const where = environment.resolve(host, recorded);
    const { port } = started.use(await openClosedPort(where, how));
    listeners.push({ kind: 'closed', host, port: recorded, at: { address: where.address, port } });
  }
  return listeners;
};

const openDns: OpenPart = async (plan, { dns }, runtime, started) => {
  if (!dns) return [];
  const [{ createResolver }, { openNameServer }] = await Promise.all([import('./dns/resolver.js'), import('./dns/server.js')]);
  const { port } = started.use(await openNameServer(dns, createResolver(plan.dns, dns.hosts, runtime), runtime));
  return [{ kind: 'dns', host: dns.address, port: dns.port, at: { address: dns.address, port } }];
};

async function openShared<P extends { readonly host: string; readonly port: number }>(
  kind: StubListener['kind'],
  all: readonly P[],
  environment: StubEnvironment,
  started: AsyncDisposableStack,
  create: (plans: readonly P[]) => Server,
): Promise<StubListener[]> {
  const listeners: StubListener[] = [];
  for (const { where, plans } of sharedListeners(all, environment)) {
    const { port } = started.use(await open(create(plans), where));
    for (const one of plans) listeners.push({ kind, host: one.host, port: one.port, at: { address: 'path' in where ? where.path : where.address, port } });
  }
  return listeners;
}

function upstreamOf(environment: StubEnvironment, database: string): SqlUpstream {
  const upstream = environment.upstream?.(database);
  if (upstream) return upstream;
  throw new DejaError('DEJA_NO_ENGINE', `no engine was given for the recorded database '${database}'`, { hint: 'start an engine with its fixtures and name it in `upstream`' });
}
