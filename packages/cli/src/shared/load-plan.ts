import { resolve } from 'node:path';
import type { ReproductionPlan } from '@deja/reproduce';
import { findPackage } from './find-package.js';

/** Prepared engines live beside the packages. */
export function cacheFolder(): string {
  return resolve(process.env['DEJA_CACHE'] ?? '.deja/cache');
}

/** The plan of a package, or the one that a folder written by `deja plan` holds. Throws DEJA_PACKAGE_*, DEJA_PLAN_*, DEJA_USAGE. */
export async function loadPlan(named: string): Promise<ReproductionPlan> {
  const { buildPlan, isPlanFolder, readPlan } = await import('@deja/reproduce');
  const options = { cacheFolder: cacheFolder() };
  if (isPlanFolder(named)) return await readPlan(named, options);
  const { readPackage } = await import('@deja/format/node');
  return await buildPlan(await readPackage(findPackage(named)), options);
}
