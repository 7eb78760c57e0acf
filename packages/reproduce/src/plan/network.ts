import { isIP } from 'node:net';
import type { ErrorPackage, IoEvent } from '@deja/format';

/** The names and addresses that the application dialled, made to exist on the sandbox's loopback device. */
export interface NetworkPlan {
  readonly hosts: readonly { readonly name: string; readonly address: string }[];
  /** Addresses beyond 127.0.0.0/8 and ::1, to be added to the loopback device. */
  readonly addresses: readonly string[];
}

/**
 * Every recorded name gets the addresses at which it was dialled in vain, for clients tell them in their errors; otherwise one of its own, so that
 * two services on the same port stay apart.
 * @param unresolved names that the recorded resolver did not know: they are left to the name server of the stubs
 */
export function planNetwork(recording: Pick<ErrorPackage, 'timeline' | 'databases' | 'servers'>, unresolved: ReadonlySet<string> = new Set()): NetworkPlan {
  const inVain = dialledInVain(recording.timeline);
  const names = new Set<string>();
  const addresses = new Set<string>();
  const reach = (address: string): void => {
    if (!isLoopback(address)) addresses.add(address);
  };
  for (const host of dialledHosts(recording)) {
    if (isIP(host) !== 0) reach(host);
    else if (!unresolved.has(host) && (!LOOPBACK_NAMES.has(host) || inVain.has(host))) names.add(host);
  }
  const hosts = [...names].toSorted().flatMap((name, index) => (inVain.get(name) ?? [ownAddress(index)]).map((address) => ({ name, address })));
  for (const list of inVain.values()) for (const address of list) reach(address);
  return { hosts, addresses: [...addresses].toSorted() };
}

const LOOPBACK_NAMES = new Set(['localhost', 'ip6-localhost', 'ip6-loopback']);

function ownAddress(index: number): string {
  return `127.77.${1 + Math.floor(index / 250)}.${1 + (index % 250)}`;
}

/** By name: the addresses that no connection came of, in the order in which they were tried. */
function dialledInVain(timeline: readonly IoEvent[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const event of timeline) {
    const addresses = 'error' in event.outcome ? event.outcome.error.addresses : undefined;
    const [host] = hostsOf(event);
    if (host !== undefined && isIP(host) === 0 && addresses) found.set(host, [...new Set([...(found.get(host) ?? []), ...addresses])]);
  }
  return found;
}

function* dialledHosts({ timeline, databases, servers }: Pick<ErrorPackage, 'timeline' | 'databases' | 'servers'>): Generator<string> {
  for (const { host } of [...databases, ...servers]) if (host !== undefined && !host.startsWith('/')) yield host;
  for (const event of timeline) yield* hostsOf(event);
}

function hostsOf(event: IoEvent): readonly string[] {
  if (event.kind === 'http') return [new URL(event.url).hostname.replace(/^\[|\]$/g, '')];
  if (event.kind === 'socket') return event.host.startsWith('/') ? [] : [event.host];
  return event.kind === 'dns' && 'ok' in event.outcome ? [event.hostname] : [];
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address === '0.0.0.0' || address === '::';
}
