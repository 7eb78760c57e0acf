import { DejaError } from '@deja/format';
import type { SandboxName } from '@deja/sandbox';
import { ago, duration } from '../render/units.js';
import { limited, missing, ok, type Finding } from './check.js';

/** Whether what is made once can be kept. */
export async function cache(): Promise<Finding> {
  const { usableCacheFolder } = await import('@deja/sandbox');
  try {
    return ok(usableCacheFolder());
  } catch (error) {
    if (!(error instanceof DejaError)) throw error;
    return missing(error.message, error.hint ?? 'Name another folder: DEJA_CACHE=DIR');
  }
}

/** Without a cache there is nothing to make a machine of. */
export async function machine(name: 'firecracker' | 'qemu'): Promise<Finding> {
  const { status } = await cache();
  if (status !== 'ok') return limited('not tried: the cache cannot be used; other sandboxes can be', 'Name a folder that you may write to: DEJA_CACHE=DIR');
  try {
    return await sandbox(name);
  } catch (error) {
    const { orCacheUnusable } = await import('@deja/sandbox');
    const told = orCacheUnusable(error);
    if (!(told instanceof DejaError)) throw error;
    return limited(told.message, told.hint ?? 'Use --sandbox namespace.');
  }
}

export async function sandbox(name: SandboxName): Promise<Finding> {
  const { measureSandbox, probeSandbox } = await import('@deja/sandbox');
  const began = Date.now();
  const probe = await probeSandbox(name);
  const remembered = rememberedNote(probe.triedAt, began);
  if (probe.works) {
    try {
      const measured = await measureSandbox(name);
      return ok(measured === null ? probe.how : `${probe.how}${remembered}; the agent after ${duration(measured.bootMs)}, from a template after ${duration(measured.resumeMs)}`);
    } catch (error) {
      const { message, hint } = error as Error & { readonly hint?: string };
      return limited(`${probe.how}${remembered}; but ${message}`, hint ?? 'Use --sandbox namespace.');
    }
  }
  const why = `${probe.reason}${remembered}`;
  switch (name) {
    case 'firecracker':
    case 'qemu':
      return limited(`${why}; other sandboxes can be used`, probe.cure ?? 'Use --sandbox namespace.');
    case 'namespace':
      return limited(`${why}; the process sandbox does not keep real services out of reach`, probe.cure ?? 'Run deja where user namespaces are allowed.');
    case 'process':
      return missing(why, probe.cure ?? 'Reinstall Deja; in a checkout: npm run build.');
  }
}

/** Of what was not found out just now: when it was, and how to try again. @param triedAt milliseconds since 1970, as `now` */
export function rememberedNote(triedAt: number | undefined, now: number): string {
  if (triedAt === undefined || triedAt >= now) return '';
  return ` (tried ${ago(new Date(triedAt).toISOString(), now)}, and remembered until the machine is started anew: \`deja doctor --again\` tries once more)`;
}
