import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, cpSync, mkdirSync, openSync, closeSync, readdirSync, readFileSync, truncateSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { tryOut } from '../drivers/namespace/probe.js';
import { ownCache } from '../testing/own-cache.js';
import { erofsImage } from './erofs.js';
import type { Tree } from './tree.js';

const missing = await tryOut('mkfs.erofs', ['--help']);
const why = missing === null ? '' : ` (skipped: ${missing})`;
const mayMount = missing === null && spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0 && process.getuid?.() === 0;
const root = ownCache('cache');
let tree: Tree;
beforeEach(() => {
  mkdirSync(join(root(), 'app'));
  writeFileSync(join(root(), 'app', 'main.js'), 'main();\n'.repeat(10_000));
  tree = { mounts: [{ from: join(root(), 'app'), at: '/srv/app' }] };
});

function images(): readonly string[] {
  return readdirSync(join(root(), 'cache', 'vm')).filter((name) => name !== 'index-1');
}

test.skipIf(missing !== null)(`the same contents are the same image, wherever they lie; other contents are another${why}`, async () => {
  const first = await erofsImage('app', tree);
  utimesSync(join(root(), 'app', 'main.js'), 1, 1);
  cpSync(join(root(), 'app'), join(root(), 'copy'), { recursive: true });
  expect(await erofsImage('app', tree)).toEqual(first);
  expect(await erofsImage('app', { mounts: [{ from: join(root(), 'copy'), at: '/srv/app' }] })).toEqual(first);
  expect(images()).toHaveLength(1);
  writeFileSync(join(root(), 'app', 'main.js'), 'Main();\n'.repeat(10_000));
  expect((await erofsImage('app', tree)).path).not.toBe(first.path);
});

test.skipIf(missing !== null)(`an image that something was done to is made again${why}`, async () => {
  const first = await erofsImage('app', tree);
  const content = readFileSync(first.path);
  for (const bytes of [0, 600, first.bytes - 1]) {
    truncateSync(first.path, bytes);
    expect(await erofsImage('app', tree)).toEqual(first);
    expect(readFileSync(first.path).equals(content)).toBe(true);
  }
  const file = openSync(first.path, 'r+');
  writeSync(file, Buffer.from('spoilt'), 0, 6, first.bytes - 100);
  closeSync(file);
  expect(await erofsImage('app', tree)).toEqual(first);
  expect(readFileSync(first.path).equals(content)).toBe(true);
});

test.skipIf(missing !== null)(`an application that changes while its image is made is in it as it is at the end${why}`, async () => {
  const first = await erofsImage('app', tree);
  for (let index = 0; index < 2000; index += 1) writeFileSync(join(root(), 'app', `${index}.js`), `${index}`);
  const making = erofsImage('app', tree);
  const changing = new Promise((done) => setTimeout(() => done(writeFileSync(join(root(), 'app', 'main.js'), 'late')), 1));
  await changing;
  const made = await making;
  expect(made.key).not.toBe(first.key);
  // None with the key of what it was before the change: that would hold something else.
  expect(images()).toHaveLength(2);
  expect(await erofsImage('app', tree)).toEqual(made);
});

test.skipIf(missing !== null)(`what is not there is named${why}`, async () => {
  await expect(erofsImage('app', { mounts: [{ from: join(root(), 'nowhere'), at: '/x' }] })).rejects.toMatchObject({ code: 'DEJA_IMAGE_FAILED', message: expect.stringContaining('nowhere') as string });
});

test.skipIf(missing !== null).each([['file', 'secret.key'], ['folder', 'secrets']])(`a %s that may not be read is named${why}`, async (kind, name) => {
  const path = join(root(), 'app', name);
  if (kind === 'file') writeFileSync(path, 'secret');
  else mkdirSync(path);
  chmodSync(path, 0o000);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    chownSync(root(), 65534, 65534);
    process.seteuid?.(65534);
  }
  try {
    await expect(erofsImage('app', tree)).rejects.toMatchObject({ code: 'DEJA_IMAGE_FAILED', message: expect.stringContaining(path) as string });
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(path, 0o700);
  }
});

const noMount = missing ?? 'mounting needs more rights than this process has';
test.skipIf(!mayMount).each([['the application is copied', 8, 'app'], ['the image is written', 20, 'full/app']])(`a disk that is full while %s: an error, and nothing is left${mayMount ? '' : ` (skipped: ${noMount})`}`, async (_, mebibytes, folder) => {
  const full = join(root(), 'full');
  mkdirSync(full);
  expect(spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', full]).status).toBe(0);
  try {
    mkdirSync(join(root(), folder), { recursive: true });
    writeFileSync(join(root(), folder, 'data.bin'), randomBytes(12 * 1024 * 1024));
    process.env['DEJA_CACHE'] = join(full, 'cache');
    const failing = erofsImage('app', { mounts: [{ from: join(root(), folder), at: '/srv/app' }] });
    await expect(failing).rejects.toMatchObject({ code: 'DEJA_DISK_FULL', message: expect.stringContaining(full) as string, hint: expect.stringContaining('image gc') as string });
    expect(readdirSync(join(full, 'cache', 'vm'))).toEqual([]);
  } finally {
    spawnSync('umount', [full]);
  }
});

test.skipIf(!mayMount)(`without mkfs.erofs: an error that names it, and nothing is left${mayMount ? '' : ` (skipped: ${noMount})`}`, () => {
  const program = `
    import { erofsImage } from ${JSON.stringify(join(import.meta.dirname, '..', '..', 'dist', 'image', 'erofs.js'))};
    await erofsImage('app', ${JSON.stringify(tree)}).catch(({ code, message, hint }) => console.log(JSON.stringify({ code, message, hint })));`;
  const script = 'mount --bind /dev/null "$(command -v mkfs.erofs)" && exec "$0" --input-type=module -e "$1"';
  const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', script, process.execPath, program], { encoding: 'utf8' });
  expect(JSON.parse(stdout), stderr).toEqual({ code: 'DEJA_SYSTEM_PART_MISSING', message: expect.stringContaining('mkfs.erofs') as string, hint: expect.stringContaining('erofs-utils') as string });
  expect(images()).toEqual([]);
});
