/**
 * Strapi 5.0.0 on MariaDB: an account that has no password, because it came from another site, changes its password.
 * Needs LARGE_APPS=1: its installation is 770 MB.
 */
import { createHmac } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPackage } from '@deja/format/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { testMysql, withoutMysql } from '../support/mysql.ts';
import { npmFolder } from '../support/npm-folder.ts';
import { withoutLargeApps } from '../support/large-apps.ts';
import { DEJA, packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';
import { userEnvironment } from './real-apps/environment.ts';
import { Program } from './real-apps/program.ts';
import { userNode } from './real-apps/user-node.ts';

const VERSIONS = ['@strapi/strapi@5.0.0', '@strapi/email@5.0.0', '@strapi/plugin-users-permissions@5.0.0', 'mysql2@3.9.8', 'react@18', 'react-dom@18', 'react-router-dom@6', 'styled-components@6'];
const START = ['node', 'node_modules/@strapi/strapi/bin/strapi.js', 'start'];
const SECRET = 'users-jwt-secret-of-this-test';

const node = userNode(20);
// The one that it asks for wants a download when it is installed.
const unwanted = withoutLargeApps() || withoutMysql();
const installed = unwanted === '' ? npmFolder(VERSIONS, { sharp: '0.33.5' }) : { missing: '' };
const missing = unwanted || ('missing' in installed ? ` (skipped: ${installed.missing})` : '') || ('missing' in node ? ` (skipped: ${node.missing})` : '');
const folder = mkdtempSync(join(tmpdir(), 'deja-strapi-'));
const site = join(folder, 'site');
const out = join(folder, 'out');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(missing !== '')(`strapi 5.0.0${missing}: an account without a password changes it`, () => {
  let file = 'no package';
  beforeAll(async () => {
    if ('missing' in installed || 'missing' in node) return;
    cpSync(join(import.meta.dirname, '..', 'apps', 'strapi'), site, { recursive: true });
    symlinkSync(join(installed.folder, 'node_modules'), join(site, 'node_modules'));
    await using database = await testMysql('SELECT 1');
    const port = await freePort();
    // It verifies a signature: of a package without it nothing could be reproduced.
    const env = userEnvironment(node.node, { PORT: String(port), DB_PORT: String(database.port), NODE_ENV: 'production', STRAPI_TELEMETRY_DISABLED: 'true', DEJA_REDACT: '-authorization' });
    await using first = new Program(START, { cwd: site, env });
    await first.listens(port, 120_000);
    expect((await post(port, '/api/auth/local/register', { username: 'nora', email: 'nora@example.com', password: 'let me in' })).status).toBe(200);
    await first.stop();
    // As it is where the account came from another site.
    await database.run("UPDATE up_users SET password = NULL, provider = 'github' WHERE username = 'nora'");
    await using service = new Program([process.execPath, DEJA, 'run', '--out', out, '--', ...START], { cwd: site, env });
    await service.listens(port, 120_000);
    const answer = await post(port, '/api/auth/change-password', { currentPassword: 'let me in', password: 'another one', passwordConfirmation: 'another one' }, { authorization: `Bearer ${token(1)}` });
    expect(answer.status).toBe(500);
    await service.stop();
    file = packagesIn(out)[0] ?? file;
  }, 300_000);

  it('is captured', async () => {
    const { failure, timeline, databases, manifest } = await readPackage(file);
    expect(failure?.error?.message).toBe('Illegal arguments: string, object');
    expect(databases).toMatchObject([{ engine: 'mariadb', ddlSource: 'introspected' }]);
    expect(timeline.filter(({ kind, scope }) => kind === 'sql' && scope?.in === 'request').length).toBeGreaterThan(5);
    expect(manifest.capture.notCaptured).toEqual([]);
    expect(JSON.stringify(timeline)).not.toContain('let me in');
  });

  it('is reproduced three times out of three with the database stopped', async () => {
    const { code, document, stderr } = await reproduce(folder, [file, '--runs', '3']);
    expect({ code, verdicts: verdictsOf(document), control: document.control?.verdict }, stderr).toEqual({ code: 0, verdicts: ['reproduced', 'reproduced', 'reproduced'], control: 'not-reproduced' });
  }, 240_000);
});

function token(id: number): string {
  const now = Math.floor(Date.now() / 1000);
  const [head, body] = [{ alg: 'HS256', typ: 'JWT' }, { id, iat: now, exp: now + 86_400 }].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  return `${head}.${body}.${createHmac('sha256', SECRET).update(`${head}.${body}`).digest('base64url')}`;
}

function post(port: number, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', connection: 'close', ...headers }, body: JSON.stringify(body) });
}
