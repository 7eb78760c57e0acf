import { connect as dial, type Socket } from 'node:net';
import { connect as dialTls } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SqlResult } from '@deja/format';
import { mysqlLogin, mysqlPackets, MysqlPacketParser, MYSQL_CAN, mysqlQuery } from '@deja/wire';
import mysql, { type Connection, type ConnectionOptions, type RowDataPacket } from 'mysql2/promise';
import callbacks from 'mysql2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SqlExchange, SqlProxyPlan } from '../plan.js';
import type { SqlUpstream } from '../sql/upstream.js';
import type { StartedStubs, StubEnvironment } from '../start.js';
import { MYSQL_LOGIN, startMysqlEngine, withoutMysql } from '../testing/mysql-engine.js';
import { portOf, startForTest, stopAfterTest, testAuthority } from '../testing/plan.js';

const missing = withoutMysql();
let engine: Awaited<ReturnType<typeof startMysqlEngine>> | undefined;
const clients: { destroy(): void }[] = [];

beforeAll(async () => {
  if (missing !== '') return;
  engine = await startMysqlEngine([
    'CREATE TABLE users (id int PRIMARY KEY, name varchar(40), score decimal(5,2), born datetime(3), big bigint unsigned, raw varbinary(10))',
    "INSERT INTO users VALUES (47, 'Ada', 1.50, '2020-01-02 03:04:05.678', 18446744073709551615, X'00FF'), (48, 'Bob', NULL, NULL, NULL, NULL)",
    'CREATE TABLE log (id int AUTO_INCREMENT PRIMARY KEY, text varchar(100), at datetime(3) DEFAULT current_timestamp(3))',
  ]);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await stopAfterTest();
});

afterAll(async () => {
  await engine?.server.stop();
});

function upstream(): SqlUpstream {
  if (!engine) throw new Error('no engine');
  return engine.upstream;
}

async function connect(port: number, options: ConnectionOptions = {}): Promise<Connection> {
  const client = await mysql.createConnection({ host: '127.0.0.1', port, ...MYSQL_LOGIN, password: 'anything', ...options });
  client.on('error', () => undefined);
  clients.push(client);
  return client;
}

function proxy(statements: readonly Partial<SqlExchange>[], part: Partial<SqlProxyPlan> = {}, environment: Partial<StubEnvironment> = {}): Promise<StartedStubs> {
  const full = statements.map((one, index): SqlExchange => ({ seq: index + 1, repeat: false, session: 1, text: '', params: [], how: one.answer ? 'verbatim' : 'pass', ...one }));
  const plan: SqlProxyPlan = { engine: 'mariadb', database: 'main', host: 'db.example', port: 3306, tls: false, login: MYSQL_LOGIN, settings: {}, statements: full, ...part };
  return startForTest({ sql: [plan] }, { upstream, ...environment });
}

function rows(name: string, type: string, ...values: readonly string[]): SqlResult {
  return { command: 'SELECT', rowCount: values.length, fields: [{ name, type }], rows: values.map((value) => [value]) };
}

async function failure(work: Promise<unknown>): Promise<Partial<Record<'code' | 'errno' | 'sqlState' | 'sqlMessage' | 'message' | 'fatal', unknown>>> {
  const error: unknown = await work.then(() => undefined, (reason: unknown) => reason);
  const { code, errno, sqlState, sqlMessage, message } = error as Record<string, unknown>;
  return { code, errno, sqlState, sqlMessage, message };
}

const deadlock = { message: 'Deadlock found when trying to get lock; try restarting transaction', code: 'ER_LOCK_DEADLOCK', errno: 1213, fields: { sqlState: '40001', sqlMessage: 'Deadlock found when trying to get lock; try restarting transaction' } };

