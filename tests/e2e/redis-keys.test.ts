import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deja } from '../support/deja.ts';
import { dejaRun } from '../support/deja-run.ts';
import { freePort } from '../support/free-port.ts';
import { npmFolder } from '../support/npm-folder.ts';
import { testRedis } from '../support/redis.ts';
import { packagesIn, reproduce } from './real-apps/deja.ts';

const installed = npmFolder(['ioredis@5']);
const server = await testRedis();
const missing = [installed, server].map((part) => ('missing' in part ? part.missing : undefined)).find((reason) => reason !== undefined);

const folder = mkdtempSync(join(tmpdir(), 'deja-redis-keys-'));
const [app, changed, out] = [join(folder, 'app'), join(folder, 'changed'), join(folder, 'out')];
afterAll(async () => {
  if (!('missing' in server)) await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const source = (asked: string): string => `
  import { createServer } from 'node:http';
  import { Redis } from 'ioredis';
  const redis = new Redis(Number(process.env.REDIS_PORT), '127.0.0.1');
  createServer((request, response) => {
    ask().catch((error) => { response.statusCode = 500; response.end(error.stack); });
    async function ask() { ${asked} }
  }).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('it is listening'));
`;

/** Recorded: a hash without the field that is wanted, a list, a number that is counted up. */
const RECORDED = `
  await redis.lrange('jobs', 0, -1);
  await redis.incr('visits');
  const user = await redis.hgetall('user:47');
  response.end(user.permissions.split(','));
`;
/** Asks otherwise: of what was seen, of what was changed, and of what nobody knows. */
const CHANGED = `
  await redis.incr('visits');
  const seen = [await redis.hget('user:47', 'name'), await redis.rpoplpush('jobs', 'done'), await redis.lrange('jobs', 0, -1), await redis.ttl('user:47') > 0, await redis.get('role:47'), await redis.set('role:47', 'clerk'), await redis.get('role:47'), await redis.get('visits')];
  throw new Error(JSON.stringify(seen));
`;

describe.skipIf(missing !== undefined)(`keys behind the replay${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let file: string;
  beforeAll(async () => {
    if ('missing' in installed || 'missing' in server) return;
    mkdirSync(app);
    cpSync(join(installed.folder, 'node_modules'), join(app, 'node_modules'), { recursive: true });
    writeFileSync(join(app, 'package.json'), '{ "name": "keys", "version": "1.0.0", "type": "module" }');
    writeFileSync(join(app, 'server.js'), source(RECORDED));
    cpSync(app, changed, { recursive: true });
    writeFileSync(join(changed, 'server.js'), source(CHANGED));
    const client = new Redis(server.port, '127.0.0.1');
    await client.hset('user:47', { name: 'Ann' });
    await client.expire('user:47', 1000);
    await client.rpush('jobs', 'a', 'b');
    await client.set('visits', 41);
    client.disconnect();
    const port = await freePort();
    await using running = await dejaRun(['node', 'server.js'], { out, ready: 'it is listening', cwd: app, env: { PORT: String(port), REDIS_PORT: String(server.port) } });
    await fetch(`http://127.0.0.1:${port}/`).then((response) => response.text());
    await running.says('.deja');
    await running.stop();
    file = packagesIn(out)[0] ?? 'no package';
  });

  it('are in the plan, with the events that show them', async () => {
    const plan = join(folder, 'plan');
    await deja(['plan', file, '--out', plan], { cwd: app });
    const stubs = readFileSync(join(plan, 'stubs.yaml'), 'utf8');
    expect(stubs).toMatch(/keys:\n\s+- key: jobs\n\s+list:\n\s+- a\n\s+- b\n\s+from:\n\s+- \d+\n\s+- key: visits\n\s+string: "41"\n\s+from:\n\s+- \d+\n\s+- key: user:47\n\s+hash:\n\s+- - name\n\s+- Ann\n/);
  });

  it('are not needed for the recorded code', async () => {
    const { code, document } = await reproduce(app, [file, '--sandbox', 'namespace']);
    expect({ code, control: document.control?.verdict }).toEqual({ code: 0, control: 'not-reproduced' });
  }, 60_000);

  it('answer what changed code asks, and each answer is told', async () => {
    const { document, stderr } = await reproduce(app, [file, '--sandbox', 'namespace', '--app', changed, '--no-control', '--verbose']);
    expect(document.runs[0]?.failure).toBe(`Error: ${JSON.stringify(['Ann', 'b', ['a'], false, null, 'OK', 'clerk', '42'])}`);
    expect(document.verdict).toBe('diverged');
    for (const asked of ['hget user:47 name', 'rpoplpush jobs done', 'get role:47', 'set role:47 clerk']) expect(stderr).toContain(`${asked}: not in the recording; the answer is that of a real server`);
    expect(stderr).not.toContain('incr visits: not in the recording');
  }, 60_000);
});
