import type { Recorder } from '../../../core/recorder.js';
import { noteNotCaptured } from '../../../hooks/not-captured.js';
import { readInBackground } from '../../shared/schema-reads.js';
import { field, isFunction } from '../../shared/values.js';
import type { PgDatabase } from '../database.js';
import { readCatalog } from './read.js';

const CONNECT_MS = 2000;
const WHOLE_MS = 10_000;

/** Reads the schema of a database once, in the background, over a short-lived connection of the application's own driver. */
export function wantSchema(recorder: Recorder, Client: unknown, client: object, database: PgDatabase): void {
  if (isFunction(Client)) readInBackground(recorder, database, database.database ?? '', () => read(Client, client, database));
}

async function read(Client: unknown, client: object, database: PgDatabase): Promise<void> {
  const parameters = field(client, 'connectionParameters');
  const own = Reflect.construct(Client as new (config: object) => object, [
    {
      host: field(client, 'host'),
      port: field(client, 'port'),
      user: field(client, 'user'),
      database: field(client, 'database'),
      password: field(client, 'password') ?? undefined,
      ssl: field(client, 'ssl'),
      sslnegotiation: field(parameters, 'sslnegotiation'),
      application_name: 'deja',
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: 4000,
    },
  ]);
  const call = (name: string, ...args: unknown[]): unknown => {
    const method = field(own, name);
    return isFunction(method) ? method.apply(own, args) : undefined;
  };
  call('on', 'error', () => {});
  const limit = setTimeout(() => void call('end'), WHOLE_MS).unref();
  try {
    const connected = call('connect');
    // The process may end without waiting for us; where TLS begins there is a new socket.
    call('unref');
    await connected;
    call('unref');
    const { catalog, leftOut } = await readCatalog((text) => call('query', text));
    for (const what of leftOut) noteNotCaptured(`not in the schema of ${database.database ?? 'the database'}: ${what}`);
    database.catalog = catalog;
  } finally {
    clearTimeout(limit);
    void Promise.resolve(call('end')).catch(() => {});
  }
}
