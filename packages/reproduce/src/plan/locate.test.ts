import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ErrorPackage } from '@deja/format';
import { locateApp, locateNode } from './locate.js';

const folder = mkdtempSync(join(tmpdir(), 'deja-locate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function recordedAt(root: string, version: string): ErrorPackage {
  return {
    context: { process: { root, entry: join(root, 'server.js') }, application: { name: 'shop', version, dependencies: {}, entryHash: 'other' } },
  } as unknown as ErrorPackage;
}

function appIn(name: string, version: string): string {
  const root = join(folder, name);
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name: 'shop', version }));
  writeFileSync(join(root, 'server.js'), '');
  return root;
}

describe('locateApp', () => {
  it('says which folder is missing and what to do', () => {
    expect(() => locateApp(recordedAt('/nowhere/shop', '1.0.0'), undefined)).toThrow(
      expect.objectContaining({ code: 'DEJA_APP_MISSING', message: expect.stringContaining('/nowhere/shop'), hint: expect.stringContaining('--app') }),
    );
  });

  it.each([
    ['junk.tar', 'junk', ' is a file, and neither'],
    ['zero.tar', '', ' is an empty file, and neither'],
  ])('says of %s, by its name or with a tag, what it is', (name, content, message) => {
    const file = join(folder, name);
    writeFileSync(file, content);
    for (const given of [file, `${file}#shop:1.2`]) {
      expect(() => locateApp(recordedAt('/nowhere/shop', '1.0.0'), given)).toThrow(expect.objectContaining({ code: 'DEJA_APP_MISSING', message: expect.stringContaining(file + message), hint: expect.stringContaining('docker save') }));
    }
    expect(() => locateApp(recordedAt('/nowhere/shop', '1.0.0'), `${folder}/nothing.tar#x`)).toThrow('nothing.tar#x is not here');
  });

  it('says how the code differs from the recorded release', () => {
    const { differences, changedCode, folder: found } = locateApp(recordedAt('/nowhere/shop', '1.0.0'), appIn('fixed', '2.0.0'));
    expect(found).toBe(join(folder, 'fixed'));
    expect(changedCode).toBe(true);
    expect(differences).toEqual([expect.stringContaining('recorded was shop 1.0.0, here is 2.0.0'), expect.stringContaining('other contents')]);
  });

  it('finds an installed application by the folder of its installation or its own', () => {
    const root = appIn('installed/node_modules/shop', '1.0.0');
    const recorded = recordedAt('/old/node_modules/shop', '1.0.0');
    expect(locateApp(recorded, join(folder, 'installed')).folder).toBe(join(folder, 'installed'));
    expect(locateApp(recorded, root).folder).toBe(join(folder, 'installed'));
  });
});

describe('locateNode', () => {
  it('takes the recorded executable, else one of the same major version, else says what is missing', () => {
    const mine = { version: process.versions.node, path: process.execPath };
    expect(locateNode(mine, '')).toEqual({ node: process.execPath });
    expect(locateNode({ version: `${process.versions.node.split('.')[0]}.0.0`, path: '/gone/node' }, '')).toMatchObject({ node: process.execPath, difference: expect.stringContaining('recorded was Node') });
    expect(() => locateNode({ version: '4.9.1', path: '/gone/node' }, '')).toThrow(expect.objectContaining({ code: 'DEJA_NODE_MISSING' }));
  });

  it('never runs what a package only calls Node', () => {
    const told = join(folder, 'ran');
    mkdirSync(join(folder, 'bin'), { recursive: true });
    for (const name of ['node', 'sh']) {
      const script = join(folder, 'bin', name);
      writeFileSync(script, `#!/bin/sh\ntouch ${told}\necho v4.9.1\n`, { mode: 0o755 });
      expect(() => locateNode({ version: '4.9.1', path: script }, '')).toThrow(expect.objectContaining({ code: 'DEJA_NODE_MISSING' }));
    }
    expect(existsSync(told)).toBe(false);
  });
});
