import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { ApplicationInfo } from '@deja/format';

interface PackageJson {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/**
 * Name, version and direct dependencies of the application. Read from the files when a package is made, not while it starts.
 * Dependencies are those its package.json names and that are installed. (Loaded ES modules cannot be listed.)
 */
export function applicationInfo(root: string, entry: string | undefined): ApplicationInfo {
  const own = readJson(join(root, 'package.json')) ?? {};
  const hash = entry === undefined ? undefined : hashOf(entry);
  return {
    ...(own.name === undefined ? {} : { name: own.name }),
    ...(own.version === undefined ? {} : { version: own.version }),
    dependencies: dependenciesOf(root, own),
    ...(hash === undefined ? {} : { entryHash: hash }),
  };
}

function dependenciesOf(root: string, own: PackageJson): Readonly<Record<string, string>> {
  const names = Object.keys({ ...own.devDependencies, ...own.optionalDependencies, ...own.dependencies }).toSorted();
  const folders = createRequire(join(root, 'package.json')).resolve.paths('x') ?? [];
  const found: Record<string, string> = {};
  for (const name of names) {
    for (const folder of folders) {
      const version = readJson(join(folder, name, 'package.json'))?.version;
      if (version === undefined) continue;
      found[name] = version;
      break;
    }
  }
  return found;
}

function readJson(file: string): PackageJson | undefined {
  // Asked first: most candidates are not there, and each exception is looked at by whoever watches them, ourselves included.
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as PackageJson;
  } catch {
    return undefined;
  }
}

function hashOf(file: string): string | undefined {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  } catch {
    return undefined;
  }
}
