/** `deja run`: the command in its place, with capture; and `deja doctor`. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { readPackage } from '@deja/format/node';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { deja, type DejaOptions } from '../support/deja.ts';
import { nodeOfMajor } from '../support/npm-folder.ts';

const cwd = mkdtempSync(join(tmpdir(), 'deja-run-'));
const out = join(cwd, 'out');
/** As DEJA_USER_PATH gives it on a machine whose own Node is older; here: any Node. */
const PATH = [dirname(process.execPath), process.env['PATH']].join(delimiter);

afterAll(() => rmSync(cwd, { recursive: true }));
beforeEach(() => rmSync(out, { recursive: true, force: true }));

writeFileSync(join(cwd, 'package.json'), JSON.stringify({ name: 'till', version: '3.2.1', type: 'module', scripts: { start: 'node service.js' } }));
/** Fails one request, serves another, ends with the code it is told. */
writeFileSync(join(cwd, 'service.js'), `
import { createServer } from 'node:http';
const server = createServer((request, response) => {
  if (request.url === '/fine') return response.end('fine');
  response.statusCode = 500;
  response.end('sorry');
});
server.listen(0, async () => {
  const { port } = server.address();
  for (const path of ['/fine', '/broken']) await (await fetch('http://127.0.0.1:' + port + path)).text();
  server.close();
  server.closeAllConnections();
  process.exitCode = Number(process.argv[2] ?? 0);
});
`);
writeFileSync(join(cwd, 'env.js'), `
const { PATH, NODE_OPTIONS, DEJA_OUT, DEJA_SERVICE, DEJA_USER_PATH } = process.env;
console.log(JSON.stringify({ PATH, NODE_OPTIONS, DEJA_OUT, DEJA_SERVICE, DEJA_USER_PATH, argv: process.argv.slice(2) }));
`);
writeFileSync(join(cwd, 'waits.js'), `
process.on('SIGTERM', () => { console.log('told'); process.exit(7); });
setInterval(() => {}, 1000);
console.log('up');
`);

const run = (args: readonly string[], options: Partial<DejaOptions> = {}) => deja(['run', ...args], { cwd, ...options });

describe('a service that fails', () => {
  test('its package lands in the folder, is announced, and the next command is named', async () => {
    const { code, stderr } = await run(['--out', 'out', '--service', 'checkout', '--', 'node', 'service.js', '5']);
    expect(code).toBe(5);
    const [file = '', ...others] = readdirSync(out);
    expect(others).toEqual([]);
    const pkg = await readPackage(join(out, file));
    expect(pkg.manifest).toMatchObject({ service: 'checkout', summary: expect.stringContaining('GET /broken') as string });
    const lines = stderr.trimEnd().split('\n');
    expect(lines.filter((line) => line === `✘ ${pkg.manifest.summary} → ${join('out', file)}`)).toHaveLength(2);
    expect(lines).toContain('1 failure captured');
    expect(lines.at(-1)).toMatch(`next: deja reproduce ${join('out', file)}`);
  });

  test('through npm, whose own processes are left alone', async () => {
    const { code } = await run(['--out', 'out', '--', 'npm', 'start', '--silent']);
    expect(code).toBe(0);
    const packages = await Promise.all(readdirSync(out).map((file) => readPackage(join(out, file))));
    expect(packages.map(({ manifest }) => manifest.service)).toEqual(['till']);
  });

  test('--json keeps standard output for the document; --quiet says nothing', async () => {
    const { stdout } = await run(['--json', '--out', 'out', '--', 'node', 'service.js', '3']);
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: 3, signal: null, packages: [{ path: expect.stringMatching(/^out.*\.deja$/) as string }] });
    expect((await run(['--quiet', '--out', 'out', '--', 'node', 'service.js'])).stderr).toBe('');
  });
});

describe('the command in its place', () => {
  test('an end that is no success and left no package is said', async () => {
    const died = await run(['--out', 'out', '--', 'node', '-e', 'process.exit(3)']);
    expect(died).toMatchObject({ code: 3, stderr: expect.stringContaining('ended with code 3, and no failure was captured') as string });
    const fine = await run(['--out', 'out', '--', 'node', '-e', '0']);
    expect(fine).toMatchObject({ code: 0, stderr: '' });
  });

  test('gets its own arguments, its own PATH, and the preload after its own options', async () => {
    const env = { NODE_OPTIONS: '--no-warnings', DEJA_USER_PATH: PATH, PATH: `/elsewhere${delimiter}${PATH}` };
    const { stdout } = await run(['--out', 'out', 'node', 'env.js', '--json', '-v'], { env });
    const seen = JSON.parse(stdout) as Record<string, unknown>;
    expect(seen).toEqual({ PATH, NODE_OPTIONS: expect.stringMatching(/^--no-warnings --import file:\/\/.*register\.js$/) as string, DEJA_OUT: out, argv: ['--json', '-v'] });
  });

  test('is told of signals, and its end is passed on', async () => {
    const told = await run(['--', 'node', 'waits.js'], {
      onOutput: (stdout, kill) => {
        if (stdout === 'up\n') kill('SIGTERM');
      },
    });
    expect(told).toMatchObject({ code: 7, stdout: 'up\ntold\n' });
    expect((await run(['--', 'sh', '-c', 'kill -KILL $$'])).code).toBeNull();
    expect((await run(['--', 'sh', '-c', 'exit 42'])).code).toBe(42);
  });

  test('that is not there: 5, by name', async () => {
    expect(await run(['--', 'no-such-command'])).toMatchObject({ code: 5, stderr: expect.stringContaining('no-such-command: there is no such command on PATH') as string });
  });
});

