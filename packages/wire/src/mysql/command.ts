import { MysqlReader } from './reader.js';

/** What a client asks once it is in. Statements are numbered by the server that prepared them. */
export type MysqlCommand =
  | { readonly type: 'query' | 'prepare'; readonly text: string }
  | { readonly type: 'database'; readonly name: string }
  | { readonly type: 'execute'; readonly statement: number; readonly payload: Buffer }
  | { readonly type: 'long-data'; readonly statement: number; readonly parameter: number; readonly data: Buffer }
  | { readonly type: 'close' | 'reset-statement' | 'fetch'; readonly statement: number }
  | { readonly type: 'change-user'; readonly payload: Buffer }
  /** Answered by one packet. */
  | { readonly type: 'ping' | 'reset' | 'option' | 'other' }
  | { readonly type: 'fields' }
  | { readonly type: 'quit' }
  /** None of those that are spoken here. */
  | { readonly type: 'unknown'; readonly code: number };

/** By the first byte; those that replication, administration and bulk loading use are not spoken. */
export function readMysqlCommand(payload: Buffer): MysqlCommand {
  const reader = new MysqlReader(payload);
  const code = reader.uint8();
  switch (code) {
    case 1:
      return { type: 'quit' };
    case 2:
      return { type: 'database', name: reader.rest().toString() };
    case 3:
      return { type: 'query', text: reader.rest().toString() };
    case 4:
      return { type: 'fields' };
    case 9:
    case 12:
    case 13:
      return { type: 'other' };
    case 14:
      return { type: 'ping' };
    case 17:
      return { type: 'change-user', payload };
    case 22:
      return { type: 'prepare', text: reader.rest().toString() };
    case 23:
      return { type: 'execute', statement: reader.uint32(), payload };
    case 24:
      return { type: 'long-data', statement: reader.uint32(), parameter: reader.uint16(), data: reader.rest() };
    case 25:
      return { type: 'close', statement: reader.uint32() };
    case 26:
      return { type: 'reset-statement', statement: reader.uint32() };
    case 27:
      return { type: 'option' };
    case 28:
      return { type: 'fetch', statement: reader.uint32() };
    case 31:
      return { type: 'reset' };
    default:
      return { type: 'unknown', code };
  }
}

export function mysqlQuery(text: string): Buffer {
  return Buffer.concat([Buffer.from([3]), Buffer.from(text)]);
}
