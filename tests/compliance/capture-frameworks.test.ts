import type { ErrorPackage } from '@deja/format';
import { describe, expect, test } from 'vitest';
import { CapturedApp } from '../support/captured-app.ts';
import { npmFolder } from '../support/npm-folder.ts';

interface Expected {
  readonly failures: Readonly<Record<string, readonly [name: string, message: string]>>;
  readonly none: readonly string[];
}

const summary = (pkg: ErrorPackage): string => [
  pkg.context.requests[0]?.trigger.kind === 'http' ? pkg.context.requests[0].trigger.target : null,
  pkg.failure?.origin, pkg.failure?.response?.status, pkg.failure?.error?.name, pkg.failure?.error?.message,
].join(' ');

async function check(app: string, expected: Expected, packages?: string): Promise<void> {
  await using running = await CapturedApp.start(app, packages === undefined ? {} : { packages });
  for (const path of [...expected.none, ...Object.keys(expected.failures)]) await running.get(path);
  const found = await running.packages(Object.keys(expected.failures).length);
  const wanted = Object.entries(expected.failures).map(([path, [name, message]]) => `${path} framework 500 ${name} ${message}`);
  expect(found.map(summary).toSorted()).toEqual(wanted.toSorted());
  expect(running.output).not.toContain('deja:');
}

const express: Expected = {
  failures: {
    '/thrown': ['TypeError', 'thrown in a route'],
    '/next': ['RangeError', 'passed on'],
    '/async': ['SyntaxError', 'rejected'],
    '/mounted/inner': ['Error', 'in a mounted router'],
    '/handled': ['EvalError', 'for the handler'],
  },
  none: ['/ok', '/teapot', '/forgiven', '/nowhere'],
};
const oneRoute: Expected = { failures: { '/thrown': ['TypeError', 'thrown in a route'] }, none: ['/ok', '/nowhere'] };

describe('Express 5', () => {
  test('CommonJS', () => check('express.cjs', { ...express, failures: { ...express.failures, '/rejected': ['SyntaxError', 'rejected for real'] } }));
  test('ES modules', () => check('express.mjs', oneRoute));
  test('a body that a middleware reads is the body of the trigger', async () => {
    await using app = await CapturedApp.start('express.cjs');
    expect(await app.get('/echo', { method: 'POST', body: '{"a":[1,2]}', headers: { 'content-type': 'application/json' } })).toEqual({ status: 500, text: '{"a":[1,2]}' });
    const [pkg] = await app.packages(1);
    expect(pkg?.context.requests[0]?.trigger).toMatchObject({ body: { text: '{"a":[1,2]}' } });
  });
});

const express4 = npmFolder(['express@4']);
describe.skipIf('missing' in express4)(`Express 4${'missing' in express4 ? ` (${express4.missing})` : ''}`, () => {
  const folder = 'folder' in express4 ? express4.folder : '';
  test('CommonJS', () => check('express.cjs', express, folder));
  test('ES modules', () => check('express.mjs', oneRoute, folder));
});

describe('Fastify 5', () => {
  test('ES modules', () => check('fastify.mjs', {
    failures: {
      '/thrown': ['TypeError', 'thrown in a route'],
      '/sent': ['RangeError', 'sent as an answer'],
      '/hooked': ['Error', 'in a hook'],
      '/handled': ['EvalError', 'for the handler'],
      '/handled-hook': ['EvalError', 'of a hook, for the handler'],
    },
    none: ['/ok', '/teapot', '/validated?id=x', '/nowhere'],
  }));
  test('CommonJS', () => check('fastify.cjs', oneRoute));
});

describe('Koa 3', () => {
  const koa: Expected = {
    failures: { '/thrown': ['TypeError', 'thrown in a middleware'], '/emitted': ['RangeError', 'emitted'] },
    none: ['/ok', '/teapot', '/nowhere'],
  };
  test('ES modules', () => check('koa.mjs', koa));
  test('CommonJS', () => check('koa.cjs', koa));
});
