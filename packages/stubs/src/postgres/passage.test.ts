import { connect, type Socket } from 'node:net';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { pgBare, PgBackendParser, pgMessage, pgParse, pgQuery, pgStartup } from '@deja/wire';
import type { SqlExchange } from '../plan.js';
import { hasPostgres, LOGIN, startEngine } from '../testing/engine.js';
import { portOf, startForTest, stopAfterTest } from '../testing/plan.js';

const usable = hasPostgres();
let engine: Awaited<ReturnType<typeof startEngine>> | undefined;
const sockets: Socket[] = [];

beforeAll(async () => {
  if (usable) engine = await startEngine();
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await stopAfterTest();
});
afterAll(async () => {
  await engine?.server.stop();
});

/** How many answers come is the server's to say: what is asked ends with this. */
const END = pgQuery("ROLLBACK; SELECT 'end'");

/** Speaks the protocol itself: `ask` sends bytes and gives the messages up to the answer to `END`. */
async function dial(where: { readonly path: string } | { readonly port: number }): Promise<(bytes: Buffer) => Promise<string[]>> {
  const socket = 'path' in where ? connect(where.path) : connect(where.port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  const parser = new PgBackendParser();
  const ask = (bytes: Buffer): Promise<string[]> =>
    new Promise((resolve, reject) => {
      const seen: string[] = [];
      const onData = (chunk: Buffer): void => {
        for (const { kind, raw } of parser.push(chunk)) {
          seen.push(`${kind} ${raw.subarray(5).toString('latin1')}`);
        }
        if (!seen.at(-1)?.startsWith('Z') || !seen.at(-3)?.endsWith('end')) return;
        socket.off('data', onData);
        resolve(seen);
      };
      socket.on('data', onData);
      setTimeout(() => reject(new Error(`no end after ${seen.join(', ')}`)), 4000).unref();
      socket.once('close', () => reject(new Error(`closed after ${seen.join(', ')}`)));
      socket.write(bytes);
    });
  await ask(Buffer.concat([pgStartup(new Map(Object.entries(LOGIN))), END]));
  return ask;
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`);
function bind(portal: string, statement: string, ...values: readonly string[]): Buffer {
  const cells = values.flatMap((value) => [Buffer.from([0, 0, 0, value.length]), Buffer.from(value)]);
  return pgMessage('B', text(portal), text(statement), Buffer.from([0, 0, 0, values.length]), ...cells, Buffer.from([0, 0]));
}
const execute = (portal: string, rows = 0): Buffer => pgMessage('E', text(portal), Buffer.from([0, 0, 0, rows]));
const describeIt = (of: 'S' | 'P', name: string): Buffer => pgMessage('D', Buffer.from(of), text(name));
const close = (of: 'S' | 'P', name: string): Buffer => pgMessage('C', Buffer.from(of), text(name));

const SERIES = 'SELECT * FROM generate_series(1, $1::int) AS n';
const DIVIDE = 'SELECT 10 / $1::int AS q';
const name = fc.constantFrom('', 'a');
const message = fc.oneof(
  fc.tuple(name, fc.constantFrom(SERIES, DIVIDE, 'SELEC nonsense', 'BEGIN', 'COMMIT', '')).map(([to, statement]) => pgParse(to, statement, [])),
  fc.tuple(name, name, fc.constantFrom([], ['0'], ['3'])).map(([portal, statement, values]) => bind(portal, statement, ...values)),
  fc.tuple(fc.constantFrom('S' as const, 'P' as const), name).map(([of, to]) => describeIt(of, to)),
  fc.tuple(name, fc.constantFrom(0, 2)).map(([portal, rows]) => execute(portal, rows)),
  fc.tuple(fc.constantFrom('S' as const, 'P' as const), name).map(([of, to]) => close(of, to)),
  fc.constantFrom(pgBare('S'), pgBare('H'), pgQuery('SELECT 1 AS x; SELECT 2 AS y'), pgQuery('BEGIN'), pgQuery('ROLLBACK'), pgQuery('SELECT 1/0')),
);

describe.skipIf(!usable)(`Postgres proxy, what passes${usable ? '' : ' (no Postgres binaries; apt-get install postgresql)'}`, () => {
  it('is the engine\'s answer byte for byte, for any messages', async () => {
    const upstream = engine?.upstream;
    if (!upstream) throw new Error('no engine');
    const stubs = await startForTest({ sql: [{ database: 'main', host: 'h', port: 5432, tls: false, login: LOGIN, settings: {}, statements: [] }] }, { upstream: () => upstream });
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 14 }), async (messages) => {
        const bytes = Buffer.concat([...messages, pgBare('S'), END]);
        const [direct, through] = await Promise.all([dial(upstream), dial({ port: portOf(stubs) })]);
        expect(await through(bytes)).toEqual(await direct(bytes));
        for (const socket of sockets.splice(0)) socket.destroy();
      }),
      { numRuns: 80 },
    );
  });

  it('keeps the order of the engine\'s answers and the proxy\'s, and cuts rows as asked', async () => {
    const upstream = engine?.upstream;
    if (!upstream) throw new Error('no engine');
    const answer = { ok: { command: 'SELECT', rowCount: 3, fields: [{ name: 'n', type: 'int4' }], rows: [['7'], ['8'], ['9']] } };
    const statements: SqlExchange[] = [{ seq: 1, repeat: false, session: 1, text: SERIES, params: ['3'], how: 'verbatim', answer }];
    const stubs = await startForTest({ sql: [{ database: 'main', host: 'h', port: 5432, tls: false, login: LOGIN, settings: {}, statements }] }, { upstream: () => upstream });
    const ask = await dial({ port: portOf(stubs) });
    const batch = [pgParse('a', DIVIDE, []), bind('', 'a', '5'), execute(''), pgParse('', SERIES, []), bind('p', '', '3'), describeIt('P', 'p'), execute('p', 2), pgBare('H'), execute('p', 2), bind('', 'a', '2'), execute(''), pgBare('S')];
    const seen = await ask(Buffer.concat([...batch, END]));
    expect(seen.map((one) => (one.startsWith('D') ? `D ${one.slice(-1)}` : one.startsWith('C') ? one.slice(0, -1) : one[0]))).toEqual(['1', '2', 'D 2', 'C SELECT 1', '1', '2', 'T', 'D 7', 'D 8', 's', 'D 9', 'C SELECT 3', '2', 'D 5', 'C SELECT 1', 'Z', 'N', 'C ROLLBACK', 'T', 'D d', 'C SELECT 1', 'Z']);
  });
});
