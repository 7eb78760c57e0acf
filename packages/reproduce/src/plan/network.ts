import { isIP } from 'node:net';
import type { ErrorPackage } from '@deja/format';

/** The names and addresses that the application dialled, made to exist on the sandbox's loopback device. */
export interface NetworkPlan {
  readonly hosts: readonly { readonly name: string; readonly address: string }[];
  /** Addresses beyond 127.0.0.0/8 and ::1, to be added to the loopback device. */
  readonly addresses: readonly string[];
}

const LOOPBACK_NAMES = new Set(['localhost', 'ip6-localhost', 'ip6-loopback']);

/**
 * Every recorded name gets an address of its own, so that two services on the same port stay apart.
 * @param unresolved names that the recorded resolver did not know: they are left to the name server of the stubs
 */
export function planNetwork(recording: Pick<ErrorPackage, 'timeline' | 'databases' | 'servers'>, unresolved: ReadonlySet<string> = new Set()): NetworkPlan {
  const names = new Set<string>();
  const addresses = new Set<string>();
  for (const host of dialledHosts(recording)) {
    if (isIP(host) === 0) {
      if (!LOOPBACK_NAMES.has(host) && !unresolved.has(host)) names.add(host);
    } else if (!isLoopback(host)) addresses.add(host);
  }
  const hosts = [...names].toSorted().map((name, index) => ({ name, address: `127.77.${1 + Math.floor(index / 250)}.${1 + (index % 250)}` }));
  return { hosts, addresses: [...addresses].toSorted() };
}

function* dialledHosts({ timeline, databases, servers }: Pick<ErrorPackage, 'timeline' | 'databases' | 'servers'>): Generator<string> {
  for (const { host } of [...databases, ...servers]) if (host !== undefined && !host.startsWith('/')) yield host;
  for (const event of timeline) {
    if (event.kind === 'http') yield new URL(event.url).hostname.replace(/^\[|\]$/g, '');
    else if (event.kind === 'socket' && !event.host.startsWith('/')) yield event.host;
    else if (event.kind === 'dns' && 'ok' in event.outcome) yield event.hostname;
  }
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address === '0.0.0.0' || address === '::';
}
