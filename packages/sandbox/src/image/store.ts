import { lstatSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { vmFolder } from './cache-folder.js';

export type StoredKind = 'kernel' | 'initramfs' | 'base' | 'app' | 'image' | 'template' | 'trial' | 'index';

/** Something that virtual machines are made of, made once and kept. */
export interface Stored {
  readonly kind: StoredKind;
  readonly name: string;
  readonly path: string;
  /** On disk: memory files have holes. */
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly usedAt: number;
}

const KINDS: readonly StoredKind[] = ['kernel', 'initramfs', 'base', 'app', 'image', 'template', 'trial', 'index'];
const BLOCK = 512;

/** All that is kept, what was used last first. */
export function stored(folder = vmFolder()): readonly Stored[] {
  return namesIn(folder)
    .flatMap((name) => {
      const kind = KINDS.find((one) => name.startsWith(`${one}-`));
      const path = join(folder, name);
      const stat = statSync(path, { throwIfNoEntry: false });
      return kind && stat ? [{ kind, name, path, bytes: bytesOf(path), usedAt: stat.mtimeMs }] : [];
    })
    .toSorted((a, b) => b.usedAt - a.usedAt);
}

/**
 * Throws away what was used longest ago, until no more than `maxBytes` are kept; templates and unpacked images before what is smaller.
 * What a running machine has open goes on existing for it. Returns what went.
 * @param inUseSince milliseconds since 1970: what was used later stays, however much it is
 */
export function collectGarbage(maxBytes: number, folder = vmFolder(), inUseSince = Infinity): readonly Stored[] {
  const all = stored(folder);
  let left = all.reduce((sum, { bytes }) => sum + bytes, 0);
  const oldestFirst = all.toReversed().filter(({ usedAt }) => usedAt < inUseSince);
  const gone: Stored[] = [];
  for (const one of [...oldestFirst.filter(isLarge), ...oldestFirst.filter((one) => !isLarge(one))]) {
    if (left <= maxBytes) break;
    rmSync(one.path, { recursive: true, force: true });
    left -= one.bytes;
    gone.push(one);
  }
  return gone;
}

function isLarge({ kind }: Stored): boolean {
  return kind === 'template' || kind === 'image';
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function bytesOf(path: string): number {
  // Links of an unpacked image lead where they lead in that, not here.
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.blocks * BLOCK;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
}
