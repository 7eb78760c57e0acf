import { expect, it } from 'vitest';
import { installationOf } from './app.js';

it('takes an installed application together with what lies beside it', () => {
  expect(installationOf('/srv/shop')).toBe('/srv/shop');
  expect(installationOf('/srv/tools/node_modules/unleash-server')).toBe('/srv/tools');
  expect(installationOf('/srv/a/node_modules/b/node_modules/c')).toBe('/srv/a');
});
