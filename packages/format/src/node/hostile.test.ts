import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import type { ErrorPackage } from '../index.js';
import { crc32 } from '../writer/crc32.js';
import { sha256, writePackage } from '../writer/index.js';
import { readPackage } from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'deja-hostile-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SOUND: ErrorPackage = {
  manifest: {
    deja: 'package/1', id: 'a', service: 's', time: '2026-01-01T00:00:00Z', summary: null, counts: { events: 0, requests: 0 }, limits: [],
    capture: { version: '0', mode: 'replay', notCaptured: [] },
  },
  failure: null,
  context: {
    epoch: 0, requests: [], listening: [], application: { dependencies: {} },
    process: { node: '24', execPath: 'node', execArgv: [], argv: [], cwd: '/', root: '/', env: {}, platform: 'linux', arch: 'x64', pid: 1 },
  },
  databases: [], servers: [], timeline: [], state: { values: {} }, blobs: new Map(),
};

interface Crafted {
  readonly name: string;
  readonly data: string | Buffer;
  readonly deflate?: boolean;
  readonly declaredSize?: number;
  readonly mode?: number;
  readonly flags?: number;
  readonly crc?: number;
  /** Use the local header of this earlier entry instead of writing one. */
  readonly sameAs?: number;
}

/** A zip with whatever lies in its headers. */
function craft(entries: readonly Crafted[], options: { readonly count?: number } = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  const offsets: number[] = [];
  let at = 0;
  for (const entry of entries) {
    const data = Buffer.from(entry.data);
    const packed = entry.deflate ? deflateRawSync(data) : data;
    const header = Buffer.alloc(26);
    header.writeUInt16LE(20, 0);
    header.writeUInt16LE(entry.flags ?? 0, 2);
    header.writeUInt16LE(entry.deflate ? 8 : 0, 4);
    header.writeUInt32LE(entry.crc ?? crc32(data), 10);
    header.writeUInt32LE(packed.length, 14);
    header.writeUInt32LE(entry.declaredSize ?? data.length, 18);
    header.writeUInt16LE(Buffer.byteLength(entry.name), 22);
    const offset = entry.sameAs === undefined ? at : (offsets[entry.sameAs] ?? 0);
    offsets.push(offset);
    if (entry.sameAs === undefined) {
      const local = Buffer.concat([Buffer.from('PK\u0003\u0004'), header, Buffer.from(entry.name), packed]);
      parts.push(local);
      at += local.length;
    }
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\u0001\u0002'), Buffer.from([20, 3]), header, rest, Buffer.from(entry.name)]));
  }
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006');
  end.writeUInt16LE(options.count ?? entries.length, 8);
  end.writeUInt16LE(options.count ?? entries.length, 10);
  end.writeUInt32LE(directory.reduce((sum, part) => sum + part.length, 0), 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

/** The files of a sound package, some of them replaced or added. */
function files(changes: Readonly<Record<string, Crafted['data']>> = {}): Crafted[] {
  const sound: Record<string, Crafted['data']> = {
    'manifest.json': JSON.stringify(SOUND.manifest), 'failure.json': 'null', 'context.json': JSON.stringify(SOUND.context),
    'services.json': '{"databases":[],"servers":[]}', 'timeline.jsonl': '', 'state.json': '{"values":{}}',
  };
  return Object.entries({ ...sound, ...changes }).map(([name, data]) => ({ name, data, deflate: true }));
}

async function refusal(bytes: Uint8Array | string): Promise<string> {
  const outcome = await readPackage(bytes).then(() => 'read', (error: unknown) => error);
  expect(outcome).toMatchObject({ name: 'DejaError', hint: expect.any(String) as string });
  const { code, message } = outcome as { code: string; message: string };
  expect(message).not.toContain('\n');
  return `${code} ${message}`;
}

test('crafted by hand, a sound package is read; repacked by a tool with folder entries, too', async () => {
  expect(await readPackage(craft(files()))).toEqual(SOUND);
  expect(await readPackage(craft([...files(), { name: 'blobs/', data: '', mode: 0o040755 }]))).toEqual(SOUND);
});

describe('what is not a package', () => {
  test.each([
    ['an empty file', Buffer.alloc(0), /TRUNCATED .*is empty/],
    ['some text', Buffer.from('hello'), /FOREIGN .*not an error package/],
    ['a foreign zip', craft([{ name: 'word/document.xml', data: '<x/>' }]), /FOREIGN .*no manifest\.json/],
    ['a foreign manifest.json', craft([{ name: 'manifest.json', data: '{"name":"app"}' }]), /FOREIGN .*names no "deja" version/],
    ['a future version', craft([...files({ 'manifest.json': '{"deja":"package/7","more":1}' }), { name: 'new.bin', data: 'x' }]), /VERSION .*format version 7; this Deja reads up to version 1/],
    ['a missing file', craft(files().filter((file) => file.name !== 'context.json')), /DAMAGED .*has no context\.json/],
  ])('%s', async (_, bytes, expected) => {
    expect(await refusal(bytes)).toMatch(expected);
  });

  test('every truncation of a sound one', async () => {
    const whole = Buffer.from(writePackage(SOUND));
    for (let length = 4; length < whole.length; length += 13) expect(await refusal(whole.subarray(0, length))).toMatch(/^DEJA_PACKAGE_TRUNCATED/);
  });

  test('a path that is not there, a folder, a device', async () => {
    expect(await refusal(join(folder, 'none.deja'))).toMatch(/NOT_FOUND none\.deja|NOT_FOUND .*none\.deja/);
    expect(await refusal(folder)).toMatch(/FOREIGN .*is a folder/);
    expect(await refusal('/dev/zero')).toMatch(/FOREIGN .*not a regular file/);
  });
});

describe('what lies', () => {
  const damaged = files();
  test.each([
    ['a path escape', craft([...files(), { name: '../../etc/passwd', data: 'x' }]), /UNSAFE .*points outside/],
    ['an absolute path', craft([...files(), { name: '/etc/passwd', data: 'x' }]), /UNSAFE .*points outside/],
    ['a Windows path', craft([...files(), { name: '..\\x', data: 'x' }]), /UNSAFE .*points outside/],
    ['an unknown name', craft([...files(), { name: 'x.sh', data: 'x' }]), /UNSAFE .*x\.sh that no package has/],
    ['a name with terminal codes', craft([...files(), { name: '\u001b[2J\n', data: 'x' }]), /UNSAFE .*\?\[2J\?/],
    ['a symbolic link', craft([...files(), { name: 'blobs/sha256/x', data: '/etc/passwd', mode: 0o120777 }]), /UNSAFE .*is a link/],
    ['a duplicate', craft([...files(), { name: 'state.json', data: '{}' }]), /UNSAFE .*two entries named state\.json/],
    ['entries that share bytes', craft([...files(), { name: `blobs/sha256/${'a'.repeat(64)}`, data: '', sameAs: 2 }]), /UNSAFE .*overlaps/],
    ['an encrypted entry', craft([...files(), { name: 'x', data: 'x'.repeat(13), declaredSize: 1, flags: 1 }]), /DAMAGED .*encrypted/],
    ['a wrong checksum', craft(damaged.map((file) => (file.name === 'state.json' ? { ...file, crc: 1 } : file))), /DAMAGED .*state\.json is damaged/],
    ['a blob with another hash', craft(files({ [`blobs/sha256/${'b'.repeat(64)}`]: 'x' })), /DAMAGED .*other content than its name/],
    ['an entry longer than it says', craft([...files(), { name: `blobs/sha256/${sha256(Buffer.from('x'))}`, data: 'x'.repeat(9999), deflate: true, declaredSize: 1 }]), /UNSAFE .*more than the 1 bytes/],
    ['more entries than there are', craft(files(), { count: 4000 }), /DAMAGED|TRUNCATED/],
    ['text that is no JSON', craft(files({ 'state.json': '{"values":' })), /DAMAGED .*state\.json is not JSON/],
    ['a wrong field', craft(files({ 'state.json': '{"values":[]}' })), /INVALID .*state\.json: values: expected record/],
    ['a wrong event', craft(files({ 'timeline.jsonl': '{"seq":1,"kind":"dns","hostname":7,"outcome":{"pending":{}}}' })), /INVALID .*timeline\.jsonl line 1: hostname: expected string, received number/],
    ['an unlisted database', craft(files({ 'timeline.jsonl': '{"seq":1,"kind":"sql","database":"x","session":1,"text":"","outcome":{"pending":{}}}' })), /INVALID .*event 1: database: "x" is not listed/],
  ])('%s', async (_, bytes, expected) => {
    expect(await refusal(bytes)).toMatch(expected);
  });
});

const wrongNames = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 1]));
const lines = (line: string, bytes: number) => Buffer.from(`${line}\n`.repeat(Math.floor(bytes / (line.length + 1))));

