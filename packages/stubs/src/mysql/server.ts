import { createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { MysqlPacketParser, WireError } from '@deja/wire';
import type { Authority } from '../authority/authority.js';
import { tellForeign } from '../foreign.js';
import { Ledger } from '../ledger.js';
import type { SqlExchange, SqlProxyPlan } from '../plan.js';
import type { StubRuntime } from '../runtime.js';
import { describeStatement } from '../sql/describe.js';
import type { SqlUpstream } from '../sql/upstream.js';
import { Entrance, type ServedMysql } from './entrance.js';
import { differentMysqlStatement, type MysqlQuestion } from './match.js';

/** The proxy in front of the engines of all recorded databases that share an address and port; not listening yet. */
export function createMysqlProxy(plans: readonly SqlProxyPlan[], upstreamOf: (database: string) => SqlUpstream, authority: Authority, runtime: StubRuntime): Server {
  const databases: readonly ServedMysql[] = plans.map((plan) => ({
    plan,
    upstream: upstreamOf(plan.database),
    ledger: new Ledger<SqlExchange, MysqlQuestion>(plan.statements, differentMysqlStatement, (exchange) => describeStatement(exchange.text), runtime),
    verbatim: new Map(plan.statements.filter(({ how }) => how === 'verbatim').map((statement) => [statement.text, statement])),
  }));
  const tls = plans.some((plan) => plan.tls) ? authority.certificate([...new Set(plans.map((plan) => plan.host))]).context : null;
  const refusals = new Map(plans.flatMap((plan) => plan.refusals ?? []).map((refusal) => [refusal.attempt, refusal]));
  let attempts = 0;
  let before = Promise.resolve();

  return createServer((socket) => {
    attempts += 1;
    const entrance = new Entrance({ databases, runtime, encrypted: tls !== null, refusal: refusals.get(attempts), before });
    before = entrance.over;
    const read = (client: Socket): void => {
      const parser = new MysqlPacketParser();
      client.setNoDelay(true);
      client.on('error', () => undefined);
      client.on('close', () => entrance.close());
      client.on('data', (chunk: Buffer) => {
        try {
          parser.push(chunk);
          for (let packet = parser.next(); packet; packet = parser.next()) {
            if (entrance.receive(client, packet) !== 'encrypt' || tls === null) continue;
            client.removeAllListeners('data');
            // What came with the request is the beginning of the handshake.
            const begun = parser.rest();
            client.pause();
            if (begun.length > 0) client.unshift(begun);
            read(new TLSSocket(client, { isServer: true, secureContext: tls }));
            return;
          }
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
          tellForeign(runtime.journal, `mysql ${plans[0]?.database ?? ''}`, chunk, error.message);
          client.destroy();
        }
      });
    };
    read(socket);
    void entrance.greet(socket);
  });
}
