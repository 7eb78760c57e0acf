/** MongoDB. */
import type { EventBase, Outcome } from './base.js';

/** A document as canonical Extended JSON: every type as it was, the fields in their order (which the order of JSON's names does not keep, hence text). */
export type ExtendedJson = string;

export interface MongodbReply {
  readonly reply: ExtendedJson;
}

export interface MongodbEvent extends EventBase {
  readonly kind: 'mongodb';
  /** Name of an entry of `servers`. */
  readonly server: string;
  readonly session: number;
  readonly database: string;
  /** `find`, `insert`, `getMore` … */
  readonly name: string;
  /** All of the command but its database; lists of documents that were sent beside it are where they belong. */
  readonly command: ExtendedJson;
  /** What the server refused (`ok: 0`) is an error, with the reply as its `partial`. Errors of single writes are within a reply that is ok. */
  readonly outcome: Outcome<MongodbReply>;
}
