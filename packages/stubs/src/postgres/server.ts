import { createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type PgFrontendMessage, PgFrontendParser, WireError } from '@deja/wire';
import type { Authority } from '../authority/authority.js';
import { tellForeign } from '../foreign.js';
import { Ledger } from '../ledger.js';
import type { SqlExchange, SqlProxyPlan } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { describeStatement } from '../sql/describe.js';
import { differentStatement, type SqlQuestion } from './match.js';
import { refuse } from './refuse.js';
import { refusal, type ServedDatabase, startSession } from './start-session.js';
import type { PgSession } from './session.js';
import type { SqlUpstream } from '../sql/upstream.js';
import { Upstream } from './upstream.js';

/** The proxy in front of the engines of all recorded databases that share an address and port; not listening yet. */
export function createPostgresProxy(plans: readonly SqlProxyPlan[], upstreamOf: (database: string) => SqlUpstream, authority: Authority, runtime: StubRuntime): Server {
  const databases: readonly ServedDatabase[] = plans.map((plan) => ({
    plan,
    upstream: upstreamOf(plan.database),
    ledger: new Ledger<SqlExchange, SqlQuestion>(plan.statements, differentStatement, (exchange) => describeStatement(exchange.text), runtime),
    verbatim: shapes(plan.statements),
  }));
  const tls = plans.some((plan) => plan.tls) ? authority.certificate([...new Set(plans.map((plan) => plan.host))]).context : null;
  const refusals = new Map(plans.flatMap((plan) => plan.refusals ?? []).map((one) => [one.attempt, one]));
  let attempts = 0;
  /** By the key that the engine gave out for cancelling. */
  const sessions = new Map<string, { readonly session: PgSession; readonly upstream: SqlUpstream }>();

  const serve = (socket: Socket): void => {
    const parser = new PgFrontendParser();
    let session: PgSession | undefined;
    let starting: PgFrontendMessage[] | undefined;
    const onMessage = (message: PgFrontendMessage, raw: Socket): void => {
      if (session) return session.receive(message);
      if (starting) {
        starting.push(message);
        return;
      }
      if (message.type === 'startup') {
        starting = [];
        void begin(raw, message.parameters);
      } else if (message.type === 'ssl-request' && tls) {
        raw.removeAllListeners('data');
        raw.write('S');
        read(new TLSSocket(raw, { isServer: true, secureContext: tls }));
      } else if (message.type === 'ssl-request' || message.type === 'gss-request') raw.write('N');
      else {
        if (message.type === 'cancel') cancel(message.pid, message.key, message.raw);
        raw.end();
      }
    };
    const begin = async (client: Socket, parameters: ReadonlyMap<string, string>): Promise<void> => {
      attempts += 1;
      const refused = refusals.get(attempts);
      if (refused) return refuse(client, refused, runtime, `postgres ${plans[0]?.database ?? ''}`);
      try {
        const started = await startSession(client, parameters, databases, runtime);
        if (!started) return;
        const { session: made, key, upstream } = started;
        sessions.set(key, { session: made, upstream });
        client.on('close', () => {
          sessions.delete(key);
          made.close();
        });
        session = made;
        for (const message of starting ?? []) made.receive(message);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        runtime.journal.note(`postgres ${plans[0]?.database ?? ''}: no connection to the engine: ${text}`);
        client.end(refusal('08006', `Deja: no connection to the engine: ${text}`));
      }
    };
    const read = (client: Socket): void => {
      client.setNoDelay(true);
      client.on('error', () => undefined);
      client.on('data', (chunk: Buffer) => {
        try {
          for (const message of parser.push(chunk)) onMessage(message, client);
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
          tellForeign(runtime.journal, `postgres ${plans[0]?.database ?? ''}`, chunk, error.message);
          client.destroy();
        }
      });
    };
    read(socket);
  };
  const cancel = (pid: number, key: Buffer, raw: Buffer): void => {
    const found = sessions.get(`${pid} ${key.toString('hex')}`);
    if (found && !found.session.cancel()) Upstream.cancel(found.upstream, raw);
  };
  return createServer(serve);
}

/** Texts that the proxy may have to answer by itself, each with the exchange that shows best what its answer looks like. */
function shapes(statements: readonly SqlExchange[]): ReadonlyMap<string, SqlExchange> {
  const found = new Map<string, SqlExchange>();
  for (const statement of statements) {
    if (statement.how !== 'verbatim') continue;
    const known = found.get(statement.text)?.answer;
    if (!known || !('ok' in known)) found.set(statement.text, statement);
  }
  return found;
}
