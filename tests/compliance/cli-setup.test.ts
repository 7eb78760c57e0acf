/** What `deja setup firecracker` prints, and how it ends. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { archiveOf, releaseMembers, type Archive } from '../../packages/sandbox/src/testing/firecracker-archive.ts';
import { DEJA, deja, type DejaResult } from '../support/deja.ts';

const cwd = mkdtempSync(join(tmpdir(), 'deja-setup-'));
const cache = join(cwd, '.deja', 'cache', 'firecracker');
let good: Archive;
let serve: (response: ServerResponse) => void;
const server = createServer((_, response) => serve(response));
let base: string;

beforeAll(async () => {
  good = await archiveOf(releaseMembers());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  serve = (response) => void response.end(good.bytes);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(cwd, { recursive: true });
});

function setup(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<DejaResult> {
  return deja(['setup', 'firecracker', ...args], { cwd, env: { DEJA_CACHE: undefined, FIRECRACKER_BIN: undefined, ...env } });
}

test('what is not the pinned archive is not installed', async () => {
  const { code, stdout, stderr } = await setup(['--from', base]);
  expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
  expect(stderr).toContain(`getting ${base}/firecracker-v1.16.1-`);
  expect(stderr).toContain(`its SHA-256 is ${good.sha256}, not `);
  expect(existsSync(join(cwd, '.deja'))).toBe(false);
});

test('what cannot be had is named, in a document too', async () => {
  serve = (response) => void response.writeHead(503).end();
  const { code, stdout, stderr } = await setup(['--from', base, '--json']);
  expect(code).toBe(5);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'DEJA_FIRECRACKER_DOWNLOAD', message: expect.stringContaining('HTTP 503') as string, hint: expect.stringContaining('--from FILE') as string } });
  expect(stderr).toContain('HTTP 503');
});

test('a hash that is none is a mistake in the command line', async () => {
  const { code, stderr } = await setup(['--sha256', 'abc']);
  expect(code).toBe(2);
  expect(stderr).toContain('64 hexadecimal digits are needed');
});

test('installed: says where, and what next; a second time it does nothing', async () => {
  const first = await setup(['--from', base, '--sha256', good.sha256.toUpperCase()]);
  expect(first.code).toBe(0);
  expect(first.stdout).toMatch(/firecracker +1\.16\.1 +\.deja\/cache\/firecracker\/v1\.16\.1-\w+\/firecracker\njailer +1\.16\.1 +\.deja\/cache\/firecracker\/v1\.16\.1-\w+\/jailer\n/);
  expect(first.stderr).toContain('100 % of ');
  expect(first.stderr).toContain('installed; the archive has SHA-256');
  expect(first.stderr).toContain('DEJA_CACHE=DIR names one place');
  expect(first.stderr).toContain('next: deja doctor');

  const own = join(cwd, 'own-firecracker');
  const second = await setup(['--from', base, '--sha256', good.sha256], { FIRECRACKER_BIN: own });
  expect({ code: second.code, stdout: second.stdout }).toEqual({ code: 0, stdout: first.stdout });
  expect(second.stderr).toContain('already installed');
  expect(second.stderr).toContain(`FIRECRACKER_BIN is set, and comes before it: ${own}`);

  const document = await setup(['--from', base, '--sha256', good.sha256, '--force', '--json', '--quiet']);
  expect(document.stderr).toBe('');
  expect(JSON.parse(document.stdout)).toMatchObject({ version: '1.16.1', sha256: good.sha256, installed: true, jailer: expect.stringContaining(cache) as string });
});

test('interrupted: nothing is left of it, what was there stays', async () => {
  const before = readdirSync(cache);
  const child = spawn(process.execPath, [DEJA, 'setup', 'firecracker', '--from', base, '--sha256', good.sha256, '--force'], { cwd, env: { ...process.env, DEJA_CACHE: undefined }, stdio: ['ignore', 'pipe', 'pipe'] });
  serve = (response) => {
    response.writeHead(200, { 'content-length': good.bytes.length }).write(good.bytes.subarray(0, 100));
    child.kill('SIGINT');
  };
  const ended = once(child, 'close');
  const stderr = await text(child.stderr);
  expect(await ended).toEqual([130, null]);
  expect(stderr).toContain('interrupted; nothing is left behind');
  expect(readdirSync(cache)).toEqual(before);
});

describe.skipIf(!mayMount())(`a full disk${mayMount() ? '' : ' (skipped: user namespaces may not mount here)'}`, () => {
  test('says so and leaves it as empty as it was', () => {
    const file = join(cwd, 'archive.tgz');
    writeFileSync(file, good.bytes);
    const disk = join(cwd, 'disk');
    mkdirSync(disk);
    const script = `mount -t tmpfs -o size=4k none ${disk}; DEJA_CACHE=${disk} "$@"; code=$?; find ${disk} -type f; exit $code`;
    const done = spawnSync('unshare', ['-rm', 'sh', '-c', script, 'sh', process.execPath, DEJA, 'setup', 'firecracker', '--from', file, '--sha256', good.sha256], { cwd, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } });
    expect({ code: done.status, files: done.stdout }).toEqual({ code: 5, files: '' });
    expect(done.stderr).toContain('ENOSPC');
    expect(done.stderr).toContain('Make room (40 MiB), or name another place: DEJA_CACHE=DIR');
  });
});

function mayMount(): boolean {
  return existsSync('/proc/self/ns/user') && spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
}
