import type { ErrorPackage } from '@deja/format';
import { sha256 } from '@deja/format/writer';
import type { Redactor } from '../redact/redactor.js';

interface Renamed {
  readonly blob: string;
  readonly size: number;
}

/**
 * Takes the known secrets out of large bodies too. A blob is named by its content, so that what refers to it is changed with it.
 * Pauses after each blob.
 */
export function* sweepBlobs(pkg: ErrorPackage, blobs: ReadonlyMap<string, Uint8Array>, redactor: Redactor): Generator<undefined, ErrorPackage> {
  const renamed = new Map<string, Renamed>();
  const kept = new Map<string, Uint8Array>();
  for (const [hash, bytes] of blobs) {
    const clean = redactor.sweepBytes(bytes);
    const name = clean === bytes ? hash : sha256(clean);
    if (name !== hash) renamed.set(hash, { blob: name, size: clean.byteLength });
    kept.set(name, clean);
    yield;
  }
  const referring = renamed.size === 0 ? pkg : (withNames(pkg, renamed) as ErrorPackage);
  return { ...referring, blobs: kept };
}

function withNames(value: unknown, renamed: ReadonlyMap<string, Renamed>): unknown {
  if (Array.isArray(value)) return value.map((item) => withNames(item, renamed));
  if (typeof value !== 'object' || value === null || value instanceof Map) return value;
  const to = 'blob' in value && 'size' in value && typeof value.blob === 'string' ? renamed.get(value.blob) : undefined;
  if (to) return { ...value, ...to };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withNames(item, renamed)]));
}
