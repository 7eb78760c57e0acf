/** A service with its data in a SQLite file, by either driver: the file of production is gone when the failure happens again. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPackage } from '@deja/format/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deja } from '../support/deja.ts';
import { dejaRun } from '../support/deja-run.ts';
import { freePort } from '../support/free-port.ts';
import { npmFolder } from '../support/npm-folder.ts';
import { packagesIn, reproduce, verdictsOf } from './real-apps/deja.ts';

const installed = npmFolder(['better-sqlite3@13']);
const folder = mkdtempSync(join(tmpdir(), 'deja-sqlite-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(['node:sqlite', 'better-sqlite3'])('%s', (driver) => {
  const missing = driver === 'better-sqlite3' && 'missing' in installed ? ` (skipped: ${installed.missing})` : '';
  const service = join(folder, driver.replace(':', '-'), 'notes');
  const out = join(folder, driver.replace(':', '-'), 'out');
  let files: readonly string[] = [];

  describe.skipIf(missing !== '')(`a failure is observed and happens again${missing}`, () => {
    beforeAll(async () => {
      cpSync(join(import.meta.dirname, '..', 'apps', 'notes'), service, { recursive: true });
      if ('folder' in installed) cpSync(join(installed.folder, 'node_modules'), join(service, 'node_modules'), { recursive: true });
      const port = await freePort();
      const running = await dejaRun(['node', 'server.js'], { out, ready: 'notes is listening', cwd: service, env: { PORT: String(port), DRIVER: driver } });
      for (const path of ['/?id=1', '/?id=2', '/lottery']) await fetch(`http://127.0.0.1:${port}${path}`);
      await running.stop();
      rmSync(join(service, 'notes.db'));
      files = packagesIn(out);
    });

    it('because a joined row is missing', async () => {
      const [file = ''] = files;
      expect((await readPackage(file)).failure?.error?.message).toContain("reading 'toUpperCase'");
      const { code, document, stderr } = await reproduce(folder, [file, '--runs', '2']);
      expect({ code, verdicts: verdictsOf(document), control: document.control?.verdict }, stderr).toEqual({ code: 0, verdicts: ['reproduced', 'reproduced'], control: 'not-reproduced' });
    });

    it('from a file that the application made itself, in one text of several statements', async () => {
      const checked = JSON.parse((await deja(['fixtures', files[0] ?? '', '--check', '--json'], { cwd: folder })).stdout) as { statements: number; exact: number; rows: number };
      expect(checked).toMatchObject({ exact: checked.statements, rows: 0 });
    });

    it('with a number that only the engine could draw, answered as it was', async () => {
      const [, file = ''] = files;
      expect((await readPackage(file)).failure?.error?.message).toMatch(/^no prize for \d+$/);
      const { code, document, stderr } = await reproduce(folder, [file, '--no-control']);
      expect({ code, verdicts: verdictsOf(document) }, stderr).toEqual({ code: 0, verdicts: ['reproduced'] });
    });
  });
});
