import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';

/** One installed copy of a package, as it was loaded. */
export interface ModuleCopy {
  /** From its package.json; for built-in modules Node's own version. */
  readonly version: string;
  /** Absolute; empty for built-in modules. */
  readonly folder: string;
}

const require = createRequire(import.meta.url);

/** The package a file belongs to: the nearest folder above it whose package.json has a version. */
export function copyOf(file: string): ModuleCopy | null {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      if (typeof manifest === 'object' && manifest !== null && 'version' in manifest && typeof manifest.version === 'string') {
        return { version: manifest.version, folder };
      }
    } catch {
      // No package.json here, or one that only sets the module type: look further up.
    }
  }
  return null;
}

/** Exports of the copies of `name` (or of its file `id`) that CommonJS has loaded already, with the file of each. */
export function loadedCopies(name: string, id: string): readonly { readonly file: string; readonly exports: unknown }[] {
  const marker = `${sep}node_modules${sep}${name.split('/').join(sep)}${sep}`;
  const found: { file: string; exports: unknown }[] = [];
  for (const [file, module] of Object.entries(require.cache)) {
    const at = file.lastIndexOf(marker);
    if (at < 0 || module === undefined || !module.loaded) continue;
    const inside = file.slice(at + marker.length);
    if (inside.includes(`node_modules${sep}`)) continue;
    try {
      if (require.resolve(id, { paths: [file.slice(0, at)] }) === file) found.push({ file, exports: module.exports });
    } catch {
      // Not resolvable by its name from there: cannot be the copy that the application asked for by name.
    }
  }
  return found;
}
