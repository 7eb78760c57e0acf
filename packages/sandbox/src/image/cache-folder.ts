import { join, resolve } from 'node:path';

/** Where what is made once and used often is kept: prepared engines, kernels, images, templates. `DEJA_CACHE` names another place. */
export function cacheFolder(): string {
  return resolve(process.env['DEJA_CACHE'] ?? join('.deja', 'cache'));
}

export function vmFolder(): string {
  return join(cacheFolder(), 'vm');
}