describe.skipIf(missing !== '')(`MySQL proxy${missing}`, () => {
  it('lets the engine answer, as text and prepared, and says what was not recorded', async () => {
    const stubs = await proxy([{ text: 'SELECT name FROM users WHERE id = ?', params: [{ storage: 'integer', text: '47' }], repeat: true }]);
    const client = await connect(portOf(stubs));
    expect((await client.query('SELECT name FROM users WHERE id = ?', [47]))[0]).toEqual([{ name: 'Ada' }]);
    expect((await client.execute('SELECT name FROM users WHERE id = ?', [47]))[0]).toEqual([{ name: 'Ada' }]);
    expect(stubs.notes).toEqual([]);
    expect((await client.query('SELECT name FROM users WHERE id = ?', [48]))[0]).toEqual([{ name: 'Bob' }]);
    expect(stubs.notes).toEqual([expect.stringContaining('(nearest is event 1: parameter 1: "48" instead of "47")')]);
    expect(stubs.divergences).toEqual([]);
  });

  it('passes everything on as the engine has it', async () => {
    const client = await connect(portOf(await proxy([])), { multipleStatements: true, supportBigNumbers: true });
    const direct = await mysql.createConnection({ socketPath: engine?.upstream.path ?? '', ...MYSQL_LOGIN, multipleStatements: true, supportBigNumbers: true });
    clients.push(direct);
    for (const ask of [
      (one: Connection) => one.query('SELECT * FROM users'),
      (one: Connection) => one.execute('SELECT * FROM users WHERE id <> ?', [0]),
      (one: Connection) => one.query("SELECT 1; UPDATE users SET name = 'Ada' WHERE id = 47; SELECT 2 AS b; SELECT name FROM users WHERE false"),
      (one: Connection) => one.query('SELECT repeat(char(64 + seq), 300000) AS long_text FROM seq_1_to_3'),
      (one: Connection) => one.query("SELECT repeat('x', 17000000) AS very_long"),
      (one: Connection) => one.query('SELECT ? AS sent', ['y'.repeat(17_000_000)]),
    ]) {
      const [there, here] = [await ask(direct), await ask(client)];
      expect(here[0]).toEqual(there[0]);
    }
    for (const wrong of ['SELEC', 'SELECT * FROM nowhere', 'INSERT INTO users (id) VALUES (47)']) {
      expect(await failure(client.query(wrong))).toEqual(await failure(direct.query(wrong)));
      expect(await failure(client.execute(wrong))).toEqual(await failure(direct.execute(wrong)));
    }
    await client.ping();
    await client.changeUser({ user: 'somebody', password: 'else', database: 'shop' });
    expect((await client.query('SELECT database() AS d'))[0]).toEqual([{ d: 'shop' }]);
    await client.query('USE shop');
    await client.query('SET @mine = 1');
    await (client as unknown as { reset(): Promise<void> }).reset();
    expect((await client.query('SELECT @mine AS mine'))[0]).toEqual([{ mine: null }]);
  });

  it('answers by itself what no rows can satisfy, in either protocol', async () => {
    const result: SqlResult = {
      command: 'SELECT', rowCount: 1,
      fields: [
        { name: 'id', type: 'int unsigned' }, { name: 'big', type: 'bigint' }, { name: 'f', type: 'double' }, { name: 'd', type: 'decimal' }, { name: 'at', type: 'datetime' }, { name: 'day', type: 'date' },
        { name: 't', type: 'time' }, { name: 'raw', type: 'varbinary' }, { name: 'name', type: 'varchar', table: 'users', column: 'name' }, { name: 'flag', type: 'tinyint(1)' }, { name: 'none', type: 'text' },
      ],
      rows: [['4294967295', '-9007199254740993', '0.1', '1.50', '2020-01-02 03:04:05.678', '2020-02-29', '-101:30:05', { base64: 'AP8=' }, 'Ada é', '1', null]],
    };
    const text = 'SELECT what_nobody_knows(?)';
    const stubs = await proxy([{ text, params: ['x'], repeat: true, answer: { ok: result } }]);
    const client = await connect(portOf(stubs), { supportBigNumbers: true, dateStrings: true });
    const expected = [{ id: 4294967295, big: '-9007199254740993', f: 0.1, d: '1.50', at: '2020-01-02 03:04:05.678', day: '2020-02-29', t: '-101:30:05', raw: Buffer.from([0, 255]), name: 'Ada é', flag: 1, none: null }];
    const [asText, fields] = await client.query<RowDataPacket[]>(text, ['x']);
    expect(asText).toEqual(expected);
    expect(fields.find(({ name }) => name === 'flag')).toMatchObject({ columnType: 1, columnLength: 1 });
    expect(fields.find(({ name }) => name === 'name')).toMatchObject({ orgTable: 'users', schema: 'shop' });
    expect((await client.execute(text, ['x']))[0]).toEqual(expected);
    expect(stubs.served.map(({ seq }) => seq)).toEqual([1, 1]);
    // The engine would have had to know the function.
    expect(await failure(client.execute(text, ['y']))).toMatchObject({ errno: 1305 });
  });

  it('answers writes and several results by itself', async () => {
    const insert: SqlResult = { command: 'INSERT', rowCount: 2, fields: [], rows: [], lastId: '18446744073709551610' };
    const update: SqlResult = { command: 'UPDATE', rowCount: 3, fields: [], rows: [] };
    const stubs = await proxy([{ text: 'INSERT a', answer: { ok: insert } }, { text: 'many', answer: { ok: { ...update, more: [rows('n', 'int', '1', '2'), update] } } }]);
    const client = await connect(portOf(stubs), { multipleStatements: true, supportBigNumbers: true });
    expect((await client.query('INSERT a'))[0]).toMatchObject({ affectedRows: 2 });
    expect((await client.query('many'))[0]).toMatchObject([{ affectedRows: 3, changedRows: 3 }, [{ n: 1 }, { n: 2 }], { affectedRows: 3 }]);
  });

  it('gives errors that come from circumstances, and rolls back what they roll back', async () => {
    const text = "UPDATE users SET name = 'Eve' WHERE id = 48";
    const timeout = { message: 'Lock wait timeout exceeded; try restarting transaction', code: 'ER_LOCK_WAIT_TIMEOUT', errno: 1205, fields: { sqlState: 'HY000' } };
    const stubs = await proxy([{ text, answer: { error: timeout } }, { text, answer: { error: deadlock } }]);
    const client = await connect(portOf(stubs));
    await client.beginTransaction();
    await client.query("INSERT INTO log (text) VALUES ('before')");
    expect(await failure(client.query(text))).toEqual({ code: 'ER_LOCK_WAIT_TIMEOUT', errno: 1205, sqlState: 'HY000', sqlMessage: timeout.message, message: timeout.message });
    expect((await client.query("SELECT text FROM log WHERE text = 'before'"))[0]).toEqual([{ text: 'before' }]);
    expect(await failure(client.execute(text))).toMatchObject({ code: 'ER_LOCK_DEADLOCK', errno: 1213, sqlState: '40001' });
    expect((await client.query("SELECT text FROM log WHERE text = 'before'"))[0]).toEqual([]);
  });

  it('ends the connection after an error that ends it, and drops it where it was dropped', async () => {
    const shutdown = { message: 'Server shutdown in progress', code: 'ER_SERVER_SHUTDOWN', errno: 1053, fields: { sqlState: '08S01' } };
    const stubs = await proxy([{ text: 'SELECT 1', answer: { error: shutdown } }, { text: 'SELECT 2', answer: { drop: 'fin' } }, { text: 'SELECT 3', answer: { drop: 'rst' } }, { text: 'SELECT 4', answer: { drop: 'fin', after: rows('n', 'int', '1', '2') } }]);
    const port = portOf(stubs);
    const first = await connect(port);
    expect(await failure(first.query('SELECT 1'))).toMatchObject({ code: 'ER_SERVER_SHUTDOWN', errno: 1053 });
    expect(await failure(first.query('SELECT 1').then(() => first.query('SELECT 1')))).toMatchObject({ message: expect.stringMatching(/closed/) as string });
    expect(await failure((await connect(port)).query('SELECT 2'))).toMatchObject({ code: 'PROTOCOL_CONNECTION_LOST' });
    expect(await failure((await connect(port)).query('SELECT 3'))).toMatchObject({ code: 'ECONNRESET' });
    const streaming = callbacks.createConnection({ host: '127.0.0.1', port, ...MYSQL_LOGIN });
    clients.push(streaming);
    const seen: unknown[] = [];
    const lost = new Promise<{ code?: string }>((resolve) => streaming.on('error', resolve));
    streaming.query('SELECT 4').on('result', (row) => seen.push(row));
    expect((await lost).code).toBe('PROTOCOL_CONNECTION_LOST');
    expect(seen).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('holds what was never answered', async () => {
    const stubs = await proxy([{ text: 'SELECT 1', answer: { never: true } }]);
    const client = await connect(portOf(stubs));
    expect(await failure(client.query({ sql: 'SELECT 1', timeout: 50 }))).toMatchObject({ code: 'PROTOCOL_SEQUENCE_TIMEOUT' });
    expect(stubs.served.map(({ seq }) => seq)).toEqual([1]);
  });

  it('refuses connections as they were refused, by the attempt', async () => {
    const full = { message: 'Too many connections', code: 'ER_CON_COUNT_ERROR', errno: 1040, fields: { sqlState: '08004' } };
    const denied = { message: "Access denied for user 'shop_app'@'10.0.0.1' (using password: YES)", code: 'ER_ACCESS_DENIED_ERROR', errno: 1045, fields: { sqlState: '28000' } };
    const stubs = await proxy([], { refusals: [{ seq: 8, repeat: false, attempt: 2, error: full }, { seq: 9, repeat: false, attempt: 3, error: denied }] });
    await connect(portOf(stubs));
    expect(await failure(connect(portOf(stubs)))).toMatchObject({ code: 'ER_CON_COUNT_ERROR', errno: 1040, message: full.message });
    expect(await failure(connect(portOf(stubs)))).toMatchObject({ code: 'ER_ACCESS_DENIED_ERROR', errno: 1045, sqlState: '28000', message: denied.message });
    await connect(portOf(stubs));
    expect(stubs.served.map(({ seq }) => seq)).toEqual([8, 9]);
  });

  it('refuses a database that was not recorded: a divergence', async () => {
    const stubs = await proxy([]);
    expect(await failure(connect(portOf(stubs), { database: 'other' }))).toMatchObject({ errno: 1049, sqlState: '42000', message: "Unknown database 'other'" });
    expect(stubs.divergences).toMatchObject([{ asked: 'connect to database other as shop_app', reason: 'only shop was recorded on this server' }]);
    const client = await connect(portOf(stubs));
    expect(await failure(client.changeUser({ database: 'third' }))).toMatchObject({ errno: 1049 });
    expect(stubs.divergences).toHaveLength(2);
  });

  it('says the recorded version, over TLS too, with the way to sign in that goes with it', async () => {
    const stubs = await proxy([], { tls: true, engine: 'mysql', settings: { server_version: '8.0.36' } });
    const client = await connect(portOf(stubs), { ssl: { ca: testAuthority.pem, rejectUnauthorized: true, verifyIdentity: false } });
    expect((client as unknown as { connection: { _handshakePacket: unknown } }).connection._handshakePacket).toMatchObject({ serverVersion: '8.0.36', authPluginName: 'caching_sha2_password', mariadbExtendedCapabilityFlags: 0 });
    expect((await client.query('SELECT name FROM users WHERE id = 47'))[0]).toEqual([{ name: 'Ada' }]);
    const plain = await connect(portOf(await proxy([], { settings: { server_version: '10.11.2-MariaDB' } })));
    expect((plain as unknown as { connection: { _handshakePacket: unknown } }).connection._handshakePacket).toMatchObject({ serverVersion: '5.5.5-10.11.2-MariaDB', authPluginName: 'mysql_native_password' });
  });

  it('refuses compression, files of the client, and commands that it does not know', async () => {
    const stubs = await proxy([]);
    const client = await connect(portOf(stubs), { compress: true });
    expect((await client.query('SELECT 1 AS n'))[0]).toEqual([{ n: 1 }]);
    expect(await failure(client.query("LOAD DATA LOCAL INFILE '/etc/hosts' INTO TABLE log"))).toMatchObject({ errno: 4166 });
  });

  it('lets answers go out at the recorded latency and in the recorded order of completion', async () => {
    const stubs = await proxy([{ text: 'SELECT 1', session: 1, done: 2 }, { text: 'SELECT 2', session: 2, done: 1, ms: 80 }], {}, { pace: 1 });
    const [one, two] = [await connect(portOf(stubs)), await connect(portOf(stubs))];
    const order: number[] = [];
    await Promise.all([one.query('SELECT 1').then(() => order.push(1)), two.query('SELECT 2').then(() => order.push(2))]);
    expect(order).toEqual([2, 1]);
    expect(stubs.served.map(({ seq }) => seq)).toEqual([2, 1]);
  });

  it('makes the engine take the recorded time for now, and keeps what was said about the last statement', async () => {
    const time = Date.UTC(2020, 1, 29, 12);
    const begin = ["SET SESSION time_zone = '+01:00'"];
    const stubs = await proxy([{ text: 'SELECT now(3) AS n', time: time + 1500 }], {}, { upstream: () => ({ ...upstream(), start: begin, now: () => time }) });
    const client = await connect(portOf(stubs), { dateStrings: true });
    expect((await client.query('SELECT now(3) AS n'))[0]).toEqual([{ n: '2020-02-29 13:00:01.500' }]);
    await client.execute("INSERT INTO log (text) VALUES ('then')");
    expect((await client.query('SELECT row_count() AS n'))[0]).toEqual([{ n: 1 }]);
    expect((await client.query("SELECT at FROM log WHERE text = 'then'"))[0]).toEqual([{ at: '2020-02-29 13:00:00.000' }]);
    await (client as unknown as { reset(): Promise<void> }).reset();
    expect((await client.query('SELECT now(3) AS n'))[0]).toEqual([{ n: '2020-02-29 13:00:00.000' }]);
  });

  it('finds values that the driver wrote into the text, and secrets and times that cannot be the same', async () => {
    const time = Date.UTC(2024, 0, 2, 3, 4, 5);
    const text = "INSERT INTO log (text, at) VALUES (?, '2024-01-02 03:04:05.000')";
    const stubs = await proxy([{ text, params: ['redacted-1'], time }, { text: 'SELECT ? AS n', params: [null] }, { text: "SELECT 'what?' AS a, ? AS b", params: [{ storage: 'integer', text: '-5' }] }]);
    const client = await connect(portOf(stubs));
    await client.query("INSERT INTO log (text, at) VALUES (?, '2024-01-02 03:04:06.500')", [String.raw`it's \ a secret`]);
    await client.query('SELECT ? AS n', [null]);
    expect((await client.query("SELECT 'what?' AS a, -5 AS b"))[0]).toEqual([{ a: 'what?', b: -5 }]);
    expect(stubs.notes).toEqual([]);
    expect(stubs.served.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  });

  it('takes a TLS handshake that came together with the request for it', async () => {
    const stubs = await proxy([], { tls: true });
    const socket = dial(portOf(stubs), '127.0.0.1');
    await new Promise((resolve) => socket.once('data', resolve));
    const request = Buffer.alloc(32);
    request.writeUInt32LE(MYSQL_CAN.protocol41 | MYSQL_CAN.tls | MYSQL_CAN.secureConnection, 0);
    socket.cork();
    socket.write(mysqlPackets([request], 1));
    const secure = dialTls({ socket, ca: testAuthority.pem, checkServerIdentity: () => undefined });
    setImmediate(() => socket.uncork());
    const packet = await said(secure, mysqlPackets([mysqlLogin({ capabilities: MYSQL_CAN.secureConnection, extended: 0, charset: 45, user: 'a', database: 'shop' })], 2));
    expect(packet[0]).toBe(0);
    secure.destroy();
  });

  it.each([['another protocol', Buffer.from('GET / HTTP/1.1\r\nhost: a\r\n\r\n'.padEnd(6_000_000, ' '))], ['a login without end', mysqlPackets([Buffer.alloc(40)], 1)]])('stays up when it is sent %s', async (_, bytes) => {
    const stubs = await proxy([]);
    const socket = dial(portOf(stubs), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(bytes);
    const ended = new Promise((resolve) => socket.on('close', resolve));
    await Promise.race([ended, sleep(300)]);
    socket.destroy();
    expect((await (await connect(portOf(stubs))).query('SELECT 1 AS n'))[0]).toEqual([{ n: 1 }]);
  });

  it('answers a client that no longer speaks of EOF', async () => {
    const stubs = await proxy([{ text: 'SELECT 5', answer: { ok: rows('n', 'int', '5') } }]);
    const socket = dial(portOf(stubs), '127.0.0.1');
    clients.push(socket);
    await new Promise((resolve) => socket.once('data', resolve));
    const capabilities = MYSQL_CAN.secureConnection | MYSQL_CAN.deprecateEof;
    await said(socket, mysqlPackets([mysqlLogin({ capabilities, extended: 0, charset: 45, user: 'a', database: 'shop' })], 1));
    for (const text of ['SELECT 5', 'SELECT 6']) {
      const parser = new MysqlPacketParser();
      const packets: Buffer[] = [];
      const done = new Promise<void>((resolve) => socket.on('data', (chunk: Buffer) => {
        parser.push(chunk);
        for (let packet = parser.next(); packet; packet = parser.next()) packets.push(packet.payload);
        if (packets.length === 4) resolve();
      }));
      socket.write(mysqlPackets([mysqlQuery(text)], 0));
      await done;
      socket.removeAllListeners('data');
      expect([packets[0]?.[0], packets[2]?.toString(), packets[3]?.[0]]).toEqual([1, `\u0001${text.at(-1) ?? ''}`, 0xfe]);
    }
  });
});

async function said(socket: Socket, bytes: Buffer): Promise<Buffer> {
  const parser = new MysqlPacketParser();
  socket.write(bytes);
  for (;;) {
    parser.push(await new Promise<Buffer>((resolve) => socket.once('data', resolve)));
    const packet = parser.next();
    if (packet) return packet.payload;
  }
}
