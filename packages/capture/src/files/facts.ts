import type { FileFacts } from '@deja/format';
import type { LiveFile, Told } from './file-event.js';

/** What a function of `fs` returned, told to the event. `encoding` of what was read as text. */
export type Tell = (file: LiveFile, result: unknown, encoding: unknown) => void;

export const tellRead: Tell = (file, result, encoding) => {
  file.content(result, encoding);
  file.done({ facts: { type: 'file' } });
};

export const tellLook: Tell = (file, result) => {
  file.done(lookOf(result));
};

export const tellList: Tell = (file, result) => {
  file.done({ facts: { type: 'folder', entries: Array.isArray(result) ? result.map(nameOf) : [] } });
};

export const tellWrite: Tell = (file) => {
  file.done({ facts: {} });
};

interface Stats {
  readonly size?: unknown;
  readonly mode?: unknown;
  readonly mtimeMs?: unknown;
  isFile?(): boolean;
  isDirectory?(): boolean;
}

/** `exists` says true or false, `stat` gives an object, or nothing where it is told not to throw; `access` returns nothing at all. */
function lookOf(result: unknown): Told {
  if (result === false) return { missing: true };
  if (typeof result !== 'object' || result === null) return { facts: {} };
  const { size, mode, mtimeMs } = result as Stats;
  const type: FileFacts['type'] = (result as Stats).isFile?.() ? 'file' : (result as Stats).isDirectory?.() ? 'folder' : 'other';
  return { facts: { type, size: Number(size), mode: Number(mode), changed: Number(mtimeMs) } };
}

function nameOf(entry: unknown): string {
  if (typeof entry === 'object' && entry !== null && 'name' in entry) return String(entry.name);
  return Buffer.isBuffer(entry) ? entry.toString() : String(entry);
}
