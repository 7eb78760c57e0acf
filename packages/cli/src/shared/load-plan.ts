import { resolve } from 'node:path';
import type { PlanInMaking } from '@deja/reproduce';
import { findPackage } from './find-package.js';

/** Prepared engines live beside the packages. */
export function cacheFolder(): string {
  return resolve(process.env['DEJA_CACHE'] ?? '.deja/cache');
}

/** The plan of a package, or the one that a folder written by `deja plan` holds. Throws DEJA_PACKAGE_*, DEJA_PLAN_*, DEJA_USAGE. */
export async function loadPlan(named: string): Promise<PlanInMaking> {
  const { beginPlan, isPlanFolder, readPlan } = await import('@deja/reproduce');
  const options = { cacheFolder: cacheFolder() };
  if (isPlanFolder(named)) {
    const plan = await readPlan(named, options);
    return { recording: plan.recording, app: plan.app, plan: Promise.resolve(plan) };
  }
  const { readPackage } = await import('@deja/format/node');
  return beginPlan(await readPackage(findPackage(named)), options);
}
