/** A cache that cannot be used is found out by every command that would, before it does anything else. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writePackageFile } from '@deja/format/writer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deja } from '../support/deja.ts';
import { examplePackage } from '../support/example-package.ts';

const cwd = mkdtempSync(join(tmpdir(), 'deja-cli-cache-'));
const PACKAGE = 'failure.deja';
beforeAll(() => writePackageFile(join(cwd, PACKAGE), examplePackage()));
afterAll(() => rmSync(cwd, { recursive: true }));

const COMMANDS = [
  ['reproduce', PACKAGE, '--sandbox', 'qemu'],
  ['reproduce', PACKAGE],
  ['plan', PACKAGE, '--out', 'plan'],
  ['fixtures', PACKAGE],
  ['image', 'build', PACKAGE],
  ['image', 'ls'],
  ['image', 'gc'],
  ['setup', 'firecracker', '--from', 'nowhere.tgz'],
];

describe.skipIf(process.platform !== 'linux')('a cache that cannot be made or written', () => {
  test.each(COMMANDS)('deja %s %s %s %s', async (...args) => {
    const { code, stdout, stderr } = await deja([...args.filter((word) => word !== undefined), '--json'], { cwd, env: { DEJA_CACHE: '/proc/x' } });
    expect({ code, document: JSON.parse(stdout) as unknown }).toEqual({
      code: 5, document: { error: { code: 'DEJA_CACHE_UNUSABLE', message: expect.stringContaining('the cache /proc/x (DEJA_CACHE) cannot be made or written') as string, hint: 'Name a folder that you may write to: DEJA_CACHE=DIR' } },
    });
    expect(stderr).not.toContain('unexpected');
    expect(readdirSync(cwd)).toEqual([PACKAGE]);
  });

  test('doctor goes on where something in the cache is not as it was left', async () => {
    const cache = join(cwd, 'cache');
    mkdirSync(join(cache, 'vm'), { recursive: true });
    writeFileSync(join(cache, 'vm', 'index-1'), 'in the way');
    const { code, stdout } = await deja(['doctor', '--json'], { cwd, env: { DEJA_CACHE: cache, FIRECRACKER_BIN: undefined } });
    rmSync(cache, { recursive: true });
    const { checks } = JSON.parse(stdout) as { checks: { name: string; status: string }[] };
    expect({ code, statuses: checks.filter(({ name }) => name.startsWith('Sandbox: ')).map(({ status }) => status).slice(0, 2) }).toEqual({ code: 0, statuses: ['limited', 'limited'] });
    expect(checks.at(-1)?.name).toBe('redis-server');
  });

  test('doctor names it as what is missing, and looks at the rest', async () => {
    const { code, stdout } = await deja(['doctor', '--json'], { cwd, env: { DEJA_CACHE: '/dev/null/x' } });
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: { name: string; status: string; detail: string }[] };
    expect({ code, ok }).toEqual({ code: 1, ok: false });
    const details = new Map(checks.map(({ name, status, detail }) => [name, `${status}: ${detail}`]));
    expect(details.get('Cache')).toContain('missing: the cache /dev/null/x (DEJA_CACHE) cannot be made or written: ENOTDIR');
    for (const name of ['firecracker', 'qemu']) expect(details.get(`Sandbox: ${name}`)).toContain('limited: not tried: the cache cannot be used');
    expect(details.get('Sandbox: process')).toContain('ok');
  });
});
