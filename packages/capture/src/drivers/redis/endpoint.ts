import { field, textField } from '../shared/values.js';

/** Where commands go. */
export interface RedisEndpoint {
  readonly host: string;
  /** 0 for a Unix socket, whose path is the host. */
  readonly port: number;
  readonly tls: boolean;
  /** From the server's own words, once they were seen. */
  version: string | undefined;
}

const known = new Map<string, RedisEndpoint>();

/** The endpoint that options of a client name; the same object for the same address. */
export function endpointOf(options: unknown): RedisEndpoint {
  const path = textField(options, 'path');
  const asked = Number(field(options, 'port') ?? 6379);
  const host = path ?? textField(options, 'host') ?? 'localhost';
  const port = path === undefined ? asked : 0;
  const tls = Boolean(field(options, 'tls'));
  const key = `${host} ${port} ${tls}`;
  let endpoint = known.get(key);
  if (endpoint === undefined) {
    endpoint = { host, port, tls, version: undefined };
    known.set(key, endpoint);
  }
  return endpoint;
}
