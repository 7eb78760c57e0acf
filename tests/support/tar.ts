/** Tar archives as bytes, also such as no tool would write. */

export interface Entry {
  readonly path: string;
  /** Default: a file. Others by the letter that the format has for them. */
  readonly type?: 'file' | 'folder' | 'link' | 'hard link' | 'fifo' | 'device' | 'sparse';
  readonly content?: string | Uint8Array;
  readonly target?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

const BLOCK = 512;
const FLAGS = { file: '0', 'hard link': '1', link: '2', device: '3', folder: '5', fifo: '6', sparse: 'S' };

export function tar(entries: readonly Entry[]): Buffer {
  return Buffer.concat([...entries.flatMap(entryBytes), Buffer.alloc(2 * BLOCK)]);
}

function entryBytes(entry: Entry): readonly Buffer[] {
  const { path, type = 'file', content = '', target = '', uid = 0, gid = 0 } = entry;
  const bytes = Buffer.from(content as Uint8Array);
  const long = Buffer.byteLength(path) > 100 || Buffer.byteLength(target) > 100 ? extended({ path, ...(target && { linkpath: target }) }) : [];
  const { mode = type === 'folder' ? 0o755 : 0o644 } = entry;
  return [...long, header({ path: path.slice(0, 100), flag: FLAGS[type], size: bytes.length, target: target.slice(0, 100), mode, uid, gid }), bytes, padding(bytes.length)];
}

/** A header of the POSIX format, for what the plain one has no room for. */
function extended(records: Readonly<Record<string, string>>): readonly Buffer[] {
  const text = Object.entries(records).map(([name, value]) => record(` ${name}=${value}\n`)).join('');
  const bytes = Buffer.from(text);
  return [header({ path: 'extended', flag: 'x', size: bytes.length, target: '', mode: 0o644, uid: 0, gid: 0 }), bytes, padding(bytes.length)];
}

/** Its length in front counts itself. */
function record(rest: string): string {
  const length = Buffer.byteLength(rest);
  const digits = String(length + String(length).length).length;
  return `${length + digits}${rest}`;
}

interface Header {
  readonly path: string;
  readonly flag: string;
  readonly size: number;
  readonly target: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

function header({ path, flag, size, target, mode, uid, gid }: Header): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(path, 0);
  block.write(octal(mode, 7), 100);
  block.write(octal(uid, 7), 108);
  block.write(octal(gid, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(0, 11), 136);
  block.write(' '.repeat(8), 148);
  block.write(flag, 156);
  block.write(target, 157);
  block.write('ustar\u000000', 257, 'latin1');
  block.write(`${octal(block.reduce((sum, byte) => sum + byte, 0), 6)}\0 `, 148, 'latin1');
  return block;
}

function octal(number: number, digits: number): string {
  return number.toString(8).padStart(digits, '0');
}

function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}
