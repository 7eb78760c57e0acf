import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { startDatabases } from './databases.js';
import { WarmEngines } from './warm-engines.js';
import { planFor } from './testing/plan.js';

const folder = mkdtempSync(join(tmpdir(), 'deja-in-the-way-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('where nothing isolates, files beside a SQLite file of the plan are left alone as well', async () => {
  const fixture = { name: 'main', engine: 'sqlite', schema: 'inferred', opaque: [], ddl: [], tables: [], afterLoad: [] } as const;
  const plan = (file: string) =>
    planFor({ command: [], cwd: folder, preload: '' }, { network: { mode: 'redirected', hosts: [], addresses: [] }, databases: [{ fixture, engine: { kind: 'sqlite', file } }] });
  writeFileSync(join(folder, 'notes-journal'), 'mine');
  symlinkSync('/nowhere', join(folder, 'link'));
  for (const file of ['notes', 'link']) await expect(startDatabases(plan(file), folder, new WarmEngines())).rejects.toMatchObject({ code: 'DEJA_DATA_IN_THE_WAY' });
  expect(readdirSync(folder).toSorted()).toEqual(['link', 'notes-journal']);
  const databases = await startDatabases(plan('new.db'), folder, new WarmEngines());
  expect(existsSync(join(folder, 'new.db'))).toBe(true);
  await databases.stop();
  expect(readdirSync(folder).toSorted()).toEqual(['link', 'notes-journal']);
});
