import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { workFiles } from './work-files.js';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'deja-work-')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const [code, other, work, etc] = ['code', 'other', 'work', 'etc'].map((name) => join(folder, name)) as [string, string, string, string];
for (const path of [code, other, work, etc]) mkdirSync(path);
const main = join(code, 'main.js');
for (const file of [main, join(other, 'main.js'), join(code, 'config.yaml'), join(work, 'config.yaml'), join(etc, 'all.yaml')]) writeFileSync(file, '');
const mount = (path: string) => ({ from: path, at: path });

describe('workFiles', () => {
  it('is nothing when the application works where its code is', () => {
    expect(workFiles({ arguments: [main, '--config', 'config.yaml', '--port=80', '-v'], cwd: code, folder: code }, code)).toEqual({ writable: [], extra: [] });
  });

  it('shows a working folder that is elsewhere, and what arguments name beyond it', () => {
    const given = { arguments: [main, '-c', 'config.yaml', `--defaults=${join(etc, 'all.yaml')}`, '/nowhere', '/', 'http://x/'], cwd: work, folder: code };
    expect(workFiles(given, code)).toEqual({ writable: [mount(work)], extra: [mount(join(etc, 'all.yaml'))] });
  });

  it('brings along what lay beside the recorded code and is not with the other code', () => {
    expect(workFiles({ arguments: [main, '--config', './config.yaml'], cwd: code, folder: code }, other)).toEqual({ writable: [], extra: [mount(join(code, 'config.yaml'))] });
  });

  it("leaves the system's folders, and a working folder that is not here, alone", () => {
    expect(workFiles({ arguments: [main], cwd: '/tmp', folder: code }, code)).toEqual({ writable: [], extra: [] });
    expect(workFiles({ arguments: [main], cwd: join(folder, 'gone'), folder: code }, code)).toEqual({ writable: [], extra: [] });
  });
});
