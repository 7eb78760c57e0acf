import { lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { layOut, type Tree } from './tree.js';

let root: string;
let tree: Tree;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'deja-tree-'));
  mkdirSync(join(root, 'app', 'lib'), { recursive: true });
  mkdirSync(join(root, 'app', '.deja'));
  writeFileSync(join(root, 'app', 'main.js'), 'main');
  writeFileSync(join(root, 'app', 'lib', 'a.js'), 'a');
  writeFileSync(join(root, 'app', '.deja', 'image'), 'must not hold itself');
  symlinkSync('lib/a.js', join(root, 'app', 'link.js'));
  writeFileSync(join(root, 'node'), 'program', { mode: 0o755 });
  tree = { mounts: [{ from: join(root, 'app'), at: '/srv/app' }, { from: join(root, 'node'), at: '/usr/bin/node' }], folders: ['/tmp'], links: [{ at: '/bin', to: 'usr/bin' }], files: { '/etc/hosts': 'localhost\n' } };
});
afterEach(() => rmSync(root, { recursive: true }));

test('files, folders and links lie at their places; Deja\'s own folder does not', () => {
  const out = join(root, 'out');
  mkdirSync(out);
  layOut(tree, out);
  expect(readFileSync(join(out, 'srv/app/main.js'), 'utf8')).toBe('main');
  expect(readlinkSync(join(out, 'srv/app/link.js'))).toBe('lib/a.js');
  expect(lstatSync(join(out, 'usr/bin/node')).mode & 0o777).toBe(0o755);
  expect(readFileSync(join(out, 'bin/node'), 'utf8')).toBe('program');
  expect(readFileSync(join(out, 'etc/hosts'), 'utf8')).toBe('localhost\n');
  expect(() => lstatSync(join(out, 'srv/app/.deja'))).toThrow();
  expect(readFileSync(join(root, 'app', 'main.js'), 'utf8')).toBe('main');
});

test('what the image shall not hold is not there, and modes do not depend on this process', () => {
  const out = join(root, 'out');
  mkdirSync(out);
  const mask = process.umask(0o077);
  layOut({ ...tree, without: new Set([join(root, 'app', 'lib')]) }, out);
  process.umask(mask);
  expect(() => lstatSync(join(out, 'srv/app/lib'))).toThrow();
  expect(['srv', 'usr/bin', 'tmp', 'etc/hosts'].map((path) => lstatSync(join(out, path)).mode & 0o777)).toEqual([0o755, 0o755, 0o755, 0o644]);
});
