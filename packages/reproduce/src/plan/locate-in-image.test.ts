import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ErrorPackage } from '@deja/format';
import type { UnpackedImage } from '@deja/sandbox';
import { locateAppIn, locateNodeFor } from './locate-in-image.js';

let folder: string;
let image: UnpackedImage;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'deja-in-image-')));
  image = { root: join(folder, 'root'), digest: 'sha256:00', name: 'shop.tar#1.0' };
  mkdirSync(image.root);
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(path: string, content: string, mode = 0o644): string {
  const file = join(image.root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content, { mode });
  return file;
}

const RECORDED = {
  context: { process: { root: '/srv/shop', entry: '/srv/shop/server.js' }, application: { name: 'shop', version: '1.0.0', dependencies: {}, entryHash: 'other' } },
} as unknown as ErrorPackage;

describe('the application in an image', () => {
  it('that is not there is named, with the image', () => {
    expect(() => locateAppIn(image, RECORDED)).toThrow(expect.objectContaining({ code: 'DEJA_APP_MISSING', message: 'the image shop.tar#1.0 has no folder /srv/shop, in which the application was recorded' }));
  });

  it('is never one of this machine that a link leads to', () => {
    mkdirSync(join(folder, 'outside', 'shop'), { recursive: true });
    symlinkSync(join(folder, 'outside'), join(image.root, 'srv'));
    expect(() => locateAppIn(image, RECORDED)).toThrow('has no folder /srv/shop');
  });

  it('is compared with the recorded one, in the image', () => {
    put('app/package.json', '{"name":"shop","version":"2.0.0"}');
    put('app/server.js', '');
    mkdirSync(join(image.root, 'srv'));
    symlinkSync('/app', join(image.root, 'srv', 'shop'));
    expect(locateAppIn(image, RECORDED)).toEqual({
      folder: join(image.root, 'app'), changedCode: true, differences: [expect.stringContaining('recorded was shop 1.0.0, here is 2.0.0'), expect.stringContaining('other contents')],
    });
  });
});

describe('the Node of an image', () => {
  const path = '/usr/local/bin/node';
  const version = '24.1.1';

  it('is taken when it is the recorded one, by what is in it', () => {
    const own = put(path, `\x7fELF node.js/v${version}\0`, 0o755);
    expect(locateNodeFor(image, { version: `v${version}`, path }, '')).toEqual({ node: own });
  });

  it('gives way to this machine\'s when only that is the recorded one', () => {
    put(path, '\x7fELF node.js/v24.1.10\0', 0o755);
    expect(locateNodeFor(image, { version: process.versions.node, path }, '')).toEqual({ node: process.execPath });
  });

  it('is taken with a word of warning when it is another and there is no better one', () => {
    const told = join(folder, 'ran');
    for (const recorded of [version, '4.9.1']) {
      const own = put(path, `#!/bin/sh\ntouch ${told}\necho v${recorded}\n`, 0o755);
      expect(locateNodeFor(image, { version: recorded, path }, '')).toEqual({ node: own, difference: `recorded was Node ${recorded}, and ${path} of shop.tar#1.0 is another` });
      expect(() => realpathSync(told)).toThrow('ENOENT');
    }
  });

  it('that is no program counts for nothing', () => {
    put(path, `node.js/v${version}\0`);
    expect(() => locateNodeFor(image, { version: '4.9.1', path }, '')).toThrow(expect.objectContaining({ code: 'DEJA_NODE_MISSING' }));
  });
});
