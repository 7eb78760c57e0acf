/** Reproductions in virtual machines: real kernel, real QEMU, by emulation where this machine has nothing better. */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probeSandbox, stored } from '@deja/sandbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dejaRun } from '../support/deja-run.ts';
import { deja } from '../support/deja.ts';
import { freePort } from '../support/free-port.ts';
import { machinesOf, ownStore } from '../support/machines.ts';
import { DEJA, packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';

const probe = await probeSandbox('qemu');
const cwd = mkdtempSync(join(tmpdir(), 'deja-qemu-'));
const out = join(cwd, 'out');
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

let store = '';
beforeAll(() => {
  store = ownStore(cwd);
});

function machines(): readonly string[] {
  return machinesOf(store);
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`after 30 s still: ${machines().join(', ') || 'no machine'}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** Fails, and says in its error what it could reach: the network, the files and the processes of the machine. */
const EXPLORER = `
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { existsSync, readdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
const reaches = (host, port) => new Promise((done) => {
  const socket = connect({ host, port, timeout: 1500 });
  socket.once('connect', () => done(true)).once('error', () => done(false)).once('timeout', () => done(false));
});
createServer(async (request, response) => {
  const found = {
    real: await reaches('127.0.0.1', Number(process.env.REAL_PORT)),
    outside: await reaches('192.0.2.1', 80),
    devices: Object.keys(networkInterfaces()).filter((name) => name !== 'lo'),
    files: existsSync(process.env.REAL_FILE),
    processes: readdirSync('/proc').filter((name) => /^\\\\d+$/.test(name)).length > 200,
  };
  console.error(new Error('found ' + JSON.stringify(found)));
  response.statusCode = 500;
  response.end(JSON.stringify(found));
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('explorer is listening'));
`;

describe.skipIf(!probe.works)(`qemu${probe.works ? '' : ` (skipped: ${probe.reason}; ${probe.cure ?? ''})`}`, { timeout: 240_000 }, () => {
  it('a service on SQLite: once from nothing, then from its template', async () => {
    const service = join(cwd, 'notes');
    cpSync(join(import.meta.dirname, '..', 'apps', 'notes'), service, { recursive: true });
    const port = await freePort();
    const running = await dejaRun(['node', 'server.js'], { out, ready: 'notes is listening', cwd: service, env: { PORT: String(port), DRIVER: 'node:sqlite' } });
    await fetch(`http://127.0.0.1:${port}/?id=2`);
    await running.stop();
    rmSync(join(service, 'notes.db'));
    const [file = ''] = packagesIn(out);
    const { code, document, stderr } = await reproduce(cwd, [file, '--sandbox', 'qemu', '--runs', '3', '--no-control']);
    expect({ code, sandbox: document.sandbox, verdicts: verdictsOf(document) }, stderr).toEqual({ code: 0, sandbox: 'qemu', verdicts: ['reproduced', 'reproduced', 'reproduced'] });
    // What a disk or a crash may leave of a template.
    for (const { kind, path } of stored()) if (kind === 'template') truncateSync(join(path, 'state'), 1000);
    expect(verdictsOf((await reproduce(cwd, [file, '--sandbox', 'qemu', '--no-control'])).document)).toEqual(['reproduced']);
    const kept = JSON.parse((await deja(['image', 'ls', '--json'], { cwd })).stdout) as { entries: readonly { kind: string }[] };
    expect(new Set(kept.entries.map(({ kind }) => kind))).toEqual(new Set(['kernel', 'initramfs', 'base', 'app', 'template', 'trial', 'index']));
  });

  it.each([['while it boots', 'boots'], ['while it goes on from its template', 'goes on']])('a kill -9 %s leaves no machine behind', async (_, when) => {
    const [file = ''] = packagesIn(out);
    if (when === 'boots') for (const { kind, path } of stored()) if (kind === 'template') rmSync(path, { recursive: true });
    if (when === 'goes on') await reproduce(cwd, [file, '--sandbox', 'qemu', '--no-control']);
    const child = spawn(process.execPath, [DEJA, 'reproduce', file, '--sandbox', 'qemu', '--no-control', '--runs', '5'], { cwd, stdio: 'ignore' });
    await until(() => machines().length > 0);
    child.kill('SIGKILL');
    await until(() => machines().length === 0);
  });

  it('nothing of the machine is within reach of a guest', async () => {
    const folder = join(cwd, 'explorer');
    const secret = join(cwd, 'secret.txt');
    const explored = join(cwd, 'explored');
    writeFileSync(secret, 'of the machine');
    cpSync(join(import.meta.dirname, '..', 'apps', 'profile'), folder, { recursive: true });
    writeFileSync(join(folder, 'server.js'), EXPLORER);
    const real = createServer((_, response) => response.end('real')).listen(0, '127.0.0.1');
    await new Promise((done) => real.once('listening', done));
    const [port, realPort] = [await freePort(), (real.address() as { port: number }).port];
    // What it reads and hears here would be in its package, and come from there in the guest.
    const running = await dejaRun(['node', 'server.js'], { out: explored, ready: 'explorer is listening', cwd: folder, env: { DEJA_FILES: 'off', DEJA_CONNECTIONS: 'off', PORT: String(port), REAL_PORT: String(realPort), REAL_FILE: secret } });
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).json()).toMatchObject({ real: true, files: true });
    await running.stop();
    // Another error than the recorded one, and it tells what the guest found.
    const { document } = await reproduce(cwd, [packagesIn(explored)[0] ?? '', '--sandbox', 'qemu', '--no-control']);
    real.close();
    expect(document.runs[0]?.failure).toBe('Error: found {"real":false,"outside":false,"devices":[],"files":false,"processes":false}');
  });
});
