import type { ErrorPackage, FileEvent, FileFacts } from '@deja/format';
import { describe, expect, it } from 'vitest';
import { recordedFiles } from './recorded-files.js';

let seq = 0;
const event = (operation: FileEvent['operation'], path: string, answer: FileFacts | string): FileEvent =>
  ({ kind: 'file', seq: ++seq, operation, path, outcome: typeof answer === 'string' ? { error: { message: answer, code: answer } } : { ok: answer } });
const laidOut = (...timeline: readonly FileEvent[]): ReturnType<typeof recordedFiles> =>
  recordedFiles({ manifest: { capture: { sources: ['files'] } }, timeline, blobs: new Map() } as unknown as ErrorPackage);
const base64 = Buffer.from('x').toString('base64');

describe('recorded files', () => {
  it('of the sandbox itself, or at no plain path, are not laid out', () => {
    const paths = ['/', '/etc', '/etc/hosts', '/usr/bin/node', '/proc/1/mem', '/.deja/host/x', '/data/../etc/passwd', 'data/x', '/tmp'];
    expect(laidOut(...paths.flatMap((path) => [event('read', path, { content: { text: 'x' } }), event('look', path, 'ENOENT')]))).toEqual([]);
  });

  it('of a recording that did not look at files are none', () => {
    expect(recordedFiles({ manifest: { capture: {} }, timeline: [event('read', '/d/a', {})], blobs: new Map() } as unknown as ErrorPackage)).toEqual([]);
  });

  it('are there, missing or unreadable as they were', () => {
    expect(laidOut(event('look', '/d/a', { type: 'file', size: 1, mode: 0o100640, changed: 5 }), event('read', '/d/a', { type: 'file', content: { text: 'x' } }), event('read', '/d/b', 'ENOENT'), event('read', '/d/c', 'EACCES'), event('read', '/d/e', 'EISDIR'))).toEqual([
      { path: '/d/a', kind: 'file', base64, size: 1, mode: 0o100640, changed: 5 },
      { path: '/d/b', kind: 'missing' },
      { path: '/d/c', kind: 'file', unreadable: true },
    ]);
  });

  it('are what they were before the application wrote them', () => {
    expect(laidOut(event('read', '/d/a', 'ENOENT'), event('write', '/d/a', {}), event('read', '/d/a', { type: 'file', content: { text: 'x' } }), event('write', '/e/b', {}))).toEqual([{ path: '/d/a', kind: 'missing' }, { path: '/e', kind: 'folder' }]);
    expect(laidOut(event('read', '/d/a', { type: 'file', content: { text: 'x' } }), event('write', '/d/a', {}))).toEqual([{ path: '/d/a', kind: 'file', base64 }]);
  });

  it('are there where a folder that was listed names them', () => {
    expect(laidOut(event('list', '/d', { type: 'folder', entries: ['a', 'sub', '..'] }), event('read', '/d/sub/x', { type: 'file', content: { text: 'x' } }))).toEqual([
      { path: '/d', kind: 'folder' }, { path: '/d/sub/x', kind: 'file', base64 }, { path: '/d/a', kind: 'file', size: 0 }, { path: '/d/sub', kind: 'folder' },
    ]);
  });
});
