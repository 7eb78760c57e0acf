import { join, resolve } from 'node:path';

/** Where what is made once and used often is kept: prepared engines, kernels, images, templates, Firecracker. `DEJA_CACHE` names another place. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env['DEJA_CACHE'] || join('.deja', 'cache'));
}

export function vmFolder(): string {
  return join(cacheFolder(), 'vm');
}

/** What was found out of files and need not be found out again: sums, libraries. All of it may go at any time. */
export function indexFolder(): string {
  return join(vmFolder(), 'index-1');
}
