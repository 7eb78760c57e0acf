/** What the commands that look at packages print, and how they end. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writePackage, writePackageFile } from '@deja/format/writer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deja } from '../support/deja.ts';
import { examplePackage } from '../support/example-package.ts';

const cwd = mkdtempSync(join(tmpdir(), 'deja-cli-'));
const NAME = '2026-10-05T09-30-00-063Z-k3f9a1b2';
const path = join('.deja', `${NAME}.deja`);
const whole = writePackage(examplePackage());

beforeAll(() => {
  writePackageFile(join(cwd, path), examplePackage());
});
afterAll(() => rmSync(cwd, { recursive: true }));

/** The document and nothing else. */
async function json(...args: string[]): Promise<{ code: number | null; value: Record<string, unknown> }> {
  const { code, stdout, stderr } = await deja([...args, '--json', '--quiet'], { cwd });
  expect(stderr).toBe('');
  return { code, value: JSON.parse(stdout) as Record<string, unknown> };
}

async function shown(seq: number): Promise<string> {
  return (await deja(['event', path, String(seq)], { cwd })).stdout;
}

async function escapes(args: readonly string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  return (await deja(['show', path, ...args], { cwd, env })).stdout.includes('\u001b[');
}

describe('people', () => {
  test('ls lists packages, newest first, and names what it cannot read', async () => {
    const cut = join(cwd, '.deja', 'cut.deja');
    writeFileSync(cut, whole.subarray(0, 500));
    const { code, stdout, stderr } = await deja(['ls'], { cwd });
    rmSync(cut);
    expect(code).toBe(0);
    expect(stdout).toContain(path);
    expect(stdout).toContain("TypeError: Cannot read properties of null (reading 'toUpperCase') (GET /orders/47)");
    expect(stdout).toContain('1 package');
    expect(stderr).toContain('! cut.deja: is cut off');
    expect(stderr).toContain(`next: deja show ${path}`);
  });

  test('ls of nothing says how packages come to be', async () => {
    const { code, stdout, stderr } = await deja(['ls', '.'], { cwd });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toContain('No error packages in .');
    expect(stderr).toContain('next: deja run -- COMMAND');
  });

  test('show tells the error chain, locals, request and limits', async () => {
    const { code, stdout, stderr } = await deja(['show', path], { cwd });
    expect(code).toBe(0);
    for (const part of [
      'OrderError: order 47 cannot be shown [E_ORDER]',
      'at showOrder (src/orders.js:41:11)',
      'user = User { id: 47, name: "Zoë Müller", plan: null }',
      'retries = 0 (closure)',
      'caused by TypeError',
      'fallback = undefined',
      '… 1 frame of libraries',
      'REQUEST GET /orders/47',
      'ANSWER 500',
      'POST /orders/12/notes',
      '9 events: 3 sql, 2 redis, 2 http, 1 dns, 1 random',
      '! response body of event 5 of request 1 cut at 1048576 bytes',
    ]) expect(stdout).toContain(part);
    expect(stdout).not.toContain('node_modules/router');
    expect(stderr).toContain(`next: deja reproduce ${path}`);
    expect((await deja(['show', path, '--full'], { cwd })).stdout).toContain('node_modules/router');
  });

  test('events is one line each, and says where it failed', async () => {
    const { stdout } = await deja(['events', path], { cwd });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(11);
    expect(lines[1]).toMatch(/^1 +boot +sql +-812 ms +3\.1 ms +SELECT version\(\) +✔ 1 row: PostgreSQL 15\.8$/);
    expect(lines[5]).toMatch(/^5 +request +http +6 ms +48 ms +POST https:\/\/payments\.example\/v1\/charges\?expand=card +! 503 Service Unavailable, 44 B$/);
    expect(lines[6]).toMatch(/^6 +other 1 .*✘ 23502 null value/);
    expect(lines[9]).toMatch(/^9 .* – +SET lock:47 1 NX PX 3000 +… no answer yet$/);
    expect(lines[10]).toMatch(/^─── ✘ TypeError/);
    expect((await deja(['events', path, '--kind', 'sql'], { cwd })).stdout.trimEnd().split('\n')).toHaveLength(5);
  });

  test('events folds draws of randomness, and what a long start did, unless all is asked for', async () => {
    const file = join(cwd, 'noisy.deja');
    const { timeline: [boot, , , , , , , random], ...rest } = examplePackage();
    if (boot?.kind !== 'sql' || random?.kind !== 'random') throw new Error('the example has changed');
    const timeline = Array.from({ length: 60 }, (_, index) => ({ ...(index < 20 ? boot : random), seq: index + 1 }));
    writePackageFile(file, { ...rest, timeline });
    const folded = await deja(['events', file], { cwd });
    expect(folded.stdout).toMatch(/^21–60 +request +random .* randomUUID × 40/m);
    expect(folded.stdout).not.toContain('boot');
    expect(folded.stderr).toContain("20 events of the application's start are not shown");
    expect((await deja(['events', file, '--all'], { cwd })).stdout.split('\n').filter((line) => /^ *\d+ /.test(line))).toHaveLength(60);
    rmSync(file);
  });

  test('event shows statements with their rows, messages with headers and bodies, bytes as a dump', async () => {
    const sql = await shown(3);
    expect(sql).toContain('$1 = 47');
    expect(sql).toMatch(/id +name +role +suspended_at +plan\n +users\.id int4 .*teams\.plan text\n +47 +Zoë Müller +admin +2026-10-01 08:00:00\+00 +NULL/);
    const http = await shown(5);
    for (const part of ['POST https://payments.example', 'to 203.0.113.9:443', '"cents": 1999', 'HTTP/1.1 503 Service Unavailable', 'Retry-After: 30', '"code": "overloaded"']) expect(http).toContain(part);
    expect(await shown(6)).toMatch(/✘ 23502 null value[^]*detail Failing row contains \(9, 12, null\)\.[^]*table audit/);
    expect(await shown(7)).toContain('000000  00 1f 3e 5d 7c 9b ba d9 f8 17 36 55 74 93 b2 d1  ..>]|.....6Ut...');
  });

  test('a package may be named by its time or its id', async () => {
    for (const name of ['2026-10', 'k3f9', NAME]) expect((await deja(['event', name, '1'], { cwd })).code).toBe(0);
  });

  test('what a package holds cannot steer the terminal', async () => {
    const hostile = examplePackage();
    const [first, ...rest] = hostile.timeline;
    if (first?.kind !== 'sql' || !hostile.failure?.error) throw new Error('the example has changed');
    const evil = '\u001b]0;owned\u0007\u001b[2J\r\u202e';
    const file = join(cwd, 'evil.deja');
    writePackageFile(file, {
      ...hostile,
      manifest: { ...hostile.manifest, summary: evil, service: evil },
      failure: { ...hostile.failure, error: { ...hostile.failure.error, name: evil, message: evil } },
      timeline: [{ ...first, text: evil, params: [evil] }, ...rest],
    });
    for (const args of [['show', file], ['events', file], ['event', file, '1'], ['ls', '.']]) {
      const { code, stdout, stderr } = await deja(args, { cwd });
      expect(code).toBe(0);
      // oxlint-disable-next-line no-control-regex
      expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/);
    }
    rmSync(file);
  });
});

