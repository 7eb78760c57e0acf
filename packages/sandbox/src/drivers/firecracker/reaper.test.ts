import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isOrphan, newIdentity } from './identity.js';
import { removeTraces, startReaped, type Reaped } from './reaper.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'deja-reaper-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function reaped(script: string, uid = 0): Reaped {
  const place = join(folder, 'place');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'log'), 'why');
  const command = ['sh', '-c', script];
  const asUser = uid === 0 ? command : ['setpriv', '--reuid', String(uid), '--regid', String(uid), '--clear-groups', '--', ...command];
  return { command: asUser, cwd: '/', traces: { uid, cgroup: '', folders: [place] }, evidence: { files: [join(place, 'log')], to: join(folder, 'kept') } };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<void> {
  for (let tries = 0; isAlive(pid) && tries < 500; tries++) await new Promise((done) => setTimeout(done, 10));
  expect(isAlive(pid)).toBe(false);
}

describe('the reaper', () => {
  it('ends as the program does, keeps what tells why, and removes the rest', async () => {
    const child = startReaped(reaped('exit 7'));
    expect(await once(child, 'exit')).toEqual([7, null]);
    expect(existsSync(join(folder, 'place'))).toBe(false);
    expect(readFileSync(join(folder, 'kept', 'log'), 'utf8')).toBe('why');
  });

  it('ends the program when it is let go, and keeps nothing then', async () => {
    const child = startReaped(reaped('echo $$; exec sleep 600'));
    const pid = Number(String((await once(child.stdout as NodeJS.ReadableStream, 'data'))[0]));
    child.stdin?.destroy();
    await once(child, 'exit');
    await gone(pid);
    expect([existsSync(join(folder, 'place')), existsSync(join(folder, 'kept'))]).toEqual([false, false]);
  });

  it('does so when its host is killed', async () => {
    const host = spawn(process.execPath, ['--input-type=module', '-e', `
      import { startReaped } from ${JSON.stringify(join(import.meta.dirname, '..', '..', '..', 'dist', 'drivers', 'firecracker', 'reaper.js'))};
      startReaped(${JSON.stringify(reaped('echo $$; exec sleep 600'))}).stdout.pipe(process.stdout);
    `], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = Number(String((await once(host.stdout, 'data'))[0]));
    host.kill('SIGKILL');
    await gone(pid);
    for (let tries = 0; existsSync(join(folder, 'place')) && tries < 500; tries++) await new Promise((done) => setTimeout(done, 10));
    expect(existsSync(join(folder, 'place'))).toBe(false);
  });

  it.runIf(process.getuid?.() === 0)('ends what the user of the machine still has running', async () => {
    const child = startReaped(reaped('setsid sleep 600 & echo $!; wait', 0x5000_0001));
    const pid = Number(String((await once(child.stdout as NodeJS.ReadableStream, 'data'))[0]));
    child.stdin?.destroy();
    await once(child, 'exit');
    await gone(pid);
  });

  it('what a killed reaper left is removed by whoever comes next', async () => {
    mkdirSync(join(folder, 'place'), { recursive: true });
    await removeTraces({ uid: 0, cgroup: '', folders: [join(folder, 'place')] });
    expect(existsSync(join(folder, 'place'))).toBe(false);
  });
});

describe('an identity', () => {
  it('is an orphan only when the process that made it is gone for certain', () => {
    const mine = newIdentity();
    const [namespace = ''] = mine.split('-');
    expect(isOrphan(mine)).toBe(false);
    expect(isOrphan(`${namespace}-999999999-00000000`)).toBe(true);
    expect(isOrphan('1-999999999-00000000')).toBe(false);
    expect(isOrphan('trial-abc')).toBe(false);
  });
});
