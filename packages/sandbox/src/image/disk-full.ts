import { DejaError } from '@deja/format';

/** An error that says that the disk is full where that is the reason, whoever noticed; else the same error. */
export function orDiskFull(folder: string, cause: unknown): unknown {
  const { message = '', stderr = '' } = cause as { readonly message?: string; readonly stderr?: string };
  if (!/ENOSPC|no space left/i.test(`${message}\n${stderr}`)) return cause;
  return new DejaError('DEJA_DISK_FULL', `the disk of ${folder} is full`, { hint: '`deja image gc --max MIB` frees what was not used lately; DEJA_CACHE names another place.', cause });
}
