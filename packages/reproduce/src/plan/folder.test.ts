import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writePackage } from '@deja/format/writer';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { examplePackage } from '../../../../tests/support/example-package.ts';
import { beginPlan } from './build.js';
import { readPlan, writePlan } from './folder.js';
import type { ReproductionPlan } from './plan.js';

const root = mkdtempSync(join(tmpdir(), 'deja-plan-'));
const pristine = join(root, 'pristine');
const folder = join(root, 'edited');
const options = { cacheFolder: join(root, 'cache') };
let plan: ReproductionPlan;

beforeAll(async () => {
  // Everything but SQL: no engine has to be started for these.
  const { timeline, ...rest } = examplePackage();
  plan = await beginPlan({ ...rest, databases: [], timeline: timeline.filter(({ kind }) => kind !== 'sql') }, options).plan;
  writePlan(plan, pristine);
});
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  cpSync(pristine, folder, { recursive: true });
});
afterAll(() => rmSync(root, { recursive: true }));

function edit(file: string, from: string | RegExp, to: string): void {
  const text = readFileSync(join(folder, file), 'utf8');
  const edited = text.replace(from, to);
  expect(edited).not.toBe(text);
  writeFileSync(join(folder, file), edited);
}

test('what was written is read again', async () => {
  const { recording, certificate, ...read } = await readPlan(folder, options);
  const { recording: written, certificate: certified, ...expected } = plan;
  expect(read).toEqual(expected);
  expect(certificate).toEqual({ ...certified, ms: expect.any(Number) as number });
  expect(writePackage(recording)).toEqual(writePackage(written));
  expect(plan.stubs.http.length).toBeGreaterThan(0);
  expect(Object.keys(plan.stubs.blobs)).toHaveLength(1);
});

test.each([
  ['plan.yaml', /^clock: .*/m, 'clock: soon', 'clock: expected number, received string'],
  ['plan.yaml', 'plan/1', 'plan/2', 'deja: expected "plan/1", received "plan/2"'],
  ['plan.yaml', 'readyMs', 'redyMs', 'app.deadlines'],
  ['plan.yaml', /^clock:/m, 'cloak: 1\nclock:', 'unrecognized key: "cloak"'],
  ['plan.yaml', /^app:/m, 'app: [', 'plan.yaml'],
  ['plan.yaml', /^[^]*$/, '', 'the file: expected object, received null'],
  ['plan.yaml', /^[^]*$/, 'a: &a [x,x,x,x,x,x,x,x,x]\n' + ['b', 'c', 'd', 'e', 'f'].map((name, index) => `${name}: &${name} [${`*${'abcde'[index]},`.repeat(9)}]`).join('\n'), 'alias'],
  ['stubs.yaml', /port: 443/, 'port: https', 'http[0].port: expected number, received string'],
  ['stubs.yaml', /status: 503/, 'status: 5030', 'http[0].exchanges[0].outcome'],
  ['stubs.yaml', /^http:/m, 'https:', 'http: expected array, received undefined'],
])('%s with %s made %s is refused, with the place', async (file, from, to, place) => {
  edit(file, from, to);
  await expect(readPlan(folder, options)).rejects.toMatchObject({ code: 'DEJA_PLAN_INVALID', message: expect.stringMatching(new RegExp(`${file}: `)) as string });
  await expect(readPlan(folder, options)).rejects.toThrow(new RegExp(place.replaceAll(/[[\].]/g, String.raw`\$&`), 'i'));
});

test.each(['plan.yaml', 'stubs.yaml', 'fixtures.yaml'])('without %s, with a folder or a link in its place', async (file) => {
  rmSync(join(folder, file));
  await expect(readPlan(folder, options)).rejects.toMatchObject({ code: 'DEJA_PLAN_MISSING', message: `${join(folder, file)} is missing` });
  symlinkSync('/etc/passwd', join(folder, file));
  await expect(readPlan(folder, options)).rejects.toMatchObject({ code: 'DEJA_PLAN_UNREADABLE', message: `${join(folder, file)}: this is no regular file` });
});

test('a blob that is not what its name says, or no file at all', async () => {
  const [name = ''] = readdirSync(join(folder, 'blobs'));
  const blob = join(folder, 'blobs', name);
  writeFileSync(blob, 'something else');
  await expect(readPlan(folder, options)).rejects.toMatchObject({ code: 'DEJA_PLAN_INVALID', message: expect.stringContaining(blob) as string });
  rmSync(blob);
  symlinkSync('/dev/zero', blob);
  await expect(readPlan(folder, options)).rejects.toMatchObject({ code: 'DEJA_PLAN_UNREADABLE' });
  rmSync(blob);
  await expect(readPlan(folder, options)).rejects.toMatchObject({ code: 'DEJA_PLAN_INVALID', message: expect.stringContaining(`no blob ${name}`) as string });
});

test.each([
  ['stubs.yaml', /status: 503\n/, 'status: 200\n', [{ file: 'stubs.yaml', at: expect.stringMatching(/^http .*, event \d+, outcome\.ok\.status$/) as string, change: '503 → 200' }]],
  ['stubs.yaml', /( +)outcome:\n( +)ok:\n( +)status: 503\n/, '$1why: what if it had answered\n$1outcome:\n$2ok:\n$3status: 200\n', [{ file: 'stubs.yaml', at: expect.any(String) as string, change: '503 → 200', why: 'what if it had answered' }]],
  ['stubs.yaml', /limits: \[\]/, 'limits: [that is what I think]', [{ file: 'stubs.yaml', at: 'limits[0]', change: 'added: that is what I think' }]],
  ['plan.yaml', /triggerMs: .*/, 'triggerMs: 5', [{ file: 'plan.yaml', at: 'app.deadlines.triggerMs', change: expect.stringMatching(/ → 5$/) as string }]],
])('a change in %s of %s is told', async (file, from, to, edits) => {
  edit(file, from, to);
  expect((await readPlan(folder, options)).edits).toEqual(edits);
});

test('an exchange that is left out, and one that was never recorded, are told', async () => {
  const [first, ...rest] = plan.stubs.redis[0]?.exchanges ?? [];
  if (!first) throw new Error('the example has Redis commands');
  const stubs = { ...plan.stubs, redis: plan.stubs.redis.map((one, index) => (index === 0 ? { ...one, exchanges: [...rest, { ...first, seq: 9000, why: 'a further key' }] } : one)) };
  writePlan({ ...plan, stubs }, folder, true);
  expect((await readPlan(folder, options)).edits).toMatchObject([
    { at: `redis ${plan.stubs.redis[0]?.name ?? ''}, event ${first.seq}`, change: 'left out' },
    { at: `redis ${plan.stubs.redis[0]?.name ?? ''}, event 9000`, change: 'added', why: 'a further key' },
  ]);
});
