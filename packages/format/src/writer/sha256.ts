import { createHash } from 'node:crypto';

/** In lower-case hex: the name under which a package keeps the bytes. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
