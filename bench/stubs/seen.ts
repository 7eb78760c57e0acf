import { createHash } from 'node:crypto';

const DEPTH = 4;

/** An error as its catcher sees it, with its causes. */
export function seenError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const { code, errno, syscall, cause, errors } = error as Error & { readonly code?: unknown; readonly errno?: unknown; readonly syscall?: unknown; readonly errors?: unknown };
  return {
    class: error.constructor.name,
    name: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    ...(errno === undefined ? {} : { errno }),
    ...(syscall === undefined ? {} : { syscall }),
    ...(!Array.isArray(errors) ? {} : { errors: errors.map((one: unknown) => seenError(one, depth + 1)) }),
    ...(cause === undefined || depth >= DEPTH ? {} : { cause: seenError(cause, depth + 1) }),
  };
}

/** What came of it, value or error. */
export async function outcomeOf(asking: () => Promise<unknown>): Promise<unknown> {
  try {
    return { value: await asking() };
  } catch (error) {
    return { error: seenError(error) };
  }
}

/** Short texts as they are, others by their digest. */
export function seenBytes(bytes: Uint8Array): unknown {
  if (bytes.length <= 200) return Buffer.from(bytes).toString('latin1');
  return { length: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** About how long something took: what is waited for on purpose takes 400 ms or more, everything else less than 200. */
export function timingClass(ms: number): 'at once' | 'waited' {
  return ms < 300 ? 'at once' : 'waited';
}

export const WAIT_MS = 450;

export function pause(ms = WAIT_MS): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
