import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StubPlan } from '@deja/stubs';

export interface Usage {
  /** Microseconds. */
  readonly cpu: number;
  /** Bytes. */
  readonly rss: number;
  readonly peak: number;
  readonly divergences: number;
}

export interface StubProcess extends AsyncDisposable {
  readonly ports: readonly number[];
  usage(): Promise<Usage>;
}

/** Stubs in a process of their own, on one core. `plan` null: answers of the same size by `node:http`. */
export async function stubProcess(plan: Partial<StubPlan> | null, pace = 0): Promise<StubProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'deja-bench-stub-'));
  const file = join(folder, 'plan.json');
  if (plan) writeFileSync(file, JSON.stringify({ deja: 'stubs/1', http: [], redis: [], sql: [], dns: [], closed: [], blobs: {}, limits: [], ...plan } satisfies StubPlan));
  const child = fork(join(import.meta.dirname, 'serve.ts'), [plan ? 'stubs' : 'plain', file, String(pace)], { execArgv: ['--import', join(import.meta.dirname, '..', 'sources.ts')] });
  const [{ ports }] = (await once(child, 'message')) as [{ ports: readonly number[] }];
  return {
    ports,
    async usage() {
      child.send('usage');
      const [usage] = (await once(child, 'message')) as [Usage];
      return usage;
    },
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.kill();
      await gone;
      rmSync(folder, { recursive: true });
    },
  };
}
