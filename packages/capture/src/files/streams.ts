import fs, { type ReadStream, type WriteStream } from 'node:fs';
import { guarded } from '../core/guard.js';
import { method, override, together } from '../http/patch.js';
import type { LiveFile } from './file-event.js';
import type { ObservedFiles } from './observed-files.js';

/** Streams that read a file whole, and those that write one. */
export function followStreams(files: ObservedFiles): readonly Disposable[] {
  const read = guarded('fs.createReadStream', (stream: ReadStream, args: readonly unknown[]) => {
    const file = isWhole(args[1]) ? files.begin('read', args[0]) : null;
    if (file) follow(stream, file, 'push', () => file.done({ facts: { type: 'file' } }), 'end');
  }, undefined);
  const write = guarded('fs.createWriteStream', (stream: WriteStream, args: readonly unknown[]) => {
    const file = isWhole(args[1]) ? files.begin('write', args[0], flagsOf(args[1])?.startsWith('a') === true) : null;
    if (file) follow(stream, file, 'write', () => file.done({ facts: {} }), 'finish');
  }, undefined);
  return [stream('createReadStream', read), stream('createWriteStream', write)];
}

function stream<S extends object>(name: 'createReadStream' | 'createWriteStream', opened: (stream: S, args: readonly unknown[]) => void): Disposable {
  const original = method(fs, name);
  return override(fs, name, Object.defineProperty(function created(this: unknown, ...args: unknown[]) {
    const made = original.apply(this, args) as S;
    opened(made, args);
    return made;
  }, 'name', { value: name }));
}

function follow(followed: ReadStream | WriteStream, file: LiveFile, name: 'push' | 'write', done: () => void, end: 'end' | 'finish'): void {
  const chunk = guarded('contents of streams', (content: unknown, encoding: unknown) => file.content(content, encoding), undefined);
  const happened = guarded('ends of streams', (event: unknown, argument: unknown) => {
    if (event === 'error') file.failed(argument);
    if (event === end) done();
    if (event === 'close') taps[Symbol.dispose]();
  }, undefined);
  const target = followed as ReadStream & WriteStream;
  const [data, emit, last] = [method(target, name), method(target, 'emit'), name === 'write' ? method(target, 'end') : undefined];
  const taps = together([
    override(target, name, function tapped(this: unknown, ...args: unknown[]) {
      if (args[0] !== null) chunk(args[0], args[1]);
      return data.apply(this, args);
    }),
    override(target, 'emit', function tapped(this: unknown, ...args: unknown[]) {
      happened(args[0], args[1]);
      return emit.apply(this, args);
    }),
    ...(last ? [override(target, 'end', function tapped(this: unknown, ...args: unknown[]) {
      if (typeof args[0] !== 'function' && args[0] !== undefined && args[0] !== null) chunk(args[0], args[1]);
      return last.apply(this, args);
    })] : []),
  ]);
}

function isWhole(options: unknown): boolean {
  return typeof options !== 'object' || options === null || !('start' in options || 'end' in options || 'fd' in options);
}

function flagsOf(options: unknown): string | undefined {
  return typeof options === 'object' && options !== null && 'flags' in options && typeof options.flags === 'string' ? options.flags : undefined;
}
