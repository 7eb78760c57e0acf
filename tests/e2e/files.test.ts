/** Failures that come from files outside of the application: these are gone when the failures happen again. */
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPackage } from '@deja/format/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dejaRun } from '../support/deja-run.ts';
import { freePort } from '../support/free-port.ts';
import { packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'deja-files-')));
const SECRET = 'Hunter2hunter2';
let files: readonly string[] = [];

const CASES = [
  ['/rate?of=SEK', "reading 'toFixed'", 'what is not in one'],
  ['/report?day=monday', "reading 'trim'", 'what a stream of one gives'],
  ['/report?day=friday', 'no report of friday among 2', 'one that is not there, among others'],
  ['/missing', 'ENOENT: no such file or directory', 'one whose folder is not there'],
  ['/old?who=ann', 'asked by ann\n: 70000 bytes of 2020-02-02T02:02:02.000Z', 'size and time of one, and one that was written before it was read'],
] as const;

describe('failures that come from files are observed and happen again', () => {
  beforeAll(async () => {
    const service = join(folder, 'files');
    cpSync(join(import.meta.dirname, '..', 'apps', 'files'), service, { recursive: true });
    const data = join(folder, 'data');
    mkdirSync(join(data, 'reports'), { recursive: true });
    writeFileSync(join(data, 'settings.ini'), `; what everybody needs\ncurrency = EUR\npassword = ${SECRET}\n`);
    writeFileSync(join(data, 'rates.json'), '{"USD":1.1}');
    for (const day of ['monday', 'sunday']) writeFileSync(join(data, 'reports', `${day}.txt`), 'a;b\n');
    writeFileSync(join(data, 'archive.bin'), Buffer.alloc(70_000));
    utimesSync(join(data, 'archive.bin'), Date.UTC(2020, 1, 2, 2, 2, 2) / 1000, Date.UTC(2020, 1, 2, 2, 2, 2) / 1000);
    const port = await freePort();
    const running = await dejaRun(['node', 'server.js'], { out: join(folder, 'out'), ready: 'files is listening', cwd: service, env: { PORT: String(port), DATA: data } });
    expect(await (await fetch(`http://127.0.0.1:${port}/rate?of=USD`)).text()).toBe('1.10 EUR');
    for (const [path] of CASES) expect(await (await fetch(`http://127.0.0.1:${port}${path}`)).text(), running.output()).toBe('sorry');
    await running.stop();
    rmSync(data, { recursive: true });
    files = packagesIn(join(folder, 'out'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(CASES.map(([, message, cause], index) => [cause, message, index] as const))('%s', async (_, message, index) => {
    const file = files[index] ?? '';
    expect((await readPackage(file)).failure?.error?.message).toContain(message);
    const { code, document, stderr } = await reproduce(folder, [file, '--sandbox', 'namespace', '--runs', '3', '--no-control']);
    expect({ code, verdicts: verdictsOf(document) }, stderr).toEqual({ code: 0, verdicts: ['reproduced', 'reproduced', 'reproduced'] });
  }, 60_000);

  it('without their secrets', async () => {
    for (const file of files) expect(JSON.stringify((await readPackage(file)).timeline)).not.toContain(SECRET);
  });
});
