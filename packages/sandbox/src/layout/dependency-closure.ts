import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isWithin } from '../paths.js';
import type { Mount } from '../sandbox.js';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/**
 * The packages that a package depends on and that lie outside of its folder, with those that these depend on: each at the place in which Node looks
 * for it. Fewer than `moduleClosure`, which shows whole `node_modules` folders: images are copied, not mounted.
 * Null: the folder has no package.json, and what it depends on cannot be told.
 */
export function dependencyClosure(folder: string, at: string): readonly Mount[] | null {
  if (manifestOf(folder) === null) return null;
  const found = new Map<string, Mount>();
  const visited = new Set<string>();
  const queue: Mount[] = [{ from: folder, at }];
  for (let next = queue.shift(); next; next = queue.shift()) {
    if (visited.has(next.at)) continue;
    visited.add(next.at);
    for (const name of dependenciesOf(next.from)) {
      const dependency = lookUp(next, name);
      if (dependency === null || visited.has(dependency.at)) continue;
      if (!isWithin(dependency.at, at)) found.set(dependency.at, dependency);
      queue.push(dependency);
    }
  }
  const mounts = [...found.values()];
  return mounts.filter((mount) => !mounts.some((other) => other !== mount && isWithin(mount.at, other.at) && isWithin(mount.from, other.from)));
}

/** Where Node finds a package from a folder: in its `node_modules`, or in that of a folder above. */
function lookUp({ from, at }: Mount, name: string): Mount | null {
  for (let [folder, seen] = [from, at]; ; [folder, seen] = [dirname(folder), dirname(seen)]) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(candidate)) return { from: realpathSync(candidate), at: join(seen, 'node_modules', name) };
    if (folder === '/' || seen === '/') return null;
  }
}

function dependenciesOf(folder: string): readonly string[] {
  const manifest = manifestOf(folder);
  return Object.keys({ ...manifest?.dependencies, ...manifest?.optionalDependencies, ...manifest?.peerDependencies });
}

function manifestOf(folder: string): Manifest | null {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return null;
  }
}
