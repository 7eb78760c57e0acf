import type { Recorder } from '../../../core/recorder.js';
import { noteNotCaptured } from '../../../hooks/not-captured.js';
import { readInBackground } from '../../shared/schema-reads.js';
import { field, isFunction } from '../../shared/values.js';
import type { MysqlDatabase } from '../database.js';
import { readMysqlCatalog } from './read.js';

const CONNECT_MS = 2000;
const WHOLE_MS = 10_000;

/** Reads the schema of a database once, in the background, over a short-lived connection of the application's own driver. */
export function wantSchema(recorder: Recorder, Connection: unknown, connection: object, database: MysqlDatabase): void {
  if (database.database === undefined || !isFunction(Connection)) return;
  readInBackground(recorder, database, database.database, () => read(Connection, connection, database));
}

async function read(Connection: (...args: unknown[]) => unknown, connection: object, database: MysqlDatabase): Promise<void> {
  const config = field(connection, 'config');
  if (typeof config !== 'object' || config === null) return;
  const own = Object.create(Object.getPrototypeOf(config) as object | null, {
    ...Object.getOwnPropertyDescriptors(config),
    // Not of the pool, and with nothing of the application's that changes what rows look like.
    ...plain({ pool: undefined, connectTimeout: CONNECT_MS, typeCast: true, rowsAsArray: false, nestTables: undefined, queryFormat: undefined, namedPlaceholders: false, dateStrings: true, debug: false }),
  }) as object;
  const reading = Reflect.construct(Connection, [{ config: own }]) as object;
  const call = (name: string, ...args: unknown[]): unknown => {
    const method = field(reading, name);
    return isFunction(method) ? method.apply(reading, args) : undefined;
  };
  // The process may end without waiting for us; where TLS begins there is a new stream.
  const unref = (): void => {
    const stream = field(reading, 'stream');
    const method = field(stream, 'unref');
    if (isFunction(method)) method.call(stream);
  };
  const limit = setTimeout(() => void call('destroy'), WHOLE_MS).unref();
  try {
    await new Promise<void>((resolve, reject) => {
      call('on', 'error', reject);
      call('once', 'connect', () => resolve());
      unref();
    });
    unref();
    const { catalog, leftOut } = await readMysqlCatalog((sql) => asked(call, sql));
    for (const what of leftOut) noteNotCaptured(`not in the schema of ${database.database ?? 'the database'}: ${what}`);
    database.catalog = catalog;
  } finally {
    clearTimeout(limit);
    call('destroy');
  }
}

function asked(call: (name: string, ...args: unknown[]) => unknown, sql: string): Promise<readonly unknown[]> {
  return new Promise((resolve, reject) => {
    call('query', { sql, timeout: 4000 }, (error: unknown, rows: unknown) => {
      if (error) reject(error instanceof Error ? error : new Error('the server answered by an error'));
      else resolve(Array.isArray(rows) ? rows : []);
    });
  });
}

function plain(values: Readonly<Record<string, unknown>>): PropertyDescriptorMap {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, writable: true, enumerable: true, configurable: true }]));
}
