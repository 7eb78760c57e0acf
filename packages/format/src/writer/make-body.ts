import { isUtf8 } from 'node:buffer';
import type { Body } from '../event.js';
import { sha256 } from './sha256.js';

export interface BodyOptions {
  /** Largest number of bytes that stays inside the JSON. Default 4096. */
  readonly inlineLimit?: number;
  /** How many further bytes were seen but not kept. */
  readonly truncated?: number;
}

const INLINE_LIMIT = 4096;

/**
 * The shortest form of some bytes: readable text where they are valid UTF-8 and few, base64 where they are few,
 * else a blob, whose bytes are added to `blobs` (by reference: they must not change any more).
 */
export function makeBody(bytes: Uint8Array, blobs: Map<string, Uint8Array>, options: BodyOptions = {}): Body {
  const truncated = options.truncated ? { truncated: options.truncated } : {};
  if (bytes.length > (options.inlineLimit ?? INLINE_LIMIT)) {
    const hash = sha256(bytes);
    blobs.set(hash, bytes);
    return { blob: hash, size: bytes.length, ...truncated };
  }
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // Buffer's decoder and not TextDecoder, which would swallow a byte order mark.
  return isUtf8(bytes) ? { text: view.toString('utf8'), ...truncated } : { base64: view.toString('base64'), ...truncated };
}
