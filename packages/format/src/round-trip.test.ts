import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import type { Body, Cell, ErrorInfo, ErrorPackage, IoEvent, RedisReply, SqlResult } from './index.js';
import { readPackage } from './node/index.js';
import { sha256, writePackage, writePackageFile } from './writer/index.js';

const folder = mkdtempSync(join(tmpdir(), 'deja-format-'));
afterAll(() => rmSync(folder, { recursive: true }));

const text = fc.string({ unit: 'binary', maxLength: 12 });
const nat = fc.nat(1_000_000);
const port = fc.nat({ max: 65_535 });
const base64 = fc.base64String({ maxLength: 24 });
const headers = fc.array(fc.tuple(text, text), { maxLength: 3 });
const time = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
/** As JSON keeps it: no negative zero. */
const json = fc.jsonValue({ maxDepth: 3 }).map((value): unknown => JSON.parse(JSON.stringify(value)));
const strings = fc.dictionary(text, text, { maxKeys: 3 }).map((value) => ({ ...value }));

const body: fc.Arbitrary<Body> = fc.oneof(
  fc.record({ text, truncated: nat }, { requiredKeys: ['text'] }),
  fc.record({ base64, truncated: nat }, { requiredKeys: ['base64'] }),
  fc.record({ blob: fc.uint8Array({ maxLength: 8 }).map((bytes) => sha256(bytes)), size: nat }),
);
const cell: fc.Arbitrary<Cell> = fc.oneof(
  text, fc.constant(null), fc.record({ base64 }), fc.record({ storage: fc.constantFrom('integer', 'real', 'text'), text }),
);
const ioError = fc.record(
  { message: text, code: text, errno: fc.integer(), phase: fc.constantFrom('dns', 'connect', 'wait'), bytes: nat, fields: strings },
  { requiredKeys: ['message'] },
);

function outcome<T>(ok: fc.Arbitrary<T>, part: fc.Arbitrary<Partial<T>>) {
  return fc.oneof(fc.record({ ok }), fc.record({ error: ioError, partial: part }, { requiredKeys: ['error'] }), fc.record({ pending: fc.record({ partial: part }, { requiredKeys: [] }) }));
}

const sqlResult: fc.Arbitrary<SqlResult> = fc.nat(3).chain((width) =>
  fc.record({
    command: text,
    rowCount: fc.option(nat),
    fields: fc.array(fc.record({ name: text, type: text, table: text, tableId: nat }, { requiredKeys: ['name', 'type'] }), { minLength: width, maxLength: width }),
    rows: fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 3 }),
  }),
);
const { reply } = fc.letrec<{ reply: RedisReply }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 3 },
    fc.record({ bulk: text }), fc.record({ base64 }), fc.record({ integer: text }), fc.record({ null: fc.constant(true as const) }), fc.record({ error: text }),
    fc.record({ array: fc.array(tie('reply'), { maxLength: 3 }) }), fc.record({ map: fc.array(fc.tuple(tie('reply'), tie('reply')), { maxLength: 2 }) }),
  ),
}));

const common = {
  at: time, ms: time, done: fc.integer({ min: 1 }), attributes: fc.dictionary(text, fc.oneof(text, fc.boolean(), fc.integer()), { maxKeys: 2 }).map((value) => ({ ...value })),
  scope: fc.oneof(fc.record({ in: fc.constantFrom('boot', 'background') }), fc.record({ in: fc.constant('request' as const), request: fc.constant(0) })),
};
const session = fc.integer({ min: 1, max: 9 });
const event = fc.oneof(
  fc.record({ ...common, kind: fc.constant('sql' as const), database: fc.constant('main'), session, text, params: fc.array(cell, { maxLength: 3 }), outcome: outcome(sqlResult, sqlResult) }),
  fc.record({
    ...common, kind: fc.constant('http' as const), method: text, url: fc.webUrl(), headers, body,
    outcome: outcome(fc.record({ status: fc.integer({ min: 100, max: 599 }), headers, body, chunks: fc.array(fc.tuple(time, nat), { maxLength: 2 }) }), fc.record({ body })),
  }),
  fc.record({ ...common, kind: fc.constant('redis' as const), server: fc.constant('cache'), session, command: fc.array(fc.oneof(text, fc.record({ base64 })), { minLength: 1, maxLength: 3 }), outcome: outcome(reply, fc.constant({})) }),
  fc.record({ ...common, kind: fc.constant('dns' as const), hostname: text, outcome: outcome(fc.record({ addresses: fc.array(text) }), fc.constant({})) }),
  fc.record({ ...common, kind: fc.constant('socket' as const), host: text, port, outcome: outcome(fc.record({ bytesSent: nat, bytesReceived: nat }), fc.record({ bytesSent: nat })) }),
  fc.record({ ...common, kind: fc.constant('state' as const), name: text, outcome: outcome(fc.record({ value: json }), fc.constant({})) }),
  fc.record({ ...common, kind: fc.constant('random' as const), source: fc.constantFrom('Math.random', 'randomUUID'), outcome: outcome(fc.record({ value: text }), fc.constant({})) }),
) as fc.Arbitrary<Omit<IoEvent, 'seq'>>;
const timeline = fc.array(event, { maxLength: 6 }).map((events) => events.map((each, index) => ({ ...each, seq: index * 2 + 1 }) as IoEvent));

