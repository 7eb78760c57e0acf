import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { EventBody } from '@deja/format';
import { DEFAULT_LIMITS } from '../core/config.js';
import { Packer } from '../core/packer.js';
import { TimelineRecorder } from '../core/timeline-recorder.js';
import { policyOf } from '../redact/policy.js';
import { Redactor } from '../redact/redactor.js';
import { DataPaths } from './data-paths.js';
import { installFiles } from './install-files.js';
import { ObservedFiles } from './observed-files.js';

const folder = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'deja-data-')));
const at = (name: string): string => join(folder, name);
fs.mkdirSync(at('app'));
fs.writeFileSync(at('a.txt'), 'some text');
const installed: Disposable[] = [];
afterEach(() => {
  for (const one of installed.splice(0)) one[Symbol.dispose]();
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Observes this process; what was told so far. */
function observe(cap = 1000): () => readonly EventBody[] {
  const recorder = new TimelineRecorder(DEFAULT_LIMITS);
  installed.push(installFiles(new ObservedFiles(recorder, new DataPaths(at('app'), [at('out')]), cap)));
  return () => recorder.boot.entries.map(({ live }) => live.toBody(new Packer(new Redactor({ policy: policyOf(undefined) }), 1000)));
}

describe('files that the application asks for', () => {
  it('that are not there, or not what is expected, fail as they do without', async () => {
    const told = observe();
    expect(() => fs.readFileSync(at('none'))).toThrow(expect.objectContaining({ code: 'ENOENT', syscall: 'open', path: at('none') }));
    await expect(fsPromises.readFile(folder)).rejects.toMatchObject({ code: 'EISDIR' });
    await expect(promisify(fs.stat)(at('none'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(fs.statSync(at('nothing'), { throwIfNoEntry: false })).toBeUndefined();
    expect(fs.existsSync(at('never'))).toBe(false);
    expect(() => (fs.readFileSync as (path: unknown) => void)({})).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
    await expect(text(fs.createReadStream(at('none')))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(told().map((event) => (event.kind === 'file' && 'error' in event.outcome ? [event.operation, event.outcome.error.code] : event.kind))).toEqual([
      ['read', 'ENOENT'], ['read', 'EISDIR'], ['look', 'ENOENT'], ['look', 'ENOENT'], ['look', 'ENOENT'], ['read', 'ENOENT'],
    ]);
  });

  it('are told in every form, with their contents', async () => {
    const told = observe();
    expect(fs.readFileSync(at('a.txt'), 'utf8')).toBe('some text');
    expect(String(await promisify(fs.readFile)(at('a.txt')))).toBe('some text');
    expect(await fsPromises.readFile(at('a.txt'), { encoding: 'latin1' })).toBe('some text');
    expect(await text(fs.createReadStream(at('a.txt')))).toBe('some text');
    expect(told().map((event) => (event.kind === 'file' && 'ok' in event.outcome ? event.outcome.ok.content : null))).toEqual(Array.from({ length: 4 }, () => ({ text: 'some text' })));
  });

  it('that are code, the own folder, packages, the system or what Deja writes are not', () => {
    const told = observe();
    fs.writeFileSync(at('app/settings.json'), '{}');
    fs.writeFileSync(at('linked.js'), '');
    for (const path of [at('app/settings.json'), at('linked.js'), '/etc/hosts', '/proc/self/status']) fs.readFileSync(path);
    fs.existsSync(at('out/x.deja'));
    fs.existsSync(at('node_modules/x/data'));
    expect(told()).toEqual([]);
  });

  it('that are looked at again tell nothing new, until they were written', () => {
    const told = observe();
    for (let time = 0; time < 3; time += 1) fs.existsSync(at('a.txt'));
    fs.writeFileSync(at('b.txt'), 'b');
    fs.appendFileSync(at('b.txt'), 'c');
    expect(fs.readdirSync(folder)).toContain('b.txt');
    expect(told()).toMatchObject([{ operation: 'look' }, { operation: 'write', content: { text: 'b' } }, { operation: 'write', content: { text: 'c' }, append: true }, { operation: 'list' }]);
  });

  it('are kept within their bound, and without their secrets', () => {
    fs.writeFileSync(at('.env'), 'DB_PASSWORD=hunter2\nexport API_TOKEN="abcdef"\nPORT=80\n');
    fs.writeFileSync(at('key.pem'), '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n-----END PRIVATE KEY-----\n');
    fs.writeFileSync(at('store.p12'), 'bytes');
    const told = observe(100);
    for (const name of ['.env', 'key.pem', 'store.p12']) fs.readFileSync(at(name));
    fs.writeFileSync(at('large'), Buffer.alloc(500));
    const all = JSON.stringify(told());
    for (const secret of ['hunter2', 'abcdef', 'MIIEvQ', 'bytes"']) expect(all).not.toContain(secret);
    expect(all).toContain('PORT=80');
    expect(told().at(-1)).toMatchObject({ content: { text: '', truncated: 500 } });
  });
});
