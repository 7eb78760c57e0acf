import { lstatSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { isWithin } from '../paths.js';

/** An application's own file, and every quoted text in it: whatever it loads by name is among them. */
export interface Source {
  readonly path: string;
  readonly quoted: ReadonlySet<string>;
}

const ENDINGS = ['', '.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '.tsx', '.jsx', '/index.js', '/index.mjs', '/index.cjs', '/index.ts'];
const TEXT = /\.[cm]?[jt]sx?$/;
const QUOTED = /(['"`])([^'"`\n\\]{1,200})\1/g;

/** The files to which relative paths in quotes lead from the given ones, themselves included; none in a `node_modules`. */
export function reachedSources(files: readonly string[], root: string): readonly Source[] {
  const reached = new Map<string, Source>();
  const queue = [...files];
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    if (reached.has(path) || !isOwnSource(path, root)) continue;
    const source = { path, quoted: quotedIn(readable(() => readFileSync(path, 'latin1')) ?? '') };
    reached.set(path, source);
    for (const text of source.quoted) if (/^\.\.?(?:\/|$)/.test(text)) queue.push(...filesAt(resolve(dirname(path), text)));
  }
  return [...reached.values()];
}

export function quotedIn(text: string): ReadonlySet<string> {
  return new Set(Array.from(text.matchAll(QUOTED), (match) => match[2] ?? ''));
}

/** The files that a path without ending, or with that of what a compiler makes, may mean. */
export function filesAt(path: string): readonly string[] {
  const stem = path.replace(/\.([cm]?)js$/, '.$1ts');
  return [...new Set([...ENDINGS.map((ending) => path + ending), stem, `${stem}x`])]
    .filter((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile())
    .map((candidate) => realpathSync(candidate));
}

/** Whether a file belongs to an application itself rather than to a package that it uses. */
export function isOwn(path: string, root: string): boolean {
  return isWithin(path, root) && !relative(root, path).split('/').includes('node_modules');
}

function isOwnSource(path: string, root: string): boolean {
  return TEXT.test(path) && isOwn(path, root) && lstatSync(path).isFile();
}

/** Undefined: it may not be read, which whoever makes the image says. */
export function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
