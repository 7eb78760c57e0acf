/** How users of the driver see answers and errors: every type, every label, and about how long it took. */
import { BSON, type Db, MongoClient, type MongoClientOptions } from 'mongodb';
import type { Scenario, Servers, Where } from '../scenario.ts';
import { timingClass } from '../seen.ts';
import type { MongodbFront } from '../run/mongodb-front.ts';

const { EJSON } = BSON;
const DEPTH = 4;

export type Ask = (db: Db, client: MongoClient, at: Where) => Promise<unknown>;

export interface Wanted {
  readonly options?: MongoClientOptions;
  readonly front?: MongodbFront;
  readonly serve?: (servers: Servers) => Promise<Where>;
  /** Of the URL: `/?replicaSet=rs0`. */
  readonly path?: string;
  readonly timed?: boolean;
}

export const USERS = [
  { _id: 1, name: 'Ann', age: 31, tags: ['a', 'b'], email: 'ann@example.com' },
  { _id: 2, name: 'Bob', age: 25, tags: [], email: 'bob@example.com' },
  { _id: 3, name: 'Cleo', age: 31, tags: ['b'], email: 'cleo@example.com' },
  { _id: 4, name: 'Dan', age: 47, tags: ['c'], email: 'dan@example.com' },
  { _id: 5, name: 'Eve', age: 25, tags: ['a'], email: 'eve@example.com' },
];

export function scenario(name: string, ask: Ask, { options, front, serve, path = '/', timed = false }: Wanted = {}): Scenario {
  return {
    name,
    serve: serve ?? (({ mongodb }) => mongodb({ users: USERS }, front)),
    ask: async ({ host, port, url }) => {
      const client = new MongoClient(`mongodb://${host}:${port}${path}`, { retryReads: false, retryWrites: false, ...options });
      const began = performance.now();
      try {
        const seen = await seenOf(() => ask(client.db('shop'), client, { host, port, url }));
        return timed ? { seen, took: timingClass(performance.now() - began) } : seen;
      } finally {
        await client.close(true);
      }
    },
  };
}

/** What came of it: values with their types, or the error. */
export async function seenOf(asking: () => Promise<unknown>): Promise<unknown> {
  try {
    return { value: shown(await asking()) };
  } catch (error) {
    return { error: errorSeen(error) };
  }
}

export function shown(value: unknown): unknown {
  return value === undefined ? 'nothing' : (EJSON.serialize({ value }, { relaxed: false }) as { readonly value: unknown }).value;
}

function errorSeen(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return shown(error);
  const { code, codeName, errorLabels, writeErrors, result, errorResponse, cause } = error as Error & Record<string, unknown>;
  const { $clusterTime: _, operationTime: _time, ...response } = (errorResponse ?? {}) as Record<string, unknown>;
  return {
    class: error.constructor.name, name: error.name, message: error.message, code, codeName, errorLabels,
    ...(Array.isArray(writeErrors) ? { writeErrors: writeErrors.map((one: { readonly code?: unknown; readonly index?: unknown; readonly errmsg?: unknown }) => [one.code, one.index, one.errmsg]) } : {}),
    ...(result === undefined ? {} : { result: JSON.parse(JSON.stringify(result)) as unknown }),
    response: shown(response),
    ...(cause === undefined || depth >= DEPTH ? {} : { cause: errorSeen(cause, depth + 1) }),
  };
}
