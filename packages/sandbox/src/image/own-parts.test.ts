import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { guestKernel } from './kernel.js';
import { ownParts, ownPartsStamp } from './own-parts.js';

const WANTED = ['virtio_blk'];
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'deja-parts-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** The beginning of a program, with one program header of this kind, and some text. */
function program({ machine = 62, header = 1, text = 'BusyBox v1.36.1' } = {}): Buffer {
  const bytes = Buffer.alloc(64 + 56);
  bytes.write('\u007fELF\u0002', 0, 'latin1');
  bytes.writeUInt16LE(machine, 18);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(1, 56);
  bytes.writeUInt32LE(header, 64);
  return Buffer.concat([bytes, Buffer.from(text)]);
}

describe('a part of the user\'s own', () => {
  test.each([
    ['is not there', () => join(folder, 'nothing'), 'does not exist'],
    ['is a folder', () => folder, 'is no file'],
    ['is a script', () => put('script', '#!/bin/sh\n'), 'is no program'],
    ['is for another processor', () => put('arm', program({ machine: 183 })), 'another kind of machine'],
    ['needs libraries', () => put('dynamic', program({ header: 3 })), 'not linked statically'],
    ['is cut off', () => put('cut', program().subarray(0, 70)), 'is cut off'],
    ['is another program', () => put('other', program({ text: 'tools v1' })), 'no busybox'],
  ])('busybox that %s is refused by name, before anything is got or run', async (_, path, why) => {
    const refused = { code: 'DEJA_BUSYBOX_UNUSABLE', message: expect.stringMatching(new RegExp(`^\\S+ \\(DEJA_BUSYBOX\\) .*${why}`)) as string, hint: expect.stringContaining('DEJA_BUSYBOX') as string };
    const env = { DEJA_BUSYBOX: path() };
    expect(() => ownParts(WANTED, env)).toThrow(expect.objectContaining(refused));
    const before = process.env;
    process.env = { ...before, ...env, DEJA_CACHE: join(folder, 'cache') };
    try {
      await expect(guestKernel()).rejects.toMatchObject(refused);
    } finally {
      process.env = before;
    }
  });

  test.each([
    ['kernel that is a folder', () => ({ DEJA_KERNEL: folder }), '(DEJA_KERNEL) is no file'],
    ['kernel that is not there', () => ({ DEJA_KERNEL: join(folder, 'nothing') }), '(DEJA_KERNEL) does not exist'],
    ['modules without their kernel', () => ({ DEJA_KERNEL_MODULES: folder }), 'DEJA_KERNEL does not name the kernel'],
    ['modules that are not there', () => ({ DEJA_KERNEL: put('vmlinux', 'k'), DEJA_KERNEL_MODULES: '/nonexistent' }), '/nonexistent (DEJA_KERNEL_MODULES) is no folder of modules'],
    ['modules that are a file', () => ({ DEJA_KERNEL: put('vmlinux', 'k'), DEJA_KERNEL_MODULES: put('file', '') }), 'is no folder of modules'],
    ['modules that are compressed', () => ({ DEJA_KERNEL: put('vmlinux', 'k'), DEJA_KERNEL_MODULES: join(put('modules/kernel/virtio_blk.ko.xz', ''), '..', '..') }), 'is no folder of modules'],
  ])('%s is refused by name', (_, env, message) => {
    expect(() => ownParts(WANTED, env())).toThrow(expect.objectContaining({ code: 'DEJA_KERNEL_UNUSABLE', message: expect.stringContaining(message) as string, hint: expect.any(String) as string }));
  });

  test('is known by what is in it', () => {
    const [kernel, busybox] = [put('vmlinux', 'kernel'), put('busybox', program())];
    const module = put('modules/kernel/drivers/virtio_blk.ko', 'module');
    const env = { DEJA_KERNEL: kernel, DEJA_KERNEL_MODULES: join(folder, 'modules'), DEJA_BUSYBOX: busybox };
    const seen = [ownParts(WANTED, {}).digest, ownParts(WANTED, { DEJA_KERNEL: '', DEJA_BUSYBOX: '' }).digest];
    expect(seen).toEqual(['', '']);
    const stamps = [ownPartsStamp(env)];
    const digests = [ownParts(WANTED, env).digest, ownParts(WANTED, { DEJA_BUSYBOX: busybox }).digest, ownParts(WANTED, { DEJA_KERNEL: kernel }).digest];
    for (const [path, content] of [[kernel, 'another kernel'], [module, 'another module'], [busybox, program({ text: 'BusyBox v1.37.0' })]] as const) {
      writeFileSync(path, content);
      digests.push(ownParts(WANTED, env).digest);
      stamps.push(ownPartsStamp(env));
    }
    expect(new Set(digests).size).toBe(6);
    expect(new Set(stamps.map(String)).size).toBe(3);
    expect(ownParts(WANTED, env).kernel?.modules.map(({ name }) => name)).toEqual(['virtio_blk']);
  });
});
