import type { ErrorPackage } from '../../package.js';
import type { PackageFiles, Version } from './files.js';
import { v1 } from './v1.js';

/**
 * Reads files of one released version and brings them up to the newest, one step per version.
 * A version that becomes old stays here as `{ version, upgrade: step to the next }`.
 */
interface Reader {
  readonly files: readonly string[];
  read(content: PackageFiles, name: string): Promise<ErrorPackage>;
}

const READERS: ReadonlyMap<number, Reader> = new Map([[1, newest(v1)]]);

export const NEWEST_VERSION: number = Math.max(...READERS.keys());

export function readerOf(version: number): Reader | undefined {
  return READERS.get(version);
}

function newest(version: Version<ErrorPackage>): Reader {
  return { files: version.files, read: (content, name) => version.parse(content, name) };
}
