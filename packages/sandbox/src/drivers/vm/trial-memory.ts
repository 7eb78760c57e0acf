import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vmFolder } from '../../image/cache-folder.js';
import { makeOnce } from '../../image/make-once.js';
import { ownPartsStamp } from '../../image/own-parts.js';
import { kvmProblem } from './kvm.js';

/** What a trial has shown. */
export interface Remembered<Found> {
  readonly found: Found;
  /** Milliseconds since 1970, when it was found out. */
  readonly at: number;
}

/** What was found out holds until this machine is started anew, or something named differs, and is kept so long. */
export async function remembered<Found>(identity: readonly unknown[], findOut: () => Promise<Found>): Promise<Remembered<Found>> {
  const known = recalled<Found>(identity);
  if (known !== undefined) return known;
  const fresh: Remembered<Found> = { found: await findOut(), at: Date.now() };
  await makeOnce(trialFile(identity), async (draft) => writeFile(draft, JSON.stringify(fresh)));
  return fresh;
}

/** Undefined: nobody has tried yet. What is damaged goes, and is as if it were not there. */
export function recalled<Found>(identity: readonly unknown[]): Remembered<Found> | undefined {
  const file = trialFile(identity);
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Remembered<Found>;
  } catch {
    rmSync(file, { force: true });
    return undefined;
  }
}

/** Everything is tried anew. */
export function forgetTrials(): void {
  for (const name of globSync('trial-*.json', { cwd: vmFolder() })) rmSync(join(vmFolder(), name), { force: true });
}

function trialFile(identity: readonly unknown[]): string {
  const boot = existsSync('/proc/sys/kernel/random/boot_id') ? readFileSync('/proc/sys/kernel/random/boot_id', 'latin1') : '';
  const key = createHash('sha256').update(JSON.stringify([boot, kvmProblem(), ...ownPartsStamp(), ...identity])).digest('hex').slice(0, 16);
  return join(vmFolder(), `trial-${key}.json`);
}
