import { type Body, DejaError } from '@deja/format';
import type { Clock } from './clock.js';
import type { Unification } from './generated/unification.js';
import type { Journal } from './journal.js';
import type { ReleaseOrder } from './order.js';
import type { Pace } from './pace.js';

/** What every stub of a run shares. */
export interface StubRuntime {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly order: ReleaseOrder;
  /** Values that are generated anew. */
  readonly unification: Unification;
  readonly stopped: AbortSignal;
  /** The bytes of a recorded body; empty without one. */
  readonly bytes: (body: Body | undefined) => Buffer;
}

/** Throws `DejaError` DEJA_BLOB_MISSING when the plan does not carry the body's blob. */
export function bodyReader(blobs: Readonly<Record<string, string>>): (body: Body | undefined) => Buffer {
  return (body) => {
    if (!body) return Buffer.alloc(0);
    if ('text' in body) return Buffer.from(body.text);
    if ('base64' in body) return Buffer.from(body.base64, 'base64');
    const blob = blobs[body.blob];
    if (blob === undefined) {
      throw new DejaError('DEJA_BLOB_MISSING', `the stub plan does not carry the body ${body.blob}`, { hint: 'build the plan again from the package' });
    }
    return Buffer.from(blob, 'base64');
  };
}
