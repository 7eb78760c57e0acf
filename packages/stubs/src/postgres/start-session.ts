import type { Socket } from 'node:net';
import { type PgBackendMessage, pgErrorResponse, pgMessage, pgParameterStatus, PgReader, pgReadyForQuery } from '@deja/wire';
import type { Clock } from '../clock.js';
import type { Ledger } from '../ledger.js';
import type { SqlExchange, SqlProxyPlan } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { Decisions } from '../sql/decisions.js';
import type { SqlQuestion } from './match.js';
import { PgSession } from './session.js';
import type { SqlUpstream } from '../sql/upstream.js';
import { Upstream, UpstreamRefusal } from './upstream.js';

/** A recorded database, with the engine that holds its rows now. */
export interface ServedDatabase {
  readonly plan: SqlProxyPlan;
  readonly upstream: SqlUpstream;
  readonly ledger: Ledger<SqlExchange, SqlQuestion>;
  readonly verbatim: ReadonlyMap<string, SqlExchange>;
}

export interface StartedSession {
  readonly session: PgSession;
  /** Process number and secret for cancelling. */
  readonly key: string;
  readonly upstream: SqlUpstream;
}

/** Settings of the recorded sessions that a session may choose by itself, and that change how results read. */
const SETTABLE = new Set(['timezone', 'datestyle', 'intervalstyle', 'search_path', 'standard_conforming_strings']);
const AUTHENTICATION_OK = pgMessage('R', Buffer.from([0, 0, 0, 0]));
const INVALID_PARAMETER = '22023';

/** Any user and password may come in; null when the client was refused. */
export async function startSession(client: Socket, parameters: ReadonlyMap<string, string>, databases: readonly ServedDatabase[], runtime: StubRuntime): Promise<StartedSession | null> {
  const user = parameters.get('user') ?? '';
  const name = parameters.get('database') ?? user;
  const database = pick(databases, name, user);
  if (!database) {
    const nearest = databases.map(({ plan }) => plan.login.database ?? plan.database).join(', ');
    runtime.journal.diverge({ stub: 'postgres', asked: `connect to database ${name} as ${user}`, reason: `only ${nearest} was recorded on this server` });
    client.end(refusal('3D000', `database "${name}" does not exist`));
    return null;
  }
  const stub = `postgres ${database.plan.database}`;
  const asked = new Map([...parameters].filter(([key]) => key !== 'user' && key !== 'database'));
  const chosen = new Set([...asked.keys()].map((key) => key.toLowerCase()));
  const recorded = new Map(Object.entries(database.plan.settings).filter(([key]) => SETTABLE.has(key.toLowerCase()) && !chosen.has(key.toLowerCase())));
  try {
    const { upstream, greeting } = await connect(database.upstream, asked, recorded, runtime.clock, (text) => runtime.journal.note(`${stub}: ${text}`));
    const session = new PgSession(client, upstream, new Decisions(database.ledger, runtime, stub), database.verbatim, runtime, stub);
    client.write(Buffer.concat([AUTHENTICATION_OK, ...greeting.map((message) => reported(message, database.plan.settings, chosen)), pgReadyForQuery('I')]));
    return { session, key: cancelKey(greeting), upstream: database.upstream };
  } catch (error) {
    if (!(error instanceof UpstreamRefusal)) throw error;
    client.end(error.response.raw);
    return null;
  }
}

/** An ErrorResponse that ends the connection. */
export function refusal(code: string, message: string): Buffer {
  return pgErrorResponse([['S', 'FATAL'], ['V', 'FATAL'], ['C', code], ['M', message]]);
}

function pick(databases: readonly ServedDatabase[], name: string, user: string): ServedDatabase | undefined {
  const named = databases.filter(({ plan }) => plan.login.database === undefined || plan.login.database === name);
  return named.find(({ plan }) => plan.login.user === user) ?? named[0];
}

async function connect(where: SqlUpstream, asked: ReadonlyMap<string, string>, recorded: ReadonlyMap<string, string>, clock: Clock, note: (text: string) => void): ReturnType<typeof Upstream.connect> {
  try {
    return await Upstream.connect(where, new Map([...recorded, ...asked]), clock);
  } catch (error) {
    // A setting that the recorded server knew and this engine does not (a time zone) must not keep the application out.
    if (!(error instanceof UpstreamRefusal) || recorded.size === 0 || !error.response.body.includes(INVALID_PARAMETER)) throw error;
    note(`recorded settings were refused by the engine: ${error.message}`);
    return Upstream.connect(where, asked, clock);
  }
}

/** What the recorded server said about itself stands before what the engine says. */
function reported(message: PgBackendMessage, settings: Readonly<Record<string, string>>, chosen: ReadonlySet<string>): Buffer {
  if (message.kind !== 'S') return message.raw;
  const name = new PgReader(message.body).text();
  const recorded = settings[name];
  return recorded === undefined || chosen.has(name.toLowerCase()) ? message.raw : pgParameterStatus(name, recorded);
}

function cancelKey(greeting: readonly PgBackendMessage[]): string {
  const data = greeting.find((message) => message.kind === 'K')?.body;
  return data ? `${data.readInt32BE(0)} ${data.subarray(4).toString('hex')}` : '';
}
