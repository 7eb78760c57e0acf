import type { MongodbEvent } from '@deja/format';
import type { MongodbExchange, StubPlan } from '../plan.js';
import { endpointKey, type StubSource } from './endpoints.js';
import { exchangeOf } from './exchange.js';

/** Servers that were never asked anything are kept, for drivers look for every member of a replica set; but not those to which nobody ever came through. */
export function mongodbStubs(source: StubSource, events: readonly MongodbEvent[], closed: ReadonlyMap<string, unknown>): Pick<StubPlan, 'mongodb'> {
  const servers = source.servers.filter((server) => server.kind === 'mongodb' && !closed.has(endpointKey(server)) && (server.hello !== undefined || events.some((event) => event.server === server.name)));
  if (servers.length === 0) return {};
  return {
    mongodb: servers.map(({ name, host, port, tls, hello }) => ({
      name, host, port,
      tls: tls ?? false,
      ...(hello === undefined ? {} : { hello }),
      exchanges: events.filter((event) => event.server === name && wasSent(event)).map((event) => exchange(event, source)),
    })),
  };
}

function exchange(event: MongodbEvent, { context }: StubSource): MongodbExchange {
  const { session, database, name, command, outcome } = event;
  return { ...exchangeOf(event, context?.epoch), session, database, name, command, outcome };
}

/** What failed before it was written reached no server. */
function wasSent({ outcome }: MongodbEvent): boolean {
  return !('error' in outcome) || outcome.error.phase !== 'send';
}
