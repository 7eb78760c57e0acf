/**
 * The Firecracker driver against the real Firecracker, in a machine whose KVM works. Needs FIRECRACKER_BIN, with the jailer beside it; takes some minutes.
 */
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEJA, packagesIn } from '../e2e/real-apps/deja.ts';
import { dejaRun } from '../support/deja-run.ts';
import { deja as hostDeja } from '../support/deja.ts';
import { freePort } from '../support/free-port.ts';
import { startLab, type Lab } from './machine.ts';

const binary = process.env['FIRECRACKER_BIN'];

describe.skipIf(!binary)(`the KVM lab${binary ? '' : ' (skipped: FIRECRACKER_BIN names no Firecracker)'}`, { timeout: 600_000 }, () => {
  let lab: Lab;
  let file = '';
  let firecracker = '';

  /** The command line, in the lab; messages go to a file that both share. */
  async function deja(args: string, programs = 'bin'): Promise<{ readonly code: number; readonly output: string; readonly messages: string }> {
    const messages = join(lab.shared, 'messages');
    const done = await lab.run(`cd ${lab.shared}; FIRECRACKER_BIN=${lab.shared}/${programs}/firecracker DEJA_CACHE=${process.env['DEJA_CACHE'] ?? ''} node ${DEJA} ${args} 2>${messages}`);
    return { ...done, messages: readFileSync(messages, 'utf8') };
  }

  /** What a machine may leave behind, one thing a line. */
  const LEFT = `
    ps -eo comm,args | grep -E '^(firecracker|jailer|socat)' | grep -v grep
    find ${process.env['DEJA_CACHE'] ?? ''}/vm/jails -mindepth 2 -maxdepth 2 2>/dev/null
    find /sys/fs/cgroup/deja -mindepth 1 -type d 2>/dev/null
    ls -d /tmp/deja-fc-* 2>/dev/null
    true
  `;

  /** Whether a machine runs: in a jail Firecracker is called so. It also runs for a moment to tell its version. */
  const RUNS = "pgrep -f '^/firecracker --id' >/dev/null";

  beforeAll(async () => {
    lab = await startLab();
    // The lab has temporary files of its own.
    const programs = join(lab.shared, 'bin');
    for (const name of ['firecracker', 'jailer']) cpSync(join(dirname(resolve(binary ?? '')), name), join(programs, name));
    firecracker = join(programs, 'firecracker');
    const service = join(lab.shared, 'notes');
    cpSync(join(import.meta.dirname, '..', 'apps', 'notes'), service, { recursive: true });
    const port = await freePort();
    const out = join(lab.shared, 'out');
    const running = await dejaRun(['node', 'server.js'], { out, ready: 'notes is listening', cwd: service, env: { PORT: String(port), DRIVER: 'node:sqlite' } });
    await fetch(`http://127.0.0.1:${port}/?id=2`);
    await running.stop();
    rmSync(join(service, 'notes.db'));
    [file = ''] = packagesIn(out);
    // What would take minutes in there is made out here.
    expect((await hostDeja(['image', 'build', file, '--sandbox', 'firecracker'], { cwd: lab.shared })).code).toBe(0);
  });
  afterAll(async () => lab?.stop());

  it('doctor boots a guest by Firecracker, and says that it is jailed', async () => {
    // Without QEMU, which would be tried out as well and take minutes in there.
    await lab.run('rm -f /usr/bin/qemu-system-x86_64');
    const { output } = await deja('doctor --json');
    const { checks } = JSON.parse(output) as { checks: readonly { name: string; status: string; detail: string }[] };
    expect(checks.find(({ name }) => name === 'Sandbox: firecracker')).toMatchObject({ status: 'ok', detail: expect.stringMatching(/Firecracker 1\.16\.1, in jails: a guest was up after \d+ ms/) });
  });

  it('a recorded failure is reproduced: cold, then from its template; nothing is left', async () => {
    const { code, output, messages } = await deja(`reproduce ${file} --sandbox firecracker --runs 3 --no-control --json`);
    const { sandbox, runs = [] } = JSON.parse(output) as { sandbox: string; runs?: readonly { verdict: string }[] };
    expect({ code, sandbox, verdicts: runs.map(({ verdict }) => verdict) }, messages).toEqual({ code: 0, sandbox: 'firecracker', verdicts: ['reproduced', 'reproduced', 'reproduced'] });
    expect((await lab.run(LEFT)).output).toBe('');
  });

  it('a running machine is jailed: a user, a root, processes and bounds of its own', async () => {
    const { output } = await lab.run(`
      cd ${lab.shared}
      FIRECRACKER_BIN=${firecracker} DEJA_CACHE=${process.env['DEJA_CACHE'] ?? ''} node ${DEJA} reproduce ${file} --sandbox firecracker --runs 1 --no-control >/dev/null 2>&1 &
      for i in $(seq 1000); do ${RUNS} && break; sleep 0.05; done
      pid=$(pgrep -f '^/firecracker --id' | head -1)
      echo "uid $(stat -c %u /proc/$pid)"
      [ -e /proc/$pid/root/api ] && [ ! -e /proc/$pid/root/usr ] && echo 'own files'
      [ "$(readlink /proc/$pid/ns/pid)" = "$(readlink /proc/self/ns/pid)" ] && echo 'same processes' || echo 'own processes'
      cgroup=/sys/fs/cgroup$(cut -d: -f3 /proc/$pid/cgroup)
      echo "cgroup $cgroup"
      echo "bounds $(cat $cgroup/memory.max) $(cat $cgroup/pids.max)"
      grep 'Max open files' /proc/$pid/limits
      wait
    `);
    const uid = Number(/^uid (\d+)$/m.exec(output)?.[1]);
    expect(uid).toBeGreaterThan(0x3fff_ffff);
    expect(output).toContain('own files');
    expect(output).toContain('own processes');
    expect(output).toMatch(/^cgroup \/sys\/fs\/cgroup\/deja\/[\w-]+$/m);
    expect(output).toMatch(/^bounds \d+ 64$/m);
    expect(output).toMatch(/Max open files +256 +256/);
  });

  it.each([
    ['boots', 'rm -rf $DEJA_CACHE/vm/template-*;'],
    ['goes on from its template', ''],
  ])('kill -9 while a machine %s leaves nothing', async (_, before) => {
    const { output } = await lab.run(`
      exec 2>/dev/null
      cd ${lab.shared}
      export FIRECRACKER_BIN=${firecracker} DEJA_CACHE=${process.env['DEJA_CACHE'] ?? ''}
      ${before}
      node ${DEJA} reproduce ${file} --sandbox firecracker --runs 5 --no-control >/dev/null 2>&1 &
      deja=$!
      for i in $(seq 1000); do ${RUNS} && break; sleep 0.05; done
      ${RUNS} && echo 'a machine ran'
      kill -9 $deja
      for i in $(seq 100); do [ -z "$(${LEFT})" ] && break; sleep 0.1; done
      ${LEFT}
    `);
    expect(output).toBe('a machine ran\n');
  });

  it('what is left when the reaper is killed as well goes with the next run', async () => {
    const { output } = await lab.run(`
      exec 2>/dev/null
      cd ${lab.shared}
      export FIRECRACKER_BIN=${firecracker} DEJA_CACHE=${process.env['DEJA_CACHE'] ?? ''}
      node ${DEJA} reproduce ${file} --sandbox firecracker --runs 5 --no-control >/dev/null 2>&1 &
      deja=$!
      for i in $(seq 1000); do ${RUNS} && break; sleep 0.05; done
      # The shell and the one that watches the host: both are called so.
      kill -9 $deja $(ps -eo pid,args | grep -F 'reaper' | grep -v grep | sed 's/^ *//' | cut -d' ' -f1)
      sleep 1
      [ -n "$(${LEFT})" ] && echo 'something was left'
      node ${DEJA} reproduce ${file} --sandbox firecracker --no-control >/dev/null 2>&1; echo "code $?"
      ${LEFT}
    `);
    expect(output).toBe('something was left\ncode 0\n');
  });

  it('without a jailer it runs as the user that we are, and auto takes it once it was tried', async () => {
    const alone = join(lab.shared, 'alone');
    mkdirSync(alone);
    cpSync(firecracker, join(alone, 'firecracker'));
    expect((await deja('doctor', 'alone')).output).toContain('no jailer beside it');
    const { code, output, messages } = await deja(`reproduce ${file} --no-control --json`, 'alone');
    expect({ code, sandbox: (JSON.parse(output) as { sandbox: string }).sandbox }, messages).toEqual({ code: 0, sandbox: 'firecracker' });
  });

  it('without permission for /dev/kvm it says so', async () => {
    const { output } = await lab.run(`chmod 600 /dev/kvm; cp ${firecracker} /tmp/fc; chmod -R a+rX ${lab.shared}; setpriv --reuid 1000 --regid 1000 --clear-groups -- env FIRECRACKER_BIN=/tmp/fc DEJA_CACHE=/tmp/cache-1000 node ${DEJA} reproduce ${file} --sandbox firecracker 2>&1; echo "code $?"`);
    expect(output).toContain('no permission for /dev/kvm');
    expect(output).toContain('code 5');
  });

  it('another version is refused by name', async () => {
    const { code, output } = await lab.run(`printf '#!/bin/sh\\necho "Firecracker v1.4.0"\\n' > /tmp/old; chmod +x /tmp/old; FIRECRACKER_BIN=/tmp/old node ${DEJA} reproduce ${file} --sandbox firecracker`);
    expect({ code, names: /version 1\.4\.0/.test(output) }, output).toEqual({ code: 5, names: true });
  });
});
