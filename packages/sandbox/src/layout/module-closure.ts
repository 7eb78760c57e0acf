import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { isWithin } from '../paths.js';
import type { Mount } from '../sandbox.js';

/**
 * Folders outside `folder` that modules inside it can import from: the `node_modules` of its ancestors (hoisted dependencies), and
 * what symbolic links in any of these point to (workspaces, linked packages), with their ancestors in turn.
 * All keep their place relative to each other: where `folder` is shown at `at`, they are shown around it, so that relative links
 * lead where they led.
 *
 * @param links which links to follow: all, or those to packages that the linking package declares
 */
export function moduleClosure(folder: string, at: string, links: 'all' | 'declared' = 'all'): readonly Mount[] {
  const found = new Map<string, string>();
  const visited = new Set<string>();
  const queue: Mount[] = [{ from: folder, at }];
  for (let next = queue.shift(); next; next = queue.shift()) {
    if (visited.has(next.from)) continue;
    visited.add(next.from);
    const wanted = links === 'all' ? null : declaredBy(next.from);
    for (const modules of nodeModulesAround(next)) {
      if (wanted === null && visited.has(modules.from)) continue;
      visited.add(modules.from);
      if (!isWithin(modules.from, folder)) found.set(modules.at, modules.from);
      const targets = wanted === null ? linkTargets(modules) : [...wanted].flatMap((name) => linkTarget({ from: join(modules.from, name), at: join(modules.at, name) }));
      for (const target of targets) {
        if (isWithin(target.from, folder)) continue;
        found.set(target.at, target.from);
        queue.push(target);
      }
    }
  }
  const mounts = [...found].map(([where, from]): Mount => ({ from, at: where }));
  return mounts.filter((mount) => !mounts.some((other) => other !== mount && covers(other, mount)));
}

/** What links directly in a folder lead to outside of it: shared settings and data of a release, as deployment tools place them. */
export function linkedOutside(folder: Mount): readonly Mount[] {
  return readdirSync(folder.from, { withFileTypes: true })
    .filter((entry) => entry.isSymbolicLink() && entry.name !== 'node_modules')
    .map((entry) => ({ from: join(folder.from, entry.name), at: join(folder.at, entry.name) }))
    .filter((link) => existsSync(link.from))
    .map((link) => ({ from: realpathSync(link.from), at: resolve(dirname(link.at), readlinkSync(link.from)) }))
    .filter((target) => !isWithin(target.from, folder.from) && !isWithin(folder.from, target.from) && !NEVER.has(target.from));
}

/** More than an application can mean by a link. */
const NEVER: ReadonlySet<string> = new Set(['/', '/home', '/root', '/etc', '/var', '/tmp', '/proc', '/sys', '/dev', '/run', homedir()]);

/** Whether mounting the first shows the second as well. */
export function covers(outer: Mount, inner: Mount): boolean {
  return outer.at !== inner.at && isWithin(inner.at, outer.at) && outer.from + inner.at.slice(outer.at.length) === inner.from;
}

/** The `node_modules` that Node looks into from a folder, as far up as both paths go. */
function nodeModulesAround(start: Mount): readonly Mount[] {
  const modules: Mount[] = [];
  let { from, at } = start;
  for (;;) {
    const candidate = { from: join(from, 'node_modules'), at: join(at, 'node_modules') };
    if (existsSync(candidate.from)) modules.push(candidate);
    const up = { from: dirname(from), at: dirname(at) };
    if (up.from === from || up.at === at) return modules;
    ({ from, at } = up);
  }
}

function linkTargets(modules: Mount): readonly Mount[] {
  const targets: Mount[] = [];
  for (const entry of readdirSync(modules.from, { withFileTypes: true })) {
    const inner = { from: join(modules.from, entry.name), at: join(modules.at, entry.name) };
    if (entry.isSymbolicLink()) targets.push(...linkTarget(inner));
    else if (entry.isDirectory() && entry.name.startsWith('@')) targets.push(...linkTargets(inner));
  }
  return targets;
}

function linkTarget(link: Mount): readonly Mount[] {
  if (!existsSync(link.from) || !lstatSync(link.from).isSymbolicLink() || !statSync(link.from).isDirectory()) return [];
  const seen = resolve(dirname(link.at), readlinkSync(link.from));
  return [{ from: realpathSync(link.from), at: seen }];
}

function declaredBy(folder: string): ReadonlySet<string> {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return new Set();
  const { dependencies = {} } = JSON.parse(readFileSync(file, 'utf8')) as { dependencies?: Readonly<Record<string, string>> };
  return new Set(Object.keys(dependencies));
}
