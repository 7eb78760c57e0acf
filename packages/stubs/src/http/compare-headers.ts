import type { HeaderList } from '@deja/format';
import type { HttpExchange } from '../plan.js';
import { sameValue } from '../same-value.js';
import { isDigest } from './digests.js';

/**
 * Headers that say when, by which program or over which connection something is asked, or follow from the rest
 * (lengths, signatures): they differ between two askings of the same. What they are about is compared itself. Digests are compared beside the body.
 */
const VOLATILE = new Set([
  // The connection, and the program at its end.
  'connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'te', 'trailer', 'expect', 'upgrade-insecure-requests', 'user-agent', 'http2-settings', 'sec-websocket-key',
  // Time, length and proof.
  'date', 'content-length', 'authorization', 'proxy-authorization', 'x-amz-date', 'x-amz-security-token', 'x-amz-user-agent', 'x-amzn-trace-id',
  // Negotiation: the recorded answer is what was negotiated.
  'accept', 'accept-encoding', 'accept-language', 'accept-charset', 'x-amz-checksum-mode',
  // What was left of a deadline.
  'grpc-timeout',
  // Tracing.
  'traceparent', 'tracestate', 'baggage', 'b3', 'sentry-trace', 'x-cloud-trace-context', 'uber-trace-id',
  // The way it came: hops, often by a name that each process makes up, and the client's address.
  'via', 'forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-proto', 'x-real-ip',
  // Compared with the authority.
  'host', ':authority',
]);
const VOLATILE_PREFIXES = ['amz-sdk-', 'x-b3-', 'x-datadog-'];

/** Whether a header says something of what is asked, and so has to be the recorded one. `name` in lower case. */
export function isCompared(name: string): boolean {
  return !VOLATILE.has(name) && !isDigest(name) && !VOLATILE_PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** The first difference in the headers that matter, or null. */
export function differentHeaders(exchange: HttpExchange, asked: HeaderList): string | null {
  const before = meaningful(exchange.headers);
  const now = meaningful(asked);
  for (const [name, value] of before) {
    const other = now.get(name);
    if (other === undefined) return `header ${name} is missing`;
    if (!sameValue(value, other, exchange)) return `header ${name} '${other}' instead of '${value}'`;
  }
  for (const name of now.keys()) if (!before.has(name)) return `header ${name} was not sent`;
  return null;
}

function meaningful(headers: HeaderList): Map<string, string> {
  const kept = new Map<string, string>();
  for (const [key, value] of headers) {
    const name = key.toLowerCase();
    if (!isCompared(name)) continue;
    const text = name === 'content-type' ? contentType(value) : value.trim();
    const known = kept.get(name);
    kept.set(name, known === undefined ? text : `${known}, ${text}`);
  }
  return kept;
}

/** Case and the boundary of a multipart body carry no meaning. */
function contentType(value: string): string {
  return value
    .split(';')
    .map((part) => part.trim().toLowerCase())
    .filter((part) => !part.startsWith('boundary='))
    .join('; ');
}
