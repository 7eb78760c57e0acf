import { setTimeout as sleep } from 'node:timers/promises';
import type { TestPostgres } from '../../support/postgres.ts';
import { freePort } from '../../support/free-port.ts';
import { DEJA } from './deja.ts';
import { userEnvironment } from './environment.ts';
import type { Installed } from './installed.ts';
import { Program } from './program.ts';

export interface UnleashDays {
  readonly output: string;
  /** Status of the sign-in without a password hash. */
  readonly status: number;
}

const START = ['node', 'node_modules/unleash-server/dist/server.js'];
/** The default administrator of a new installation. */
const ADMIN = { username: 'admin', password: 'unleash4all' };
const NORA = { username: 'nora', email: 'nora@example.com', name: 'Nora', rootRole: 1, sendEmail: false };

/**
 * Production as it was: a first start that migrates the database, then the service under `deja run`, where an administrator makes an account without
 * a password and its owner tries to sign in. The service has ended when this returns; the database is the caller's.
 * `underCapture: 'first start'`: capture already sees the start that migrates.
 */
export async function captureUnleash({ failing, node }: Installed, database: TestPostgres, out: string, underCapture: 'first start' | 'second start'): Promise<UnleashDays> {
  const port = await freePort();
  const { PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE } = database.env;
  const env = userEnvironment(node, { DATABASE_URL: `postgres://${PGUSER}:${PGPASSWORD}@${PGHOST}:${PGPORT}/${PGDATABASE}`, DATABASE_SSL: 'false', PORT: String(port) });
  if (underCapture === 'second start') {
    await using first = new Program(START, { cwd: failing, env });
    await first.listens(port);
    await madeAdministrator(first, port);
    await first.stop();
  }
  await using service = new Program([process.execPath, DEJA, 'run', '--out', out, '--', ...START], { cwd: failing, env });
  await service.listens(port);
  if (underCapture === 'first start') await madeAdministrator(service, port);
  const admin = await post(port, '/auth/simple/login', ADMIN);
  const cookie = admin.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const created = await post(port, '/api/admin/user-admin', NORA, { cookie });
  if (created.status !== 201) throw new Error(`the account was not made: ${created.status} ${await created.text()}\n${service.output}`);
  const signIn = await post(port, '/auth/simple/login', { username: NORA.username, password: 'let me in' });
  await signIn.text();
  await service.stop();
  return { output: service.output, status: signIn.status };
}

/** It makes its administrator some time after it listens. */
async function madeAdministrator(service: Program, port: number): Promise<void> {
  // More than five tries in a minute would be refused.
  for (const wait of [500, 1000, 2000, 4000]) {
    await sleep(wait);
    const { status } = await post(port, '/auth/simple/login', ADMIN);
    if (status === 200) return;
  }
  throw new Error(`there is no administrator:\n${service.output}`);
}

function post(port: number, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', connection: 'close', ...headers }, body: JSON.stringify(body) });
}
