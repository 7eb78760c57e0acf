import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Path of the module that observes the application it is preloaded into; its bundle, where this runs from the one that was made with it. */
export function capturePreload(): string {
  const modules = fileURLToPath(import.meta.resolve('@deja/capture/register'));
  const bundle = join(dirname(modules), 'bundle', 'register.js');
  return basename(import.meta.dirname) === 'bundle' && existsSync(bundle) ? bundle : modules;
}
