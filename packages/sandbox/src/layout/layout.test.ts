import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isWithin } from '../paths.js';
import type { Mount } from '../sandbox.js';
import { layoutOf } from './layout.js';

let folder: string;
beforeEach(() => (folder = realpathSync(mkdtempSync(join(tmpdir(), 'deja-layout-')))));
afterEach(() => rmSync(folder, { recursive: true }));

test('links of a container image show nothing of this machine; what is beside the application in the image is shown', () => {
  const [root, secret] = [join(folder, 'root'), join(folder, 'secret')];
  for (const path of [join(root, 'srv/app/node_modules'), join(root, 'srv/node_modules/hoisted'), join(root, 'srv/shared'), secret]) mkdirSync(path, { recursive: true });
  symlinkSync(secret, join(root, 'srv/app/node_modules/evil'));
  symlinkSync(secret, join(root, 'srv/app/data'));
  symlinkSync('../shared', join(root, 'srv/app/shared'));
  const spec = { app: { from: join(root, 'srv/app'), at: '/srv/app' }, node: { from: process.execPath, at: '/opt/node/bin/node' } };
  const shown = (mounts: readonly Mount[]): readonly string[] => mounts.map(({ from }) => from).filter((from) => from.startsWith(folder));
  // A folder that somebody names is trusted to mean its links.
  expect(shown(layoutOf(spec).binds)).toContain(secret);
  const { binds, overlays, onTop } = layoutOf({ ...spec, image: { root, uid: 0 } });
  expect(shown([...binds, ...overlays, ...onTop]).toSorted()).toEqual([join(root, 'srv/app'), join(root, 'srv/node_modules'), join(root, 'srv/shared')]);
});

test('certificates of this machine are shown, its private keys are not', () => {
  const { binds } = layoutOf({ app: { from: folder, at: '/srv/app' }, node: { from: process.execPath, at: '/opt/node/bin/node' } });
  const shows = (path: string): boolean => binds.some(({ at }) => isWithin(path, at));
  expect(['/etc/ssl/private/key.pem', '/etc/pki/tls/private/key.pem'].filter(shows)).toEqual([]);
  expect(shows('/etc/ssl/certs/ca-certificates.crt')).toBe(existsSync('/etc/ssl/certs'));
});
