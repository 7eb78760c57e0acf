/** Failures that come from programs which the service starts: these are gone when the failures happen again. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPackage } from '@deja/format/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dejaRun } from '../support/deja-run.ts';
import { freePort } from '../support/free-port.ts';
import { packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';

const folder = mkdtempSync(join(tmpdir(), 'deja-programs-'));
const service = join(folder, 'programs');
let files: readonly string[] = [];

const CASES = [
  ['/thumbnail?name=cat', "reading 'toFixed'", 'what one printed'],
  ['/scan?name=cat', 'scan ended with 3: reading cat', 'how one ended that was given input'],
  ['/render?title=Cats', 'Command failed: render --title Cats\nno fonts', 'how one ended that was waited for standing still'],
  ['/missing', 'spawn no-such-tool ENOENT', 'one that is not there'],
  ['/slow', 'Command failed: slow', 'one that took too long'],
  ['/shell?name=cat', 'Command failed: thumbnail --of cat | tr a-z A-Z; exit 4', 'a command of the shell'],
] as const;

describe('failures that come from programs are observed and happen again', () => {
  beforeAll(async () => {
    cpSync(join(import.meta.dirname, '..', 'apps', 'programs'), service, { recursive: true });
    const bin = join(folder, 'bin');
    cpSync(join(service, 'bin'), bin, { recursive: true });
    rmSync(join(service, 'bin'), { recursive: true });
    const port = await freePort();
    const running = await dejaRun(['node', 'server.js'], { out: join(folder, 'out'), ready: 'programs is listening', cwd: service, env: { PORT: String(port), PATH: `${bin}:${process.env['PATH'] ?? ''}`, DEJA_USER_PATH: undefined } });
    for (const [path] of CASES) expect(await (await fetch(`http://127.0.0.1:${port}${path}`)).text(), running.output()).toBe('sorry');
    await running.stop();
    rmSync(bin, { recursive: true });
    files = packagesIn(join(folder, 'out'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(CASES.map(([, message, cause], index) => [cause, message, index] as const))('%s', async (_, message, index) => {
    const file = files[index] ?? '';
    expect((await readPackage(file)).failure?.error?.message).toContain(message);
    const { code, document, stderr } = await reproduce(folder, [file, '--sandbox', 'namespace', '--runs', '3']);
    expect({ code, verdicts: verdictsOf(document), control: document.control?.verdict }, stderr).toEqual({ code: 0, verdicts: ['reproduced', 'reproduced', 'reproduced'], control: 'not-reproduced' });
  }, 60_000);
});
