/** An entry of an archive; a folder has no content. */
export interface CpioEntry {
  /** Without a leading slash. */
  readonly path: string;
  readonly mode: number;
  /** A file's bytes, or where a link leads. */
  readonly content?: Uint8Array | string;
  /** Of a device. */
  readonly device?: readonly [major: number, minor: number];
}

export const FOLDER = 0o040755;
export const PROGRAM = 0o100755;
export const FILE = 0o100644;
export const LINK = 0o120777;
export const CHARACTER_DEVICE = 0o020600;

/** An archive in the format of Linux's initramfs ("newc"). Equal entries give equal bytes. */
export function cpio(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.flatMap((entry, index) => record(index + 1, entry));
  return Buffer.concat([...parts, ...record(0, { path: 'TRAILER!!!', mode: 0 })]);
}

function record(inode: number, { path, mode, content = '', device = [0, 0] }: CpioEntry): readonly Buffer[] {
  const name = Buffer.from(`${path}\0`);
  const bytes = Buffer.from(content);
  const fields = [inode, mode, 0, 0, 1, 0, bytes.length, 0, 0, device[0], device[1], name.length, 0];
  const head = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
  return [padded(Buffer.concat([head, name])), padded(bytes)];
}

function padded(bytes: Buffer): Buffer {
  const missing = (4 - (bytes.length % 4)) % 4;
  return missing === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(missing)]);
}
