import type { ExtendedJson } from '@deja/format';
import { readMongodbOpMsg } from '@deja/wire/mongodb';
import { methodOf, field } from '../shared/values.js';
import { withoutSecrets } from './redact.js';

/** Bytes of messages as documents. They are read by the application's own `bson`, and only when a failure is packaged. */
export interface Documents {
  /** The body of an OP_MSG as canonical Extended JSON, in pieces; `redact` as `Packing` has it. */
  ofMessage(pieces: readonly Uint8Array[], redact: Redact): MessageText;
  /** A document that the driver has read. */
  ofObject(value: object): ExtendedJson;
}

export type Redact = (name: string, value: string) => string;

export interface MessageText {
  /** Without the database. */
  readonly text: ExtendedJson;
  readonly document: Readonly<Record<string, unknown>>;
}

/** Every type stays as it was. */
const KEPT = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true };

/** @param load gives the `bson` of the application */
export function documentsBy(load: () => unknown): Documents {
  const parse = (bytes: Uint8Array): unknown => methodOf(load(), 'deserialize')(bytes, KEPT);
  const extended = (value: unknown): unknown => methodOf(field(load(), 'EJSON'), 'serialize')(value, { relaxed: false });
  return {
    ofMessage(pieces, redact) {
      const { document, sequences } = readMongodbOpMsg(pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces));
      const whole = extended(parse(document)) as Readonly<Record<string, unknown>>;
      const lists = Object.fromEntries(sequences.map(({ name, documents }) => [name, documents.map((one) => extended(parse(one)))]));
      const { $db: _, ...command } = { ...whole, ...lists };
      return { text: JSON.stringify(withoutSecrets(command, redact)), document: whole };
    },
    ofObject: (value) => JSON.stringify(extended(value)),
  };
}
