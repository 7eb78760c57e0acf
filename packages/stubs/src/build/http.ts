import type { Body, HttpEvent } from '@deja/format';
import { cutBodyLimits } from './cut-bodies.js';
import { closedPortOf, fateOf, handshakeFailureOf, resolverCodeOf, streamResetOf } from '../fate.js';
import { header } from '../http/question.js';
import type { HttpExchange, HttpStubPlan } from '../plan.js';
import { type Endpoint, endpointKey, urlEndpoint } from './endpoints.js';
import { exchangeOf } from './exchange.js';

/** What the other parts of the plan have decided already. */
export interface HttpContext {
  readonly closed: ReadonlyMap<string, unknown>;
  /** The application asked itself: it will be there again. */
  isOwn(endpoint: Endpoint): boolean;
  readonly epoch: number | undefined;
  limit(text: string): void;
}

export function httpStubs(events: readonly HttpEvent[], context: HttpContext): readonly HttpStubPlan[] {
  const stubs = new Map<string, { readonly endpoint: Endpoint; readonly exchanges: HttpExchange[] }>();
  for (const event of events) {
    const endpoint = urlEndpoint(event.url);
    if (!endpoint) {
      context.limit(`event ${event.seq}: no stub for ${event.url}`);
      continue;
    }
    if (context.isOwn(endpoint)) continue;
    // No connection was ever made there, or no address was found: ports and names have plans of their own.
    if (context.closed.has(endpointKey(endpoint)) || ('error' in event.outcome && resolverCodeOf(event.outcome.error) !== null)) continue;
    nameLimits(event, context);
    const key = `${endpointKey(endpoint)} ${endpoint.tls}`;
    const stub = stubs.get(key) ?? { endpoint, exchanges: [] };
    stubs.set(key, stub);
    const { protocol, method, url, headers, body, unfinished, outcome } = event;
    stub.exchanges.push({ ...exchangeOf(event, context.epoch), ...(protocol ? { protocol } : {}), method, url, headers, ...(body ? { body } : {}), ...(unfinished ? { unfinished } : {}), outcome });
  }
  for (const text of cutBodyLimits(events)) context.limit(text);
  return [...stubs.values()].map(({ endpoint, exchanges }) => {
    const failing = exchanges.filter((exchange) => 'error' in exchange.outcome && handshakeFailureOf(exchange.outcome.error) !== null);
    const [first] = failing;
    if (first && failing.length < exchanges.length) {
      context.limit(`event ${first.seq}: its TLS handshake failed, but others with ${endpointKey(endpoint)} did not; here none fails, and the connection is reset instead`);
    }
    return { ...endpoint, exchanges };
  });
}

function nameLimits(event: HttpEvent, context: HttpContext): void {
  const { outcome } = event;
  if ('error' in outcome) {
    const explained = closedPortOf(outcome.error) !== null || handshakeFailureOf(outcome.error) !== null || streamResetOf(outcome.error) !== null || outcome.partial?.goaway !== undefined || outcome.error.code === 'ERR_HTTP2_ERROR';
    const fate = fateOf(outcome.error);
    if ((fate === 'unknown' || (fate === 'garbled' && !outcome.partial?.unparsed)) && !explained) {
      context.limit(`event ${event.seq}: no server behaviour is known to give '${outcome.error.message}'; the connection is closed instead`);
    }
    return;
  }
  if (!('ok' in outcome)) return;
  const response = outcome.ok;
  const length = header(response.headers, 'content-length');
  const size = bodySize(response.body);
  if (length !== undefined && size !== undefined && event.method !== 'HEAD' && response.status !== 304 && Number(length) !== size) {
    context.limit(`event ${event.seq}: the response says content-length ${length}, but its body has ${size} bytes since secrets were taken out of it; here it says so too`);
  }
}

function bodySize(body: Body | undefined): number | undefined {
  if (!body) return 0;
  if (body.truncated) return undefined;
  if ('text' in body) return Buffer.byteLength(body.text);
  return 'base64' in body ? Buffer.from(body.base64, 'base64').length : body.size;
}
