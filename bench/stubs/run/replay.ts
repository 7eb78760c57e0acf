import { join } from 'node:path';
import { readPackage } from '@deja/format/node';
import { beginPlan, reproduce, summarise } from '@deja/reproduce';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/**
 * `equal`: the client showed the same, and so did the timeline. `told`: it did not, and a stub said that it was asked what it does not know.
 * `unequal`: it did not, and no stub said so.
 */
export interface Replayed {
  readonly result: 'equal' | 'told' | 'unequal';
  readonly reason?: string;
  readonly recorded: string;
  readonly replayed: string | null;
}

/** Reproduces a package in the namespace sandbox, where nothing real is within reach. */
export async function replay(file: string, cacheFolder: string): Promise<Replayed> {
  const recording = await readPackage(file);
  const { verdict, runs } = await reproduce(beginPlan(recording, { cacheFolder }), {
    sandbox: 'namespace', runs: 1, control: false, cacheFolder,
    preload: join(ROOT, 'packages', 'capture', 'dist', 'register.js'),
    searchPath: process.env['PATH'] ?? '',
  });
  const [run] = runs;
  const recorded = recording.failure ? summarise(recording.failure) : 'no failure';
  const replayed = run?.failure ?? null;
  if (verdict === 'reproduced') return { result: 'equal', recorded, replayed };
  const divergence = run?.divergence;
  const reason = run?.error?.message ?? (divergence ? `${divergence.summary}: ${divergence.replayed ?? ''} instead of ${divergence.recorded ?? ''}` : verdict);
  return { result: divergence?.where === 'stub' ? 'told' : 'unequal', reason, recorded, replayed };
}
