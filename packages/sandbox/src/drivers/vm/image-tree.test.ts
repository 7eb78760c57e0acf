import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { layOut } from '../../image/tree.js';
import { imageTree } from './image-tree.js';

let folder: string;
let root: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'deja-image-tree-')));
  root = join(folder, 'root');
  mkdirSync(root);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The image's root in the tree, laid out. */
async function laidOut(node: string, at: string): Promise<string> {
  const out = join(folder, 'out');
  layOut(await imageTree({ node: { from: node, at } }, { root, uid: 1234 }), out);
  return join(out, '.deja/image');
}

function put(path: string, content: string): string {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
  return join(root, path);
}

test('the Node of an image is taken as it is, with nothing of this machine', async () => {
  const node = put('usr/local/bin/node', 'node of the image');
  expect(await imageTree({ node: { from: node, at: '/usr/local/bin/node' } }, { root, uid: 1234 })).toEqual({ mounts: [{ from: root, at: '/.deja/image' }], ...(process.getuid?.() === 0 ? {} : { owner: 1234 }) });
});

test.skipIf(process.arch !== 'x64')('this machine\'s Node comes with the libraries that the image lacks, and takes nothing of it away', async () => {
  put('usr/local/bin/node', 'another Node');
  put('lib/ld-musl-x86_64.so.1', 'musl');
  const image = await laidOut(process.execPath, '/usr/local/bin/node');
  expect(readFileSync(join(image, 'usr/local/bin/node')).equals(readFileSync(process.execPath))).toBe(true);
  expect(readFileSync(join(image, 'lib/ld-musl-x86_64.so.1'), 'utf8')).toBe('musl');
  // Where every program of this machine looks for its loader.
  expect(readFileSync(join(image, readlinkSync(join(image, 'lib64')), 'ld-linux-x86-64.so.2')).length).toBeGreaterThan(0);
  expect(readFileSync(join(root, 'usr/local/bin/node'), 'utf8')).toBe('another Node');
});

test.skipIf(process.arch !== 'x64')('libraries that the image has stay, and its links lead nowhere outside of it', async () => {
  const outside = join(folder, 'outside');
  mkdirSync(outside);
  symlinkSync(outside, join(root, 'opt'));
  symlinkSync('/usr/lib', join(root, 'lib'));
  put('usr/lib/x86_64-linux-gnu/libc.so.6', 'libc of the image');
  const image = await laidOut(process.execPath, '/opt/node/bin/node');
  expect(readFileSync(join(image, 'usr/lib/x86_64-linux-gnu/libc.so.6'), 'utf8')).toBe('libc of the image');
  expect(readFileSync(join(image, outside, 'node/bin/node')).length).toBeGreaterThan(1000);
  expect(readlinkSync(join(image, 'opt'))).toBe(outside);
  expect(() => readFileSync(join(outside, 'node/bin/node'))).toThrow('ENOENT');
});
