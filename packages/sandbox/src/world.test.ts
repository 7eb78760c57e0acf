import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseFixture } from '@deja/fixtures';
import { locatePostgres, postgresTemplate } from '@deja/fixtures/postgres';
import type { GuestPlan } from '@deja/guest';
import { beforeAll, describe, expect, it } from 'vitest';
import { pickSandbox } from './pick.js';
import type { Sandbox } from './sandbox.js';
import { answerOf, application, asked, asking, AT } from './testing/application.js';
import type { PlanChange } from './testing/application.js';
import { launchers } from './testing/launchers.js';

const PORT = 3000;
const ROOT = join(import.meta.dirname, '..', '..', '..');
const works = launchers.some(({ missing }) => missing === null);
const reason = works ? '' : ` (left out: ${launchers.map(({ name }) => name).join('; ')})`;

function users(engine: 'postgres' | 'sqlite'): DatabaseFixture {
  return {
    name: 'main',
    engine,
    schema: 'inferred',
    ddl: ['CREATE TABLE users (id integer PRIMARY KEY, name text)'],
    tables: [{ name: 'users', columns: [{ name: 'id', type: 'integer' }, { name: 'name', type: 'text' }], key: ['id'], rows: [{ values: { id: '47', name: 'Ada' }, from: [1] }] }],
    afterLoad: [],
    opaque: [],
  };
}

/** What an application finds in the world of a plan. */
async function look(sandbox: Sandbox, find: string, change: PlanChange, tools: readonly string[] = []): Promise<{ readonly seen: Record<string, unknown>; readonly divergences: readonly string[] }> {
  using app = application(asking(PORT, find));
  await using started = await sandbox.start({ ...app.spec, tools, extra: [{ from: join(ROOT, 'node_modules'), at: '/srv/node_modules' }] });
  await started.apply(app.plan({ ...asked(PORT), ...change }));
  await started.start();
  const { observation } = await started.trigger();
  expect(observation.end, observation.output.join('\n')).toBeNull();
  return { seen: answerOf(observation.responses[0]), divergences: observation.divergences.map((each) => each.asked) };
}

const NO_STUBS: GuestPlan['stubs'] = { deja: 'stubs/1', http: [], redis: [], sql: [], dns: [], closed: [], blobs: {}, limits: [] };

