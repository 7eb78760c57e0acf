import { isIP } from 'node:net';
import type { ReplayInstructions } from '@deja/format';
import type { ListenAddress, StubDivergence } from '@deja/stubs';
import type { Databases } from './databases.js';
import { withoutMapping } from './network.js';
import type { GuestPlan } from './plan.js';
import type { Part } from './world.js';

export interface StubServers extends Part {
  /** PEM of the authority that signed for the stubs. */
  readonly ca?: string;
  /** Where connections have to be led to, where the recorded addresses are not ours. */
  readonly redirect: NonNullable<ReplayInstructions['redirect']>;
  divergences(): readonly StubDivergence[];
}

/**
 * Starts what stands in for the outside: stubs and the proxies in front of engines.
 *
 * @throws DejaError of the stubs
 */
export async function startStubServers(plan: GuestPlan, databases: Databases): Promise<StubServers> {
  const { stubs } = plan;
  const listening = stubs.http.length + stubs.redis.length + stubs.sql.length + stubs.closed.length + stubs.dns.length;
  if (listening === 0 && databases.served.size === 0) return NONE;
  const { createAuthority, startStubs } = await import('@deja/stubs');
  const authority = createAuthority();
  const started = await startStubs(stubs, { resolve: resolver(plan), authority });
  const redirect = started.listeners.map(({ host, port, at }) => ({ host, port, toAddress: at.address, toPort: at.port }));
  return { ca: authority.pem, redirect, divergences: () => started.divergences, stop: async () => await started[Symbol.asyncDispose]() };
}

const NONE: StubServers = { redirect: [], divergences: () => [], stop: () => Promise.resolve() };

/** At the recorded port where the network is ours, at any free one of this machine otherwise. */
function resolver({ network }: GuestPlan): (host: string, port: number) => ListenAddress {
  if (network.mode === 'redirected') return () => ({ address: '127.0.0.1', port: 0 });
  const addresses = new Map(network.hosts.map(({ name, address }) => [name.toLowerCase(), address]));
  return (host, port) => {
    const bare = withoutMapping(host.replace(/^\[(.*)\]$/, '$1'));
    return { address: isIP(bare) ? bare : (addresses.get(bare.toLowerCase()) ?? '127.0.0.1'), port };
  };
}
