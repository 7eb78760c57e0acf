import { DejaError } from '@deja/format';
import { vmFolder } from '../cache-folder.js';
import { orDiskFull } from '../disk-full.js';

/** An archive, or something in it, that cannot be what it says it is. */
export function invalidArchive(archive: string, what: string, cause?: unknown): DejaError {
  return new DejaError('DEJA_IMAGE_ARCHIVE_INVALID', `${archive} is not a usable container image: ${what}`, {
    hint: 'Make it again: an OCI image layout, or what `docker save IMAGE -o FILE` writes.', ...(cause === undefined ? {} : { cause }),
  });
}

/** What went wrong while it was unpacked: its own fault, unless the disk is full. */
export function cannotUnpack(archive: string, what: string, error: Error): DejaError {
  const cause = orDiskFull(vmFolder(), error);
  return cause instanceof DejaError ? cause : invalidArchive(archive, `${what}: ${error.message}`, error);
}

/** More than Deja is ready to unpack. */
export function tooLarge(archive: string, what: string): DejaError {
  return new DejaError('DEJA_IMAGE_TOO_LARGE', `${archive} is not unpacked: ${what}`, { hint: 'Unpack it elsewhere, and name the folder of the application: --app DIR.' });
}