describe.skipIf(!works)(`the world of a plan${reason}`, () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await pickSandbox('namespace');
  });

  it('has services over TLS under their recorded names; what was not recorded is a divergence', async () => {
    const stubs: GuestPlan['stubs'] = {
      ...NO_STUBS,
      http: [
        {
          host: 'payments.example', port: 443, tls: true,
          exchanges: [{ seq: 1, repeat: false, method: 'GET', url: 'https://payments.example/v1/charge', headers: [], outcome: { ok: { status: 503, headers: [['X-Why', 'busy']], body: { text: 'try later' } } } }],
        },
      ],
      closed: [{ host: 'gone.example', port: 443, how: 'refused' }],
    };
    const find = `async () => {
      const get = (url) => new Promise((resolve) => require('https').get(url, async (res) => resolve([res.statusCode, res.headers['x-why'], (await res.toArray()).join('')])).on('error', (error) => resolve(error.code)));
      return { known: await get('https://payments.example/v1/charge'), unknown: (await get('https://payments.example/other'))[0], closed: await get('https://gone.example/') };
    }`;
    const hosts = [{ name: 'payments.example', address: '127.77.1.1' }, { name: 'gone.example', address: '127.77.1.2' }];
    const { seen, divergences } = await look(sandbox, find, { network: { mode: 'isolated', hosts, addresses: [] }, stubs });
    expect(seen).toMatchObject({ known: [503, 'busy', 'try later'], closed: 'ECONNREFUSED' });
    expect(seen.unknown).not.toBe(503);
    expect(divergences).toEqual([expect.stringContaining('/other')]);
  });

  it('has a name server: a name that was recorded to fail fails the same way, one that was not recorded is a divergence', async () => {
    const find = `async () => {
      const lookup = (name) => require('dns/promises').lookup(name).then(({ address }) => address, (error) => error.code);
      return { failed: await lookup('gone.example'), known: await lookup('payments.example'), unknown: await lookup('unknown.example'), local: await lookup('localhost') };
    }`;
    const { seen, divergences } = await look(sandbox, find, {
      network: { mode: 'isolated', hosts: [{ name: 'payments.example', address: '127.77.1.1' }], addresses: [] },
      stubs: { ...NO_STUBS, dns: [{ name: 'gone.example', code: 'ENOTFOUND' }] },
    });
    expect(seen).toEqual({ failed: 'ENOTFOUND', known: '127.77.1.1', unknown: expect.any(String), local: expect.stringMatching(/^(127\.0\.0\.1|::1)$/) });
    expect(divergences.length).toBeGreaterThan(0);
    expect(divergences.every((asked) => asked.includes('unknown.example'))).toBe(true);
  });

  it('has SQLite files with their rows where the application opens them', async () => {
    const find = `() => { const { DatabaseSync } = require('node:sqlite'); return { ...new DatabaseSync('data/shop.db').prepare('SELECT * FROM users WHERE id = 47').get() }; }`;
    const databases = [{ fixture: users('sqlite'), engine: { kind: 'sqlite' as const, file: `${AT}/data/shop.db` } }];
    expect((await look(sandbox, find, { databases })).seen).toEqual({ id: 47, name: 'Ada' });
  });

  it('has Postgres with its rows behind a proxy at the recorded host and port', async () => {
    const binaries = locatePostgres();
    const template = await postgresTemplate(binaries, join(ROOT, '.deja', 'cache'));
    const find = `async () => {
      const { Client } = require('pg');
      const client = new Client('postgres://shop:secret@db.internal:5499/shop');
      await client.connect();
      const { rows } = await client.query('SELECT * FROM users WHERE id = $1', [47]);
      await client.end();
      return rows[0];
    }`;
    const plan: PlanChange = {
      network: { mode: 'isolated', hosts: [{ name: 'db.internal', address: '127.77.1.3' }], addresses: [] },
      databases: [{ fixture: users('postgres'), engine: { kind: 'postgres', binaries: binaries.folder, template }, listen: { host: 'db.internal', port: 5499, database: 'shop', user: 'shop' } }],
      stubs: {
        ...NO_STUBS,
        sql: [{ database: 'main', host: 'db.internal', port: 5499, tls: false, login: { database: 'shop', user: 'shop' }, settings: {}, statements: [{ seq: 1, repeat: false, session: 1, text: 'SELECT * FROM users WHERE id = $1', params: ['47'], how: 'pass' }] }],
      },
    };
    const { seen, divergences } = await look(sandbox, find, plan, [binaries.folder, template]);
    expect(seen).toEqual({ id: 47, name: 'Ada' });
    expect(divergences).toEqual([]);
  });

  it('that cannot be made says why, and leaves nothing', async () => {
    using app = application(asking(PORT, '() => ({})'));
    await using started = await sandbox.start(app.spec);
    const fixture = { ...users('sqlite'), ddl: ['CREATE NONSENSE'] };
    await expect(started.apply(app.plan({ ...asked(PORT), databases: [{ fixture, engine: { kind: 'sqlite', file: '/var/lib/x.db' } }] }))).rejects.toMatchObject({
      code: expect.stringMatching(/^DEJA_FIXTURE/),
    });
  });
});

describe('without isolation', () => {
  it('a database file of the machine is not overwritten', async () => {
    const sandbox = await pickSandbox('process');
    using app = application(asking(PORT, '() => ({})'));
    writeFileSync(join(app.folder, 'real.db'), 'precious');
    await using started = await sandbox.start(app.spec);
    const plan = app.plan({ databases: [{ fixture: users('sqlite'), engine: { kind: 'sqlite', file: `${AT}/real.db` } }] });
    await expect(started.apply(plan)).rejects.toMatchObject({ code: 'DEJA_DATA_IN_THE_WAY', message: expect.stringContaining(join(app.folder, 'real.db')) });
  });
});
