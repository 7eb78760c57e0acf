import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { testMysql, withoutMysql, type TestMysql } from '../../support/mysql.ts';
import { nodeOfMajor, npmFolder } from '../../support/npm-folder.ts';
import { observe, type Observation, type Observed } from '../../support/observed-app.ts';

const missing = withoutMysql();
const MYSQL2 = { 'drivers/mysql/index.js': 'mysql2' };
const SCHEMA = `
  CREATE TABLE users (
    id int PRIMARY KEY, email varchar(100) UNIQUE, password varchar(100), active tinyint(1), big bigint unsigned, score decimal(5,2), ratio double, half float, born datetime(3), day date, took time(2), since timestamp NULL,
    made year, flags bit(5), raw varbinary(10), kind enum('a', 'b'), kinds set('x', 'y'), doc json, padded int(6) zerofill, note text);
  INSERT INTO users VALUES (47, 'a@example.org', 'secret', 1, 18446744073709551615, 1.50, 0.1, 0.25, '2020-01-02 03:04:05.678', '2020-02-29', '-101:30:05.5', '2020-01-02 03:04:05', 1999, b'10101', X'00FF', 'a', 'x,y', '{"a": 1}', 42, 'é');
  INSERT INTO users (id) VALUES (48);
  CREATE TABLE log (id bigint AUTO_INCREMENT PRIMARY KEY, text varchar(100));
  INSERT INTO log VALUES (7, 'first');
  CREATE VIEW earlier AS SELECT id FROM users;
  CREATE VIEW a_later AS SELECT id FROM earlier;
  CREATE TRIGGER stamp BEFORE INSERT ON log FOR EACH ROW BEGIN SET NEW.text = concat(NEW.text, ';'); END;
  CREATE PROCEDURE two() BEGIN SELECT 1 AS one; SELECT 2 AS two; END;
  CREATE DEFINER = app@localhost PROCEDURE mine() SELECT 1 AS one;
`;

let database: TestMysql;
beforeAll(async () => {
  if (missing === '') database = await testMysql(SCHEMA);
});
afterAll(() => database?.[Symbol.asyncDispose]());

const config = (port = database.port): string => JSON.stringify({ host: '127.0.0.1', port, user: 'app', password: 'app', database: 'shop' });

