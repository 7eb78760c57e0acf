import type { DatabaseInfo, ErrorPackage, IoError, IoEvent, RedisEvent } from '@deja/format';
import { describe, expect, it } from 'vitest';
import { buildStubPlan } from './build-stub-plan.js';

const REDIS = { name: 'cache', kind: 'redis', host: 'redis.example', port: 6379 } as const;
const POSTGRES: DatabaseInfo = { name: 'main', engine: 'postgres', version: '15.4', host: 'db.example', port: 5433, database: 'shop', user: 'app', settings: { TimeZone: 'UTC' } };

function source(timeline: readonly IoEvent[], part: Partial<ErrorPackage> = {}): Pick<ErrorPackage, 'timeline' | 'databases' | 'servers' | 'blobs'> {
  return { timeline, databases: [], servers: [], blobs: new Map(), ...part };
}

function http(seq: number, url: string, answer: { readonly error: IoError } | { readonly status: number }, part: Partial<IoEvent> = {}): IoEvent {
  const outcome = 'error' in answer ? answer : { ok: { status: answer.status, headers: [] } };
  return { kind: 'http', seq, method: 'GET', url, headers: [], outcome, ...part } as IoEvent;
}

function sql(seq: number, text: string, answer: { readonly error: IoError } | { readonly pending: object } | 'ok'): IoEvent {
  const outcome = answer === 'ok' ? { ok: { command: 'SELECT', rowCount: 0, fields: [], rows: [] } } : answer;
  return { kind: 'sql', seq, database: 'main', session: 1, text, ms: 5, outcome };
}

function hanging(seq: number, host: string): IoEvent {
  return { kind: 'socket', seq, host, port: 6379, outcome: { pending: {} } };
}

function command(seq: number, server: string, outcome: RedisEvent['outcome']): IoEvent {
  return { kind: 'redis', seq, server, session: 1, command: ['GET', 'a'], outcome };
}

const refused: IoError = { message: 'connect ECONNREFUSED 10.0.0.1:443', code: 'ECONNREFUSED', syscall: 'connect', phase: 'connect' };

