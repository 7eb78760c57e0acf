import type { ServerInfo } from '@deja/format';
import type { Packing } from '../../core/recorder.js';
import { field, isFunction, textField } from '../shared/values.js';
import type { Documents } from './documents.js';

const PORT = 27017;
/** An application that gave up its connections a moment ago may have failed for want of them. */
const REMEMBERED_MS = 60_000;

/** A server as the application names it. */
export interface MongodbEndpoint {
  readonly host: string;
  /** 0 for a Unix socket, whose path is the host. */
  readonly port: number;
  readonly tls: boolean;
  /** The last that it said of itself, as the driver read it. */
  hello: unknown;
  /** How many connections there are, and when the last was closed. */
  open: number;
  closedAt: number;
}

const known = new Map<string, MongodbEndpoint>();

/** The server that the options of a connection lead to; the same object for the same address. */
export function endpointOf(options: unknown): MongodbEndpoint {
  const address = field(options, 'hostAddress');
  const path = textField(address, 'socketPath');
  const host = path ?? textField(address, 'host') ?? 'localhost';
  const port = path === undefined ? Number(field(address, 'port') ?? PORT) : 0;
  const tls = field(options, 'tls') === true;
  const key = `${host} ${port} ${tls}`;
  let endpoint = known.get(key);
  if (endpoint === undefined) {
    endpoint = { host, port, tls, hello: undefined, open: 0, closedAt: 0 };
    known.set(key, endpoint);
  }
  return endpoint;
}

/** Of a connection that is being set up, or is. */
export function endpointOfConnection(connection: unknown): MongodbEndpoint {
  return endpointOf(field(field(connection, 'authContext'), 'options'));
}

/** A connection has been told what its server says of itself. */
export function noteHello(connection: object, hello: unknown): void {
  const endpoint = endpointOfConnection(connection);
  const once = field(connection, 'once');
  if (endpoint.hello !== hello && isFunction(once)) {
    endpoint.open++;
    once.call(connection, 'close', () => {
      endpoint.open--;
      endpoint.closedAt = Date.now();
    });
  }
  endpoint.hello = hello;
}

/** The name of this server in the package. */
export function packServer({ host, port, tls, hello }: MongodbEndpoint, pack: Packing, documents: Documents): string {
  const info: Omit<ServerInfo, 'name'> = { kind: 'mongodb', host, port, tls, ...(typeof hello === 'object' && hello !== null ? { hello: documents.ofObject(lasting(hello)) } : {}) };
  return pack.server(info);
}

/** The servers that the process is connected to, or was just now: drivers look for every member of a set, whether they ask it anything or not. */
export function packConnected(pack: Packing, documents: Documents): void {
  const since = Date.now() - REMEMBERED_MS;
  for (const endpoint of known.values()) if (endpoint.hello !== undefined && (endpoint.open > 0 || endpoint.closedAt > since)) packServer(endpoint, pack, documents);
}

/** What it says at one moment, to one client, or by the way. */
const PASSING = new Set(['localTime', 'connectionId', 'topologyVersion', 'lastWrite', 'speculativeAuthenticate', 'saslSupportedMechs', '$clusterTime', 'operationTime', 'compression', 'serviceId']);

function lasting(hello: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(hello).filter(([name]) => !PASSING.has(name)));
}
