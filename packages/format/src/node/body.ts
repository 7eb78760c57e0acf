import { DejaError } from '../error.js';
import type { Body } from '../event.js';

/** The bytes of a body, whichever form it has. Throws `DejaError` DEJA_BLOB_MISSING when its blob is not there. */
export function bodyBytes(blobs: ReadonlyMap<string, Uint8Array>, body: Body): Uint8Array {
  if ('text' in body) return Buffer.from(body.text, 'utf8');
  if ('base64' in body) return Buffer.from(body.base64, 'base64');
  const bytes = blobs.get(body.blob);
  if (!bytes) {
    throw new DejaError('DEJA_BLOB_MISSING', `The package has no blob ${body.blob} (${body.size} bytes).`, {
      hint: 'The package is incomplete: take it again from where it was written.',
    });
  }
  return bytes;
}

/** A body as UTF-8 text, or null when its bytes are something else. Throws as `bodyBytes` does. */
export function bodyText(blobs: ReadonlyMap<string, Uint8Array>, body: Body): string | null {
  if ('text' in body) return body.text;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bodyBytes(blobs, body));
  } catch (error) {
    if (error instanceof DejaError) throw error;
    return null;
  }
}
