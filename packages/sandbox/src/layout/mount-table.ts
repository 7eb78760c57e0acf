import { readFileSync } from 'node:fs';
import { isWithin } from '../paths.js';

export interface MountPoint {
  readonly path: string;
  /** Flags that a less privileged namespace may not take away. */
  readonly locked: readonly string[];
}

const LOCKABLE = new Set(['nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime', 'relatime']);

/** What is mounted where, for this process. */
export function readMountTable(text: string = readFileSync('/proc/self/mountinfo', 'utf8')): readonly MountPoint[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, , , , path = '', options = ''] = line.split(' ');
      return { path: unescapePath(path), locked: options.split(',').filter((option) => LOCKABLE.has(option)) };
    });
}

/** The mount that a path lies on. */
export function mountOf(path: string, table: readonly MountPoint[]): MountPoint | undefined {
  // Later mounts hide earlier ones at the same place.
  return table.filter((mount) => isWithin(path, mount.path)).toSorted((a, b) => a.path.length - b.path.length).at(-1);
}

/** Mounts inside a folder. */
export function mountsBelow(folder: string, table: readonly MountPoint[]): readonly MountPoint[] {
  return table.filter((mount) => mount.path !== folder && isWithin(mount.path, folder));
}

function unescapePath(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
