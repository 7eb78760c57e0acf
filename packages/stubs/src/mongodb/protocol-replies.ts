import type { ExtendedJson } from '@deja/format';
import { recordedFields, type Fields } from './documents.js';

const INT = (value: number): Fields => ({ $numberInt: String(value) });
const OK = { ok: { $numberDouble: '1.0' } };

/** What a server says of itself where the recording does not know it: a single one of the present kind. */
const UNKNOWN_SERVER: Fields = {
  isWritablePrimary: true, maxBsonObjectSize: INT(16_777_216), maxMessageSizeBytes: INT(48_000_000), maxWriteBatchSize: INT(100_000),
  logicalSessionTimeoutMinutes: INT(30), minWireVersion: INT(0), maxWireVersion: INT(21), readOnly: false,
};

/**
 * The answer that follows from the protocol alone, as Extended JSON; null where there is none. It carries no data of anybody: setting connections up, watching servers, giving up
 * cursors and sessions. @param hello what the recorded server said of itself
 */
export function mongodbProtocolReply(name: string, fields: Fields, hello: ExtendedJson | undefined, connection: number): ExtendedJson | null {
  switch (name.toLowerCase()) {
    case 'hello':
    case 'ismaster':
      return JSON.stringify(greeting(name, hello, connection));
    case 'ping':
    case 'endsessions':
    case 'logout':
      return JSON.stringify(OK);
    case 'killcursors':
      return JSON.stringify({ cursorsKilled: fields['cursors'] ?? [], cursorsNotFound: [], cursorsAlive: [], cursorsUnknown: [], ...OK });
    // Passwords are not asked for: replay mode of capture leaves the exchange out. What else signs in, by certificates or otherwise, has nothing to be proved here.
    case 'authenticate':
    case 'saslstart':
    case 'saslcontinue':
      return JSON.stringify({ conversationId: INT(1), done: true, payload: { $binary: { base64: '', subType: '00' } }, ...OK });
    default:
      return null;
  }
}

/** Without a version of its topology drivers ask again from time to time, and do not wait for changes. */
function greeting(name: string, hello: ExtendedJson | undefined, connection: number): Fields {
  const { ok: _, ismaster: was, ...recorded } = hello === undefined ? UNKNOWN_SERVER : recordedFields(hello);
  const primary = recorded['isWritablePrimary'] ?? was ?? false;
  const old = name.toLowerCase() === 'ismaster';
  return {
    ...(old ? { helloOk: true, ismaster: primary } : {}), ...recorded, isWritablePrimary: primary,
    connectionId: INT(connection), localTime: { $date: { $numberLong: String(Date.now()) } }, ...OK,
  };
}
