import { readFile, stat } from 'node:fs/promises';
import { refuse } from './package-error.js';

/** The bytes of a regular file of bounded size. Anything else (pipes, devices, folders) is refused before it is opened. */
export async function loadBytes(path: string, maxBytes: number): Promise<Buffer> {
  try {
    const info = await stat(path);
    if (info.isDirectory()) throw refuse('FOREIGN', path, 'is a folder, not a file');
    if (!info.isFile()) throw refuse('FOREIGN', path, 'is not a regular file');
    if (info.size > maxBytes) throw refuse('TOO_LARGE', path, `has ${info.size} bytes; the limit is ${maxBytes}`);
    return await readFile(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code.startsWith('DEJA_')) throw error;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw refuse('NOT_FOUND', path, 'there is no such file');
    throw refuse('UNREADABLE', path, `cannot be read (${code || String(error)})`, error);
  }
}
