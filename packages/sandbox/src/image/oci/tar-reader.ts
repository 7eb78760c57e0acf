import { pipeline } from 'node:stream/promises';
import { extract, type Extract, type Header } from 'tar-stream';

/** What an archive says of a file. Nothing of it is trusted. */
export interface TarEntry {
  readonly path: string;
  readonly type: 'file' | 'folder' | 'link' | 'hard link' | 'other';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of links. */
  readonly target: string;
}

/** Takes a file's content. */
export interface Sink {
  write(chunk: Buffer): void;
  /** Called once, also when the archive turns out to be damaged. */
  close(): void;
}

export type Receiver = (entry: TarEntry) => Sink | undefined;

/**
 * Reads a tar archive, entry by entry, in order. `receive` gives a place for the content of an entry, or undefined where that is of no interest.
 * Throws what `receive` and `chunks` throw, and errors of the archive: cut off, damaged, or with a kind of entry that cannot be told.
 */
export async function readTar(chunks: AsyncIterable<Buffer>, receive: Receiver): Promise<void> {
  const entries = extract();
  const [taking, feeding] = await Promise.allSettled([takeAll(entries, receive), pipeline(chunks, entries)]);
  // Where taking failed, feeding did so as well, and only the first says why.
  if (taking.status === 'rejected') throw taking.reason;
  if (feeding.status === 'rejected') throw feeding.reason;
}

async function takeAll(entries: Extract, receive: Receiver): Promise<void> {
  for await (const entry of entries) {
    const sink = receive(described(entry.header));
    if (!sink) {
      entry.resume();
      continue;
    }
    try {
      for await (const chunk of entry as AsyncIterable<Buffer>) sink.write(chunk);
    } finally {
      sink.close();
    }
  }
}

/** Throws for files whose content is written in another way: leaving them out would give another file system, silently. */
function described({ name, type, mode, uid, gid, linkname, pax }: Header): TarEntry {
  const extended = (pax ?? {}) as Readonly<Record<string, string>>;
  const kind: string | null = type;
  if (kind === null || Object.keys(extended).some((key) => key.startsWith('GNU.sparse'))) throw new Error(`its entry ${name} is of a kind that cannot be read`);
  return { path: name, type: TYPES.get(kind) ?? 'other', mode: mode & 0o7777, uid: owner(extended['uid'], uid), gid: owner(extended['gid'], gid), target: linkname ?? '' };
}

const TYPES: ReadonlyMap<string, TarEntry['type']> = new Map([
  ['file', 'file'], ['contiguous-file', 'file'], ['directory', 'folder'], ['symlink', 'link'], ['link', 'hard link'],
]);

/** Large numbers have no room in the plain header. */
function owner(extended: string | undefined, plain: number): number {
  const number = Number(extended ?? plain);
  return Number.isInteger(number) && number >= 0 && number < 2 ** 32 - 1 ? number : 0;
}