const distinctTexts = (count: number) => Array.from({ length: count }, (_, n) => `"${n.toString(36)}"`).join(',');
const rowsOf = (cells: string) => `{"seq":1,"kind":"sql","database":"x","session":1,"text":"","outcome":{"ok":{"command":"","rowCount":1,"fields":[],"rows":[[${cells}]]}}}`;
/** Events of 7 MiB, in two bytes a character because of one of them. */
const wideLines = (count: number) => Array.from({ length: count }, (_, n) => `{"seq":${n + 1},"kind":"dns","hostname":"ж${'x'.repeat(7 * 1024 * 1024)}","outcome":{"pending":{}}}`).join('\n');

/** Read in a process of its own, so that its peak of memory can be seen. */
describe('what is meant to hurt stays below 200 MB', () => {
  const MIB = 1024 * 1024;
  const event = '{"seq":1,"kind":"dns","hostname":"a","outcome":{"pending":{}}}';
  test.each<readonly [string, () => Buffer, RegExp]>([
    ['a bomb that says its size', () => craft(files({ 'timeline.jsonl': Buffer.alloc(200 * MIB) })), /TOO_LARGE .*would unpack to/],
    ['many bombs', () => craft([...files(), ...[1, 2, 3, 4].map((n) => ({ name: `blobs/sha256/${String(n).repeat(64)}`, data: Buffer.alloc(12 * MIB), deflate: true }))]), /TOO_LARGE .*would unpack to more than/],
    ['a bomb that lies about its size', () => craft([...files(), { name: `blobs/sha256/${'c'.repeat(64)}`, data: Buffer.alloc(150 * MIB), deflate: true, declaredSize: 1000 }]), /UNSAFE/],
    ['the most that sizes allow', () => craft(files({ 'timeline.jsonl': wideLines(2), 'state.json': JSON.stringify({ values: { x: `ж${'x'.repeat(1.5 * MIB)}` } }), [`blobs/sha256/${sha256(Buffer.alloc(31 * MIB))}`]: Buffer.alloc(31 * MIB) })), /^undefined undefined$/],
    ['60,000 entries', () => craft([...files(), ...Array.from({ length: 60_000 }, (_, n) => ({ name: `blobs/sha256/${String(n).padStart(64, '0')}`, data: '' }))]), /TOO_LARGE .*60006 entries/],
    ['deep JSON', () => craft(files({ 'state.json': `${'['.repeat(4 * MIB)}${']'.repeat(4 * MIB)}` })), /TOO_LARGE .*nested deeper than 200/],
    ['very many values', () => craft(files({ 'state.json': `{"values":{"x":[${'1,'.repeat(2_000_000)}1]}}` })), /TOO_LARGE .*above 1000000 JSON values/],
    ['as many values as allowed', () => craft(files({ 'state.json': `{"values":{"x":[${distinctTexts(490_000)}]}}`, 'timeline.jsonl': rowsOf(distinctTexts(490_000)) })), /INVALID .*"x" is not listed/],
    ['very many arrays', () => craft(files({ 'state.json': `{"values":{"x":[${'[],'.repeat(2_000_000)}[]]}}` })), /TOO_LARGE .*above/],
    ['as many objects as allowed', () => craft(files({ 'state.json': `{"values":{"x":[${'{},'.repeat(499_000)}{}]},"more":1}` })), /^undefined undefined$/],
    ['very many short lines', () => craft(files({ 'timeline.jsonl': lines('0', 15 * MIB) })), /TOO_LARGE .*more than 100000 lines/],
    ['very many events', () => craft(files({ 'timeline.jsonl': lines(event, 15 * MIB) })), /TOO_LARGE .*more than 100000 lines/],
    ['very many wrong cells', () => craft(files({ 'timeline.jsonl': `{"seq":1,"kind":"sql","database":"x","session":1,"text":"","outcome":{"ok":{"command":"","rowCount":1,"fields":[],"rows":[[${'1,'.repeat(900_000)}1]]}}}` })), /INVALID .*rows\[0\]\[0\]: expected string, or null, or object, received number 1/],
    ['very many names', () => craft(files({ 'state.json': JSON.stringify({ values: wrongNames(400_000) }) })), /TOO_LARGE .*more than 10000 names/],
    ['many wrong names', () => craft(files({ 'context.json': JSON.stringify({ ...SOUND.context, process: { ...SOUND.context.process, env: wrongNames(9999) }, application: { dependencies: wrongNames(9999) } }) })), /INVALID .*process\.env\.k0: expected string/],
    ['very many wrong events', () => craft(files({ 'timeline.jsonl': lines('{"seq":[]}', MIB) })), /INVALID .*line 1/],
  ])('%s', (name, make, expected) => {
    const path = join(folder, `${name.replaceAll(/\W/g, '-')}.deja`);
    writeFileSync(path, make());
    const reader = new URL('../../dist/node/index.js', import.meta.url).href;
    // Not getrusage: its peak includes the memory of whoever forked the process.
    const script = `import { readFileSync } from 'node:fs'; const { readPackage } = await import(${JSON.stringify(reader)});
      const error = await readPackage(${JSON.stringify(path)}).catch((error) => error);
      console.log(JSON.stringify({ text: error.code + ' ' + error.message, peak: Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) }));`;
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', timeout: 20_000 });
    expect(child.stderr).toBe('');
    const seen = JSON.parse(child.stdout) as { text: string; peak: number };
    expect(seen.text).toMatch(expected);
    expect(seen.peak * 1024).toBeLessThan(200e6);
  });
});
