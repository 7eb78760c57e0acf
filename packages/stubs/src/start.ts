import { DejaError } from '@deja/format';
import type { Authority } from './authority/authority.js';
import type { StubDivergence } from './divergence.js';
import { createResolver, type KnownHost } from './dns/resolver.js';
import { openNameServer } from './dns/server.js';
import { createHttpStub } from './http/server.js';
import { createJournal, type Journal } from './journal.js';
import { type ListenAddress, open, sharedListeners } from './listen.js';
import { createReleaseOrder } from './order.js';
import { createPace } from './pace.js';
import type { StubPlan } from './plan.js';
import { createPostgresProxy } from './postgres/server.js';
import type { SqlUpstream } from './postgres/upstream.js';
import { openClosedPort } from './ports/closed-port.js';
import { createRedisStub } from './redis/server.js';
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
  const runtime: StubRuntime = {
    journal,
    pace: createPace(environment.pace ?? 1, stop.signal),
    order: createReleaseOrder(journal, stop.signal),
    stopped: stop.signal,
    bytes: bodyReader(plan.blobs),
  };
  const listeners: StubListener[] = [];

  for (const { where, plans } of sharedListeners(plan.http, environment)) {
    const { port } = started.use(await open(createHttpStub(plans, environment.authority, runtime), where));
    for (const one of plans) listeners.push({ kind: 'http', host: one.host, port: one.port, at: { address: 'path' in where ? where.path : where.address, port } });
  }
  for (const redis of plan.redis) {
    const where = environment.resolve(redis.host, redis.port);
    const { port } = started.use(await open(createRedisStub(redis, environment.authority, runtime), where));
    listeners.push({ kind: 'redis', host: redis.host, port: redis.port, at: { address: where.address, port } });
  }
  for (const { where, plans } of sharedListeners(plan.sql, environment)) {
    const { port } = started.use(await open(createPostgresProxy(plans, (database) => upstreamOf(environment, database), environment.authority, runtime), where));
    for (const one of plans) listeners.push({ kind: 'sql', host: one.host, port: one.port, at: { address: 'path' in where ? where.path : where.address, port } });
  }
  for (const closed of plan.closed) {
    const where = environment.resolve(closed.host, closed.port);
    const { port } = started.use(await openClosedPort(where, closed.how));
    listeners.push({ kind: 'closed', host: closed.host, port: closed.port, at: { address: where.address, port } });
  }
  if (environment.dns) {
    const { address, port: wanted, hosts } = environment.dns;
    const { port } = started.use(await openNameServer({ address, port: wanted }, createResolver(plan.dns, hosts, runtime), runtime));
    listeners.push({ kind: 'dns', host: address, port: wanted, at: { address, port } });
  }

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

function upstreamOf(environment: StubEnvironment, database: string): SqlUpstream {
  const upstream = environment.upstream?.(database);
  if (upstream) return upstream;
  throw new DejaError('DEJA_NO_ENGINE', `no engine was given for the recorded database '${database}'`, { hint: 'start an engine with its fixtures and name it in `upstream`' });
}
