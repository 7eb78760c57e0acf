/** Failures whose cause came over protocols that no instrumentation knows: the servers are gone when they happen again. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPackage } from '@deja/format/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dejaRun } from '../support/deja-run.ts';
import { freePort } from '../support/free-port.ts';
import { npmFolder } from '../support/npm-folder.ts';
import { lineServer, memcachedServer, mqttBroker, smtpServer } from '../support/raw/servers.ts';
import { packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';

const installed = npmFolder(['nodemailer@7', 'smtp-server@3', 'memjs@1', 'mqtt@5', 'aedes@0']);
const missing = 'missing' in installed ? ` (skipped: ${installed.missing})` : '';
const folder = mkdtempSync(join(tmpdir(), 'deja-raw-'));
const PASSWORDS = { smtp: 'Sm7pPassw0rd!', mqtt: 'Mq77Passw0rd!' };
let files: readonly string[] = [];

const CASES = [
  ['/mail?to=nobody@example.com', '550 no such mailbox', 'a mailbox that does not exist, by SMTP with STARTTLS and a password'],
  ['/mail?to=slammed@example.com', 'Connection closed', 'a mail server that closes the connection'],
  ['/stock?article=9', "reading 'toFixed'", 'a value of memcached, over a connection that was made at the start'],
  ['/line?q=half', 'ECONNRESET', 'a reset in the middle of an answer'],
  ['/line?q=cut', 'unfinished: ONE', 'an answer that ended early'],
  ['/kept?name=bob', "reading 'trim'", 'a connection that another request had made'],
  ['/publish?order=7', 'order 7 is lost', 'a message over MQTT that another one brought about'],
] as const;

describe.skipIf(missing !== '')(`what no instrumentation knows is observed byte by byte and happens again${missing}`, () => {
  beforeAll(async () => {
    const service = join(folder, 'raw');
    cpSync(join(import.meta.dirname, '..', 'apps', 'raw'), service, { recursive: true });
    if ('missing' in installed) return;
    cpSync(join(installed.folder, 'node_modules'), join(service, 'node_modules'), { recursive: true });
    await using smtp = await smtpServer(installed.folder, PASSWORDS.smtp);
    await using memcached = await memcachedServer({ 'stock:1': '{"pieces":3}', 'stock:9': '{"piece":3}' });
    await using line = await lineServer();
    await using broker = await mqttBroker(installed.folder, PASSWORDS.mqtt);
    const port = await freePort();
    const running = await dejaRun(['node', 'server.js'], {
      out: join(folder, 'out'), ready: 'raw is listening', cwd: service,
      env: { PORT: String(port), SMTP_PORT: String(smtp.port), SMTP_PASSWORD: PASSWORDS.smtp, MEMCACHED: `127.0.0.1:${memcached.port}`, LINE_PORT: String(line.port), MQTT_PORT: String(broker.port), MQTT_PASSWORD: PASSWORDS.mqtt },
    });
    const get = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    expect([await get('/stock?article=1'), await get('/line?q=all'), await get('/kept?name=ann')]).toEqual(['3 pieces', 'ONE\r\nTWO\r\nEND\r\n', '1']);
    // What those have asked is not in the packages any more.
    for (let time = 0; time < 6; time += 1) await get('/line?q=all');
    for (const [path] of CASES) expect(await get(path), running.output()).toBe('sorry');
    await running.stop();
    files = packagesIn(join(folder, 'out'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(CASES.map(([, message, cause], index) => [cause, message, index] as const))('%s', async (_, message, index) => {
    const file = files[index] ?? '';
    expect((await readPackage(file)).failure?.error?.message).toContain(message);
    const { code, document, stderr } = await reproduce(folder, [file, '--sandbox', 'namespace', '--runs', '3', '--no-control']);
    expect({ code, verdicts: verdictsOf(document) }, stderr).toEqual({ code: 0, verdicts: ['reproduced', 'reproduced', 'reproduced'] });
  }, 60_000);

  it('without the passwords', async () => {
    for (const file of files) {
      const { timeline, blobs } = await readPackage(file);
      const all = [JSON.stringify(timeline), ...[...blobs.values()].map((bytes) => Buffer.from(bytes).toString('latin1'))].join('\n');
      for (const password of Object.values(PASSWORDS)) {
        expect(all).not.toContain(password);
        expect(all).not.toContain(Buffer.from(`\0shop\0${password}`).toString('base64'));
      }
      expect(readFileSync(file).includes(PASSWORDS.smtp)).toBe(false);
    }
  });
});
