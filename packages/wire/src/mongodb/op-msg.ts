import { WireError } from '../error.js';
import { MONGODB_KIND, mongodbMessage } from './header.js';

const CHECKSUM = 1;
const MORE_TO_COME = 2;
const SMALLEST_DOCUMENT = 5;

/** A command or an answer: one document, and lists of documents that belong into it under their names. Documents are BSON, not looked into. */
export interface MongodbOpMsg {
  /** Of a command: nobody waits for an answer. */
  readonly moreToCome: boolean;
  readonly document: Buffer;
  readonly sequences: readonly { readonly name: string; readonly documents: readonly Buffer[] }[];
}

/** The body of a message of the kind `msg`. Throws `WireError` when it is none. */
export function readMongodbOpMsg(bytes: Uint8Array): MongodbOpMsg {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (body.length < 4) throw malformed('no flags');
  const flags = body.readUInt32LE(0);
  const end = body.length - (flags & CHECKSUM ? 4 : 0);
  const documents: Buffer[] = [];
  const sequences: { readonly name: string; readonly documents: readonly Buffer[] }[] = [];
  for (let at = 4; at < end; ) {
    const kind = body[at];
    if (kind === 0) {
      const document = documentAt(body, at + 1, end);
      documents.push(document);
      at += 1 + document.length;
    } else if (kind === 1) {
      const size = at + 5 <= end ? body.readInt32LE(at + 1) : 0;
      if (size < 5 || at + 1 + size > end) throw malformed('a list of documents that does not end');
      sequences.push(sequenceOf(body, at + 5, at + 1 + size));
      at += 1 + size;
    } else throw malformed(`a section of kind ${kind}`);
  }
  const [document] = documents;
  if (!document || documents.length > 1) throw malformed(`${documents.length} documents instead of one`);
  return { moreToCome: (flags & MORE_TO_COME) !== 0, document, sequences };
}

/** An answer. */
export function mongodbAnswer(document: Uint8Array, about: { readonly id: number; readonly answers: number }): Buffer {
  return mongodbMessage({ ...about, kind: MONGODB_KIND.msg }, [Buffer.alloc(5), document]);
}

function sequenceOf(body: Buffer, from: number, end: number): { readonly name: string; readonly documents: readonly Buffer[] } {
  const nul = body.indexOf(0, from);
  if (nul < 0 || nul >= end) throw malformed('a list of documents without a name');
  const documents: Buffer[] = [];
  for (let at = nul + 1; at < end; ) {
    const document = documentAt(body, at, end);
    documents.push(document);
    at += document.length;
  }
  return { name: body.toString('utf8', from, nul), documents };
}

/** The document that begins at `at`. */
export function documentAt(body: Buffer, at: number, end: number): Buffer {
  const size = at + 4 <= end ? body.readInt32LE(at) : 0;
  if (size < SMALLEST_DOCUMENT || at + size > end) throw malformed('a document that does not end');
  return body.subarray(at, at + size);
}

export function malformed(what: string): WireError {
  return new WireError('MongoDB', `a message with ${what}`);
}
