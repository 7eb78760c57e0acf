import type { BrokerSystem, Cell, ExtendedJson, HttpEvent, IoError, MessageEvent, MongodbEvent, RedisArgument, RedisEvent, SocketEvent, SqlResult } from '@deja/format';

/** What every stub shall answer: the recorded exchanges, as they were, each with its number as provenance. */
export interface StubPlan {
  readonly deja: 'stubs/1';
  readonly http: readonly HttpStubPlan[];
  readonly redis: readonly RedisStubPlan[];
  readonly mongodb?: readonly MongodbStubPlan[];
  readonly sql: readonly SqlProxyPlan[];
  readonly brokers?: readonly BrokerStubPlan[];
  /** Protocols that nobody knows. Left out: none. */
  readonly tcp?: readonly TcpStubPlan[];
  readonly udp?: readonly UdpStubPlan[];
  /** What the application generated itself, and may be another value in every run. */
  readonly generated?: readonly GeneratedValue[];
  /** Names that did not resolve, with the error code that the resolver gave. */
  readonly dns: readonly DnsFailurePlan[];
  /** Ports at which connecting failed. */
  readonly closed: readonly ClosedPortPlan[];
  /** Contents of the bodies that exchanges refer to by `blob`, as base64 by sha256. */
  readonly blobs: Readonly<Record<string, string>>;
  /** What of the recording the stubs cannot answer as it was, in words, with the event's number. */
  readonly limits: readonly string[];
}

export interface GeneratedValue {
  readonly value: string;
  /** The event that sent it first. */
  readonly seq: number;
}

export interface Exchange {
  readonly seq: number;
  /** Whether it may be served more than once: boot and background work may, a request's own exchanges never. */
  readonly repeat: boolean;
  /** Milliseconds since 1970 when it began. */
  readonly time?: number;
  /** Milliseconds from request to the end of the answer. */
  readonly ms?: number;
  /** Rank of completion over all stubs of the plan. */
  readonly done?: number;
  /** Why it is not as it was recorded: whoever edits a plan says it here. */
  readonly why?: string;
}

export type HttpExchange = Exchange & Pick<HttpEvent, 'protocol' | 'method' | 'url' | 'headers' | 'body' | 'unfinished' | 'outcome'>;

export interface HttpStubPlan {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly exchanges: readonly HttpExchange[];
}

export type RedisExchange = Exchange & Pick<RedisEvent, 'command' | 'outcome' | 'session' | 'push'>;

export interface RedisStubPlan {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** What was there before the application changed it, as far as replies show: for commands that the recording does not know, of changed code. */
  readonly keys?: readonly RedisKey[];
  readonly exchanges: readonly RedisExchange[];
}

export type MongodbExchange = Exchange & Pick<MongodbEvent, 'session' | 'database' | 'name' | 'command' | 'outcome'>;

export interface MongodbStubPlan {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** What the server said of itself and of its replica set. */
  readonly hello?: ExtendedJson;
  readonly exchanges: readonly MongodbExchange[];
}

export type MessageExchange = Exchange & Pick<MessageEvent, 'session' | 'channel' | 'operation' | 'destination' | 'key' | 'headers' | 'properties' | 'body' | 'outcome'>;

/** A broker. What it delivers to consumers by itself is a trigger, and not here. */
export interface BrokerStubPlan {
  readonly system: BrokerSystem;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly version?: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly exchanges: readonly MessageExchange[];
  readonly refusals?: readonly Refusal[];
}

/** A key as it was read. Fields, members and elements that no reply showed are not in it. */
export type RedisKey = {
  readonly key: RedisArgument;
  /** Left out: 0. */
  readonly db?: number;
  readonly ttlMs?: number;
  /** The events that show it. */
  readonly from: readonly number[];
} & (
  | { readonly string: RedisArgument }
  | { readonly hash: readonly (readonly [field: RedisArgument, value: RedisArgument])[] }
  | { readonly list: readonly RedisArgument[] }
  | { readonly set: readonly RedisArgument[] }
  | { readonly zset: readonly (readonly [member: RedisArgument, score: RedisArgument])[] }
);

/** `opening`: how a connection began in the course of a request that was not recorded; what follows its handshake is another request's. */
export type TcpExchange = Exchange & Pick<SocketEvent, 'session' | 'continues' | 'outcome'> & { readonly opening?: true };

export interface TcpStubPlan {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly exchanges: readonly TcpExchange[];
}

export type UdpExchange = TcpExchange;

export interface UdpStubPlan {
  readonly host: string;
  readonly port: number;
  readonly exchanges: readonly UdpExchange[];
}

/** `never`: no answer comes; `drop`: the connection ends instead (`fin`: closed in order, `rst`: reset). */
export type SqlAnswer =
  | { readonly ok: SqlResult }
  | { readonly error: IoError }
  | { readonly never: true }
  /** `after`: what of the answer had arrived by then. */
  | { readonly drop: 'fin' | 'rst'; readonly after?: SqlResult };

export interface SqlExchange extends Exchange {
  readonly session: number;
  readonly text: string;
  readonly params: readonly Cell[];
  /** `verbatim`: answer as recorded, the engine never sees it. `pass`: the engine answers, with the recorded latency. */
  readonly how: 'verbatim' | 'pass';
  /** Why it is verbatim. */
  readonly reason?: string;
  /** Present when `how` is `verbatim`. */
  readonly answer?: SqlAnswer;
}

/** A connection that the server refused: by an error of its own, or by ending it (`drop`), or by never answering. */
export interface Refusal extends Exchange {
  /** Which attempt to connect it was, from 1, as far as the recorded connections show. */
  readonly attempt: number;
  readonly error: IoError;
  readonly drop?: 'fin' | 'rst' | 'hold';
}

/** The proxy in front of an engine: what it shall answer by itself. Every other statement goes to the engine. */
export interface SqlProxyPlan {
  /** Which protocol is spoken. Left out: Postgres. */
  readonly engine?: 'postgres' | 'mysql' | 'mariadb';
  readonly database: string;
  /** Where the application expects the server. A host that begins with `/` is the folder of a Unix socket; of MySQL, the socket itself. */
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** As the application names them while connecting; several databases of one server share a port. */
  readonly login: { readonly database?: string; readonly user?: string };
  /** Reported to the application in place of the engine's own: `TimeZone`, `server_version`. */
  readonly settings: Readonly<Record<string, string>>;
  readonly statements: readonly SqlExchange[];
  /** What had the server refuse connections. */
  readonly refusals?: readonly Refusal[];
}

export interface DnsFailurePlan {
  readonly name: string;
  readonly code: string;
  readonly ms?: number;
}

/** `refused`: nothing listens; `silent`: nothing answers the connection attempt. */
export interface ClosedPortPlan {
  readonly host: string;
  readonly port: number;
  readonly how: 'refused' | 'silent';
}
