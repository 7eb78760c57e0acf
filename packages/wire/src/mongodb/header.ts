/** Bytes of a message's header: length, its number, the number it answers, the kind. */
export const MONGODB_HEADER = 16;

/** What a server says of itself unless it says otherwise (`maxMessageSizeBytes`): a longer message is no message. */
export const MONGODB_LONGEST = 48_000_000;

/** Kinds of messages. Drivers ask by `query` only until they know that the server takes `msg`. */
export const MONGODB_KIND = { reply: 1, query: 2004, compressed: 2012, msg: 2013 } as const;

export interface MongodbMessage {
  readonly id: number;
  readonly answers: number;
  readonly kind: number;
  /** What comes after the header. */
  readonly body: Buffer;
}

export function mongodbMessage({ id, answers, kind }: Omit<MongodbMessage, 'body'>, parts: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(MONGODB_HEADER);
  const length = parts.reduce((sum, part) => sum + part.length, MONGODB_HEADER);
  [length, id, answers, kind].forEach((value, index) => header.writeInt32LE(value, 4 * index));
  return Buffer.concat([header, ...parts], length);
}
