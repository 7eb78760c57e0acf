import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { startApp } from './app.js';
import { AppOutput } from './output.js';
import type { AppEnd } from './protocol.js';
import { planFor } from './testing/plan.js';

const FOLDER = `deja-test-${process.pid}`;
/** A group of processes with little memory, where this system lets us make one. */
const group = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'].map((root) => join(root, FOLDER)).find(makeGroup);

function makeGroup(folder: string): boolean {
  try {
    mkdirSync(folder);
    const limit = ['memory.limit_in_bytes', 'memory.max'].map((name) => join(folder, name)).find((file) => existsSync(file));
    if (limit !== undefined) writeFileSync(limit, '60000000');
    else rmdirSync(folder);
    return limit !== undefined;
  } catch {
    return false;
  }
}

/** What nobody has reaped yet is still listed, without a command line. */
function runs(pid: number): boolean {
  const file = `/proc/${pid}/cmdline`;
  return existsSync(file) && readFileSync(file).length > 0;
}

async function endOf(script: string): Promise<AppEnd> {
  const plan = planFor({ command: [process.execPath, '-e', script], cwd: '/', preload: '' }, { network: { mode: 'redirected', hosts: [], addresses: [] } });
  return await startApp(plan, plan.app.env, new AppOutput(() => undefined)).ended;
}

afterEach(async () => {
  if (group === undefined || !existsSync(group)) return;
  for (let tries = 0; existsSync(group) && tries < 50; tries++) {
    try {
      rmdirSync(group);
    } catch {
      // The last process is on its way out.
      await sleep(20);
    }
  }
});

describe('the end of the application', () => {
  it.skipIf(group === undefined)(`for want of memory is told from any other kill${group === undefined ? ' (left out: needs a memory cgroup of its own, as root)' : ''}`, async () => {
    const join = `require('fs').writeFileSync('${group}/cgroup.procs', String(process.pid));`;
    expect(await endOf(`${join} const kept = []; for (;;) kept.push(Buffer.alloc(1e6, 1));`)).toEqual({ kind: 'oom-killed' });
  });

  it('by a signal is that, also when it is SIGKILL', async () => {
    expect(await endOf('process.kill(process.pid, "SIGKILL")')).toEqual({ kind: 'signalled', signal: 'SIGKILL' });
  });

  it('by itself has its code', async () => {
    expect(await endOf('process.exit(3)')).toEqual({ kind: 'exited', code: 3 });
  });

  it('takes the children in its group with it', async () => {
    const plan = planFor(
      { command: ['/bin/sh', '-c', 'sleep 1000 & echo $!; wait'], cwd: '/', preload: '' },
      { network: { mode: 'redirected', hosts: [], addresses: [] } },
    );
    const output = new AppOutput(() => undefined);
    const app = startApp(plan, plan.app.env, output);
    while (output.last().length === 0) await sleep(5);
    const child = Number(output.last()[0]);
    app.kill();
    expect(await app.ended).toEqual({ kind: 'signalled', signal: 'SIGKILL' });
    for (let tries = 0; tries < 50 && runs(child); tries++) await sleep(10);
    expect(runs(child)).toBe(false);
  });
});
