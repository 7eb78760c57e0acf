import type { SocketEvent } from '@deja/format';
import type { TcpExchange, TcpStubPlan, UdpExchange, UdpStubPlan } from '../plan.js';
import { talkOf } from '../tcp/steps.js';
import { type Endpoint, endpointKey } from './endpoints.js';
import { exchangeOf } from './exchange.js';

export interface TcpContext {
  readonly closed: ReadonlyMap<string, unknown>;
  /** Addresses that another stub answers at. */
  readonly taken: ReadonlySet<string>;
  isOwn(endpoint: Endpoint): boolean;
  readonly epoch: number | undefined;
  limit(text: string): void;
}

/** Connections whose protocol nobody knew, and that were made. */
export function tcpStubs(events: readonly SocketEvent[], context: TcpContext): readonly TcpStubPlan[] {
  const stubs = new Map<string, { readonly endpoint: Endpoint; readonly exchanges: TcpExchange[] }>();
  for (const event of events) {
    if (event.transport === 'udp') continue;
    const { host, port, tls = false, session, continues, opening, outcome } = event;
    const endpoint = { host, port, tls };
    const key = endpointKey(endpoint);
    if (!isTalk(event) || context.closed.has(key) || context.isOwn(endpoint)) continue;
    if (context.taken.has(key)) {
      context.limit(`event ${event.seq}: ${key} is answered in another protocol as well; what nobody knew there is not`);
      continue;
    }
    const { truncated } = talkOf({ outcome });
    if (truncated) context.limit(`event ${event.seq}: only the beginning of what was said was kept; the connection is reset after it`);
    const stub = stubs.get(`${key} ${tls}`) ?? { endpoint, exchanges: [] };
    stubs.set(`${key} ${tls}`, stub);
    if (opening && !stub.exchanges.some((one) => one.session === session && !one.continues)) {
      stub.exchanges.push({ seq: event.seq, repeat: true, opening: true, ...(session === undefined ? {} : { session }), outcome: { ok: { bytesSent: 0, bytesReceived: 0, pieces: opening } } });
    }
    stub.exchanges.push({ ...exchangeOf(event, context.epoch), ...(session === undefined ? {} : { session }), ...(continues ? { continues } : {}), outcome });
  }
  return [...stubs.values()].map(({ endpoint, exchanges }) => ({ ...endpoint, exchanges }));
}

/** Datagrams, by the address to which they were sent. */
export function udpStubs(events: readonly SocketEvent[], epoch: number | undefined): readonly UdpStubPlan[] {
  const stubs = new Map<string, { readonly host: string; readonly port: number; readonly exchanges: UdpExchange[] }>();
  for (const event of events) {
    if (event.transport !== 'udp') continue;
    const { host, port, session, outcome } = event;
    const stub = stubs.get(endpointKey(event)) ?? { host, port, exchanges: [] };
    stubs.set(endpointKey(event), stub);
    stub.exchanges.push({ ...exchangeOf(event, epoch), ...(session === undefined ? {} : { session }), outcome });
  }
  return [...stubs.values()];
}

/** A connection that was made; or whose handshake failed, which is no closed port. */
function isTalk(event: SocketEvent): boolean {
  return talkOf(event).pieces !== undefined || ('error' in event.outcome && event.outcome.error.phase === 'tls' && event.session !== undefined);
}