describe('stub plan of a timeline', () => {
  it('groups HTTP by host, port and scheme; only a request\'s own exchanges are served once', () => {
    const plan = buildStubPlan(
      source([
        http(1, 'https://Pay.example/v1', { status: 200 }, { scope: { in: 'boot' }, at: 5, ms: 3, done: 1 }),
        http(2, 'https://pay.example:443/v2', { status: 503 }, { scope: { in: 'request', request: 0 } }),
        http(3, 'http://pay.example/v1', { status: 200 }),
        http(4, 'http://[::1]:8080/', { status: 200 }),
      ]),
    );
    expect(plan.http.map(({ host, port, tls, exchanges }) => [host, port, tls, exchanges.map(({ seq, repeat }) => [seq, repeat])])).toEqual([
      ['pay.example', 443, true, [[1, true], [2, false]]],
      ['pay.example', 80, false, [[3, false]]],
      ['::1', 8080, false, [[4, false]]],
    ]);
    expect(plan.limits).toEqual([]);
  });

  it('keeps the bodies it refers to, and no others', () => {
    const blobs = new Map([['aa', Buffer.from('used')], ['bb', Buffer.from('not used')]]);
    const event = http(1, 'http://s3.example/k', { status: 200 }, { outcome: { ok: { status: 200, headers: [], body: { blob: 'aa', size: 4 } } } });
    expect(buildStubPlan(source([event], { blobs })).blobs).toEqual({ aa: Buffer.from('used').toString('base64') });
  });

  it('closes the ports at which connecting failed, whoever tried', () => {
    const plan = buildStubPlan(
      source(
        [
          http(1, 'https://down.example/', { error: refused }),
          { kind: 'socket', seq: 2, host: 'redis.example', port: 6379, outcome: { error: { ...refused, message: 'connect ETIMEDOUT', code: 'ETIMEDOUT' } } },
          { kind: 'redis', seq: 3, server: 'cache', session: 1, command: ['GET', 'a'], outcome: { error: { name: 'MaxRetriesPerRequestError', message: 'Reached the max retries per request limit (which is 1).' } } },
          { kind: 'socket', seq: 4, host: 'db.example', port: 5433, outcome: { error: refused } },
        ],
        { servers: [REDIS], databases: [POSTGRES] },
      ),
    );
    expect(plan.closed).toEqual([
      { host: 'down.example', port: 443, how: 'refused' },
      { host: 'redis.example', port: 6379, how: 'silent' },
      { host: 'db.example', port: 5433, how: 'refused' },
    ]);
    expect([plan.http, plan.redis, plan.sql]).toEqual([[], [], []]);
  });

  it('takes an attempt that was still going on for a silent port, unless another came through', () => {
    const timedOut = { error: { message: 'Command timed out', phase: 'connect' as const } };
    const servers = [REDIS, { ...REDIS, name: 'other', host: 'other.example' }];
    const plan = buildStubPlan(source([hanging(1, 'redis.example'), command(2, 'cache', timedOut), hanging(3, 'other.example'), command(4, 'other', { ok: { null: true } }), command(5, 'other', timedOut)], { servers }));
    expect(plan.closed).toEqual([{ host: 'redis.example', port: 6379, how: 'silent' }]);
    expect(plan.redis.map(({ name }) => name)).toEqual(['other']);
    expect(plan.limits).toEqual([]);
  });

  it('names as a limit what it cannot repeat', () => {
    const plan = buildStubPlan(
      source([
        http(1, 'https://pay.example/', { error: refused }),
        http(2, 'https://pay.example/', { status: 200 }),
        http(3, 'https://odd.example/', { error: { message: 'Parse Error: Invalid header', code: 'HPE_INVALID_HEADER_TOKEN' } }),
        http(4, 'https://cut.example/', { status: 200 }, { outcome: { ok: { status: 200, headers: [], body: { text: 'a', truncated: 9 } } } }),
      ]),
    );
    expect(plan.limits.map((limit) => limit.slice(0, 8))).toEqual(['event 1:', 'event 3:', 'event 4:', 'bodies a']);
    expect(plan.closed).toEqual([]);
  });

  it('lets names fail that did not resolve', () => {
    const plan = buildStubPlan(
      source([
        { kind: 'dns', seq: 1, hostname: 'gone.example', ms: 4, outcome: { error: { message: 'getaddrinfo ENOTFOUND gone.example', code: 'ENOTFOUND' } } },
        http(2, 'https://busy.example/', { error: { message: 'getaddrinfo EAI_AGAIN busy.example', code: 'EAI_AGAIN', syscall: 'getaddrinfo', phase: 'dns' } }),
      ]),
    );
    expect(plan.dns).toEqual([{ name: 'gone.example', code: 'ENOTFOUND', ms: 4 }, { name: 'busy.example', code: 'EAI_AGAIN' }]);
    expect(plan.http).toEqual([]);
  });

  it('leaves out what the application asks of itself', () => {
    const context = { listening: [{ address: '::', port: 3000 }] } as unknown as ErrorPackage['context'];
    expect(buildStubPlan({ ...source([http(1, 'http://localhost:3000/self', { status: 200 })]), context }).http).toEqual([]);
  });
});

