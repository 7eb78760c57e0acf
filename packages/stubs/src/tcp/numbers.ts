/**
 * Numbers by which a client tells answers apart. On a connection that serves many requests they depend on how many came before, so that they are another
 * one in every run; they stand for nothing else. Known only where the frames of a protocol are known.
 */
export interface Correlated {
  /** The client's bytes with the recorded numbers in the place of its own. */
  readonly bytes: Buffer;
  /** By recorded number: the client's own. */
  readonly numbers: ReadonlyMap<number, number>;
}

const HEAD = 24;
const OPAQUE = 12;
const REQUEST = 0x80;
const RESPONSE = 0x81;

/** Memcached's binary protocol: `opaque` of each request. Null: something else is spoken. */
export function correlated(recorded: Buffer, arrived: Buffer): Correlated | null {
  const frames = framesOf(recorded, REQUEST);
  if (frames === null || framesOf(arrived.subarray(0, recorded.length), REQUEST)?.join() !== frames.join()) return null;
  const bytes = Buffer.from(arrived);
  const numbers = new Map<number, number>();
  for (const at of frames) {
    numbers.set(recorded.readUInt32BE(at + OPAQUE), arrived.readUInt32BE(at + OPAQUE));
    recorded.copy(bytes, at + OPAQUE, at + OPAQUE, at + OPAQUE + 4);
  }
  return { bytes, numbers };
}

/** The server's bytes, with the client's own numbers in them. */
export function withNumbers(bytes: Buffer, numbers: ReadonlyMap<number, number>): Buffer {
  const frames = numbers.size === 0 ? null : framesOf(bytes, RESPONSE);
  if (frames === null) return bytes;
  const changed = Buffer.from(bytes);
  for (const at of frames) changed.writeUInt32BE(numbers.get(bytes.readUInt32BE(at + OPAQUE)) ?? bytes.readUInt32BE(at + OPAQUE), at + OPAQUE);
  return changed;
}

/** Where the frames begin; null where these are not whole frames and nothing else. */
function framesOf(bytes: Buffer, magic: number): readonly number[] | null {
  const frames: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] !== magic || at + HEAD > bytes.length) return null;
    frames.push(at);
    at += HEAD + bytes.readUInt32BE(at + 8);
  }
  return at === bytes.length && frames.length > 0 ? frames : null;
}
