import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { DejaError } from '@deja/format';
import { usageError } from './exit.js';

/** The folder in which packages are looked for when none is named. */
export function packageFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env.DEJA_OUT || '.deja';
}

/** The package files of a folder, by name. Empty when there is no such folder. */
export function packageFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.deja'))
    .toSorted()
    .map((name) => join(folder, name));
}

/**
 * What the user calls a package: a path, or the id of one in `.deja/`, or the unique beginning of the id or of its last part.
 * Throws DEJA_PACKAGE_NOT_FOUND, or DEJA_USAGE when several begin so.
 */
export function findPackage(named: string, folder: string = packageFolder()): string {
  if (existsSync(named)) return statSync(named).isDirectory() ? recordingOf(named) : named;
  const looksLikePath = named.includes('/') || named.includes(sep) || named.endsWith('.deja');
  const found = looksLikePath ? [] : packageFiles(folder).filter((path) => isMeant(basename(path, '.deja'), named));
  const [first, second] = found;
  if (first !== undefined && second === undefined) return first;
  if (first !== undefined) {
    throw usageError(`${found.length} packages in ${folder} are meant by ${named}`, `Write more of it: ${found.slice(0, 3).map((path) => basename(path, '.deja')).join(', ')}…`);
  }
  throw new DejaError('DEJA_PACKAGE_NOT_FOUND', `${named}: there is no such file${looksLikePath ? '' : `, and no package in ${folder} begins so`}`, {
    hint: '`deja ls` lists the packages of a folder; `deja run -- COMMAND` makes them.',
  });
}

/** A plan holds the package that it was made of. */
function recordingOf(folder: string): string {
  const recording = join(folder, 'recording.deja');
  if (existsSync(recording)) return recording;
  const isPlan = existsSync(join(folder, 'plan.yaml'));
  throw new DejaError('DEJA_PACKAGE_NOT_FOUND', isPlan ? `${recording} is missing: a plan needs the package that it was made of` : `${folder} is a folder, and holds no plan`, {
    hint: isPlan ? 'Copy the whole folder that `deja plan` wrote.' : 'Name a package in it; `deja ls` lists them.',
  });
}

/** Files are named by time and the beginning of the id: `2026-10-05T…-9ab9605c` is meant by either, and by the whole id. */
function isMeant(id: string, named: string): boolean {
  const last = id.slice(id.lastIndexOf('-') + 1);
  return id.startsWith(named) || last.startsWith(named) || named.startsWith(`${last}-`);
}

/** As the user would type it from here. */
export function shownPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short !== '' && !short.startsWith('..') ? short : path;
}