describe('programs', () => {
  test('--json is one document and nothing else', async () => {
    expect(await json('ls')).toMatchObject({ code: 0, value: { packages: [{ id: '20261005-093000-k3f9', path, service: 'shop', events: 9, requests: 2, bytes: whole.length }], unreadable: [] } });
    expect(await json('show', path)).toMatchObject({ value: { manifest: { deja: 'package/1' }, failure: { error: { code: 'E_ORDER' } } } });
    expect((await json('events', path)).value['events']).toHaveLength(9);
    expect(await json('event', path, '5')).toMatchObject({ value: { event: { seq: 5, outcome: { ok: { status: 503 } } } } });
  });

  test('colours are only for terminals, and never with NO_COLOR or --no-color', async () => {
    expect(await escapes([], { NO_COLOR: undefined })).toBe(false);
    expect(await escapes([], { NO_COLOR: undefined, FORCE_COLOR: '1' })).toBe(true);
    expect(await escapes(['--no-color'], { NO_COLOR: undefined, FORCE_COLOR: '1' })).toBe(false);
    expect(await escapes([], { NO_COLOR: '1', FORCE_COLOR: '1' })).toBe(false);
  });
});

describe('endings', () => {
  test.each([
    [[], /Usage: deja/],
    [['shwo'], /unknown command 'shwo'/],
    [['show'], /missing required argument/],
    [['events', path, '--kind', 'tea'], /Allowed choices are sql, http/],
    [['event', path, '99'], /has no event 99\n +It has events 1 to 9/],
    [['ls', 'nowhere'], /nowhere is not a folder/],
    [['run'], /there is no command to run/],
  ])('%j is misuse: 2', async (args, message) => {
    const { code, stdout, stderr } = await deja(args, { cwd });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  test('--help and --version are no misuse', async () => {
    expect(await deja(['--help'], { cwd })).toMatchObject({ code: 0, stdout: expect.stringContaining('reproduce') as string });
    expect(await deja(['--version'], { cwd })).toMatchObject({ code: 0, stdout: '0.1.0\n' });
  });

  test.each([
    ['cut off', whole.subarray(0, 1000), /is cut off/],
    ['foreign', Buffer.from('%PDF-1.7'), /is not an error package/],
    ['empty', Buffer.alloc(0), /is empty/],
    ['later', Buffer.from(writePackage({ ...examplePackage(), manifest: { ...examplePackage().manifest, deja: 'package/9' as 'package/1' } })), /format version 9; this Deja reads up to version 1/],
  ])('a package that is %s: 6, with one line of reason', async (_, bytes, message) => {
    const file = join(cwd, 'bad.deja');
    writeFileSync(file, bytes);
    const { code, stdout, stderr } = await deja(['show', file], { cwd });
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
    expect(stderr.split('\n')[0]).toMatch(message);
    rmSync(file);
  });

  test('every command refuses an unreadable package so, and --json has the reason', async () => {
    const file = join(cwd, 'bad.deja');
    writeFileSync(file, whole.subarray(0, 1000));
    for (const args of [['events', file], ['event', file, '1'], ['fixtures', file], ['plan', file, '--out', 'p'], ['reproduce', file]]) {
      const { code, stdout, stderr } = await deja(args, { cwd });
      expect({ args, code, stdout }).toEqual({ args, code: 6, stdout: '' });
      expect(stderr).toContain('is cut off');
    }
    const { code, stdout } = await deja(['show', file, '--json'], { cwd });
    expect(code).toBe(6);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'DEJA_PACKAGE_TRUNCATED', message: expect.stringContaining('is cut off') as string, hint: expect.any(String) as string } });
    rmSync(file);
  });

  test('a package that is not there: 6', async () => {
    expect(await deja(['show', 'nope'], { cwd })).toMatchObject({ code: 6, stderr: expect.stringContaining('no package in .deja begins so') as string });
  });
});
