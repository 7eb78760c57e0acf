import { type MongodbEvent, type MongodbReply, readExtendedJson } from '@deja/format';

/** What drivers and servers make up for each client, session and moment. */
const MADE_UP = new Set(['lsid', '$clusterTime', 'operationTime', 'txnNumber', 'maxTimeMS', 'recoveryToken', 'afterClusterTime', 'atClusterTime']);

/** A command without what its driver made up. */
export function mongodbCommand({ command }: Pick<MongodbEvent, 'command'>): unknown {
  return withoutMadeUp(readExtendedJson(command));
}

export function mongodbReply({ reply }: MongodbReply): unknown {
  return withoutMadeUp(readExtendedJson(reply));
}

function withoutMadeUp(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutMadeUp);
  return Object.fromEntries(Object.entries(value).flatMap(([name, item]) => (MADE_UP.has(name) ? [] : [[name, withoutMadeUp(item)]])));
}
