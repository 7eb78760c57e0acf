/** A package as capture writes it for one failing request of a small shop, with an event of most kinds. */
import type { ErrorPackage, IoEvent } from '@deja/format';
import { makeBody } from '@deja/format/writer';

const EPOCH = Date.UTC(2026, 9, 5, 9, 30, 0);

export function examplePackage(): ErrorPackage {
  const blobs = new Map<string, Uint8Array>();
  const receipt = Uint8Array.from({ length: 6000 }, (_, index) => (index * 31) % 256);
  const timeline: readonly IoEvent[] = [
    {
      seq: 1, kind: 'sql', scope: { in: 'boot' }, at: -812.4, ms: 3.1, done: 1, database: 'shop', session: 1, text: 'SELECT version()',
      outcome: { ok: { command: 'SELECT', rowCount: 1, fields: [{ name: 'version', type: 'text' }], rows: [['PostgreSQL 15.8']] } },
    },
    {
      seq: 2, kind: 'redis', scope: { in: 'request', request: 0 }, at: 0.8, ms: 0.6, done: 2, server: 'redis', session: 1, command: ['GET', 'user:47'],
      outcome: { ok: { null: true } },
    },
    {
      seq: 3, kind: 'sql', scope: { in: 'request', request: 0 }, at: 1.9, ms: 2.2, done: 3, database: 'shop', session: 1,
      text: 'SELECT u.id, u.name, u.role, u.suspended_at, t.plan\n  FROM users u LEFT JOIN teams t ON t.id = u.team_id\n WHERE u.id = $1',
      params: ['47'],
      outcome: {
        ok: {
          command: 'SELECT',
          rowCount: 1,
          fields: [
            { name: 'id', type: 'int4', table: 'users', column: 'id' },
            { name: 'name', type: 'text', table: 'users', column: 'name' },
            { name: 'role', type: 'text', table: 'users', column: 'role' },
            { name: 'suspended_at', type: 'timestamptz', table: 'users', column: 'suspended_at' },
            { name: 'plan', type: 'text', table: 'teams', column: 'plan' },
          ],
          rows: [['47', 'Zoë Müller', 'admin', '2026-10-01 08:00:00+00', null]],
        },
      },
    },
    {
      seq: 4, kind: 'dns', scope: { in: 'request', request: 0 }, at: 4.4, ms: 1.1, done: 4, hostname: 'payments.example',
      outcome: { ok: { addresses: ['203.0.113.9'] } },
    },
    {
      seq: 5, kind: 'http', scope: { in: 'request', request: 0 }, at: 5.6, ms: 48.3, done: 6, method: 'POST', url: 'https://payments.example/v1/charges?expand=card',
      headers: [['content-type', 'application/json'], ['authorization', '[redacted]']], body: { text: '{"order":47,"cents":1999}' },
      peer: { address: '203.0.113.9', port: 443 },
      outcome: {
        ok: {
          status: 503, statusText: 'Service Unavailable', httpVersion: '1.1', ttfb: 47.9,
          headers: [['Content-Type', 'application/json'], ['Retry-After', '30']],
          body: { text: '{"error":{"code":"overloaded","retry":true}}' }, chunks: [[0, 44]],
        },
      },
    },
    {
      seq: 6, kind: 'sql', scope: { in: 'request', request: 1 }, at: 9.2, ms: 1.4, done: 5, database: 'shop', session: 2,
      text: 'INSERT INTO audit (order_id, note) VALUES ($1, $2)', params: ['12', null],
      outcome: { error: { name: 'error', message: 'null value in column "note" violates not-null constraint', code: '23502', detail: 'Failing row contains (9, 12, null).', fields: { table: 'audit', column: 'note' } } },
    },
    {
      seq: 7, kind: 'http', service: 's3', scope: { in: 'request', request: 0 }, at: 55.2, ms: 6.7, done: 7, method: 'GET', url: 'https://receipts.s3.example/2026/47.bin',
      headers: [['accept', '*/*']], attributes: { 'rpc.method': 'GetObject', 'aws.s3.bucket': 'receipts', 'aws.s3.key': '2026/47.bin' },
      outcome: { ok: { status: 200, headers: [['content-type', 'application/octet-stream']], body: makeBody(receipt, blobs) } },
    },
    {
      seq: 8, kind: 'random', scope: { in: 'request', request: 0 }, at: 62.4, ms: 0, done: 8, source: 'randomUUID',
      outcome: { ok: { value: '1b4e28ba-2fa1-41d2-883f-0016d3cca427' } },
    },
    {
      seq: 9, kind: 'redis', scope: { in: 'request', request: 0 }, at: 62.9, server: 'redis', session: 1, command: ['SET', 'lock:47', '1', 'NX', 'PX', '3000'],
      outcome: { pending: {} },
    },
  ];
  const local = { address: '127.0.0.1', port: 3000 };
  const cause = "TypeError: Cannot read properties of null (reading 'toUpperCase')";
  return {
    manifest: {
      deja: 'package/1', id: '20261005-093000-k3f9', service: 'shop', release: '1.4.2', time: '2026-10-05T09:30:00.063Z',
      summary: `${cause} (GET /orders/47)`,
      counts: { events: timeline.length, requests: 2 },
      limits: ['response body of event 5 of request 1 cut at 1048576 bytes'],
      capture: { version: '0.1.0', mode: 'production', notCaptured: ['COPY'] },
    },
    failure: {
      origin: 'framework', fatal: false, afterSeq: 9, at: 63.1,
      error: {
        name: 'OrderError', message: 'order 47 cannot be shown', code: 'E_ORDER', stack: `OrderError: order 47 cannot be shown\n    at showOrder (src/orders.js:41:11)`,
        frames: [
          { function: 'showOrder', file: 'src/orders.js', line: 41, column: 11, inApp: true, scopes: [{ type: 'local', variables: { id: 47, user: { $class: 'User', id: 47, name: 'Zoë Müller', plan: null } } }, { type: 'closure', variables: { retries: 0 } }] },
          { function: 'handle', file: 'node_modules/router/index.js', line: 120, column: 5, inApp: false },
        ],
        cause: {
          name: 'TypeError', message: "Cannot read properties of null (reading 'toUpperCase')",
          frames: [
            { function: 'planName', file: 'src/plans.js', line: 7, column: 20, inApp: true, scopes: [{ type: 'local', variables: { plan: null, fallback: { $undefined: true } } }] },
            { function: 'showOrder', file: 'src/orders.js', line: 38, column: 18, inApp: true },
            { function: 'processTicksAndRejections', file: 'node:internal/process/task_queues', line: 104, column: 5, inApp: false },
          ],
        },
      },
      response: { status: 500, headers: [['content-type', 'application/json']], body: { text: '{"error":"internal"}' } },
    },
    context: {
      epoch: EPOCH,
      requests: [
        {
          trigger: { kind: 'http', method: 'GET', target: '/orders/47', httpVersion: '1.1', headers: [['host', 'shop.example'], ['user-agent', 'curl/8.5.0'], ['cookie', '[redacted]']], local },
          at: 0, ms: 63.4, response: { status: 500, headers: [['content-type', 'application/json']], body: { text: '{"error":"internal"}' } },
        },
        { trigger: { kind: 'http', method: 'POST', target: '/orders/12/notes', headers: [['host', 'shop.example'], ['content-type', 'application/json']], body: { text: '{"note":null}' }, local }, at: 8.8 },
      ],
      process: {
        node: '20.20.2', execPath: '/usr/bin/node', execArgv: [], argv: ['/srv/shop/src/main.js', '--port', '3000'], cwd: '/srv/shop', entry: '/srv/shop/src/main.js', root: '/srv/shop',
        env: { NODE_ENV: 'production', DATABASE_URL: 'postgres://shop:[redacted]@db.example/shop' }, platform: 'linux', arch: 'x64', uid: 1000, timeZone: 'Etc/UTC', locale: 'en-US', pid: 4711,
      },
      application: { name: 'shop', version: '1.4.2', dependencies: { fastify: '5.12.8', pg: '8.23.1' }, entryHash: 'a'.repeat(64) },
      listening: [local],
      startMs: 812,
    },
    databases: [{ name: 'shop', engine: 'postgres', version: '15.8', host: 'db.example', port: 5432, database: 'shop', user: 'shop', tls: false, settings: { TimeZone: 'UTC' } }],
    servers: [{ name: 'redis', kind: 'redis', host: 'cache.example', port: 6379, version: '7.0.15' }],
    timeline,
    state: { values: { flags: { newCheckout: true }, build: null } },
    blobs,
  };
}
