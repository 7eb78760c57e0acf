import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readTimeline } from './index.js';

const RESULT = { command: 'SELECT', rowCount: 1, fields: [{ name: 'id', type: 'int4', table: 'users', column: 'id' }], rows: [['47']] };
const EVENT = { seq: 1, kind: 'sql', database: 'main', session: 1, text: 'SELECT id FROM users WHERE id = $1', params: [47], outcome: { ok: RESULT } };

function timeline(event: object, engine = 'postgres'): object {
  return { deja: 'timeline/1', databases: [{ name: 'main', engine, version: '15' }], events: [EVENT, { ...EVENT, seq: 2, ...event }] };
}

async function refusal(source: object | string | Uint8Array): Promise<string> {
  return readTimeline(source).then(
    () => 'read',
    (error: unknown) => `${(error as { code: string }).code} ${(error as Error).message}`,
  );
}

test('a file, its bytes and its value are the same timeline, in order of seq', async () => {
  const value = { ...timeline({}), events: [{ ...EVENT, seq: 2 }, EVENT] };
  const folder = mkdtempSync(join(tmpdir(), 'deja-timeline-'));
  const path = join(folder, 't.json');
  writeFileSync(path, JSON.stringify(value));
  const read = await readTimeline(path);
  rmSync(folder, { recursive: true });
  expect(read.events.map((event) => event.seq)).toEqual([1, 2]);
  expect(await readTimeline(value)).toEqual(read);
  expect(await readTimeline(Buffer.from(JSON.stringify(value)))).toEqual(read);
});

test('parameters given as JSON values come out in the engine\'s own form', async () => {
  const params = [47, 1.5, true, 'x', null];
  expect((await readTimeline(timeline({ params }))).events[1]).toMatchObject({ params: ['47', '1.5', 'true', 'x', null] });
  expect((await readTimeline(timeline({ params }, 'sqlite'))).events[1]).toMatchObject({
    params: [{ storage: 'integer', text: '47' }, { storage: 'real', text: '1.5' }, { storage: 'integer', text: '1' }, 'x', null],
  });
});

test('databases that are not listed need an engine', async () => {
  const bare = { deja: 'timeline/1', events: [EVENT] };
  expect(await refusal(bare)).toBe('DEJA_PACKAGE_INVALID the timeline: event 1: database: "main" is not listed in databases');
  expect((await readTimeline(bare, { engine: 'postgres' })).databases).toEqual([{ name: 'main', engine: 'postgres' }]);
});

test.each([
  [{ outcome: { ok: { ...RESULT, rows: [[47]] } } }, 'event 2 (events[1]): outcome.ok.rows[0][0]: expected string, or null, or object, received number 47'],
  [{ outcome: { ok: { ...RESULT, rows: [{ id: '47' }] } } }, 'event 2 (events[1]): outcome.ok.rows[0]: expected array, received object'],
  [{ outcome: {} }, 'event 2 (events[1]): outcome: expected an object with ok, or an object with error, or an object with pending, received an object with no fields'],
  [{ outcome: { error: { code: '23505' } } }, 'event 2 (events[1]): outcome.error.message: expected string, received undefined'],
  [{ kind: 'sq' }, "event 2 (events[1]): kind: expected 'sql' | 'http' | 'redis' | 'mongodb' | 'message' | 'dns' | 'socket' | 'process' | 'file' | 'state' | 'random', received \"sq\""],
  [{ seq: 1 }, 'event 1 comes after event 1: seq must ascend'],
  [{ seq: undefined }, 'events[1]: seq: expected number, received undefined'],
  [{ params: [{ id: 1 }] }, 'event 2 (events[1]): params[0]: expected string, or null, or an object with base64, or an object with storage, received an object with id'],
  [{ database: 'other' }, 'event 2: database: "other" is not listed in databases'],
])('%j is refused with event and field', async (event, message) => {
  expect(await refusal(timeline(event))).toBe(`DEJA_PACKAGE_INVALID the timeline: ${message}`);
});

test('what is not a timeline says so', async () => {
  expect(await refusal({ events: [] })).toMatch(/^DEJA_PACKAGE_FOREIGN .*"deja" field is not "timeline\/1"/);
  expect(await refusal({ deja: 'timeline/2', events: [] })).toMatch(/^DEJA_PACKAGE_VERSION .*timeline\/2; this Deja reads timeline\/1/);
  expect(await refusal(Buffer.from('{"deja":'))).toMatch(/^DEJA_PACKAGE_DAMAGED .*is not JSON/);
  expect(await refusal(Buffer.from('PK\u0003\u0004'))).toMatch(/^DEJA_PACKAGE_FOREIGN .*is a zip file/);
  expect(await refusal(join(tmpdir(), 'no-such-timeline.json'))).toMatch(/^DEJA_PACKAGE_NOT_FOUND/);
});

test('what a statement says of itself is read as it is: rows that do not fit, and cells of many megabytes', async () => {
  const wide = timeline({ outcome: { ok: { ...RESULT, rows: [['47', '48'], ['x'.repeat(12 * 1024 * 1024)]] } } });
  const { events } = await readTimeline(Buffer.from(JSON.stringify(wide)));
  expect(events[1]).toMatchObject({ outcome: { ok: { rows: [['47', '48'], [expect.stringMatching(/^x+$/)]] } } });
});
