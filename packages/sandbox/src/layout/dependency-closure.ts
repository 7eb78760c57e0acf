import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isWithin } from '../paths.js';
import type { Mount } from '../sandbox.js';
import { manifestOf, namesOf, type Manifest } from './manifest.js';
import { covers } from './module-closure.js';

/** Packages, by the places at which they are shown, and the symbolic links through which Node comes to them. */
export interface Closure {
  readonly packages: readonly Mount[];
  readonly links: readonly Mount[];
}

/** A package that is looked for from a folder. */
export interface Wanted {
  readonly folder: Mount;
  readonly name: string;
}

/**
 * The packages that a package depends on and that lie outside of its folder, with those that these depend on: each at the place in which Node looks
 * for it. Fewer than `moduleClosure`, which shows whole `node_modules` folders: images are copied, not mounted.
 * Null: the folder has no package.json, and what it depends on cannot be told.
 *
 * @param isMeant leaves packages out, with what only these depend on
 */
export function dependencyClosure(folder: string, at: string, isMeant: (dependency: Mount) => boolean = () => true): readonly Mount[] | null {
  const manifest = manifestOf(folder);
  if (manifest === null) return null;
  const { packages, links } = reachable(wantedBy({ from: folder, at }, manifest), isMeant);
  const mounts = [...packages, ...links].filter((mount) => !isWithin(mount.at, at));
  return mounts.filter((mount) => !mounts.some((other) => covers(other, mount)));
}

/** What is found of what is wanted, and of what the found packages declare in turn. */
export function reachable(wanted: readonly Wanted[], isMeant: (dependency: Mount) => boolean = () => true): Closure {
  const packages = new Map<string, Mount>();
  const links = new Map<string, Mount>();
  const queue = [...wanted];
  for (let next = queue.shift(); next; next = queue.shift()) {
    const found = lookUp(next);
    if (found === null || !isMeant(found.place)) continue;
    for (const link of found.links) links.set(link.at, link);
    if (packages.has(found.place.at)) continue;
    packages.set(found.place.at, found.place);
    queue.push(...wantedBy(found.place, manifestOf(found.place.from)));
  }
  return { packages: [...packages.values()], links: [...links.values()] };
}

export function wantedBy(folder: Mount, manifest: Manifest | null): readonly Wanted[] {
  return manifest === null ? [] : namesOf(manifest).map((name) => ({ folder, name }));
}

interface Found {
  readonly place: Mount;
  readonly links: readonly Mount[];
}

/** Where Node finds a package from a folder: in its `node_modules`, or in that of a folder above. */
function lookUp({ folder: { from, at }, name }: Wanted): Found | null {
  for (let [folder, seen] = [from, at]; ; [folder, seen] = [dirname(folder), dirname(seen)]) {
    if (basename(folder) !== 'node_modules' && existsSync(join(folder, 'node_modules', name))) return follow({ from: folder, at: seen }, join('node_modules', name));
    if (folder === '/' || seen === '/') return null;
  }
}

/** Through symbolic links, which lead from where they are shown to where they are shown to lead. */
function follow(start: Mount, path: string): Found {
  const links: Mount[] = [];
  let place = start;
  for (const part of path.split('/')) {
    place = { from: join(place.from, part), at: join(place.at, part) };
    while (lstatSync(place.from).isSymbolicLink()) {
      links.push(place);
      const target = readlinkSync(place.from);
      place = { from: resolve(dirname(place.from), target), at: resolve(dirname(place.at), target) };
    }
  }
  return { place: { from: realpathSync(place.from), at: place.at }, links };
}
