import type { Body, HttpEvent } from '@deja/format';
import { closedPortOf, fateOf, handshakeFailureOf, resolverCodeOf } from '../fate.js';
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
    const { method, url, headers, body, outcome } = event;
    stub.exchanges.push({ ...exchangeOf(event, context.epoch), method, url, headers, ...(body ? { body } : {}), outcome });
  }
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
    const explained = closedPortOf(outcome.error) !== null || handshakeFailureOf(outcome.error) !== null;
    if (fateOf(outcome.error) === 'unknown' && !explained) {
      context.limit(`event ${event.seq}: no server behaviour is known to give '${outcome.error.message}'; the connection is closed instead`);
    }
    return;
  }
  if (!('ok' in outcome)) return;
  const response = outcome.ok;
  if ((response.body?.truncated ?? 0) > 0) context.limit(`event ${event.seq}: only the beginning of the response's body was kept; the connection ends after it`);
  if (response.httpVersion?.startsWith('2')) context.limit(`event ${event.seq}: was answered over HTTP/2; the stub speaks HTTP/1.1`);
  const length = header(response.headers, 'content-length');
  const size = bodySize(response.body);
  if (length !== undefined && size !== undefined && event.method !== 'HEAD' && response.status !== 304 && Number(length) !== size) {
    context.limit(`event ${event.seq}: the response says content-length ${length} but ${size} bytes were seen`);
  }
}

function bodySize(body: Body | undefined): number | undefined {
  if (!body) return 0;
  if (body.truncated) return undefined;
  if ('text' in body) return Buffer.byteLength(body.text);
  return 'base64' in body ? Buffer.from(body.base64, 'base64').length : body.size;
}
