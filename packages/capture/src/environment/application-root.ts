import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';

/** Absolute path of the main script, links (`node_modules/.bin/x`) resolved. Undefined: the process has none (`node -e`). */
export function entryOf(script: string | undefined, cwd: string): string | undefined {
  if (script === undefined || script === '' || script === '-') return undefined;
  const path = resolve(cwd, script);
  for (const candidate of [path, `${path}.js`, join(path, 'index.js')]) {
    try {
      if (existsSync(candidate) && (candidate !== path || !existsSync(join(path, 'index.js')))) return realpathSync(candidate);
    } catch {
      // Not readable: the path as it was given is the best that is known.
    }
  }
  return path;
}

/**
 * Folder of the application. The working directory when the entry is the user's own code inside it; otherwise the nearest folder with a
 * package.json: of a published application (`node_modules/unleash-server`) that is its own package.
 */
export function rootOf(entry: string | undefined, cwd: string): string {
  if (entry === undefined) return cwd;
  const inside = entry.startsWith(cwd.endsWith(sep) ? cwd : cwd + sep);
  if (inside && !entry.slice(cwd.length).split(sep).includes('node_modules')) return cwd;
  return packageFolder(dirname(entry)) ?? (inside ? cwd : dirname(entry));
}

/** A package.json without a name (`{"type":"commonjs"}` in `dist/cjs/`) belongs to a folder inside the package. */
function packageFolder(start: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    if (isNamedPackage(join(folder, 'package.json'))) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

function isNamedPackage(file: string): boolean {
  try {
    return typeof (JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown }).name === 'string';
  } catch {
    return false;
  }
}
