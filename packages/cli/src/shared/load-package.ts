import type { ErrorPackage } from '@deja/format';
import { findPackage } from './find-package.js';

export interface LoadedPackage {
  readonly path: string;
  readonly pkg: ErrorPackage;
}

/** Finds and reads the package that the user named. Throws DEJA_PACKAGE_*, DEJA_USAGE. */
export async function loadPackage(named: string): Promise<LoadedPackage> {
  const path = findPackage(named);
  const { readPackage } = await import('@deja/format/node');
  return { path, pkg: await readPackage(path) };
}
