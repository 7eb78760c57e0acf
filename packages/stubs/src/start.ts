import type { Server } from 'node:net';
import { DejaError, type MessageTrigger } from '@deja/format';
import type { Authority } from './authority/authority.js';
import { type Clock, machineClock } from './clock.js';
import type { KnownHost } from './dns/resolver.js';
import { idsIn } from './generated/find.js';
import { Unification } from './generated/unification.js';
import { createJournal, type Journal, type JournalListener } from './journal.js';
import { type ListenAddress, open, sharedListeners } from './listen.js';
import { createReleaseOrder } from './order.js';
import { createPace } from './pace.js';
import type { SqlProxyPlan, StubPlan } from './plan.js';
import type { BrokerStub } from './queues/broker-stub.js';
import type { SqlUpstream } from './sql/upstream.js';
import { bodyReader, type StubRuntime } from './runtime.js';

export interface StubEnvironment extends JournalListener {
  /** Where the stub of a recorded host and port shall listen. Hosts that share an address and port share a listener. */
  resolve(host: string, port: number): ListenAddress;
  readonly authority: Authority;
  /** The engine that holds the rows of a recorded database; needed when the plan has `sql`. */
  upstream?(database: string): SqlUpstream;
  /** The Unix socket of a real server with the keys of this recorded one, for commands that were not recorded; undefined: there is none. */
  redisEngine?(name: string): string | undefined;
  /** Where to answer for the names of the sandbox; without it recorded resolver failures are not replayed. */
  readonly dns?: ListenAddress & { readonly hosts: readonly KnownHost[] };
  /** Every identifier that was observed, for which a generated one cannot be taken; default: those of the plan. Asked for when it is needed. */
  readonly observed?: () => Iterable<string>;
  /** 1 (default): recorded times pass as recorded; 0: not at all. Time-outs stay time-outs. */
  readonly pace?: number;
  /** Default: this machine's. */
  readonly clock?: Clock;
}

/** What listens, or for a refused port what does not. */
export interface StubListener {
  readonly kind: 'http' | 'redis' | 'mongodb' | 'sql' | 'broker' | 'tcp' | 'udp' | 'closed' | 'dns';
  /** As recorded. */
  readonly host: string;
  readonly port: number;
  /** As it is now. */
  readonly at: { readonly address: string; readonly port: number };
}

/** Disposing closes every listener and connection. */
export interface StartedStubs extends AsyncDisposable, Pick<Journal, 'served' | 'divergences' | 'notes'> {
  readonly listeners: readonly StubListener[];
  /**
   * Has a broker hand this message to the application, as soon as that consumes it.
   * @returns what went wrong, in words; null when it was handed over
   */
  deliver(message: MessageTrigger, ended: AbortSignal): Promise<string | null>;
}

/** Throws `DejaError` DEJA_PORT_IN_USE or DEJA_STUB_CANNOT_LISTEN; nothing is left listening then. */
export async function startStubs(plan: StubPlan, environment: StubEnvironment): Promise<StartedStubs> {
  await using started = new AsyncDisposableStack();
  const stop = new AbortController();
  started.defer(() => stop.abort());
  const journal = createJournal(environment);
  const clock = environment.clock ?? machineClock;
  const runtime: StubRuntime = {
    journal,
    clock,
    pace: createPace(environment.pace ?? 1, clock, stop.signal),
    order: createReleaseOrder(journal, clock, stop.signal),
    unification: new Unification(plan.generated ?? [], environment.observed ?? (() => idsIn(plan, new Map())), journal),
    stopped: stop.signal,
    bytes: bodyReader(plan.blobs),
  };
  const brokers = new Map<string, BrokerStub>();
  const openBrokers: OpenPart = (...part) => openBrokerStubs(brokers, ...part);
  const listeners: StubListener[] = [];
  for (const openPart of [openHttp, openRedis, openMongodb, openSql, openBrokers, openTcp, openUdp, openClosed, openDns]) listeners.push(...(await openPart(plan, environment, runtime, started)));

  const running = started.move();
  // Connections end only after the waits of their answers have: the signal is deferred first and so disposed of last.
  return {
    listeners,
    served: journal.served,
    divergences: journal.divergences,
    notes: journal.notes,
    deliver: async (message, ended) => (await brokers.get(message.server)?.deliver(message, AbortSignal.any([ended, stop.signal]))) ?? (brokers.has(message.server) ? null : `there is no broker '${message.server}'`),
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
  return openShared('redis', redis, environment, started, (plans) => createRedisStub(plans, redis, environment.authority, runtime, plans[0] && environment.redisEngine?.(plans[0].name)));
};

const openMongodb: OpenPart = async ({ mongodb = [] }, environment, runtime, started) => {
  if (mongodb.length === 0) return [];
  const { createMongodbStub } = await import('./mongodb/server.js');
  return openShared('mongodb', mongodb, environment, started, (plans) => createMongodbStub(plans, environment.authority, runtime));
};

const openSql: OpenPart = async ({ sql }, environment, runtime, started) => {
  if (sql.length === 0) return [];
  const [postgres, mysql] = [sql.filter((plan) => !isMysql(plan)), sql.filter(isMysql)];
  const upstream = (database: string): SqlUpstream => upstreamOf(environment, database);
  const listeners: StubListener[] = [];
  if (postgres.length > 0) {
    const { createPostgresProxy } = await import('./postgres/server.js');
    listeners.push(...(await openShared('sql', postgres, environment, started, (plans) => createPostgresProxy(plans, upstream, environment.authority, runtime))));
  }
  if (mysql.length > 0) {
    const { createMysqlProxy } = await import('./mysql/server.js');
    listeners.push(...(await openShared('sql', mysql, environment, started, (plans) => createMysqlProxy(plans, upstream, environment.authority, runtime))));
  }
  return listeners;
};

const openTcp: OpenPart = async ({ tcp = [] }, environment, runtime, started) => {
  if (tcp.length === 0) return [];
  const { createTcpStub } = await import('./tcp/server.js');
  return openShared('tcp', tcp, environment, started, (plans) => createTcpStub(plans, environment.authority, runtime));
};

const openUdp: OpenPart = async ({ udp = [] }, environment, runtime, started) => {
  if (udp.length === 0) return [];
  const { openUdpStub } = await import('./udp/server.js');
  const listeners: StubListener[] = [];
  for (const plan of udp) {
    const where = environment.resolve(plan.host, plan.port);
    const { port } = started.use(await openUdpStub(plan, where, runtime));
    listeners.push({ kind: 'udp', host: plan.host, port: plan.port, at: { address: where.address, port } });
  }
  return listeners;
};

function isMysql({ engine }: SqlProxyPlan): boolean {
  return engine === 'mysql' || engine === 'mariadb';
}

async function openBrokerStubs(all: Map<string, BrokerStub>, { brokers = [] }: StubPlan, environment: StubEnvironment, runtime: StubRuntime, started: AsyncDisposableStack): Promise<StubListener[]> {
  if (brokers.length === 0) return [];
  const { createBrokerStub } = await import('./queues/create.js');
  return openShared('broker', brokers, environment, started, (plans) => {
    const stub = createBrokerStub(plans, environment.authority, runtime);
    for (const { name } of plans) all.set(name, stub);
    return stub.server;
  });
}

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

async function openShared<P extends { readonly host: string; readonly port: number; readonly engine?: string }>(
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