const WAYS = `
  const storage = new als.AsyncLocalStorage();
  const say = (...parts) => console.log(JSON.stringify(parts, (key, value) => (typeof value === 'bigint' ? String(value) : value)));
  const show = (error) => ({ message: error.message, code: error.code, errno: error.errno, sqlState: error.sqlState, sql: error.sql, fatal: error.fatal, keys: Object.keys(error).sort() });
  const callback = (client, method, ...args) => new Promise((done) => client[method](...args, (error, rows, fields) => done([error ? show(error) : null, rows, fields ? fields.length : null, storage.getStore()])));
  async function main() {
    const client = await mysql.createConnection({ ...CONFIG, multipleStatements: true, supportBigNumbers: true, namedPlaceholders: true });
    say('row', (await client.query('SELECT * FROM users WHERE id = ?', [47]))[0]);
    say('executed', (await client.execute('SELECT * FROM users WHERE id = ?', [47]))[0]);
    say('again', (await client.execute('SELECT * FROM users WHERE id = ?', [48]))[0]);
    say('array', (await client.query({ sql: 'SELECT id, id, email FROM users', rowsAsArray: true }))[0]);
    say('nested', (await client.query({ sql: 'SELECT id FROM users', nestTables: true, typeCast: () => 'cast' }))[0]);
    say('named', (await client.query('SELECT :b AS b, :a AS a', { a: 1, b: 'x' }))[0], (await client.execute('SELECT :b AS b, :a AS a', { a: 1, b: 'x' }))[0]);
    say('many', (await client.query("BEGIN; SELECT 1 AS one; UPDATE users SET score = 2 WHERE id = 47; ROLLBACK"))[0].map((one) => (Array.isArray(one) ? one : [one.affectedRows, one.changedRows])));
    say('list', (await client.query('SELECT id FROM users WHERE id IN (?) AND ?? = ?', [[47, 48], 'users.email', "it's \\\\ ?"]))[0]);
    say('bulk', (await client.query('INSERT INTO log (text) VALUES ?', [[['a'], ['b']]]))[0]);
    say('object', (await client.query('UPDATE log SET ? WHERE id = ?', [{ text: 'c', id: 8 }, 8]))[0]);
    say('values', (await client.execute('SELECT ? AS s, ? AS n, ? AS f, ? AS z, ? AS b, ? AS d', ['é', 5, 1.5, null, Buffer.from([0, 255]), new Date(0)]))[0].length);
    say('call', (await client.query('CALL two()'))[0].length);
    for (const method of ['query', 'execute']) {
      await client[method]('INSERT INTO users (id, password) VALUES (?, ?)', [47, 'hunter2']).catch((error) => say(method, 'unique', show(error)));
      await client[method]('SELEC').catch((error) => say(method, 'syntax', show(error)));
      await client[method]('SELECT * FROM nowhere WHERE id = ?', [1]).catch((error) => say(method, 'table', show(error)));
    }
    const statement = await client.prepare('SELECT email FROM users WHERE id = ?');
    say('prepared', (await statement.execute([47]))[0]);
    await client.prepare('SELECT nope FROM users').catch((error) => say('prepare', show(error)));
    try { await client.execute('SELECT ?', [undefined]); } catch (error) { say('wrong use', error.message); }
    const plain = client.connection;
    say('callback', ...(await storage.run('callback', () => callback(plain, 'query', 'SELECT 1 AS x'))));
    say('callback', ...(await storage.run('callback', () => callback(plain, 'execute', 'SELECT ? AS x', [1]))));
    say('callback error', ...(await callback(plain, 'query', 'SELEC')), ...(await callback(plain, 'execute', 'SELEC')));
    await new Promise((done) => storage.run('emitter', () => {
      const seen = [];
      plain.query('SELECT id FROM users').on('result', (row) => seen.push([row, storage.getStore()])).on('fields', (fields) => seen.push(fields.length)).on('end', () => { say('emitter', seen, storage.getStore()); done(); });
    }));
    await new Promise((done) => plain.query('SELEC').on('error', (error) => say('emitter error', show(error))).on('end', done));
    const streamed = [];
    for await (const row of plain.execute('SELECT id FROM users').stream({ highWaterMark: 1 })) streamed.push(row);
    say('stream', streamed);
    await client.beginTransaction(); await client.rollback(); await client.ping();
    await client.end();
    await client.query('SELECT 1').catch((error) => say('ended', show(error)));

    const pool = mysql.createPool({ ...CONFIG, connectionLimit: 1 });
    const names = ['a', 'b', 'c'];
    say('pool', await Promise.all(names.map((name, n) => storage.run(name, () => inRequest(n, async () => [(await pool.query('SELECT ? AS who, sleep(0.01)', [name]))[0][0].who, storage.getStore()])))));
    say('pool callback', await Promise.all(names.map((name, n) => new Promise((done) => storage.run(name, () => inRequest(n, () => pool.pool.getConnection((error, one) => {
      const inGet = storage.getStore();
      one.query('SELECT 1 AS n', () => { one.release(); done([inGet, storage.getStore()]); });
    })))))));
    await pool.execute('SELECT nope').catch((error) => say('pool error', show(error)));
    const cluster = mysql.createPoolCluster();
    cluster.add('one', CONFIG);
    say('cluster', (await cluster.of('*').query('SELECT 1 AS n'))[0]);
    await cluster.end(); await pool.end();
  }
  main().catch((error) => { console.error('main failed', error); process.exitCode = 1; });
`;

const source = (type: 'esm' | 'cjs', body: string, port?: number): string =>
  (type === 'esm' ? `import mysql from 'mysql2/promise'; import callbacks from 'mysql2'; import * as als from 'node:async_hooks'; ` : `const mysql = require('mysql2/promise'); const callbacks = require('mysql2'); const als = require('node:async_hooks'); `) + body.replaceAll('CONFIG', config(port));

const sql = (observation: Observation): Observed<'sql'>[] => observation.events.filter((event): event is Observed<'sql'> => event.kind === 'sql');
const all = (observation: Observation, text: string): Observed<'sql'>[] => sql(observation).filter((event) => event.text.startsWith(text));
const find = (observation: Observation, text: string): Observed<'sql'> => {
  const [found] = all(observation, text);
  if (found === undefined) throw new Error(`no event ${text}: ${sql(observation).map((event) => event.text).join(' | ')}`);
  return found;
};

