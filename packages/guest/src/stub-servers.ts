import { isIP } from 'node:net';
import type { ReplayInstructions } from '@deja/format';
import type * as Stubs from '@deja/stubs';
import type { Clock } from '@deja/stubs/clock';
import type { ListenAddress, SqlUpstream, StartedStubs, StubDivergence, StubEnvironment, StubListener } from '@deja/stubs';
import type { Databases } from './databases.js';
import { AgentError } from './failure.js';
import { withoutMapping } from './network.js';
import type { GuestPlan } from './plan.js';
import type { RedisEngines } from './redis-engines.js';
import type { Part } from './world.js';

export interface StubServers extends Part, Pick<StartedStubs, 'deliver'> {
  /** PEM of the authority that signed for the stubs. */
  readonly ca?: string;
  readonly listeners: readonly StubListener[];
  /** Where connections have to be led to, where the recorded addresses are not ours. */
  readonly redirect: NonNullable<ReplayInstructions['redirect']>;
  divergences(): readonly StubDivergence[];
  /** What is worth knowing of what they did, and is no divergence. */
  notes(): readonly string[];
}

/**
 * Begins to load the stubs: this takes as long as starting an engine does. A network of our own needs them always, for
 * the name server: a name that nobody recorded is a divergence.
 */
export function loadStubs({ network, stubs }: GuestPlan): Promise<typeof Stubs> | null {
  const planned = stubs.http.length + stubs.redis.length + (stubs.mongodb?.length ?? 0) + stubs.sql.length + (stubs.tcp?.length ?? 0) + (stubs.udp?.length ?? 0) + (stubs.brokers?.length ?? 0) + stubs.closed.length > 0;
  return planned || network.mode === 'isolated' ? import('@deja/stubs') : null;
}

/**
 * Starts what stands in for the outside: stubs, the proxies in front of engines, and the name server. `wishes`: what shall be otherwise than in a sandbox.
 *
 * @throws DejaError of the stubs
 */
export async function startStubServers(plan: GuestPlan, { databases, redis }: { readonly databases: Databases; readonly redis: RedisEngines }, loaded: ReturnType<typeof loadStubs>, clock: Clock, wishes: Partial<StubEnvironment> = {}): Promise<StubServers> {
  if (loaded === null) return NONE;
  const { createAuthority, idsIn, startStubs } = await loaded;
  const authority = createAuthority();
  const started = await startStubs(plan.stubs, {
    resolve: resolver(plan),
    authority,
    clock,
    observed: () => idsIn([plan.stubs, plan.databases, plan.triggers, plan.app, plan.replay], new Map()),
    upstream: (database) => upstream(databases, database),
    redisEngine: (name) => redis.pathOf(name),
    ...(plan.network.mode === 'isolated' && { dns: { ...NAME_SERVER, hosts: plan.network.hosts } }),
    ...wishes,
  });
  const redirect = started.listeners.filter(({ kind }) => kind !== 'udp').map(({ host, port, at }) => ({ host, port, toAddress: at.address, toPort: at.port }));
  return {
    ca: authority.pem,
    listeners: started.listeners,
    redirect,
    divergences: () => started.divergences,
    notes: () => started.notes,
    deliver: (message, ended) => started.deliver(message, ended),
    stop: async () => await started[Symbol.asyncDispose](),
  };
}

/** As the sandbox's /etc/resolv.conf says. */
const NAME_SERVER = { address: '127.0.0.1', port: 53 };

function upstream(databases: Databases, name: string): SqlUpstream {
  const served = databases.served.get(name);
  if (!served) throw new AgentError('DEJA_PLAN_INVALID', `the plan has recorded answers of the database '${name}', but no rows for it`);
  return served.upstream;
}

const NONE: StubServers = { listeners: [], redirect: [], divergences: () => [], notes: () => [], deliver: ({ server }) => Promise.resolve(`there is no broker '${server}'`), stop: () => Promise.resolve() };

/** At the recorded port where the network is ours, at any free one of this machine otherwise. */
function resolver({ network }: GuestPlan): (host: string, port: number) => ListenAddress {
  if (network.mode === 'redirected') return () => ({ address: '127.0.0.1', port: 0 });
  const addresses = new Map(network.hosts.map(({ name, address }) => [name.toLowerCase(), address]));
  return (host, port) => {
    const bare = withoutMapping(host.replace(/^\[(.*)\]$/, '$1'));
    return { address: isIP(bare) ? bare : (addresses.get(bare.toLowerCase()) ?? '127.0.0.1'), port };
  };
}
