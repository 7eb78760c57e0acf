import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { archiveOf, claiming, releaseMembers } from '../../testing/firecracker-archive.js';
import { locateFirecracker } from './binary.js';
import { installFirecracker } from './install.js';
import { firecrackerRelease, isUsableVersion } from './release.js';

let folder: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'deja-firecracker-'));
  env = { DEJA_CACHE: join(folder, 'cache'), PATH: `${join(folder, 'empty')}::relative:${join(folder, 'bin')}` };
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(path: string, content: string | Buffer, mode = 0o755): string {
  const whole = join(folder, path);
  mkdirSync(join(whole, '..'), { recursive: true });
  writeFileSync(whole, content, { mode });
  return whole;
}

async function setUp(): Promise<void> {
  const { bytes, sha256 } = await archiveOf(releaseMembers());
  await installFirecracker({ env, sha256, from: put('mine.tgz', bytes) });
}

describe('in this order', () => {
  test('nowhere: says where it was looked for, and the cure', async () => {
    await expect(locateFirecracker({ env })).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_MISSING', message: expect.stringContaining(join(folder, 'cache', 'firecracker')), hint: 'Run `deja setup firecracker`.' });
  });

  test('on PATH; what is no program there is passed over', async () => {
    put('empty/firecracker', claiming('Firecracker', '1.16.1'), 0o644);
    const firecracker = put('bin/firecracker', claiming('Firecracker', '1.16.4'));
    expect(await locateFirecracker({ env })).toEqual({ firecracker, jailer: null, version: '1.16.4', source: 'PATH' });
  });

  test('the one that was set up comes before PATH', async () => {
    put('bin/firecracker', claiming('Firecracker', '1.0.0'));
    await setUp();
    const place = join(folder, 'cache', 'firecracker', `v1.16.1-${firecrackerRelease().architecture}`);
    expect(await locateFirecracker({ env })).toEqual({ firecracker: join(place, 'firecracker'), jailer: join(place, 'jailer'), version: '1.16.1', source: 'setup' });
  });

  test('FIRECRACKER_BIN comes before all; the jailer is beside it, under either name', async () => {
    await setUp();
    const firecracker = put('own/firecracker-v1.16.1-x86_64', claiming('Firecracker', '1.16.1'));
    const named = { ...env, FIRECRACKER_BIN: firecracker };
    expect(await locateFirecracker({ env: named })).toEqual({ firecracker, jailer: null, version: '1.16.1', source: 'FIRECRACKER_BIN' });
    const jailer = put('own/jailer', claiming('Jailer', '1.16.1'));
    expect(await locateFirecracker({ env: named })).toMatchObject({ jailer });
    const released = put('own/jailer-v1.16.1-x86_64', claiming('Jailer', '1.16.1'));
    expect(await locateFirecracker({ env: named })).toMatchObject({ jailer: released });
    expect(await locateFirecracker({ env: { ...named, JAILER_BIN: jailer } })).toMatchObject({ jailer });
  });
});

async function refusal(text: string, mode?: number): Promise<unknown> {
  const FIRECRACKER_BIN = put('own/firecracker', text, mode);
  const error = await locateFirecracker({ env: { ...env, FIRECRACKER_BIN } }).catch((cause: unknown) => cause as Error);
  expect(error).toMatchObject({ code: 'DEJA_FIRECRACKER_UNUSABLE', hint: expect.stringContaining('FIRECRACKER_BIN') });
  return (error as Error).message.replace(FIRECRACKER_BIN, 'IT').replace('; Firecracker 1.16.1 or a later 1.16.x is needed', '; WANTED');
}

describe('not used, and said why', () => {
  test('another version', async () => {
    expect(await refusal(claiming('Firecracker', '1.10.1'))).toBe('IT is version 1.10.1; WANTED');
    expect(['1.16.1', '1.16.2', '1.16.10'].filter(isUsableVersion)).toHaveLength(3);
    expect(['1.16.0', '1.17.0', '1.17.0-dev', '1.16.2-dev', '11.16.1', '2.16.1', '1.16', ''].filter(isUsableVersion)).toEqual([]);
  });

  test('something else', async () => {
    expect(await refusal('#!/bin/sh\necho QEMU emulator version 7\n')).toBe('IT does not call itself Firecracker but "QEMU emulator version 7"; WANTED');
    expect(await refusal('#!/bin/sh\necho no such option >&2; exit 3\n')).toBe('IT does not run: no such option; WANTED');
    expect(await refusal('#!/bin/sh\nkill -SEGV $$\n')).toBe('IT does not run: it ended by SIGSEGV; WANTED');
  });

  test('no program', async () => {
    expect(await refusal(claiming('Firecracker', '1.16.1'), 0o644)).toContain('IT does not run: it may not be executed');
    rmSync(join(folder, 'own'), { recursive: true });
    expect(await refusal('echo Firecracker v1.16.1\n')).toBe('IT does not run: it is no program; WANTED');
    rmSync(join(folder, 'own'), { recursive: true });
    expect(await refusal('\u007fELF of another kind')).toBe('IT does not run: it is a program for another kind of machine; WANTED');
    rmSync(join(folder, 'own'), { recursive: true });
    const gone = join(folder, 'gone');
    await expect(locateFirecracker({ env: { ...env, FIRECRACKER_BIN: gone } })).rejects.toMatchObject({ message: expect.stringContaining(`${gone} does not run: there is no such file`) });
  });

  test('a jailer of another version', async () => {
    put('bin/firecracker', claiming('Firecracker', '1.16.1'));
    const jailer = put('bin/jailer', claiming('Jailer', '1.16.2'));
    await expect(locateFirecracker({ env })).rejects.toMatchObject({ code: 'DEJA_FIRECRACKER_UNUSABLE', message: expect.stringContaining(`${jailer} is version 1.16.2 and Firecracker is 1.16.1`), hint: expect.stringContaining('JAILER_BIN') });
  });
});

test('other machines have none', () => {
  expect(() => firecrackerRelease('darwin', 'arm64')).toThrowError(expect.objectContaining({ code: 'DEJA_FIRECRACKER_UNSUPPORTED' }));
  expect(() => firecrackerRelease('linux', 'ppc64')).toThrowError(expect.objectContaining({ code: 'DEJA_FIRECRACKER_UNSUPPORTED' }));
  expect(firecrackerRelease('linux', 'arm64')).toMatchObject({ archive: 'firecracker-v1.16.1-aarch64.tgz', members: { jailer: 'release-v1.16.1-aarch64/jailer-v1.16.1-aarch64' } });
});
