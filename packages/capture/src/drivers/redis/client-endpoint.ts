import { field, textField } from '../shared/values.js';
import { endpointOf, type RedisEndpoint } from './endpoint.js';

/** Where a client of ioredis leads. With sentinels its options do not say: then where its connection leads, and as long as there is none, the first sentinel. */
export function clientEndpoint(redis: unknown): RedisEndpoint {
  const options = field(redis, 'options');
  const sentinels = field(options, 'sentinels');
  if (!Array.isArray(sentinels)) return endpointOf(options);
  const stream = field(redis, 'stream');
  const host = textField(stream, '_host') ?? textField(stream, 'remoteAddress');
  const port = field(stream, 'remotePort');
  if (host === undefined || port === undefined) return endpointOf(sentinels[0]);
  return endpointOf({ host, port, tls: field(options, 'enableTLSForSentinelMode') === true ? field(options, 'tls') : undefined });
}
