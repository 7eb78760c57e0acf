/** What a guest may do to those who run it: each is a verdict or a reason, the machine is unharmed, and nothing is left. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probeSandbox } from '@deja/sandbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dejaRun } from '../support/deja-run.ts';
import { deja } from '../support/deja.ts';
import { freePort } from '../support/free-port.ts';
import { machinesOf, ownStore } from '../support/machines.ts';
import { packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';

const probe = await probeSandbox('qemu');
const cwd = mkdtempSync(join(tmpdir(), 'deja-hostile-'));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

describe.skipIf(!probe.works)(`a hostile guest${probe.works ? '' : ` (skipped: ${probe.reason})`}`, { timeout: 240_000 }, () => {
  const packages = new Map<string, string>();

  let store = '';

  beforeAll(async () => {
    store = ownStore(cwd);
    const service = join(cwd, 'hostile');
    cpSync(join(import.meta.dirname, '..', 'apps', 'hostile'), service, { recursive: true });
    const port = await freePort();
    for (const harm of ['panic', 'hang', 'flood', 'disk', 'forks', 'memory']) {
      const out = join(cwd, harm);
      const running = await dejaRun(['node', 'server.js'], { out, ready: 'hostile is listening', cwd: service, env: { PORT: String(port) } });
      await fetch(`http://127.0.0.1:${port}/${harm}`);
      await running.stop();
      packages.set(harm, packagesIn(out)[0] ?? '');
    }
  });

  async function run(harm: string, target = packages.get(harm) ?? ''): ReturnType<typeof reproduce> {
    return await reproduce(cwd, [target, '--sandbox', 'qemu', '--no-control']);
  }

  it.each(['flood', 'disk'])('%s: within bounds, and the failure is seen all the same', async (harm) => {
    const { document, stderr } = await run(harm);
    expect(verdictsOf(document), stderr).toEqual(['reproduced']);
    // Of 32 MiB, 8 are passed on; the last of them may still be on their way when the answer is there.
    const { cutOutput } = document.runs[0] as { readonly cutOutput?: number };
    if (harm === 'disk') return expect(cutOutput).toBe(undefined);
    expect(cutOutput).toBeGreaterThan(20 * 1024 * 1024);
    expect(stderr).toMatch(/MiB of output not kept/);
  });

  it('processes without end: the agent goes on, and says that the application did not', async () => {
    const { document, stderr } = await run('forks');
    // A fast machine may get the answer out all the same; the program that it starts is more than was recorded.
    expect(['diverged: the replay asked more than the recording', 'inconclusive: the application was stopped at its deadline and left no record of the request'], stderr).toContain(verdictsOf(document)[0]);
  });

  it('memory without end: the application is killed, and that is said', async () => {
    const { code, document, stderr } = await run('memory');
    expect({ code, verdicts: verdictsOf(document) }, stderr).toEqual({ code: 4, verdicts: ['inconclusive: the application was killed by the system for want of memory and left no record of the request'] });
  });

  it('a panic: inconclusive, with the last words of its kernel', async () => {
    const { code, document, stderr } = await run('panic');
    const message = 'the sandbox ended by itself: exit code 0: Kernel panic - not syncing: sysrq triggered crash';
    expect({ code, verdicts: verdictsOf(document), error: document.runs[0]?.error }, stderr).toEqual({ code: 4, verdicts: [`inconclusive: ${message}`], error: expect.objectContaining({ code: 'DEJA_SANDBOX_DIED', message }) });
  });

  it('a silent guest: inconclusive, after a deadline of the host', async () => {
    const plan = join(cwd, 'plan');
    await deja(['plan', packages.get('hang') ?? '', '--out', plan], { cwd });
    const file = join(plan, 'plan.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/triggerMs: \d+/, 'triggerMs: 1000'));
    const { code, document, stderr } = await run('hang', plan);
    expect({ code, verdict: document.verdict, error: document.runs[0]?.error }, stderr).toEqual({ code: 4, verdict: 'inconclusive', error: expect.objectContaining({ code: 'DEJA_SANDBOX_HUNG', message: expect.stringMatching(/^the sandbox did not answer 'trigger' within 1100\d ms$/) }) });
  });

  it('leaves no machine', () => {
    expect(machinesOf(store)).toEqual([]);
  });
});