const { error } = fc.letrec<{ error: ErrorInfo }>((tie) => ({
  error: fc.record(
    {
      name: text, message: text, code: text, stack: text, nonError: fc.boolean(), fields: strings,
      frames: fc.array(fc.record({ function: text, file: text, line: nat, column: nat, inApp: fc.boolean(), scopes: fc.array(fc.record({ type: fc.constantFrom('local', 'closure'), variables: strings }), { maxLength: 1 }) }), { maxLength: 2 }),
      cause: fc.oneof({ maxDepth: 2 }, fc.constant(undefined), tie('error')) as fc.Arbitrary<ErrorInfo>,
    },
    { requiredKeys: ['name', 'message', 'frames'] },
  ),
}));

const address = fc.record({ address: text, port });
const anyPackage: fc.Arbitrary<ErrorPackage> = fc.record({
  manifest: fc.record({
    deja: fc.constant('package/1' as const), id: fc.uuid(), service: text, time: text, summary: fc.option(text), counts: fc.record({ events: nat, requests: nat }), limits: fc.array(text, { maxLength: 2 }),
    capture: fc.record({ version: text, mode: fc.constantFrom('production', 'replay'), notCaptured: fc.array(text, { maxLength: 2 }) }),
  }),
  failure: fc.option(fc.record({ origin: fc.constantFrom('framework', 'response', 'uncaughtException'), fatal: fc.boolean(), afterSeq: nat, error }, { requiredKeys: ['origin', 'fatal', 'afterSeq'] })),
  context: fc.record({
    epoch: nat, listening: fc.array(address, { maxLength: 1 }),
    requests: fc.array(fc.record({ trigger: fc.oneof(fc.record({ kind: fc.constant('http' as const), method: text, target: text, headers, body, local: address }), fc.record({ kind: fc.constant('start' as const) })), at: time }), { minLength: 1, maxLength: 2 }),
    process: fc.record({ node: text, execPath: text, execArgv: fc.array(text, { maxLength: 1 }), argv: fc.array(text, { maxLength: 2 }), cwd: text, root: text, env: strings, platform: text, arch: text, pid: nat }),
    application: fc.record({ dependencies: strings }),
  }),
  databases: fc.constant([{ name: 'main', engine: 'postgres' as const }]),
  servers: fc.constant([{ name: 'cache', kind: 'redis' as const, host: 'cache', port: 6379 }]),
  timeline,
  state: fc.record({ values: fc.dictionary(text, json, { maxKeys: 2 }).map((value) => ({ ...value })) }),
  blobs: fc.array(fc.uint8Array({ maxLength: 400 }), { maxLength: 3 }).map((all) => new Map(all.map((bytes) => [sha256(bytes), bytes]))),
});

/** Without `undefined` fields and prototypes, with blobs comparable. */
function plain(pkg: ErrorPackage): unknown {
  return JSON.parse(JSON.stringify({ ...pkg, blobs: Object.fromEntries([...pkg.blobs].map(([hash, bytes]) => [hash, Buffer.from(bytes).toString('hex')])) }));
}

/** The same content with every object built in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => reversed(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).toReversed().map(([key, field]) => [key, reversed(field)]));
}

test('what was written is read again, whatever it is', async () => {
  await fc.assert(
    fc.asyncProperty(anyPackage, async (pkg) => {
      expect(plain(await readPackage(writePackage(pkg)))).toEqual(plain(pkg));
    }),
    { numRuns: 200 },
  );
});

test('equal content gives equal bytes, in whatever order it was built', () => {
  fc.assert(
    fc.property(anyPackage, (pkg) => {
      const again = { ...(reversed(pkg) as ErrorPackage), timeline: (reversed(pkg.timeline.toReversed()) as IoEvent[]), blobs: new Map([...pkg.blobs].toReversed()) };
      return Buffer.from(writePackage(again)).equals(writePackage(pkg));
    }),
  );
});

test('a file appears whole, with nothing left beside it', async () => {
  const [pkg] = fc.sample(anyPackage, { numRuns: 1, seed: 7 }) as [ErrorPackage];
  const path = join(folder, 'deep', 'x.deja');
  writePackageFile(path, pkg);
  expect(readdirSync(join(folder, 'deep'))).toEqual(['x.deja']);
  expect(plain(await readPackage(path))).toEqual(plain(pkg));
});
