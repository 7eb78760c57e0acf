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

it('knows the customary names of an environment, and leaves switches, paths and words', () => {
  const secrets = { SMTP_PASS: 'Tr0ub4dor&3', STRIPE_KEY: 'live-4eC39HqLyjWDarjtT1', GITHUB_PAT: 'f00ba4f00ba4f00ba4', SIGNING_SALT: 'N3v3rSayN3v3r', MY_CONFIG: '{"password":"hidden-in-json-1"}' };
  const kept = { SSL_KEY: '/etc/ssl/private/key.pem', SORT_KEY: 'created_at', PRIMARY_KEY: 'id', BYPASS: 'yes', CACHE_KEY: '12345678', MODE: '{"a":1}' };
  const env = redactEnv({ ...secrets, ...kept }, new Redactor({}));
  expect(env).toMatchObject(kept);
  for (const [name, value] of Object.entries(secrets)) expect(env[name], name).not.toBe(value);
  expect(env['MY_CONFIG']).not.toContain('hidden-in-json-1');
});

it.each([
  ["SELECT id FROM users WHERE password_hash = 'h4sh3d-value'", 'h4sh3d-value'],
  ["UPDATE users SET token='abc' WHERE id = 1", "'abc'"],
  ['<login><Password>open sesame</Password></login>', 'open sesame'],
  ['mutation { login(user: "jo", password: "plainword") { id } }', 'plainword'],
  ['upstream said: secret: a1b2c3d4e5', 'a1b2c3d4e5'],
  ['GET /cb?code=SplxlOBeZQQYbYS6WxSbIA&state=x', 'SplxlOBeZQQYbYS6WxSbIA'],
])('finds the secret in %s', (text, secret) => {
  const redacted = new Redactor({}).text(text);
  expect(redacted).not.toContain(secret);
  expect(new Redactor({}).text(redacted)).toBe(redacted);
});

it.each(['the token expired yesterday evening', 'SELECT token::varchar, secret FROM t WHERE token = $1', 'error: token: expired', 'CREATE TABLE t (password text NOT NULL, token uuid)', 'SELECT api_key AS "key" FROM t', 'GET /verify?code=1234'])('leaves %s', (text) => {
  expect(new Redactor({}).text(text)).toBe(text);
});
