import type { DnsQuestion, DnsResult } from '@deja/wire';
import type { DnsFailurePlan } from '../plan.js';
import type { StubRuntime } from '../runtime.js';

/** The names that exist in the sandbox. */
export interface KnownHost {
  readonly name: string;
  readonly address: string;
}

/** The answer to a question when it is due; null: there is none. */
export type Resolver = (question: DnsQuestion) => Promise<DnsResult | null>;

/** Known names have their addresses, recorded failures fail as recorded, and everything else does not exist. */
export function createResolver(failures: readonly DnsFailurePlan[], hosts: readonly KnownHost[], runtime: StubRuntime): Resolver {
  const addresses = Map.groupBy(hosts, (host) => host.name.toLowerCase());
  const failing = new Map(failures.map((failure) => [failure.name.toLowerCase(), failure]));
  const missed = new Set<string>();
  return async ({ name, type }) => {
    const began = runtime.pace.now();
    const failure = failing.get(name);
    if (failure) {
      const result = resultOf(failure.code);
      return result && (await runtime.pace.until(began, failure.ms ?? 0)) ? result : null;
    }
    const known = addresses.get(name);
    if (known) return { addresses: known.map((host) => host.address) };
    // Both families are asked for; one miss is enough to tell.
    if (type === 'other') runtime.journal.note(`dns: no answer was recorded for ${name} of a type other than A and AAAA`);
    else if (!missed.has(name)) {
      missed.add(name);
      runtime.journal.diverge({ stub: 'dns', asked: `resolve ${name}`, reason: 'this name was not resolved in the recording' });
    }
    return { failure: 'NXDOMAIN' };
  };
}

/** What a name server says so that the resolver gives this code; null: it says nothing. */
function resultOf(code: string): DnsResult | null {
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_NONAME':
      return { failure: 'NXDOMAIN' };
    case 'ENODATA':
    case 'EAI_NODATA':
      return { addresses: [] };
    case 'ETIMEOUT':
    case 'ETIMEDOUT':
      return null;
    default:
      return { failure: 'SERVFAIL' };
  }
}