/** Without us the driver loses the context of callbacks: that it is kept is ours. */
const withoutContexts = (text: string): string => text.replaceAll(/^\["(pool callback|callback|callback error|emitter)",.*$/gm, '$1');
const bundled = (folder: string | undefined): { readonly packages?: string } => (folder === undefined ? {} : { packages: folder });

describe.skipIf(missing !== '')(`every way of asking${missing}`, () => {
  test.each([['esm', 'newest', 24], ['cjs', 'newest', 24], ['cjs', '3.9.0', 24], ['esm', 'newest', 20]] as const)('answers as without us: %s, mysql2 %s, Node %d', async (type, version, major) => {
    const installed = version === 'newest' ? undefined : npmFolder([`mysql2@${version}`]);
    if (installed && 'missing' in installed) return expect(installed.missing).toBeTypeOf('string');
    const older = major === 24 ? { node: process.execPath } : nodeOfMajor(major);
    if ('missing' in older) return expect(older.missing).toBeTypeOf('string');
    const app = { source: source(type, WAYS), type, node: older.node, ...bundled(installed?.folder) };
    await database.run('DELETE FROM log WHERE id > 7; ALTER TABLE log AUTO_INCREMENT = 8');
    const without = await observe({ ...app, instrument: {} });
    await database.run('DELETE FROM log WHERE id > 7; ALTER TABLE log AUTO_INCREMENT = 8');
    const seen = await observe({ ...app, instrument: MYSQL2 });
    expect(seen.stderr).toBe(without.stderr);
    expect(withoutContexts(seen.stdout)).toBe(withoutContexts(without.stdout));
    expect(seen.code).toBe(0);
    expect(seen.stdout).toContain('["pool",[["a","a"],["b","b"],["c","c"]]]');
    expect(seen.stdout).toContain('["pool callback",[["a","a"],["b","b"],["c","c"]]]');
    expect(seen.stdout).toContain('["callback",null,[{"x":1}],1,"callback"]');
    expect(seen.stdout).toMatch(/\["emitter",\[1,\[\{"id":4[78]\},"emitter"\],\[\{"id":4[78]\},"emitter"\]\],"emitter"\]/);
    expect(find(seen, 'SELECT * FROM users WHERE id = ?')).toMatchObject({ params: [{ storage: 'integer', text: '47' }], outcome: { ok: { command: 'SELECT', rowCount: 1 } } });
    expect(all(seen, 'SELECT ? AS who').map(({ request }) => request)).toEqual([0, 1, 2]);
  }, 60_000);
});

describe.skipIf(missing !== '')(`what is recorded${missing}`, () => {
  let seen: Observation;
  beforeAll(async () => {
    await database.run('DELETE FROM log WHERE id > 7; ALTER TABLE log AUTO_INCREMENT = 8');
    seen = await observe({ source: source('esm', `${WAYS}; await schemasKnown();`.replace('main().catch', 'await main().catch')), type: 'esm', instrument: MYSQL2 });
  });

  test('cells in the server\'s own text form, whichever protocol they came by', () => {
    const [asText, executed, empty] = all(seen, 'SELECT * FROM users WHERE id = ?').map(({ outcome }) => ('ok' in outcome ? outcome.ok : undefined));
    expect(asText?.rows).toEqual([[
      '47', 'a@example.org', '<password>', '1', '18446744073709551615', '1.50', '0.1', '0.25', '2020-01-02 03:04:05.678', '2020-02-29', '-101:30:05.50', expect.stringMatching(/^2020-01-0\d \d\d:04:05$/), '1999', { base64: 'FQ==' }, { base64: 'AP8=' },
      'a', 'x,y', '{"a": 1}', '000042', 'é',
    ]]);
    expect(executed).toEqual(asText);
    expect(empty?.rows[0]?.slice(0, 5)).toEqual(['48', null, null, null, null]);
    expect(asText?.fields.map(({ type }) => type)).toEqual([
      'int', 'varchar', 'varchar', 'tinyint(1)', 'bigint unsigned', 'decimal', 'double', 'float', 'datetime', 'date', 'time', 'timestamp', 'year', 'bit', 'varbinary', 'enum', 'set', 'text', 'int unsigned', 'text',
    ]);
    expect(asText?.fields[1]).toMatchObject({ name: 'email', table: 'users', column: 'email' });
  });

  test('values beside the text, also those that the driver wrote into it', () => {
    expect(all(seen, 'SELECT ? AS b, ? AS a').map(({ params }) => params)).toEqual([['x', { storage: 'integer', text: '1' }], ['x', { storage: 'integer', text: '1' }]]);
    expect(find(seen, 'SELECT id FROM users WHERE id IN')).toMatchObject({ text: 'SELECT id FROM users WHERE id IN (?, ?) AND `users`.`email` = ?', params: [{ text: '47' }, { text: '48' }, String.raw`it's \ ?`] });
    expect(find(seen, 'INSERT INTO log')).toMatchObject({ text: 'INSERT INTO log (text) VALUES (?), (?)', params: ['a', 'b'], outcome: { ok: { command: 'INSERT', rowCount: 2, lastId: '8' } } });
    expect(find(seen, 'UPDATE log SET')).toMatchObject({ text: 'UPDATE log SET `text` = ?, `id` = ? WHERE id = ?', params: ['c', { text: '8' }, { text: '8' }] });
    expect(find(seen, 'SELECT ? AS s').params).toEqual(['é', { storage: 'integer', text: '5' }, { storage: 'real', text: '1.5' }, null, { base64: 'AP8=' }, expect.stringMatching(/^(1970-01-01|1969-12-31) \d\d:\d\d:00$/)]);
    const [written, bound] = all(seen, 'INSERT INTO users (id, password)');
    expect(written?.params).toEqual([{ storage: 'integer', text: '47' }, '<password>']);
    expect(bound?.params).toEqual(written?.params);
  });

  test('several results, and those of a procedure', () => {
    expect(find(seen, 'BEGIN; SELECT 1').outcome).toMatchObject({ ok: { command: 'BEGIN', rowCount: 0, more: [{ command: 'SELECT', rows: [['1']] }, { command: 'UPDATE', rowCount: 1 }, { command: 'ROLLBACK' }] } });
    expect(find(seen, 'CALL two()').outcome).toMatchObject({ ok: { command: 'CALL', rows: [['1']], more: [{ rows: [['2']] }, { rowCount: 0 }] } });
  });

  test('errors as the driver gives them', () => {
    for (const event of all(seen, 'INSERT INTO users (id, password)')) {
      expect(event.outcome).toMatchObject({ error: { code: 'ER_DUP_ENTRY', errno: 1062, message: "Duplicate entry '47' for key 'PRIMARY'", fields: { sqlState: '23000' } } });
      expect('error' in event.outcome && event.outcome.error.fields).not.toHaveProperty('sql');
    }
    expect(all(seen, 'SELECT * FROM nowhere').map(({ params, outcome }) => [params, 'error' in outcome ? outcome.error.errno : undefined])).toEqual([[[{ storage: 'integer', text: '1' }], 1146], [[{ storage: 'integer', text: '1' }], 1146]]);
    expect(all(seen, 'SELECT nope FROM users')).toHaveLength(1);
    expect(all(seen, 'SELECT email FROM users')).toHaveLength(1);
  });

  test('the database: server, settings and schema', () => {
    expect(seen.databases).toHaveLength(1);
    const [info] = seen.databases;
    expect(info).toMatchObject({ host: '127.0.0.1', port: database.port, database: 'shop', user: 'app', tls: false, ddlSource: 'introspected', settings: { time_zone: '+00:00', sql_mode: expect.stringContaining('STRICT_TRANS_TABLES') as string } });
    expect(info?.version).toMatch(/^\d+\.\d+\.\d+/);
    const ddl = info?.ddl ?? '';
    expect(ddl).not.toContain('AUTO_INCREMENT=');
    const places = ['CREATE TABLE `users`', 'VIEW `earlier`', 'VIEW `a_later`', 'TRIGGER stamp'].map((part) => ddl.indexOf(part));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(ddl).toContain('mine`()');
    // Only who made a routine may read it.
    expect(seen.notCaptured).toEqual(['not in the schema of shop: PROCEDURE `two`']);
  });
});

describe.skipIf(missing !== '')(`what goes wrong on the way${missing}`, () => {
  test('nobody listens, and the server says no', async () => {
    const refused = await freePort();
    const full = createServer((socket) => void socket.end(Buffer.concat([Buffer.from([0x1e, 0, 0, 0, 0xff, 0x10, 0x04]), Buffer.from('#08004Too many connections!')])));
    await new Promise<void>((done) => full.listen(0, '127.0.0.1', done));
    const port = (full.address() as AddressInfo).port;
    const seen = await observe({
      type: 'esm', instrument: MYSQL2,
      source: source('esm', `
        const base = CONFIG;
        for (const options of [{ port: ${refused} }, { port: ${port} }, { password: 'wrong' }, { database: 'nowhere' }]) await mysql.createConnection({ ...base, ...options }).then(() => console.log('in'), (error) => console.log(error.code));
        await mysql.createPool({ ...base, port: ${port} }).query('SELECT 1').catch((error) => console.log(error.code));
        const waiting = callbacks.createConnection({ ...base, port: ${port} });
        await new Promise((done) => waiting.query('SELECT 2', (error) => { console.log(error.code); done(); }));
        waiting.destroy();
      `),
    });
    full.close();
    expect(seen.stdout.trim().split('\n')).toEqual(['ECONNREFUSED', 'ER_CON_COUNT_ERROR', 'ER_ACCESS_DENIED_ERROR', 'ER_DBACCESS_DENIED_ERROR', 'ER_CON_COUNT_ERROR', 'ER_CON_COUNT_ERROR']);
    const sockets = seen.events.filter((event) => event.kind === 'socket').map(({ port: at, outcome }) => [at, 'error' in outcome ? outcome.error.errno : undefined, 'error' in outcome ? outcome.error.code : undefined]);
    expect(sockets).toEqual([
      [refused, -111, 'ECONNREFUSED'], [port, 1040, 'ER_CON_COUNT_ERROR'], [database.port, 1045, 'ER_ACCESS_DENIED_ERROR'], [database.port, 1044, 'ER_DBACCESS_DENIED_ERROR'], [port, 1040, 'ER_CON_COUNT_ERROR'], [port, 1040, 'ER_CON_COUNT_ERROR'],
    ]);
    // The one that waited for the connection was never sent.
    expect(sql(seen)).toMatchObject([{ text: 'SELECT 2', outcome: { error: { errno: 1040, phase: 'send' } } }]);
    expect(seen.databases.map(({ port: at }) => at)).toContain(port);
  });

  test('a connection that breaks, a statement that takes too long, one that is killed', async () => {
    const seen = await observe({
      type: 'esm', instrument: MYSQL2,
      source: source('esm', `
        const base = CONFIG;
        const slow = await mysql.createConnection(base);
        await slow.query({ sql: 'SELECT sleep(2)', timeout: 50 }).catch((error) => console.log(error.code));
        slow.destroy();
        const one = callbacks.createConnection(base);
        one.on('error', () => {});
        one.query('SELECT 5 AS five', () => { one.query('SELECT sleep(3)', (error) => console.log(error.code)); one.query('SELECT 9', (error) => console.log(error.code)); setTimeout(() => one.stream.destroy(), 50); });
        await new Promise((done) => setTimeout(done, 300));
        const streaming = callbacks.createConnection(base);
        const lost = new Promise((done) => streaming.on('error', (error) => { console.log(error.code); done(); }));
        streaming.query('SELECT repeat(seq, 100) AS r, sleep(seq > 50000) AS s FROM seq_1_to_50005').once('result', () => setTimeout(() => streaming.stream.destroy(), 100));
        await lost;
        const killed = await mysql.createConnection(base);
        const other = await mysql.createConnection(base);
        const dying = killed.query('SELECT sleep(3)').catch((error) => console.log(error.code));
        await new Promise((done) => setTimeout(done, 100));
        await other.query('KILL ' + killed.threadId);
        await dying;
        other.destroy();
        mysql.createConnection(base).then((last) => last.query('SELECT sleep(20)').catch(() => {}));
        setTimeout(() => process.exit(0), 300);
      `),
    });
    expect(seen.stdout.trim().split('\n')).toEqual(['PROTOCOL_SEQUENCE_TIMEOUT', 'PROTOCOL_CONNECTION_LOST', 'PROTOCOL_CONNECTION_LOST', 'PROTOCOL_CONNECTION_LOST', expect.stringMatching(/PROTOCOL_CONNECTION_LOST|ER_CONNECTION_KILLED|ECONNRESET/)]);
    const ends = sql(seen).map(({ text, outcome }) => [text.slice(0, 16), 'error' in outcome ? [outcome.error.code, outcome.error.phase] : Object.keys(outcome)[0]]);
    expect(ends.slice(0, 4)).toEqual([
      ['SELECT sleep(2)', ['PROTOCOL_SEQUENCE_TIMEOUT', 'wait']], ['SELECT 5 AS five', 'ok'], ['SELECT sleep(3)', ['PROTOCOL_CONNECTION_LOST', 'wait']], ['SELECT 9', ['PROTOCOL_CONNECTION_LOST', 'send']],
    ]);
    const broken = find(seen, 'SELECT repeat').outcome;
    expect(broken).toMatchObject({ error: { code: 'PROTOCOL_CONNECTION_LOST', phase: 'receive' } });
    expect('error' in broken ? broken.partial?.rows?.length : 0).toBeGreaterThan(100);
    expect(sql(seen).at(-1)).toMatchObject({ text: 'SELECT sleep(20)', outcome: { pending: {} } });
  });
});
