import { MONGODB_KIND, mongodbMessage } from './header.js';
import { documentAt, malformed } from './op-msg.js';

/** Flags, collection, and two numbers; then the document. The way in which drivers begin a connection. Throws `WireError`. */
export function readMongodbQuery(body: Buffer): { readonly collection: string; readonly document: Buffer } {
  const nul = body.indexOf(0, 4);
  if (nul < 0) throw malformed('a collection that does not end');
  return { collection: body.toString('utf8', 4, nul), document: documentAt(body, nul + 9, body.length) };
}

const AWAIT_CAPABLE = 8;

/** The answer to it. */
export function mongodbQueryAnswer(document: Uint8Array, about: { readonly id: number; readonly answers: number }): Buffer {
  const head = Buffer.alloc(20);
  head.writeInt32LE(AWAIT_CAPABLE, 0);
  head.writeInt32LE(1, 16);
  return mongodbMessage({ ...about, kind: MONGODB_KIND.reply }, [head, document]);
}
