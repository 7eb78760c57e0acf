import { DejaError } from '../error.js';

/** Why a package or a timeline is not read; each the tail of a `DEJA_PACKAGE_*` code. */
export type Refusal =
  | 'NOT_FOUND'
  | 'UNREADABLE'
  | 'FOREIGN'
  | 'TRUNCATED'
  | 'TOO_LARGE'
  | 'UNSAFE'
  | 'DAMAGED'
  | 'VERSION'
  | 'INVALID';

const HINTS: Readonly<Record<Refusal, string>> = {
  NOT_FOUND: 'Check the path; `deja ls` lists the packages of a folder.',
  UNREADABLE: 'Check the permissions of the file.',
  FOREIGN: 'Error packages are the *.deja files that `deja run` or the capture library write.',
  TRUNCATED: 'Copy it again from where it was written, and compare the sizes.',
  TOO_LARGE: 'Packages written by Deja stay below these bounds; this one is refused for safety.',
  UNSAFE: 'Deja never writes such a file; do not trust where it came from.',
  DAMAGED: 'Copy it again from where it was written.',
  VERSION: 'Update Deja, then try again.',
  INVALID: 'It was changed or written by something else; docs/format.md and docs/schema/ describe the format.',
};

/** One clear line about a file that is not read. Control characters from the file never reach a terminal. */
export function refuse(refusal: Refusal, name: string, what: string, cause?: unknown): DejaError {
  // oxlint-disable-next-line no-control-regex
  const message = `${name}: ${what}`.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?');
  return new DejaError(`DEJA_PACKAGE_${refusal}`, message, { hint: HINTS[refusal], cause });
}
