import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { MongodbFront } from './run/mongodb-front.ts';

/** Where the server of a scenario is. */
export interface Where {
  readonly host: string;
  readonly port: number;
  /** With the scheme, without a path. */
  readonly url: string;
}

/** What it returns is of no interest; a promise may fail where its client has gone. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** How a certificate is wrong. */
export type Flaw = 'expired' | 'other-name' | 'self-signed' | 'unknown-issuer';

/** Real servers, in a process of their own: they are gone before anything is replayed. */
export interface Servers {
  readonly http: (handler: Handler) => Promise<Where>;
  readonly https: (handler: Handler, flaw?: Flaw) => Promise<Where>;
  /** Answers connections byte by byte. */
  readonly raw: (onConnection: (socket: Socket) => void) => Promise<Where>;
  /** Nothing listens there. */
  readonly closed: () => Promise<Where>;
  /** Connecting never ends. */
  readonly silent: () => Promise<Where>;
  /** A name that does not resolve. */
  readonly nameless: () => Promise<Where>;
  /** `redis-server` with nothing in it. */
  readonly redis: (options?: readonly string[]) => Promise<Where>;
  /** Three masters of a cluster with nothing in it: the first of them. */
  readonly redisCluster: () => Promise<Where>;
  /** A sentinel that knows a master called `main`. */
  readonly redisSentinel: () => Promise<Where>;
  /** A server of MongoDB with these documents in the collections of its database `shop`, and a front that meddles. */
  readonly mongodb: (documents: Readonly<Record<string, readonly object[]>>, front?: MongodbFront) => Promise<Where>;
  /** Postgres with a database `app` and these statements executed in it. */
  readonly postgres: (statements: readonly string[]) => Promise<Where>;
  /** MariaDB or MySQL with a database `shop` of the user `app`, and these statements executed in it. `cutAfterMs`: so long after a client came in, its connection is reset. */
  readonly mysql: (statements: readonly string[], cutAfterMs?: number) => Promise<Where>;
  /** A real S3 server with a bucket `things`. */
  readonly s3: (wanted?: S3Wanted) => Promise<Where>;
  /** `nats-server` with JetStream. */
  readonly nats: (options?: readonly string[]) => Promise<Where>;
  /** RabbitMQ and Kafka, which are one for all scenarios: what is made in there needs names of its own. */
  readonly rabbit: () => Promise<Where>;
  readonly kafka: () => Promise<Where>;
  /** Ends with the servers of the scenario. */
  readonly defer: (end: () => unknown) => void;
}

export interface S3Wanted {
  /** By key. */
  readonly objects?: Readonly<Record<string, string | Uint8Array>>;
  readonly https?: boolean;
  /** Buckets are also asked for by the host `things.localhost`. */
  readonly virtualHosts?: boolean;
  /** Stands between client and server. `count`: of the requests so far, from 1; `pass`: what the server answers to this one. */
  readonly between?: (request: IncomingMessage, response: ServerResponse, count: number, pass: () => Promise<S3Answer>) => unknown;
}

export interface S3Answer {
  readonly status: number;
  /** Names and values in turn, those of the connection left out. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/**
 * One thing that a client does: against a real server while it is recorded, against the stub in the replay. What `ask` gives (plain JSON)
 * is all that its user can see, and has to be the same. `ask` runs in the application, `serve` does not.
 */
export interface Scenario {
  readonly name: string;
  readonly serve: (servers: Servers) => Promise<Where>;
  readonly ask: (at: Where) => Promise<unknown>;
  /** What it asks is another thing every time: a stub has to say so, and not to answer. */
  readonly differs?: boolean;
}

/** All of a request's body. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
