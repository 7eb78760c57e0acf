/** Redis. */
import type { EventBase, Outcome } from './base.js';

/** A reply in the shape of RESP; strings that are not UTF-8 are base64. */
export type RedisReply =
  | { readonly bulk: string }
  | { readonly base64: string }
  | { readonly simple: string }
  | { readonly integer: string }
  | { readonly double: string }
  | { readonly boolean: boolean }
  | { readonly null: true }
  | { readonly error: string }
  | { readonly array: readonly RedisReply[] }
  | { readonly set: readonly RedisReply[] }
  | { readonly map: readonly (readonly [RedisReply, RedisReply])[] }
  /** RESP3: an integer of any size. */
  | { readonly bigNumber: string }
  /** RESP3: a string that says what it is, in three characters. */
  | { readonly verbatim: string; readonly format: string };

export type RedisArgument = string | { readonly base64: string };

export interface RedisEvent extends EventBase {
  readonly kind: 'redis';
  /** Name of an entry of `servers`. */
  readonly server: string;
  readonly session: number;
  /** Command and arguments: `["GET", "user:47"]`. */
  readonly command: readonly RedisArgument[];
  /** Nobody asked: a published message that arrived. `command` is its kind and where it was published, `["pmessage", "news.*", "news.today"]`; the outcome is the message. With an error: the connection ended, `["close"]`. */
  readonly push?: true;
  readonly outcome: Outcome<RedisReply>;
}
