import { expect, it } from 'vitest';
import { redactArguments, redactEnv } from './process-data.js';
import { Redactor } from './redactor.js';

it("keeps the shell's working folders, which are named like passwords", () => {
  const redactor = new Redactor({});
  const env = redactEnv({ PWD: '/srv/shop', OLDPWD: '/srv', PGPASSWORD: 'hunter2hunter2' }, redactor);
  expect(env).toMatchObject({ PWD: '/srv/shop', OLDPWD: '/srv' });
  expect(env['PGPASSWORD']).not.toContain('hunter2');
  expect(redactArguments(['/srv/shop/server.js', '--password', 'hunter2hunter2'], redactor)).toEqual(['/srv/shop/server.js', '--password', env['PGPASSWORD']]);
});
