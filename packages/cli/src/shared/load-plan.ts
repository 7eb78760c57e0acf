import type { PlanInMaking } from '@deja/reproduce';
import { findPackage } from './find-package.js';

/** Prepared engines live beside the packages. Throws DEJA_CACHE_UNUSABLE, DEJA_DISK_FULL. */
export async function cacheFolder(): Promise<string> {
  const { usableCacheFolder } = await import('@deja/sandbox');
  return usableCacheFolder();
}

/** The plan of a package, or the one that a folder written by `deja plan` holds. Throws DEJA_PACKAGE_*, DEJA_PLAN_*, DEJA_USAGE, DEJA_CACHE_UNUSABLE. */
export async function loadPlan(named: string): Promise<PlanInMaking> {
  const { beginPlan, isPlanFolder, readPlan } = await import('@deja/reproduce');
  const options = { cacheFolder: await cacheFolder() };
  if (isPlanFolder(named)) {
    const plan = await readPlan(named, options);
    return { recording: plan.recording, app: plan.app, plan: Promise.resolve(plan) };
  }
  const { readPackage } = await import('@deja/format/node');
  return beginPlan(await readPackage(findPackage(named)), options);
}
