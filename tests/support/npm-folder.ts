import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const cache = join(import.meta.dirname, '..', '..', '.deja', 'npm-folders');

export type NpmFolder = { readonly folder: string } | { readonly missing: string };

/**
 * A folder of its own in which exactly these packages are installed from the npm registry (`['express@4']`), made once and kept under `.deja/`.
 * Version variants live in such folders and not in the workspace, because instrumentation goes by package name.
 * `missing` says why it cannot be had: for skipping by name.
 */
export function npmFolder(packages: readonly string[], overrides: Readonly<Record<string, string>> = {}): NpmFolder {
  const key = createHash('sha256').update(JSON.stringify([packages, overrides])).digest('hex').slice(0, 12);
  const folder = join(cache, `${(packages[0] ?? '').replaceAll(/[^a-z0-9.@-]/gi, '_')}-${key}`);
  if (existsSync(folder)) return { folder };
  const making = `${folder}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  writeFileSync(join(making, 'package.json'), JSON.stringify({ name: 'variant', private: true, overrides }));
  const done = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages], { cwd: making, encoding: 'utf8', timeout: 300_000 });
  if (done.status !== 0) {
    rmSync(making, { recursive: true, force: true });
    return { missing: `npm could not install ${packages.join(', ')}: ${done.stderr.trim().split('\n')[0] ?? 'timed out'}` };
  }
  try {
    renameSync(making, folder);
  } catch {
    rmSync(making, { recursive: true, force: true }); // another worker was faster
  }
  return { folder };
}

/** Path of a Node of this major version, from the running one, or from the npm registry. */
export function nodeOfMajor(major: number): { readonly node: string } | { readonly missing: string } {
  if (Number(process.versions.node.split('.')[0]) === major) return { node: process.execPath };
  const name = `node-linux-${process.arch}`;
  const made = npmFolder([`${name}@${major}`]);
  return 'missing' in made ? made : { node: join(made.folder, 'node_modules', name, 'bin', 'node') };
}
