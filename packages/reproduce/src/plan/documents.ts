import { type MongodbEvent, readExtendedJson, type IoEvent } from '@deja/format';

/** A document of MongoDB as it was observed. */
export interface ObservedDocument {
  /** Number of the event that showed it. */
  readonly event: number;
  readonly how: 'returned' | 'inserted';
  /** Canonical Extended JSON. */
  readonly document: unknown;
}

/** By database and collection: `shop.users`. Each state of a document once, in the order in which it was seen; without what has no key. */
export function observedDocuments(timeline: readonly IoEvent[]): Readonly<Record<string, readonly ObservedDocument[]>> {
  const found = new Map<string, Map<string, ObservedDocument>>();
  for (const event of timeline) {
    if (event.kind !== 'mongodb') continue;
    for (const { collection, how, document } of shownBy(event)) {
      const states = found.get(`${event.database}.${collection}`) ?? new Map<string, ObservedDocument>();
      found.set(`${event.database}.${collection}`, states);
      const text = JSON.stringify(document);
      if (hasKey(document) && !states.has(text)) states.set(text, { event: event.seq, how, document });
    }
  }
  return Object.fromEntries([...found].filter(([, states]) => states.size > 0).map(([name, states]) => [name, [...states.values()]]));
}

interface Shown {
  readonly collection: string;
  readonly how: ObservedDocument['how'];
  readonly document: unknown;
}

/** What an aggregation gives is made of documents, and none itself. */
function shownBy({ name, command, outcome }: MongodbEvent): readonly Shown[] {
  const asked = readExtendedJson(command) ?? {};
  const collection = name === 'getMore' ? asked['collection'] : asked[name];
  if (typeof collection !== 'string' || !('ok' in outcome)) return [];
  const answer = readExtendedJson(outcome.ok.reply) ?? {};
  const shown = (all: unknown, how: Shown['how']): readonly Shown[] => (Array.isArray(all) ? all.map((document: unknown) => ({ collection, how, document })) : []);
  switch (name) {
    case 'find':
    case 'getMore':
      return [...shown(fieldOf(answer['cursor'], 'firstBatch'), 'returned'), ...shown(fieldOf(answer['cursor'], 'nextBatch'), 'returned')];
    case 'findAndModify':
      return shown([answer['value']], 'returned');
    case 'insert':
      return shown(asked['documents'], 'inserted');
    default:
      return [];
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function hasKey(document: unknown): boolean {
  return fieldOf(document, '_id') !== undefined;
}