describe('proxy plan of the statements', () => {
  it('lets the engine answer what it can, and answers the rest as recorded', () => {
    const plan = buildStubPlan(
      source(
        [
          sql(1, 'SELECT 1', 'ok'),
          sql(2, 'SELECT hidden()', 'ok'),
          sql(3, 'INSERT 1', { error: { message: 'duplicate key', code: '23505', fields: { severity: 'ERROR' } } }),
          sql(4, 'UPDATE 1', { error: { message: 'deadlock detected', code: '40P01', fields: { severity: 'ERROR' } } }),
          sql(5, 'SELECT slow()', { error: { message: 'Query read timeout', phase: 'wait' } }),
          sql(6, 'SELECT lost()', { error: { message: 'Connection terminated unexpectedly', phase: 'wait' } }),
          sql(7, 'SELECT reset()', { error: { message: 'read ECONNRESET', code: 'ECONNRESET', syscall: 'read' } }),
          sql(8, 'SELECT open()', { pending: {} }),
          sql(9, 'SELECT pool()', { error: { message: 'timeout exceeded when trying to connect' } }),
          sql(10, 'BEGIN', 'ok'),
        ],
        { databases: [POSTGRES] },
      ),
      [{ seq: 2, reason: 'unknown function' }, { seq: 10, reason: 'not exact' }],
    );
    const [proxy] = plan.sql;
    expect(proxy).toMatchObject({ database: 'main', host: 'db.example', port: 5433, tls: false, login: { database: 'shop', user: 'app' }, settings: { server_version: '15.4', TimeZone: 'UTC' } });
    expect(proxy?.statements.map(({ seq, how, answer }) => [seq, how, answer ? Object.keys(answer)[0] : undefined])).toEqual([
      [1, 'pass', undefined],
      [2, 'verbatim', 'ok'],
      [3, 'pass', undefined],
      [4, 'verbatim', 'error'],
      [5, 'verbatim', 'never'],
      [6, 'verbatim', 'drop'],
      [7, 'verbatim', 'drop'],
      [8, 'verbatim', 'never'],
      [10, 'pass', undefined],
    ]);
    expect(proxy?.statements[1]?.reason).toBe('unknown function');
  });

  it('knows MySQL\'s errors by number: of the engine, of circumstances, of the way there', () => {
    const mysql: DatabaseInfo = { name: 'main', engine: 'mysql', version: '8.0.36', host: 'm.example' };
    const partial = { command: 'SELECT', fields: [{ name: 'n', type: 'int' }], rows: [['1']] };
    const lost: IoEvent = { kind: 'sql', seq: 6, database: 'main', session: 3, text: 'SELECT lost()', outcome: { error: { message: 'Connection lost: The server closed the connection.', code: 'PROTOCOL_CONNECTION_LOST', phase: 'receive' }, partial } };
    const full: IoEvent = { kind: 'socket', seq: 8, host: 'M.example', port: 3306, ms: 7, outcome: { error: { message: 'Too many connections', code: 'ER_CON_COUNT_ERROR', errno: 1040 } } };
    const plan = buildStubPlan(
      source(
        [
          sql(1, 'INSERT 1', { error: { message: 'Duplicate entry', code: 'ER_DUP_ENTRY', errno: 1062 } }),
          sql(2, 'UPDATE 1', { error: { message: 'Deadlock found', code: 'ER_LOCK_DEADLOCK', errno: 1213 } }),
          { ...sql(3, 'UPDATE 2', { error: { message: 'read-only', code: 'ER_OPTION_PREVENTS_STATEMENT', errno: 1290 } }), session: 2 } as IoEvent,
          sql(4, 'SELECT slow()', { error: { message: 'Query inactivity timeout', code: 'PROTOCOL_SEQUENCE_TIMEOUT' } }),
          sql(5, 'SELECT reset()', { error: { message: 'read ECONNRESET', code: 'ECONNRESET', errno: -104, syscall: 'read' } }),
          lost,
          sql(7, 'SELECT never_sent()', { error: { message: 'Too many connections', code: 'ER_CON_COUNT_ERROR', errno: 1040, phase: 'send' } }),
          full,
          sql(9, 'SELECT odd()', { error: { message: 'no function', errno: 1305 } }),
        ],
        { databases: [mysql, { name: 'local', engine: 'sqlite', file: 'a.db' }] },
      ),
      [{ seq: 9, reason: 'unknown function' }],
    );
    const [proxy] = plan.sql;
    expect(proxy).toMatchObject({ engine: 'mysql', database: 'main', host: 'm.example', port: 3306, settings: { server_version: '8.0.36' } });
    expect(proxy?.statements.map(({ seq, how, answer }) => [seq, how, answer])).toEqual([
      [1, 'pass', undefined],
      [2, 'verbatim', { error: expect.objectContaining({ errno: 1213 }) as unknown }],
      [3, 'verbatim', { error: expect.objectContaining({ errno: 1290 }) as unknown }],
      [4, 'verbatim', { never: true }],
      [5, 'verbatim', { drop: 'rst' }],
      [6, 'verbatim', { drop: 'fin', after: { ...partial, rowCount: null } }],
      [9, 'verbatim', { error: expect.objectContaining({ errno: 1305 }) as unknown }],
    ]);
    // Three connections had been made before.
    expect(proxy?.refusals).toEqual([{ seq: 8, repeat: false, ms: 7, attempt: 4, error: { message: 'Too many connections', code: 'ER_CON_COUNT_ERROR', errno: 1040 } }]);
    expect(plan.limits).toEqual([]);
  });
});
