import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { layOutFiles } from './files.js';
import type { GuestFile } from './plan.js';
import { planFor } from './testing/plan.js';

const folder = mkdtempSync(join(tmpdir(), 'deja-guest-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
const layOut = (...files: readonly GuestFile[]): readonly string[] => layOutFiles({ ...planFor({ command: [], cwd: '/', preload: '' }), files });
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('recorded files', () => {
  it('that cannot be laid out are told, and the others are', () => {
    writeFileSync(at('plain'), '');
    expect(layOut({ path: at('plain/below'), kind: 'file', base64: base64('x') }, { path: at('other'), kind: 'file', base64: base64('x') })).toEqual([expect.stringMatching(/plain\/below could not be laid out as recorded: E(?:EXIST|NOTDIR)/)]);
    expect(readFileSync(at('other'), 'utf8')).toBe('x');
  });

  it('that were missing are missing, whatever is there', () => {
    mkdirSync(at('gone/below'), { recursive: true });
    layOut({ path: at('gone'), kind: 'missing' }, { path: at('new/never'), kind: 'missing' });
    expect(statSync(at('gone'), { throwIfNoEntry: false })).toBeUndefined();
    expect(statSync(at('new')).isDirectory()).toBe(true);
  });

  it('have their contents, sizes, modes and times; those that nobody may read have no mode at all, and what is in them is there', () => {
    layOut(
      { path: at('secret'), kind: 'folder', unreadable: true },
      { path: at('secret/inside'), kind: 'file', base64: base64('in') },
      { path: at('a/b'), kind: 'file', base64: base64('b'), mode: 0o100640, changed: Date.UTC(2020, 0, 1) },
      { path: at('large'), kind: 'file', size: 70_000 },
    );
    expect(statSync(at('secret')).mode & 0o777).toBe(0);
    expect(readFileSync(at('a/b'), 'utf8')).toBe('b');
    expect(statSync(at('a/b'))).toMatchObject({ mode: 0o100640, mtimeMs: Date.UTC(2020, 0, 1) });
    expect(statSync(at('large')).size).toBe(70_000);
  });

  it('whose content nobody saw do not take the place of what an engine has made', () => {
    writeFileSync(at('data.db'), 'rows');
    layOut({ path: at('data.db'), kind: 'file', size: 0 });
    expect(readFileSync(at('data.db'), 'utf8')).toBe('rows');
  });
});