describe('an older Node', () => {
  const old = nodeOfMajor(20);

  test.skipIf('missing' in old)(`the tools run on the newer Node beside them, the service on the older one${'missing' in old ? ` (skipped: ${old.missing})` : ''}`, async () => {
    if ('missing' in old) return;
    const env = { PATH: [dirname(old.node), process.env['PATH']].join(delimiter), DEJA_USER_PATH: undefined };
    const { code, stdout } = await run(['--out', 'out', '--', 'node', '-p', 'process.version'], { node: old.node, env });
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^v20\./) as string });
    await run(['--out', 'out', '--', 'node', 'service.js'], { node: old.node, env });
    const [file = ''] = readdirSync(out);
    expect((await readPackage(join(out, file))).context.process.node).toMatch(/^v?20\./);
    const told = await run(['--', 'node', 'waits.js'], { node: old.node, env, onOutput: (text, kill) => text === 'up\n' && kill('SIGTERM') });
    expect(told.code).toBe(7);
  });

  test.skipIf('missing' in old)('a hand-over that is killed takes the tools and the service with it', async () => {
    if ('missing' in old) return;
    const env = { PATH: [dirname(old.node), process.env['PATH']].join(delimiter), DEJA_USER_PATH: undefined };
    // Waits for the end of the output: that is when the last of the processes has gone.
    const killed = await run(['--', 'node', 'waits.js'], { node: old.node, env, onOutput: (text, kill) => text === 'up\n' && kill('SIGKILL') });
    expect(killed).toMatchObject({ code: null, stdout: 'up\ntold\n' });
  });
});

describe('doctor', () => {
  test('names every part, with a way to get what is missing', async () => {
    const { code, stdout } = await deja(['doctor', '--json'], { cwd });
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: readonly { name: string; status: string; detail: string; fix?: string }[] };
    expect(code).toBe(ok ? 0 : 1);
    expect(checks.map(({ name }) => name)).toEqual(['Node for Deja', 'Node for applications', 'Capture', 'Cache', 'Sandbox: firecracker', 'Sandbox: qemu', 'Sandbox: namespace', 'Sandbox: process', 'bubblewrap', 'ip', 'Postgres', 'MariaDB', 'redis-server']);
    expect(checks.slice(0, 3).map(({ status }) => status)).toEqual(['ok', 'ok', 'ok']);
    for (const { status, fix } of checks) expect(fix === undefined).toBe(status === 'ok');
  });

  test('forgets what it remembers of virtual machines with --again, and not otherwise', async () => {
    const cache = mkdtempSync(join(cwd, 'cache-'));
    mkdirSync(join(cache, 'vm'));
    writeFileSync(join(cache, 'vm', 'trial-0000000000000000.json'), '{}');
    const env = { DEJA_CACHE: cache, DEJA_KERNEL: '/nowhere' };
    await deja(['doctor'], { cwd, env });
    expect(readdirSync(join(cache, 'vm'))).toContain('trial-0000000000000000.json');
    await deja(['doctor', '--again'], { cwd, env });
    expect(readdirSync(join(cache, 'vm'))).not.toContain('trial-0000000000000000.json');
  });

  test('a PATH with nothing on it but Node: what engines lack is said, and the sandboxes are found all the same', async () => {
    const bin = mkdtempSync(join(cwd, 'bin-'));
    symlinkSync(process.execPath, join(bin, 'node'));
    const { stdout } = await deja(['doctor', '--json'], { cwd, env: { PATH: bin, DEJA_USER_PATH: undefined, DEJA_KERNEL: '/nowhere' } });
    const { checks } = JSON.parse(stdout) as { checks: readonly { name: string; status: string; detail: string }[] };
    const details = new Map(checks.map(({ name, detail }) => [name, detail]));
    if (process.getuid?.() === 0) expect(details.get('Postgres')).toContain('`unshare` nor `setpriv`, which make another user, is on PATH');
    expect(details.get('ip')).toMatch(/^ip utility/);
  });

  test('a required part that is missing: 1', async () => {
    const bin = mkdtempSync(join(cwd, 'bin-'));
    writeFileSync(join(bin, 'node'), '#!/bin/sh\necho v18.0.0 /opt/old/node\n', { mode: 0o755 });
    const { code, stdout } = await deja(['doctor'], { cwd, env: { DEJA_USER_PATH: [bin, PATH].join(delimiter) } });
    expect(code).toBe(1);
    expect(stdout).toMatch(/✘ Node for applications +v18\.0\.0 \/opt\/old\/node is too old to be captured\n +→ Applications need Node 20 or newer/);
  });
});
