import type { StartedSandbox } from '@deja/sandbox';
import { isIP } from 'node:net';
import type { GuestPlan } from '@deja/guest';
import { type Address, type Door, openDoor } from './door.js';

/** What of a sandbox that was kept can be asked. */
export interface KeptPart {
  readonly kind: 'application' | 'postgres' | 'mysql';
  /** Of the database; of the application its recorded address. */
  readonly name: string;
  readonly at: Address;
  readonly login?: { readonly user: string; readonly database: string };
}

export interface KeptSandbox extends AsyncDisposable {
  readonly parts: readonly KeptPart[];
}

/** Opens doors to the application and to its databases. */
export async function openKept(sandbox: StartedSandbox, { app, databases }: GuestPlan): Promise<KeptSandbox> {
  const doors: Door[] = [];
  const parts: KeptPart[] = [];
  for (const part of [...app.ready.map(application), ...databases.flatMap(database)]) {
    const door = await openDoor(sandbox, part.inside, 0);
    doors.push(door);
    const { inside: _, ...known } = part;
    parts.push({ ...known, at: door.at });
  }
  return {
    parts,
    async [Symbol.asyncDispose]() {
      await Promise.all(doors.map((door) => door[Symbol.asyncDispose]()));
    },
  };
}

type Inside = Omit<KeptPart, 'at'> & { readonly inside: Address };

function application({ address, port }: Address): Inside {
  return { kind: 'application', name: `${isIP(address) === 6 ? `[${address}]` : address}:${port}`, inside: { address: reachable(address), port } };
}

function database({ fixture, engine, listen }: GuestPlan['databases'][number]): readonly Inside[] {
  if (engine.kind === 'sqlite' || listen === undefined || listen.host.startsWith('/')) return [];
  const { host, port, user, database: name } = listen;
  return [{ kind: engine.kind, name: fixture.name, inside: { address: host, port }, login: { user, database: name } }];
}

/** Who listens everywhere is asked at loopback. */
function reachable(address: string): string {
  if (address === '0.0.0.0' || address === '') return '127.0.0.1';
  return address === '::' ? '::1' : address;
}
