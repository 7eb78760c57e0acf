import { makeFolder } from '@deja/format/writer';
import { usageError } from './exit.js';

/** Makes the folder that `--out` names. Throws DEJA_USAGE. */
export function makeOutFolder(path: string): void {
  try {
    makeFolder(path);
  } catch (error) {
    throw usageError(`the folder ${path} cannot be made: ${(error as Error).message}`, 'name another one: --out DIR');
  }
}
