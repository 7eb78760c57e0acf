import { type ExtendedJson, type MongodbEvent, readExtendedJson } from '@deja/format';
import type { MongodbStubPlan } from '@deja/stubs';

/** The stub whose answer to this command is a success with nothing in it. */
export function emptyMongodb(stub: MongodbStubPlan, event: MongodbEvent): MongodbStubPlan {
  const exchanges = stub.exchanges.map((exchange) => (exchange.seq === event.seq ? { ...exchange, ms: 0, outcome: { ok: { reply: harmlessReply(event) } } } : exchange));
  return { ...stub, exchanges };
}

/** No documents, none of them changed, and no error; whatever else the reply said stays. */
function harmlessReply({ outcome, database, command, name }: MongodbEvent): ExtendedJson {
  const recorded = 'ok' in outcome ? readExtendedJson(outcome.ok.reply) : null;
  const { writeErrors: _errors, writeConcernError: _concern, value: _value, ...kept } = recorded ?? {};
  const collection = readExtendedJson(command)?.[name];
  const ns = `${database}.${typeof collection === 'string' ? collection : '$cmd'}`;
  return JSON.stringify({
    ...kept,
    ...(READS.has(name) ? { cursor: { id: { $numberLong: '0' }, ns, [name === 'getMore' ? 'nextBatch' : 'firstBatch']: [] } } : {}),
    ...(name === 'findAndModify' ? { value: null } : {}),
    ...(WRITES.has(name) ? { n: nothing(recorded?.['writeErrors'] !== undefined || recorded === null, command), ...(name === 'update' ? { nModified: { $numberInt: '0' } } : {}) } : {}),
    ...(name === 'distinct' ? { values: [] } : {}),
    ok: { $numberDouble: '1.0' },
  });
}

const READS = new Set(['find', 'aggregate', 'getMore', 'listCollections', 'listIndexes']);
const WRITES = new Set(['insert', 'update', 'delete']);

/** A write that failed succeeds, for as many documents as it had; one that succeeded finds nothing. */
function nothing(failed: boolean, command: ExtendedJson): unknown {
  const parts = readExtendedJson(command) ?? {};
  const lists = [parts['documents'], parts['updates'], parts['deletes']].filter((one) => Array.isArray(one));
  return { $numberInt: String(failed ? (lists[0]?.length ?? 1) : 0) };
}
