import type { MessageEvent, ServerInfo } from '@deja/format';
import type { BrokerStubPlan, MessageExchange, Refusal } from '../plan.js';
import { refusalOf } from '../queues/refusal.js';
import { endpointKey, type StubSource } from './endpoints.js';
import { exchangeOf } from './exchange.js';

/** The brokers of a recording, those too that were never asked anything: consumers insist on a connection. */
export function brokerStubs(source: StubSource, closed: ReadonlyMap<string, unknown>): readonly BrokerStubPlan[] {
  const epoch = source.context?.epoch;
  return source.servers.flatMap((server): BrokerStubPlan[] => {
    const { kind, name, host, port, tls, version, settings } = server;
    if (kind === 'redis' || kind === 'mongodb' || closed.has(endpointKey(server))) return [];
    const events = source.timeline.filter((event): event is MessageEvent => event.kind === 'message' && event.server === name);
    const refusals = refusalsOf(source, server, events);
    return [{
      system: kind, name, host, port, tls: tls ?? false,
      ...(version === undefined ? {} : { version }),
      settings: settings ?? {},
      exchanges: events.map((event) => messageExchange(event, epoch)),
      ...(refusals.length === 0 ? {} : { refusals }),
    }];
  });
}

function messageExchange(event: MessageEvent, epoch: number | undefined): MessageExchange {
  const { session, channel, operation, destination, key, headers, properties, body, outcome } = event;
  return {
    ...exchangeOf(event, epoch),
    session,
    ...(channel === undefined ? {} : { channel }),
    operation,
    destination,
    ...(key === undefined ? {} : { key }),
    ...(headers === undefined ? {} : { headers }),
    ...(properties === undefined ? {} : { properties }),
    ...(body === undefined ? {} : { body }),
    outcome,
  };
}

/** Attempts to connect that the broker itself refused. The recorded connections before one were attempts as well. */
function refusalsOf(source: StubSource, server: ServerInfo, events: readonly MessageEvent[]): readonly Refusal[] {
  const failed = source.timeline.flatMap((event) =>
    event.kind === 'socket' && endpointKey(event) === endpointKey(server) && 'error' in event.outcome && refusalOf(event.outcome.error) !== null ? [{ event, error: event.outcome.error }] : [],
  );
  return failed.map(({ event, error }, index) => {
    const before = new Set(events.filter(({ seq }) => seq < event.seq).map(({ session }) => session));
    return { ...exchangeOf(event, source.context?.epoch), attempt: before.size + index + 1, error };
  });
}
