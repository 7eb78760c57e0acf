import { readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isOrphan } from './identity.js';
import { cgroupOf, jailsFolder } from './jail.js';
import { removeTraces } from './reaper.js';
import { FOLDER_PREFIX } from './workplace.js';

/** Ends and removes machines whose host is gone and whose reaper was killed as well. */
export async function sweep(): Promise<void> {
  const folders = entriesOf(tmpdir()).filter((name) => name.startsWith(FOLDER_PREFIX) && isOrphan(name.slice(FOLDER_PREFIX.length)));
  const jails = entriesOf(jailsFolder()).flatMap((program) => entriesOf(join(jailsFolder(), program)).filter(isOrphan).map((id) => ({ id, folder: join(jailsFolder(), program, id) })));
  await Promise.all([
    ...folders.map((name) => removeTraces({ uid: 0, cgroup: '', folders: [join(tmpdir(), name)] })),
    ...jails.map(({ id, folder }) => removeTraces({ uid: ownerOf(join(folder, 'root')), cgroup: cgroupOf(id), folders: [folder] })),
  ]);
}

/** The jailer gives the folder to the machine's user. */
function ownerOf(folder: string): number {
  return statSync(folder, { throwIfNoEntry: false })?.uid ?? 0;
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
