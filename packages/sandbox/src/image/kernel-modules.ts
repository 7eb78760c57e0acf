import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

export interface KernelModule {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Whether a folder is one of modules at all. */
export function hasModules(folder: string): boolean {
  return pathsIn(folder).length > 0;
}

/** The modules with all that they depend on, in the order in which they have to be loaded. Names that the kernel has no module of are built in. */
export function kernelModules(folder: string, wanted: readonly string[]): readonly KernelModule[] {
  const paths = new Map(pathsIn(folder).map((path) => [basename(path, '.ko').replaceAll('-', '_'), join(folder, path)]));
  const loaded = new Map<string, KernelModule>();
  const load = (name: string): void => {
    const path = paths.get(name);
    if (path === undefined || loaded.has(name)) return;
    const bytes = readFileSync(path);
    for (const dependency of dependenciesOf(bytes)) load(dependency);
    loaded.set(name, { name, bytes });
  };
  for (const name of wanted) load(name.replaceAll('-', '_'));
  return [...loaded.values()];
}

function pathsIn(folder: string): readonly string[] {
  return globSync('kernel/**/*.ko', { cwd: folder });
}

/** As the module itself says it in its section `.modinfo`. */
function dependenciesOf(module: Buffer): readonly string[] {
  const key = '\0depends=';
  const at = module.indexOf(key, 0, 'latin1');
  if (at < 0) return [];
  const text = module.toString('latin1', at + key.length, module.indexOf(0, at + key.length));
  return text.split(',').filter((name) => name !== '').map((name) => name.replaceAll('-', '_'));
}
